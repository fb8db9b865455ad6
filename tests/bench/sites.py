# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server of the benchmark has at a path: files of a directory, and images from the storage of a registry."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Union

_OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class Resource:
    """A file with what HTTP says of it."""

    path: Path
    etag: str
    content_type: str = _OCTETS
    digest: str = ""  # of a registry's content


@dataclass(frozen=True)
class Elsewhere:
    """A path of the storage server, to which the registry redirects."""

    path: str


Found = Union[Resource, Elsewhere, None]


@dataclass(frozen=True)
class Site:
    """The files below a directory, and at `/v2/` the images of a registry's storage.

    With `redirects`, the registry sends clients to `/storage/` for blobs, as those do that have an object store.
    """

    files: Path
    storage: Path
    redirects: bool = False

    def find(self, path: str) -> Found:
        """What is at a path without its query."""
        blob = re.fullmatch(r"/v2/.+/blobs/sha256:([0-9a-f]{64})", path)
        if blob and self.redirects:
            return Elsewhere(f"/storage/{blob[1]}?signature=0123456789abcdef")
        stored = blob or re.fullmatch(r"/storage/([0-9a-f]{64})", path)
        if stored:
            return self._stored(stored[1])
        manifest = re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", path)
        if manifest and ".." not in path:
            return self._manifest(manifest[1], manifest[2])
        if path == "/v2/":
            return Resource(Path(os.devnull), '"empty"', "application/json")
        target = self.files / path.lstrip("/")
        if ".." in path or not target.is_file():
            return None
        status = target.stat()
        return Resource(target, f'"{status.st_size:x}-{status.st_mtime_ns:x}"')

    def _stored(self, hexadecimal: str) -> Resource | None:
        path = blob_file(self.storage, hexadecimal)
        return Resource(path, f'"sha256:{hexadecimal}"', digest=f"sha256:{hexadecimal}") if path.is_file() else None

    def _manifest(self, repository: str, reference: str) -> Resource | None:
        if not reference.startswith("sha256:"):
            link = f"docker/registry/v2/repositories/{repository}/_manifests/tags/{reference}/current/link"
            try:
                reference = (self.storage / link).read_text(encoding="ascii")
            except OSError:
                return None
        found = self._stored(reference[len("sha256:") :])
        if found is None:
            return None
        media_type = json.loads(found.path.read_bytes())["mediaType"]
        return Resource(found.path, found.etag, media_type, found.digest)


def blob_file(storage: Path, hexadecimal: str) -> Path:
    """Where the distribution project's registry keeps a blob."""
    return storage / "docker/registry/v2/blobs/sha256" / hexadecimal[:2] / hexadecimal / "data"
