# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Push images to any registry over the distribution API.

As a program it pushes a directory as an image of one layer: `push HOST:PORT/REPOSITORY:TAG DIRECTORY`; it prints the
digest.
"""

from __future__ import annotations

import argparse
import json
import re
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Mapping
from urllib.parse import quote, urljoin, urlsplit

from .archives import read_tree
from .auth import basic
from .images import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Artifact,
    Index,
    Platform,
    host_platform,
    image,
    index,
    layer,
)


@dataclass(frozen=True)
class Target:
    """A registry, and how to get in."""

    host: str
    plain_http: bool = False
    ca_file: Path | None = None
    user: str = ""
    password: str = ""

    @property
    def url(self) -> str:
        """The address of the registry."""
        return "{}://{}".format("http" if self.plain_http else "https", self.host)


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: Message
    body: bytes


class Pusher:
    """Pushes to one registry; it answers basic and bearer challenges."""

    def __init__(self, target: Target) -> None:
        """Nothing is sent yet."""
        self.target = target
        context = ssl.create_default_context(cafile=str(target.ca_file) if target.ca_file else None)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        self._authorization: dict[str, str] = {}  # by repository

    def push(self, repository: str, tag: str, artifact: Artifact) -> str:
        """Push an image, or an index with its images; returns the full reference."""
        for child in artifact.images if isinstance(artifact, Index) else (artifact,):
            for digest, blob in child.blobs.items():
                self._push_blob(repository, digest, blob)
            self._push_manifest(repository, child.digest, child)
        self._push_manifest(repository, tag, artifact)
        return f"{self.target.host}/{repository}:{tag}"

    def push_file(self, repository: str, digest: str, path: Path) -> None:
        """Push a blob that is too large for memory."""
        with path.open("rb") as blob:
            self._push_blob(repository, digest, blob, {"Content-Length": str(path.stat().st_size)})

    def manifest(self, repository: str, name: str) -> tuple[str, bytes]:
        """The media type and the bytes of a manifest that the registry has under a tag or a digest."""
        url = f"{self.target.url}/v2/{repository}/manifests/{name}"
        accepted = {"Accept": f"{OCI_INDEX}, {OCI_MANIFEST}, {DOCKER_INDEX}, {DOCKER_MANIFEST}"}
        reply = self._expect(200, self._send(repository, "GET", url, None, accepted))
        return reply.headers["Content-Type"], reply.body

    def _push_blob(
        self, repository: str, digest: str, blob: bytes | IO[bytes], headers: Mapping[str, str] | None = None
    ) -> None:
        path = f"{self.target.url}/v2/{repository}/blobs/"
        if self._send(repository, "HEAD", path + digest).status == 200:
            return
        started = self._expect(202, self._send(repository, "POST", path + "uploads/"))
        location = urljoin(path, started.headers["Location"])
        location += ("&" if urlsplit(location).query else "?") + "digest=" + quote(digest)
        headers = {"Content-Type": "application/octet-stream", **(headers or {})}
        self._expect(201, self._send(repository, "PUT", location, blob, headers))

    def _push_manifest(self, repository: str, name: str, artifact: Artifact) -> None:
        url = f"{self.target.url}/v2/{repository}/manifests/{name}"
        self._expect(201, self._send(repository, "PUT", url, artifact.manifest, {"Content-Type": artifact.media_type}))

    def _send(
        self,
        repository: str,
        method: str,
        url: str,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> _Reply:
        """One request, a second time with credentials when they are asked for."""
        reply = self._request(method, url, body, {**(headers or {}), **self._authority(repository)})
        if reply.status != 401:
            return reply
        self._authorization[repository] = self._authorize(reply.headers.get("WWW-Authenticate", ""), repository)
        return self._request(method, url, body, {**(headers or {}), **self._authority(repository)})

    def _authority(self, repository: str) -> Mapping[str, str]:
        known = self._authorization.get(repository)
        return {"Authorization": known} if known else {}

    def _authorize(self, challenge: str, repository: str) -> str:
        """The Authorization header that a challenge asks for."""
        credentials = basic(self.target.user, self.target.password)
        if challenge.lower().startswith("basic "):
            return credentials
        asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        query = "?service={}&scope={}".format(quote(asked["service"]), quote(f"repository:{repository}:pull,push"))
        headers = {"Authorization": credentials} if self.target.user else {}
        answer = json.loads(self._expect(200, self._request("GET", asked["realm"] + query, None, headers)).body)
        return "Bearer " + str(answer.get("token") or answer.get("access_token"))

    def _request(self, method: str, url: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str]) -> _Reply:
        request = urllib.request.Request(url, body, dict(headers), method=method)
        try:
            with self._opener.open(request, timeout=60) as response:
                return _Reply(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return _Reply(error.code, error.headers, error.read())

    def _expect(self, status: int, reply: _Reply) -> _Reply:
        if reply.status != status:
            text = reply.body.decode(errors="replace").strip()
            raise RuntimeError(f"{self.target.host} answered {reply.status}: {text}")
        return reply


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options from which `target` is made."""
    parser.add_argument("--plain-http", action="store_true")
    parser.add_argument("--ca", type=Path, help="file with the certificate of the authority to trust")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")


def target(host: str, options: argparse.Namespace) -> Target:
    """The registry that the options describe."""
    return Target(host, options.plain_http, options.ca, options.user, options.password)


def main() -> None:
    """Push one directory."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.add_argument("--architecture", default=host_platform().architecture)
    parser.add_argument("reference", help="HOST:PORT/REPOSITORY:TAG")
    parser.add_argument("directory", type=Path)
    options = parser.parse_args()
    host, _slash, path = options.reference.partition("/")
    repository, _colon, tag = path.partition(":")
    artifact = index([image([layer(read_tree(options.directory))], Platform(options.architecture))])
    Pusher(target(host, options)).push(repository, tag, artifact)
    print(artifact.digest)


if __name__ == "__main__":
    main()
