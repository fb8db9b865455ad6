# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `artifacts` of a model configuration: snapshots of repositories of Hugging Face. Pure.

Follows LocalAI's `pkg/modelartifacts` (`types.go`, `path.go`, `manifest.go`, `reference.go`) and its
`core/config/model_artifact_inference.go`. A snapshot has a directory, whose name is a hash of where it is from.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from dataclasses import dataclass, replace

from ..._errors import GalleryError
from .config_values import written

MODEL, COMPANION = "model", "companion"
# The directory of the files beside a manifest.
SNAPSHOT = "snapshot"
# Sixteen hexadecimal digits, as LocalAI's processes have. All runs have the same, so that one continues another.
_WRITER = hashlib.sha256(b"localai.core").hexdigest()[:16]
_HUGGING_FACE = "huggingface"
_TOKEN = "HF_TOKEN"  # noqa: S105 -- the name of a variable
_VERSION = 1
# What Go's strings.TrimSpace removes. Python's strip() also removes the separators of ASCII.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_COMMIT = re.compile("[0-9a-f]{40}")
_KEY = re.compile("[0-9a-f]{64}")
_COMPANION_NAME = re.compile("[a-z0-9][a-z0-9_-]{0,63}")
_ENDPOINT = re.compile(r"(https?)://([^/?#@\s]+)(/[^?#\s]*)?", re.IGNORECASE)
# In JSON, Go escapes what could end a script of HTML or of JavaScript.
_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
_REPO_PREFIXES = ("https://huggingface.co/", "huggingface://", "hf://")
_REFERENCE_PREFIXES = (*_REPO_PREFIXES, "hf.co/")
# The backends that load a directory of files, as a repository has them.
_DIRECTORY_BACKENDS = frozenset(
    (
        "diffusers",
        "fish-speech",
        "huggingface-embeddings",
        "liquid-audio",
        "longcat-video",
        "mamba",
        "nemo",
        "qwen-asr",
        "qwen-tts",
        "sentencetransformers",
        "sglang",
        "transformers",
        "transformers-musicgen",
        "vllm",
        "vllm-omni",
        "voxcpm",
    )
)


class Resolved(t.NamedTuple):
    """The source of a snapshot after resolution: a server, a commit, its key, and its file if it has only one."""

    endpoint: str
    revision: str
    cache_key: str = ""
    primary_file: str = ""


@dataclass(frozen=True)
class Spec:
    """One entry of `artifacts`: the model itself, or a companion, which a backend gets as an option.

    `allow` and `ignore` are patterns of paths. With `token_env`, LocalAI needs a token for the repository.
    """

    repo: str
    name: str = MODEL
    target: str = MODEL
    revision: str = "main"
    token_env: str = ""
    allow: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    resolved: Resolved | None = None
    type: str = _HUGGING_FACE

    def normalized(self) -> Spec:
        """Return the entry as LocalAI compares it; raises GalleryError if LocalAI refuses it."""
        target = self.target.strip(_SPACE) or MODEL
        name = self.name.strip(_SPACE)
        spec = replace(
            self,
            name=name or (MODEL if target == MODEL else ""),
            target=target,
            type=self.type.strip(_SPACE),
            revision=self.revision.strip(_SPACE) or "main",
            token_env=self.token_env.strip(_SPACE),
            allow=tuple(sorted(self.allow)),
            ignore=tuple(sorted(self.ignore)),
        )
        spec._check()  # noqa: SLF001
        return replace(spec, repo=canonical_repo(self.repo), resolved=_normalized(self.resolved, target))

    def _check(self) -> None:
        """Raise GalleryError if LocalAI refuses a value."""
        if self.target not in (MODEL, COMPANION):
            raise GalleryError(f"its target is {self.target!r}, and it can be only {MODEL} or {COMPANION}.")
        if self.target == MODEL and self.name != MODEL:
            raise GalleryError(f"its name is {self.name!r}, and that of the model itself must be {MODEL}.")
        if self.target == COMPANION and (self.name == MODEL or not _COMPANION_NAME.fullmatch(self.name)):
            raise GalleryError(
                f"its name is {self.name!r}. That of a companion has up to 64 lower-case letters, digits, hyphens and "
                f"underscores, begins with a letter or a digit, and is not {MODEL}."
            )
        if self.type != _HUGGING_FACE:
            raise GalleryError(f"its source has the type {self.type!r}, and LocalAI knows only {_HUGGING_FACE}.")
        if "\0" in self.revision:
            raise GalleryError("its revision contains NUL.")
        if self.token_env not in ("", _TOKEN):
            raise GalleryError(f"its token_env is {self.token_env!r}, and it can be only {_TOKEN}.")
        for pattern in (*self.allow, *self.ignore):
            if pattern in ("", "..") or pattern[0] == "/" or set("\\\0") & set(pattern) or ".." in pattern.split("/"):
                raise GalleryError(f"its pattern {pattern!r} is empty, is absolute, or contains .. or a backslash.")


