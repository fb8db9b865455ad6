# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A made-up Hugging Face Hub on loopback: files, the two pages of its API that list them, and a CDN beside it.

Like the real one, it redirects requests for large files to another host, with a signed URL.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Iterator, Mapping
from urllib.parse import quote, unquote

from .files import FileServer
from .server import Answer, Request, Server

COMMIT = "5f0b1a2c3d4e5f60718293a4b5c6d7e8f9012345"
SIGNATURE = "Signature=secret"


@dataclass(frozen=True)
class Repo:
    """A repository of one commit: its small files, and its large files, which are in Git LFS."""

    small: Mapping[str, bytes] = field(default_factory=dict)
    large: Mapping[str, bytes] = field(default_factory=dict)
    commit: str = COMMIT
    revisions: tuple[str, ...] = ("main",)
    token: str = ""  # the one that may read it, if it is not public

    def content(self, path: str) -> bytes | None:
        """The content of a file."""
        return self.small.get(path, self.large.get(path))

    def has(self, revision: str) -> bool:
        """Whether it has a revision."""
        return revision in (self.commit, *self.revisions)

    def tree(self) -> Iterator[dict[str, Any]]:
        """The rows of its files and directories, as the API lists them."""
        paths = sorted((*self.small, *self.large))
        for directory in sorted({path.rpartition("/")[0] for path in paths} - {""}):
            yield {"type": "directory", "oid": "d" * 40, "size": 0, "path": directory}
        for path in paths:
            yield self._row(path)

    def _row(self, path: str) -> dict[str, Any]:
        content = self.content(path) or b""
        row: dict[str, Any] = {"type": "file", "oid": blob_oid(content), "size": len(content), "path": path}
        if path in self.large:
            sha256 = hashlib.sha256(content).hexdigest()
            row["oid"] = blob_oid(sha256.encode())
            row["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 135}
            row["xetHash"] = sha256[::-1]
        return row


def blob_oid(content: bytes) -> str:
    """The identity that git gives to a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(Server):
    """Serves `repos` by `owner/name`; `cdn` has the large files. A context manager."""

    def __init__(self, repos: Mapping[str, Repo] | None = None, page: int = 1000, prefix: str = "") -> None:
        """`page` is the number of rows on a page of the API, `prefix` the path at which the Hub is."""
        super().__init__(self._serve)
        self.repos = dict(repos or {})
        self.cdn = FileServer()
        self._page = page
        self._prefix = prefix

    def __enter__(self) -> Hub:
        self.cdn.__enter__()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.cdn.__exit__(kind, error, trace)

    @property
    def endpoint(self) -> str:
        """Its URL, for `HF_ENDPOINT`."""
        return self.url + self._prefix

    def _serve(self, request: Request) -> Answer:
        path = request.path[len(self._prefix) :]
        if not request.path.startswith(f"{self._prefix}/"):
            return _error(404, "RepoNotFound")
        parts = path.strip("/").split("/")
        is_api = parts[:2] == ["api", "models"]
        owner, name, verb, revision, *rest = [*parts[2 if is_api else 0 :], *[""] * 4]
        repo = self.repos.get(f"{owner}/{name}")
        if repo is None:
            # Without credentials, the Hub does not tell whether a repository exists.
            return _error(404 if request.headers.get("authorization") else 401, "RepoNotFound")
        if repo.token and request.headers.get("authorization") != f"Bearer {repo.token}":
            return _error(401, "GatedRepo")
        if not repo.has(unquote(revision)):
            return _error(404, "RevisionNotFound")
        if is_api:
            return self._api(request, repo, verb)
        return self._file(repo, unquote("/".join(rest).rstrip("/")))

    def _api(self, request: Request, repo: Repo, verb: str) -> Answer:
        if verb == "revision":
            return _json({"sha": repo.commit, "id": "any"})
        rows, start = list(repo.tree()), int(request.parameter("cursor") or 0)
        answer = _json(rows[start : start + self._page])
        if start + self._page >= len(rows):
            return answer
        following = f"{self.url}{request.path}?recursive=true&expand=true&cursor={start + self._page}"
        return answer.with_headers({"Link": f'<{following}>; rel="next"'})

    def _file(self, repo: Repo, path: str) -> Answer:
        content = repo.content(path)
        if content is None:
            return _error(404, "EntryNotFound")
        sha256 = hashlib.sha256(content).hexdigest()
        if path in repo.small:
            return Answer(
                headers={"ETag": f'"{blob_oid(content)}"', "X-Repo-Commit": repo.commit}, body=content, ranges=True
            )
        self.cdn.pages[f"/xet/{sha256}"] = content
        headers = {
            "Location": f"{self.cdn.url}/xet/{sha256}?{SIGNATURE}&response-content-disposition={quote(path)}",
            "X-Linked-Size": str(len(content)),
            "X-Linked-ETag": f'"{sha256}"',
            "X-Repo-Commit": repo.commit,
        }
        return Answer(302, headers, b"Found. Redirecting")


def _json(value: Any) -> Answer:
    return Answer(headers={"Content-Type": "application/json; charset=utf-8"}, body=json.dumps(value).encode())


def _error(status: int, code: str) -> Answer:
    return Answer(
        status, {"Content-Type": "application/json", "X-Error-Code": code}, json.dumps({"error": code}).encode()
    )
