# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of models, and the files that they become. Pure.

Follows `InstallModelFromGallery` and `GalleryFileName` in LocalAI's `core/gallery/models.go`, which check names less
strictly.
"""

from __future__ import annotations

import re
import typing as t

from ..._address import redacted
from ..._errors import NameRefused
from ..._model_request import MOST_NAME_BYTES

_GALLERY_PREFIX = "._gallery_"
SUFFIX = ".yaml"
_MOST_QUANTIFIERS = 2


def yaml_name(name: str) -> str:
    """Return the name of the file with the configuration of a model."""
    return name + SUFFIX


def gallery_file_name(name: str) -> str:
    """Return the name of the file in which LocalAI records what it installed."""
    return f"{_GALLERY_PREFIX}{name}{SUFFIX}"


def of_gallery_file(file_name: str) -> str:
    """Return the name of the model that such a file is about; empty for any other file."""
    is_one = file_name.startswith(_GALLERY_PREFIX) and file_name.endswith(SUFFIX)
    return file_name[len(_GALLERY_PREFIX) : -len(SUFFIX)] if is_one else ""


def model_name(name: str, where: str) -> str:
    """Return the name of a model on the host: a slash becomes two underscores, as in LocalAI.

    `where` is the option or the gallery entry that has the name. Raises NameRefused.
    """
    if not name:
        raise NameRefused(f"{where}: the name of a model is empty. Check the variable that it comes from.")
    quoted = f"'{name}'" if name.isprintable() and len(name) <= 255 else ascii(name)[:100]
    if not name.isprintable() or "\\" in name or name != name.strip():
        raise NameRefused(
            f"{where}: {quoted} contains a backslash, a control character or a space at its beginning or end. Choose "
            "another name."
        )
    if name.startswith(".") or ".." in name:
        raise NameRefused(f"{where}: {quoted} starts with a dot or contains two dots in a row. Choose another name.")
    written = name.replace("/", "__")
    try:
        length = len(written.encode("utf-8"))
    except UnicodeEncodeError:
        raise NameRefused(f"{where}: {quoted} is not valid Unicode.") from None
    if length > MOST_NAME_BYTES:
        raise NameRefused(f"{where}: {quoted} is longer than {MOST_NAME_BYTES} bytes. Choose a shorter name.")
    return written


def matches_itself(name: str) -> bool:
    """Return whether a name matches itself as a regular expression, or is none; also if that is not certain.

    LocalAI reads the name in a request as one, so requests for other names find no model.
    """
    quantifiers = sum(name.count(character) for character in "+*?{")
    if quantifiers > _MOST_QUANTIFIERS or ("(" in name and quantifiers) or "[" in name[name.find("[") + 1 :]:
        return True
    if "[" in name and any(operator in name for operator in ("--", "&&", "||", "~~")):
        return True
    try:
        return re.search(name, name) is not None
    except (re.error, OverflowError):
        # LocalAI then goes on without the check.
        return True


def requested_model(name: str, where: str) -> tuple[str, str]:
    """Return the gallery, empty for none, and the name in `name` or `gallery@name`; raises NameRefused."""
    if name.startswith("[") or name.endswith("]"):
        raise NameRefused(
            f"{where}: the list was passed as text in brackets. On the command line, -e takes a list as JSON, such as "
            '-e \'{"models": ["qwen3-4b"]}\'.'
        )
    if "://" in name:
        raise NameRefused(f"{where}: {redacted(name)} is an address. Choose a name, and set uri to the address.")
    gallery, separator, bare = name.rpartition("@")
    if separator and not gallery:
        raise NameRefused(f"{where}: {name!r} has no gallery before the @.")
    return gallery, model_name(bare, where)


def parents(path: str) -> t.Iterator[str]:
    """Yield the directories that a path is in, the lowest first."""
    parent = path.rpartition("/")[0]
    while parent.strip("/"):
        yield parent
        parent = parent.rpartition("/")[0]
