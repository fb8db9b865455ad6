# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which YAML documents of the models path mention a file. Pure.

A file that a document mentions must not be deleted, so whatever may be a mention is one. LocalAI itself looks only at
the keys that it knows (`DeleteModelFromSystem` in its `core/gallery/models.go`), and deletes files that others need.
"""

from __future__ import annotations

import posixpath
import re
import typing as t
from urllib.parse import unquote

from .contents import SNAPSHOTS, Listing, is_yaml
from .names import parents

# A name goes on behind such characters if a letter or digit follows them: a.gguf.old, x-a.gguf.
_JOINERS = ".-"
_MOST_JOINERS = 3
_MAX_PATH = 4096
_MAX_PARENTS = 8
_BUCKETS = 1 << 16
_WORD = re.compile(r"\w+")
_REPEATED_SLASH = re.compile(r"/(?:\.?/)+")
_PARENT = re.compile(r"(?:(?<=[/\n])|^)(?!\.\./)[^/\n]+/\.\./")
_URL = re.compile(r"(?<!\w)(?!file:)[a-z][a-z0-9+.-]{0,20}://\S+")
_SEPARATOR = re.compile(r"[:=,;|]")
_ITEM_MARK = re.compile(r"^(?:[-#]+\s+)+")
_WRAPPING = " \t\r\"'[]{}()<>"
# What YAML may read as a number, in the spelling of the document.
_NUMBER = re.compile(r"(?<=[:,\[{ ])([-+.\d][-+.\w]*)[ \t]*(?=$|[,\]}#])", re.MULTILINE)
_SNAPSHOT = re.compile(re.escape(SNAPSHOTS) + r"/([0-9a-f]{64})(?:/|$)")
# llama.cpp and others are given the first file of several, and load the others by themselves.
_SHARD = re.compile(r"-\d{5}(-of-\d{5}\.\w+)$")
_MODELS_PATH = "/"
_TEMPLATE = ".tmpl"


class Document(t.NamedTuple):
    """One YAML file of the models path. `content` is None if it cannot be parsed, and if the file is empty."""

    path: str
    text: str
    content: t.Any | None


def unread_documents(listing: Listing, documents: t.Sequence[Document]) -> list[str]:
    """Return the paths of the YAML files of a listing that are not among the documents."""
    read = {document.path for document in documents}
    return [
        entry.path
        for entry in listing.entries
        if is_yaml(entry.name) and "file" in (entry.kind, entry.target_kind) and entry.path not in read
    ]


class Mentions:
    """Answers which documents mention a file. The number of files and of documents may be large.

    With the `listing` of the directory, a file is also mentioned by the path of a symlink to it, or to a directory
    above it. YAML files of the listing that are not among the documents could not be read, and may mention every file.
    """

    def __init__(
        self,
        documents: t.Sequence[Document],
        models_path: str,
        listing: Listing | None = None,
        index: _Index | None = None,
    ) -> None:
        """`index` is that of other mentions with the same documents and models path."""
        self.documents = tuple(documents)
        self._models_path = models_path
        self._index = index or _Index(documents, models_path)
        entries = listing.entries if listing else ()
        self._links = [entry for entry in entries if entry.kind == "link" and entry.target]
        self._unread = unread_documents(listing, documents) if listing else []

    def within(self, listing: Listing) -> Mentions:
        """Return the mentions with the listing of the directory."""
        return Mentions(self.documents, self._models_path, listing, self._index)

    def of(self, path: str, without: t.AbstractSet[str] = frozenset()) -> list[str]:
        """Return the paths of the documents that mention a file or directory; those in `without` do not count.

        `path` is relative to the models path.
        """
        normal = posixpath.normpath(path.lstrip("/"))
        through_links = [
            link.path + normal[len(link.target) :]
            for link in self._links
            if normal == link.target or normal.startswith(link.target + "/")
        ]
        mask = 0
        for name in (normal, *through_links):
            mask |= self._index.mentioning(_folded(name))
        mentioning = [document.path for number, document in enumerate(self.documents) if mask >> number & 1]
        return [name for name in (*mentioning, *self._unread) if name not in without]


class _Index:
    """Finds the documents that mention a path, which are the bits of a number."""

    def __init__(self, documents: t.Sequence[Document], models_path: str) -> None:
        self._texts = [_Text(document, _folded(posixpath.normpath(models_path))) for document in documents]
        self._all = (1 << len(documents)) - 1
        # The documents that have a word, by a hash of the word: a table of words could be larger than all documents
        # together.
        self._with_word = [0] * _BUCKETS
        for number, text in enumerate(self._texts):
            for bucket in {hash(word) % _BUCKETS for word in _WORD.findall(text.searched)}:
                self._with_word[bucket] |= 1 << number
        self._naming_directory: dict[str, int] = {}

    def mentioning(self, path: str) -> int:
        """Return the documents that mention a path or a directory above it."""
        mask = self._naming_directory_of(_MODELS_PATH)
        for name in (path, *_companions(path)):
            mask |= self._naming(name)
        for parent in parents(path):
            mask |= self._naming_directory_of(parent)
        if path.endswith(_TEMPLATE):
            mask |= self._with_template(path[: -len(_TEMPLATE)])
        return mask

    def _naming(self, path: str) -> int:
        """Return the documents that mention a path."""
        bare = posixpath.basename(path)
        mask = self._where(path, lambda text: text.has_name(path))
        mask |= self._where(bare, lambda text: not text.is_parsed and text.has_name(bare))
        snapshot = _SNAPSHOT.match(path)
        if snapshot:
            key = snapshot.group(1)
            mask |= sum(1 << number for number, text in enumerate(self._texts) if key in text.searched)
        return mask

    def _with_template(self, name: str) -> int:
        """Return the documents of models with a prompt template, which they name without its suffix."""
        return sum(1 << number for number, text in enumerate(self._texts) if text.has_template(name))

    def _naming_directory_of(self, path: str) -> int:
        """Return the documents that have a directory as a whole value."""
        mask = self._naming_directory.get(path)
        if mask is None:
            mask = self._naming_directory[path] = self._where(path, lambda text: text.has_value(path))
        return mask

    def _where(self, path: str, condition: t.Callable[[_Text], bool]) -> int:
        """Return the documents that have all words of a path and fulfil a condition."""
        candidates, mask = self._all, 0
        for word in _WORD.findall(path):
            candidates &= self._with_word[hash(word) % _BUCKETS]
        while candidates:
            bit = candidates & -candidates
            candidates ^= bit
            if condition(self._texts[bit.bit_length() - 1]):
                mask |= bit
        return mask


class _Text:
    """The searched parts of a document: its text and its decoded scalars, and the values that may name a directory."""

    def __init__(self, document: Document, models_path: str) -> None:
        self.is_parsed = document.content is not None
        scalars = list(_scalars(document.content))
        raw = _folded(document.text)
        values = "\n".join(_folded(text) for text, key in scalars if key != "backend")
        decoded = "\n".join(_folded(text) for text, _key in scalars)
        self.searched = "\n".join(dict.fromkeys(form for text in (raw, decoded) for form in _forms(text)))
        named = _pieces(values if self.is_parsed else raw)
        numbers = (match.group(1) for match in _NUMBER.finditer(raw))
        lines = dict.fromkeys(line for piece in (*named, *numbers) for line in _directories(piece, models_path))
        self._values = "\n".join(["", *lines, ""])
        self._templates = {posixpath.normpath(_folded(text)) for text in _templates(document.content) if text}

    def has_name(self, path: str) -> bool:
        """Return whether the document has a path, not inside of a longer name."""
        start = self.searched.find(path)
        while start != -1:
            if not _is_inside_name(self.searched, start, start + len(path)):
                return True
            start = self.searched.find(path, start + 1)
        return False

    def has_template(self, name: str) -> bool:
        """Return whether the document may name a prompt template."""
        return name in self._templates if self.is_parsed else self.has_name(name)

    def has_value(self, path: str) -> bool:
        """Return whether a directory is a whole value, or the end of an absolute path: containers have other paths."""
        if f"\n{path}\n" in self._values:
            return True
        ending = f"/{path}\n"
        start = self._values.find(ending)
        while start != -1:
            if self._values[self._values.rfind("\n", 0, start + 1) + 1] == "/":
                return True
            start = self._values.find(ending, start + 1)
        return False


def _is_inside_name(text: str, start: int, end: int) -> bool:
    """Return whether the part of a text from `start` to `end` is a part of a longer name."""
    before, after = start - 1, end
    while before >= 0 and text[before] in _JOINERS and start - before <= _MOST_JOINERS:
        before -= 1
    while after < len(text) and text[after] in _JOINERS and after - end < _MOST_JOINERS:
        after += 1
    return (before >= 0 and _is_word(text[before])) or (after < len(text) and _is_word(text[after]))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _folded(text: str) -> str:
    # Some file systems do not distinguish case.
    return text.casefold()


def _forms(text: str) -> t.Iterator[str]:
    """Yield a text with its paths in the shortest spelling, and other readings of it."""
    for form in (text, unquote(text)) if "%" in text else (text,):
        shortened = _REPEATED_SLASH.sub("/", form)
        yield shortened
        if "/../" in shortened:
            for _count in range(_MAX_PARENTS):
                shortened = _PARENT.sub("", shortened)
            yield shortened


def _scalars(content: t.Any) -> t.Iterator[tuple[str, str]]:
    """Yield the scalars of a parsed document as text, each with the key that it is the value of."""
    pending, seen = [(content, "")], set()
    while pending:
        value, key = pending.pop()
        if isinstance(value, (dict, list, tuple, set)):
            # Anchors let a document contain itself, or the same part many times.
            if (id(value), key == "backend") in seen:
                continue
            seen.add((id(value), key == "backend"))
        if isinstance(value, dict):
            pending += [(name, "") for name in value]
            pending += [(below, name if isinstance(name, str) else "") for name, below in value.items()]
        elif isinstance(value, (list, tuple, set)):
            pending += [(below, key) for below in value]
        elif value is not None:
            yield value if isinstance(value, str) else str(value), key


def _templates(content: t.Any) -> list[str]:
    """Return the texts of the key `template`, each of which is a template or its name."""
    templates = content.get("template") if isinstance(content, dict) else None
    return [text for text in templates.values() if isinstance(text, str)] if isinstance(templates, dict) else []


def _pieces(text: str) -> t.Iterator[str]:
    """Yield the parts of values that may be the path of a directory, such as `voices` in `dir:voices`."""
    for form in (text, unquote(text)) if "%" in text else (text,):
        for written in _URL.sub(" ", form).split("\n"):
            line = _ITEM_MARK.sub("", written.strip()).partition(" #")[0]
            pieces = _SEPARATOR.split(line)
            yield line
            if not _is_backend(pieces[0]):
                # A name may contain a separator itself.
                yield line[len(pieces[0]) + 1 :]
            yield from (piece for key, piece in zip(("", *pieces), pieces) if not _is_backend(key))
            yield from (word for word in line.split() if "/" in word)


def _is_backend(key: str) -> bool:
    return key.strip(_WRAPPING) == "backend"


def _directories(piece: str, models_path: str) -> t.Iterator[str]:
    """Yield the spellings of a piece as a path, relative to the models path where it is below it."""
    for spelling in dict.fromkeys((piece.strip(), piece.strip(_WRAPPING))):
        if not spelling or len(spelling) > _MAX_PATH:
            continue
        path = posixpath.normpath(spelling)
        path = "/" + path.lstrip("/") if path.startswith("/") else path
        if path == models_path:
            yield _MODELS_PATH
        elif path != _MODELS_PATH:
            yield path
        for top in (models_path, posixpath.basename(models_path)):
            if path.startswith(top + "/"):
                yield path[len(top) + 1 :]


def _companions(path: str) -> t.Iterator[str]:
    """Yield other files that a backend does not load without this one, though a document names only the other."""
    if path.endswith(".json") and "." in posixpath.basename(path)[1:-5]:
        yield path[: -len(".json")]
    if _SHARD.search(path):
        yield _SHARD.sub(r"-00001\1", path)
