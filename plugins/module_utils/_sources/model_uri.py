# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The URIs of the files of models, as values. Pure. LocalAI: pkg/downloader/uri.go."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urlsplit

from .._address import Address
from .._errors import LocalAIError, SourceError
from .._oci.reference import Reference
from .uri import SCHEMES, HttpUri, ImageUri, Uri, parse_uri

HUB = "https://huggingface.co"
_RAW_FILES = "https://raw.githubusercontent.com"
_OLLAMA_REGISTRY = "registry.ollama.ai"
# A URI with one of these names is an image without a scheme, also for LocalAI.
_REGISTRIES = ("docker.io/", "ghcr.io/", "quay.io/")
_OLLAMA = re.compile(r"(?:([A-Za-z0-9_.-]+)/)?([A-Za-z0-9_.-]+)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?")
_DOTS = (".", "..")
_RESOLVE = re.compile(r"/([^/]+)/([^/]+)/resolve/([^/]+)/(.+)")


@dataclass(frozen=True)
class HubUri(Uri):
    """A file in a repository of Hugging Face; `path` is part of a URL, so it may be percent-encoded."""

    owner: str
    repo: str
    path: str
    revision: str = "main"

    @classmethod
    def parse(cls, address: Address) -> HubUri:
        """Return the URI; raises SourceError."""
        parts = _parts(_after(address.text, _HUB_PREFIXES), "huggingface://owner/repository/path/to/file")
        if any("@" in part for part in parts):
            raise SourceError(
                "it contains an @, which LocalAI cannot read here. For a revision, use the option revision, or write "
                f"{HUB}/owner/repository/resolve/<commit>/path/to/file."
            )
        return cls(address, parts[0], parts[1], "/".join(parts[2:]))

    def url(self, endpoint: Address) -> Address:
        """Return the URL of the file at a server of the Hub."""
        revision = quote(self.revision, safe="")
        return Address(f"{endpoint.text}/{self.owner}/{self.repo}/resolve/{revision}/{self.path}")


@dataclass(frozen=True)
class GithubUri(Uri):
    """A file in a repository on GitHub."""

    owner: str
    repo: str
    path: str
    branch: str = "main"

    @classmethod
    def parse(cls, address: Address) -> GithubUri:
        """Return the URI; raises SourceError."""
        path, _at, branch = _after(address.text, _GITHUB_PREFIXES).partition("@")
        parts = _parts(path, "github:organization/repository/path/to/file@branch")
        if any(part in ("", *_DOTS) for part in (branch or "main").split("/")) or set(branch) & set("@?#"):
            raise SourceError("what follows the @ is not the name of a branch or a tag.")
        return cls(address, parts[0], parts[1], "/".join(parts[2:]), branch or "main")

    @property
    def url(self) -> Address:
        """The URL of the file."""
        return Address(f"{_RAW_FILES}/{self.owner}/{self.repo}/{self.branch}/{self.path}")


@dataclass(frozen=True)
class OllamaUri(Uri):
    """A model in the registry of Ollama."""

    reference: Reference

    @classmethod
    def parse(cls, address: Address) -> OllamaUri:
        """Return the URI; raises SourceError."""
        match = _OLLAMA.fullmatch(_after(address.text, ("ollama://",)))
        owner, name, tag = match.groups() if match else ("", "", "")
        if not name or {owner, name} & set(_DOTS):
            raise SourceError("it is not of the form ollama://name:tag or ollama://user/name:tag.")
        # Unlike those of images, the names have capitals.
        return cls(address, Reference(_OLLAMA_REGISTRY, f"{owner or 'library'}/{name}", tag or "latest"))


_HUB_PREFIXES = ("huggingface://", "hf://", "hf.co/")
_GITHUB_PREFIXES = ("github://", "github:")
# Of two prefixes with the same start, the longer one is the first.
_KINDS: dict[str, type[Uri]] = {
    **dict.fromkeys(_HUB_PREFIXES, HubUri),
    **dict.fromkeys(_GITHUB_PREFIXES, GithubUri),
    "ollama://": OllamaUri,
    **dict.fromkeys(_REGISTRIES, ImageUri),
}


def parse_model_uri(address: Address) -> Uri:
    """Return the value of the URI of a model's file; raises SourceError, and OptionError for credentials in a URL."""
    text = address.text
    kind = next((kind for prefix, kind in _KINDS.items() if text.startswith(prefix)), None)
    if kind is not None:
        return kind.parse(address)
    if text.startswith("/") or text.lower().startswith(tuple(SCHEMES)):
        return parse_uri(address)
    raise SourceError(
        "it is not the URI of a model's file. Use huggingface://owner/repository/file, https://, "
        "github:organization/repository/file@branch, ollama://name:tag, oci:// or an absolute path."
    )


def hub_file(address: Address) -> HubUri | None:
    """Return the file of Hugging Face that an address names, by a URI or, at any host, by a URL; None for any other."""
    try:
        uri = parse_model_uri(address)
    except LocalAIError:
        return None
    if isinstance(uri, HubUri):
        return uri
    match = _RESOLVE.fullmatch(urlsplit(address.text).path) if isinstance(uri, HttpUri) else None
    if match is None:
        return None
    owner, repo, revision, path = match.groups()
    return HubUri(address, owner, repo, path, unquote(revision))


def with_revision(address: Address, revision: str) -> Address:
    """Return the URL of the same file of Hugging Face at a revision; raises SourceError for other addresses."""
    file = hub_file(address)
    if file is None:
        raise SourceError(
            f"{address} has no revisions. Only a file of Hugging Face has, which is written as "
            f"huggingface://owner/repository/file or {HUB}/owner/repository/resolve/<revision>/file."
        )
    if not revision or not revision.isprintable():
        raise SourceError(f"{revision!r} is not a revision. Use a commit of 40 hexadecimal digits, a branch or a tag.")
    return replace(file, revision=revision).url(Address(HUB))


def _after(text: str, prefixes: t.Sequence[str]) -> str:
    return text[len(next(prefix for prefix in prefixes if text.startswith(prefix))) :]


def _parts(path: str, form: str) -> list[str]:
    """Return the parts of the path of a file in a repository; raises SourceError that shows the `form`."""
    parts = path.split("/")
    if len(parts) < 3 or {"", *_DOTS} & set(parts) or set("?#") & set(path) or not path.isprintable():
        raise SourceError(f"it is not of the form {form}.")
    return parts
