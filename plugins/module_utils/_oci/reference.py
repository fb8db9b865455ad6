# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The name of an image, in the grammar of the OCI distribution specification. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

from .._address import redacted
from .._errors import SourceError
from .._http.url import DOCKER_HUB_NAMES

DOCKER_HUB, _DOCKER_HUB_SERVER = DOCKER_HUB_NAMES[0], DOCKER_HUB_NAMES[-1]

_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::[0-9]{1,5})?")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


@dataclass(frozen=True)
class Reference:
    """`host/repository` with a tag, a digest, or both; the digest takes precedence."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Return the image that a text names for docker; raises SourceError."""
        rest, has_digest, digest = text.partition("@")
        if has_digest and not is_digest(digest):
            raise SourceError(
                f"{redacted(text)!r} is not an image reference: {redacted(digest)!r} is not a digest such as sha256:…."
            )
        first, slash, remainder = rest.partition("/")
        if slash and ("." in first or ":" in first or first.lower() == "localhost"):
            host, path = first.lower(), remainder
        else:
            host, path = DOCKER_HUB, rest
        repository, colon, tag = path.partition(":")
        if host in DOCKER_HUB_NAMES:
            host = DOCKER_HUB
        if host == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        if not _HOST.fullmatch(host) or not _REPOSITORY.fullmatch(repository) or len(repository) > 255:
            is_case = bool(_REPOSITORY.fullmatch(repository.lower()))
            hint = " The name of a repository is always in lower case." if is_case and _HOST.fullmatch(host) else ""
            raise SourceError(f"{redacted(text)!r} is not an image reference of the form host/repository:tag.{hint}")
        if colon and not _TAG.fullmatch(tag):
            raise SourceError(f"{redacted(text)!r} is not an image reference: {redacted(tag)!r} is not a tag.")
        return cls(host, repository, tag or ("" if digest else "latest"), digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"

    @property
    def name(self) -> str:
        """The image without its tag or digest."""
        return f"{self.host}/{self.repository}"

    @property
    def server(self) -> str:
        """The host and port of the registry."""
        return _DOCKER_HUB_SERVER if self.host == DOCKER_HUB else self.host

    @property
    def hostname(self) -> str:
        """The server's name or address without its port."""
        return re.sub(r":\d+$", "", self.server).strip("[]")

    def at(self, digest: str) -> Reference:
        """Return the same image pinned to a digest."""
        return replace(self, digest=digest)


def is_digest(text: t.Any) -> bool:
    """Return whether a text is a digest that this collection can verify."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def reference_of(name: str) -> Reference | None:
    """Return the reference that a name with a repository is; None for any other name."""
    try:
        return Reference.parse(name) if set("/:") & set(name) else None
    except SourceError:
        return None


def referrers_tag(digest: str) -> str:
    """Return the tag of an index with the referrers of a digest (distribution specification 1.1)."""
    algorithm, _colon, digits = digest.partition(":")
    return f"{algorithm[:32]}-{digits[:64]}"
