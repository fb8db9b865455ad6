# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks the Hub of Hugging Face for the commit of a revision and for the files of a repository.

Follows LocalAI's `pkg/huggingface-api/snapshot.go`.
"""

from __future__ import annotations

import json
import re
import typing as t
from urllib.parse import quote, urljoin, urlsplit

from .._address import Address, redacted_url
from .._errors import OptionError, SourceError, TransportError
from .._http.client import Answer, Http
from .._http.mirrors import fetch_document
from .._http.url import is_from
from .._localai.models.artifacts import canonical_repo, is_hub_path
from .._localai.models.patterns import Pattern, selected

_MOST_FILES = 100_000
_MOST_PAGES = 2_200
_MOST_BYTES = 2**63
_METADATA_BYTES = 8 * 1024**2
_PAGE_BYTES = 32 * 1024**2
_COMMIT = re.compile("[0-9a-fA-F]{40}")
_SHA256 = re.compile("[0-9a-fA-F]{64}")
# The header Link: RFC 8288.
_NEXT = re.compile(r"""<([^<>]*)>\s*;[^,]*\brel\s*=\s*"?next"?\s*(?:;|,|$)""")
_REFUSED = (401, 403)
_MISSING = 404
_NO_REVISION = "RevisionNotFound"


class HubFile(t.NamedTuple):
    """A file of a repository. Its sha256 is empty if the Hub knows only `blob_oid`, which git gives to a small file."""

    path: str
    size: int
    sha256: str
    blob_oid: str
    xet_hash: str
    url: Address


class Snapshot(t.NamedTuple):
    """The selected files of a repository at a commit, by path, and the server that has them."""

    endpoint: Address
    commit: str
    files: tuple[HubFile, ...]


class Hub:
    """The Hub at one server, see `hub_endpoint`."""

    def __init__(self, http: Http, endpoint: Address) -> None:
        self._http = http
        self._endpoint = endpoint

    def commit(self, repo: str, revision: str) -> str:
        """Return the commit that a revision of a repository is now; raises SourceError, GalleryError."""
        repo = _checked_repo(repo)
        url = f"{self._endpoint.text}/api/models/{_quoted(repo)}/revision/{quote(revision, safe='')}"
        document = self._document(repo, revision, self._fetch(repo, revision, url, _METADATA_BYTES))
        commit = document.get("sha") if isinstance(document, dict) else None
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise self._error(repo, revision, "it does not state a commit")
        return commit.lower()

    def snapshot(self, repo: str, revision: str, allow: t.Sequence[str], ignore: t.Sequence[str]) -> Snapshot:
        """Return the files of a repository that match a pattern in `allow`, if it has any, and none in `ignore`.

        Raises SourceError, and GalleryError for a malformed repository or pattern.
        """
        repo = _checked_repo(repo)
        patterns = [*map(Pattern, allow)], [*map(Pattern, ignore)]
        commit = self.commit(repo, revision)
        files = {}
        for row in self._rows(repo, commit):
            if row.get("type") != "file" or not selected(_path(row), *patterns):
                continue
            file = self._file(repo, commit, row)
            if file is None or file.path in files:
                raise self._error(repo, commit, f"its row for the file {_path(row)[:200]!r} is not valid")
            files[file.path] = file
        if not files:
            raise SourceError(
                f"{repo} has no file at {revision} that the patterns select. Check the patterns.", missing=True
            )
        if sum(file.size for file in files.values()) >= _MOST_BYTES:
            raise self._error(repo, commit, "the sizes of its files are not plausible")
        return Snapshot(self._endpoint, commit, tuple(files[path] for path in sorted(files)))

    def _rows(self, repo: str, commit: str) -> t.Iterator[dict[str, t.Any]]:
        """Yield the rows of all pages that list a repository."""
        url = f"{self._endpoint.text}/api/models/{_quoted(repo)}/tree/{commit}?recursive=true&expand=true"
        count = 0
        for _page in range(_MOST_PAGES):
            answer = self._fetch(repo, commit, url, _PAGE_BYTES)
            rows = self._document(repo, commit, answer)
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise self._error(repo, commit, "its list of files has another form")
            count += len(rows)
            if count > _MOST_FILES:
                raise SourceError(f"{repo} has more than {_MOST_FILES} files, which LocalAI refuses too.")
            yield from rows
            link = _NEXT.search(answer.headers.get("Link", ""))
            if link is None:
                return
            following = _next_page(link.group(1), url, answer.url)
            if not following:
                raise self._error(repo, commit, "the next page of its list of files is at another server")
            url = following
        raise self._error(repo, commit, f"its list of files has more than {_MOST_PAGES} pages")

    def _file(self, repo: str, commit: str, row: t.Mapping[str, t.Any]) -> HubFile | None:
        """Return the file in a row; None for a row that is not valid."""
        path, size, lfs = _path(row), row.get("size"), row.get("lfs")
        sha256 = lfs.get("oid") if isinstance(lfs, dict) else ""
        is_valid = (
            is_hub_path(path)
            and isinstance(size, int)
            and not isinstance(size, bool)
            and 0 <= size < _MOST_BYTES
            and isinstance(sha256, str)
            and (not lfs or bool(_SHA256.fullmatch(sha256)))
        )
        if not is_valid:
            return None
        url = Address(f"{self._endpoint.text}/{_quoted(repo)}/resolve/{commit}/{_quoted(path)}")
        return HubFile(
            path, t.cast(int, size), str(sha256).lower(), _word(row.get("oid")), _word(row.get("xetHash")), url
        )

    def _fetch(self, repo: str, revision: str, url: str, limit: int) -> Answer:
        """Return the answer of the API; raises SourceError that names the repository."""
        accept = (200, _MISSING, *_REFUSED)
        try:
            answer = fetch_document(self._http, url, limit=limit, accept=accept, is_query_public=True)
        except TransportError as e:
            raise SourceError(f"{repo} at {revision} could not be looked up at the Hub. {e}", e.missing) from e
        if answer.status in _REFUSED:
            raise SourceError(self._refused(repo, answer.status, bool(self._http.authorization(url))))
        if answer.status == _MISSING:
            is_revision = answer.headers.get("X-Error-Code") == _NO_REVISION
            what = (
                f"no revision {revision!r} of {repo}" if is_revision else f"no repository {repo}, or not {revision!r}"
            )
            raise SourceError(
                f"{redacted_url(url)} answered 404: the Hub has {what}. Check its spelling.", missing=True
            )
        return answer

    def _refused(self, repo: str, status: int, has_credentials: bool) -> str:
        """Return why the Hub may not allow to read a repository, and what to do."""
        host = urlsplit(self._endpoint.text).netloc
        page = f"{self._endpoint.text}/{repo}"
        if has_credentials:
            return (
                f"{repo}: the Hub answered {status}. The credentials for {host} in endpoints are wrong or may not read "
                f"the repository, or it does not exist. If it has a licence, accept it at {page} with the account of "
                "the token."
            )
        near_miss = self._http.near_miss(host, urlsplit(self._endpoint.text).scheme)
        return (
            f"{repo}: the Hub answered {status}. No credentials were sent. Either the repository does not exist, or it "
            f"needs a token: add a token for the host {host} to endpoints. If it has a licence, accept it at {page} "
            f"first. {near_miss}"
        ).rstrip()

    def _document(self, repo: str, revision: str, answer: Answer) -> t.Any:
        try:
            return json.loads(answer.body.decode("utf-8"))
        except (ValueError, RecursionError):
            raise self._error(repo, revision, "the answer is not JSON") from None

    def _error(self, repo: str, revision: str, problem: str) -> SourceError:
        return SourceError(
            f"{repo} at {revision}: {self._endpoint} did not answer like the API of the Hub: {problem}. Check "
            "HF_MIRROR, HF and HF_ENDPOINT in the environment of the task, and proxies."
        )


def _checked_repo(text: str) -> str:
    """Return `owner/repository`; raises GalleryError, and SourceError for dots, which would lead to another page."""
    repo = canonical_repo(text)
    if {".", ".."} & set(repo.split("/")):
        raise SourceError(f"{text!r} is not a repository of the form owner/repository.")
    return repo


def _path(row: t.Mapping[str, t.Any]) -> str:
    path = row.get("path")
    return path if isinstance(path, str) else ""


def _word(value: t.Any) -> str:
    """Return a hash that is only recorded; empty for what cannot be one."""
    return value if isinstance(value, str) and re.fullmatch("[0-9A-Za-z]{1,128}", value) else ""


def _quoted(path: str) -> str:
    return quote(path, safe="/")


def _next_page(link: str, url: str, answered: str) -> str:
    """Return the URL of the page that a link of the page at `url` leads to; empty if it is at another server.

    A mirror, at whose URL `answered` the page was read, may write links to itself, with paths of its own.
    """
    try:
        following = urljoin(url, link)
        if is_from(following, url):
            return following
        return f"{url.partition('?')[0]}?{urlsplit(following).query}" if is_from(following, answered) else ""
    except (ValueError, OptionError):
        return ""