class File(t.NamedTuple):
    """A file of an installed snapshot. The last three come from the Hub and can be empty."""

    path: str
    size: int
    sha256: str
    blob_oid: str = ""
    lfs_oid: str = ""
    xet_hash: str = ""


def specs_of(config: t.Mapping[str, t.Any]) -> tuple[Spec, ...]:
    """Return the `artifacts` of a configuration, normalized, the model itself first; raises GalleryError."""
    rows = config.get("artifacts")
    if rows is None:
        return ()
    if not isinstance(rows, (list, tuple)):
        raise GalleryError("artifacts is not a list.")
    specs = []
    for number, row in enumerate(rows):
        try:
            specs.append(_spec(row).normalized())
        except GalleryError as e:
            raise GalleryError(f"artifacts[{number}]: {e}") from None
    names = [spec.name for spec in specs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise GalleryError(f"artifacts: the name {twice} is used twice.")
    if specs and specs[0].target != MODEL:
        raise GalleryError(f"artifacts: the first entry must be the model itself, with the target {MODEL}.")
    return tuple(specs)


def inferred(config: t.Mapping[str, t.Any]) -> Spec | None:
    """Return the snapshot that LocalAI downloads for a configuration without `artifacts`; None if it downloads none.

    It downloads none either if the models path has a file or a directory with the name in `parameters.model`. Raises
    GalleryError for a reference to the Hub that LocalAI refuses.
    """
    parameters = config.get("parameters")
    model = _text(parameters.get("model")).strip(_SPACE) if isinstance(parameters, dict) else ""
    if not model or config.get("artifacts") or config.get("download_files"):
        return None
    if _text(config.get("backend")) not in _DIRECTORY_BACKENDS:
        return None
    try:
        spec = _referenced(model)
    except GalleryError as e:
        raise GalleryError(f"parameters.model: {e}") from None
    try:
        return spec.normalized() if spec is not None else None
    except GalleryError:
        # Only what a task requests explicitly must work.
        return None


def canonical_repo(text: str) -> str:
    """Return `owner/repository` for a repository of the Hub; raises GalleryError."""
    repo = _without(text.strip(_SPACE), _REPO_PREFIXES)
    repo = repo[:-1] if repo.endswith("/") else repo
    parts = repo.split("/")
    if len(parts) != 2 or not all(parts) or set("?#\\\0") & set(repo):
        raise GalleryError(f"{text!r} is not a repository of the form owner/repository.")
    return repo


def cache_key(spec: Spec, endpoint: str, commit: str) -> str:
    """Return the name of the directory of a snapshot; raises GalleryError for an entry that LocalAI refuses."""
    normal = replace(spec, resolved=Resolved(endpoint, commit)).normalized()
    resolution = t.cast(Resolved, normal.resolved)
    identity = {
        "type": normal.type,
        "endpoint": resolution.endpoint,
        "repo": normal.repo,
        "revision": resolution.revision,
        **_filled(allow_patterns=list(normal.allow), ignore_patterns=list(normal.ignore)),
    }
    return hashlib.sha256(_json(identity)).hexdigest()


def resolved(spec: Spec, endpoint: str, commit: str, paths: t.Sequence[str]) -> dict[str, t.Any]:
    """Return the entry with what it was resolved to, as it is in the YAML file of an installed model.

    `paths` are those of the files of the snapshot. Raises GalleryError for an entry that LocalAI refuses.
    """
    # LocalAI refuses this file for a companion, although it writes it.
    only = paths[0] if len(paths) == 1 and spec.target.strip(_SPACE) != COMPANION else ""
    key = cache_key(spec, endpoint, commit)
    return _mapping(replace(spec, resolved=Resolved(endpoint, commit, key, only)).normalized())


def manifest(entry: t.Mapping[str, t.Any], files: t.Sequence[File]) -> bytes:
    """Return the content of `manifest.json` beside a snapshot; `entry` is what `resolved` returns."""
    rows = [
        {
            "path": file.path,
            "size": file.size,
            "sha256": file.sha256,
            **_filled(blob_oid=file.blob_oid, lfs_oid=file.lfs_oid, xet_hash=file.xet_hash),
        }
        for file in files
    ]
    return _json({"version": _VERSION, "artifact": entry, "files": rows}, indent=2) + b"\n"


def partial_path(key: str) -> str:
    """Return the directory of a snapshot that is not complete yet, relative to the models path."""
    return f".artifacts/.partial/{key}.{_WRITER}"


def snapshot_path(key: str) -> str:
    """Return the directory of a snapshot with its manifest, relative to the models path."""
    return f".artifacts/huggingface/{key}"


def snapshot_keys(config: t.Mapping[str, t.Any]) -> list[str]:
    """Return the keys of the snapshots that a configuration uses, whether it is valid or not."""
    rows = config.get("artifacts")
    resolutions = [row.get("resolved") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    keys = [resolution.get("cache_key") for resolution in resolutions if isinstance(resolution, dict)]
    return list(dict.fromkeys(key for key in keys if isinstance(key, str) and _KEY.fullmatch(key)))


def is_hub_path(path: str) -> bool:
    """Return whether the path of a file in a repository can be a path in a snapshot."""
    return bool(path) and not {"", ".", ".."} & set(path.split("/")) and not set("\\\0") & set(path)


def _normalized(resolution: Resolved | None, target: str) -> Resolved | None:
    """Return what an entry was resolved to, as LocalAI compares it; raises GalleryError."""
    if resolution is None:
        return None
    endpoint = _ENDPOINT.fullmatch(resolution.endpoint.strip(_SPACE))
    if endpoint is None:
        raise GalleryError("its resolved.endpoint is not a URL with a host, or it has a user name or a query.")
    commit = resolution.revision.strip(_SPACE).lower()
    if not _COMMIT.fullmatch(commit):
        raise GalleryError(f"its resolved.revision is {resolution.revision!r}, not 40 hexadecimal digits.")
    if resolution.cache_key and not _KEY.fullmatch(resolution.cache_key):
        raise GalleryError("its resolved.cache_key is not 64 hexadecimal digits in lower case.")
    file = resolution.primary_file.strip(_SPACE)
    if file and target == COMPANION:
        raise GalleryError("it is a companion, which has no resolved.primary_file.")
    if file and not is_hub_path(file):
        raise GalleryError(f"its resolved.primary_file is {file!r}, which is not a path in a repository.")
    scheme, host, path = endpoint.groups()
    return Resolved(f"{scheme.lower()}://{host}{(path or '').rstrip('/')}", commit, resolution.cache_key, file)


def _referenced(model: str) -> Spec | None:
    """Return the snapshot that `parameters.model` refers to, if it is not a name of something else."""
    rest = _without(model, _REFERENCE_PREFIXES)
    rest = rest[:-1] if rest.endswith("/") else rest
    parts = rest.split("/")
    is_explicit = rest != model
    if len(parts) < 3 and not is_explicit:
        return _repository(model)
    if len(parts) < 2:
        return _repository(model)
    try:
        repo = canonical_repo("/".join(parts[:2]))
    except GalleryError:
        if is_explicit:
            raise
        return None
    if len(parts) > 2 and parts[2] == "resolve" and len(parts) < 5:
        raise GalleryError(f"{model!r} is not the URL of a file of Hugging Face.")
    path = "/".join(parts[4:] if parts[2:3] == ["resolve"] else parts[2:])
    return Spec(repo, allow=(path,) if len(parts) > 2 else ())


def _repository(model: str) -> Spec | None:
    """Return the snapshot of a whole repository; None for a name that is a path, or not of a repository."""
    if "/" not in model or model.startswith((".", "/")):
        return None
    if model.count("/") == 1:
        return Spec(canonical_repo(model))
    try:
        return Spec(canonical_repo(model))
    except GalleryError:
        return None


def _spec(row: t.Any) -> Spec:
    """Return an entry as it is written; raises GalleryError."""
    if not isinstance(row, dict):
        raise GalleryError("it is not a mapping.")
    source, resolution = _section(row, "source"), row.get("resolved")
    resolved_to = None
    if resolution is not None:
        keys = _section(row, "resolved")
        resolved_to = Resolved(*(_text(keys.get(key)) for key in ("endpoint", "revision", "cache_key", "primary_file")))
    return Spec(
        repo=_text(source.get("repo")),
        name=_text(row.get("name")),
        target=_text(row.get("target")),
        revision=_text(source.get("revision")),
        token_env=_text(source.get("token_env")),
        allow=_texts(source.get("allow_patterns")),
        ignore=_texts(source.get("ignore_patterns")),
        resolved=resolved_to,
        type=_text(source.get("type")),
    )


def _section(row: t.Mapping[str, t.Any], key: str) -> t.Mapping[str, t.Any]:
    section = row.get(key)
    if section is not None and not isinstance(section, dict):
        raise GalleryError(f"its {key} is not a mapping.")
    return section or {}


def _texts(value: t.Any) -> tuple[str, ...]:
    if value is not None and not isinstance(value, (list, tuple)):
        raise GalleryError("its patterns are not a list.")
    return tuple(map(_text, value or ()))


def _text(value: t.Any) -> str:
    """Return a scalar as LocalAI reads it where it needs text; raises GalleryError for any other value."""
    if value is None:
        return ""
    if not isinstance(value, (str, bool, int, float)):
        raise GalleryError("a list or a mapping is where text should be.")
    text = written(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise GalleryError(f"{text!r} is not valid Unicode.") from None
    return text


def _mapping(spec: Spec) -> dict[str, t.Any]:
    """Return an entry in the order of LocalAI's own keys."""
    resolution = spec.resolved
    source = {
        "type": spec.type,
        "repo": spec.repo,
        "revision": spec.revision,
        **_filled(token_env=spec.token_env, allow_patterns=list(spec.allow), ignore_patterns=list(spec.ignore)),
    }
    entry: dict[str, t.Any] = {"name": spec.name, "target": spec.target, "source": source}
    if resolution is not None:
        entry["resolved"] = {
            "endpoint": resolution.endpoint,
            "revision": resolution.revision,
            "cache_key": resolution.cache_key,
            **_filled(primary_file=resolution.primary_file),
        }
    return entry


def _without(text: str, prefixes: t.Sequence[str]) -> str:
    """Return a text without each of the prefixes, one after the other."""
    for prefix in prefixes:
        text = text[len(prefix) :] if text.startswith(prefix) else text
    return text


def _filled(**values: t.Any) -> dict[str, t.Any]:
    return {key: value for key, value in values.items() if value}


def _json(document: t.Any, indent: int | None = None) -> bytes:
    """Return a document as Go's encoder writes it."""
    separators = (",", ": ") if indent else (",", ":")
    return json.dumps(document, ensure_ascii=False, indent=indent, separators=separators).translate(_ESCAPED).encode()
