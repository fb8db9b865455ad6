# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OCI distribution registry in this process, with its own token endpoint: for unit tests and for the demo."""

from __future__ import annotations

import json
import re
import secrets
import ssl
from urllib.parse import unquote

from .auth import OPEN, Auth, Basic, Bearer, Open, Tokens, basic, scopes
from .images import OCI_INDEX, Artifact, Index, digest
from .server import Answer, Request, Server


class Registry(Server):
    """Serves what was `put` into it or pushed to it."""

    def __init__(self, auth: Auth = OPEN, tls: ssl.SSLContext | None = None, referrers: bool = False) -> None:
        """`tls` is a context for the server side; without one the registry speaks plain HTTP.

        With `referrers` it lists the manifests about another one, as OCI 1.1 has it; real ones of version 2 do not.
        """
        super().__init__(self._serve, tls)
        self.auth = auth
        self.referrers = referrers
        self.tokens = Tokens()
        self._manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._blobs: dict[tuple[str, str], bytes] = {}

    def put(self, repository: str, tag: str, artifact: Artifact) -> str:
        """Store an image or an index under a tag and under its digest, with all below it. Returns the reference."""
        for image in artifact.images if isinstance(artifact, Index) else (artifact,):
            self.put_manifest(repository, image.digest, image.manifest, image.media_type)
            for blob in image.blobs.values():
                self.put_blob(repository, blob)
        for name in (tag, artifact.digest):
            self.put_manifest(repository, name, artifact.manifest, artifact.media_type)
        return f"{self.host}/{repository}:{tag}"

    def put_manifest(self, repository: str, name: str, content: bytes, media_type: str) -> None:
        """Store any bytes as the manifest of that tag or digest."""
        self._manifests[repository, name] = (media_type, content)

    def put_blob(self, repository: str, content: bytes, name: str = "") -> None:
        """Store any bytes as the blob of that digest; of the right one if none is given."""
        self._blobs[repository, name or digest(content)] = content

    def forget_manifest(self, repository: str, name: str) -> None:
        """Lose a tag or a digest, as a garbage collection does."""
        del self._manifests[repository, name]

    def _serve(self, request: Request) -> Answer:
        if request.path == "/token" and isinstance(self.auth, Bearer):
            return self._give_token(self.auth, request)
        match = re.match(r"/v2/(?:(?P<repository>.+)/(?P<kind>manifests|blobs|referrers)/(?P<name>.+))?$", request.path)
        if match is None or (match["kind"] == "referrers" and not self.referrers):
            return _error(404, "UNSUPPORTED", "no such page")
        repository, kind, name = match["repository"] or "", match["kind"], unquote(match["name"] or "")
        action = "pull" if request.method in ("GET", "HEAD") else "push"
        challenge = self._challenge(request, repository, action)
        if challenge:
            return _error(401, "UNAUTHORIZED", "authentication required").with_headers({"WWW-Authenticate": challenge})
        if not repository:
            return Answer(headers={"Content-Type": "application/json"}, body=b"{}")
        if action == "push":
            return self._store(request, repository, kind, name)
        if kind == "referrers":
            return self._list_referrers(request, repository, name)
        return self._manifest(request, repository, name) if kind == "manifests" else self._blob(repository, name)

    def _manifest(self, request: Request, repository: str, name: str) -> Answer:
        if (repository, name) not in self._manifests:
            return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, content = self._manifests[repository, name]
        accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept", "*/*").split(",")}
        if not accepted & {media_type, "*/*"}:
            return _error(404, "MANIFEST_UNKNOWN", f"the Accept header does not allow {media_type}")
        return Answer(headers={"Content-Type": media_type, "Docker-Content-Digest": digest(content)}, body=content)

    def _list_referrers(self, request: Request, repository: str, name: str) -> Answer:
        """The index of the manifests whose subject has this digest; on request only those of one type."""
        rows = []
        for (where, known_as), (media_type, content) in sorted(self._manifests.items()):
            if where == repository and known_as == digest(content) and _subject(content) == name:
                manifest = json.loads(content)
                kind = manifest.get("artifactType") or manifest.get("config", {}).get("mediaType", "")
                row = {"mediaType": media_type, "size": len(content), "digest": known_as, "artifactType": kind}
                rows.append({**row, "annotations": manifest.get("annotations", {})})
        headers = {"Content-Type": OCI_INDEX}
        wanted = request.parameter("artifactType")
        if wanted:
            rows = [row for row in rows if row["artifactType"] == wanted]
            headers["OCI-Filters-Applied"] = "artifactType"
        body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows}).encode()
        return Answer(headers=headers, body=body)

    def _blob(self, repository: str, name: str) -> Answer:
        if (repository, name) not in self._blobs:
            return _error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": name}
        return Answer(headers=headers, body=self._blobs[repository, name], ranges=True)

    def _store(self, request: Request, repository: str, kind: str, name: str) -> Answer:
        """The two requests of a monolithic upload, and the one that stores a manifest."""
        if kind == "blobs" and request.method == "POST" and name == "uploads/":
            return Answer(202, {"Location": f"/v2/{repository}/blobs/uploads/{secrets.token_hex(8)}?state=x"})
        if request.method != "PUT" or kind == "referrers":
            return _error(405, "UNSUPPORTED", "the operation is unsupported")
        found = digest(request.body)
        wanted = request.parameter("digest") if kind == "blobs" else name
        if ":" in wanted and wanted != found:
            return _error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        if kind == "blobs":
            self.put_blob(repository, request.body)
        else:
            for known_as in (wanted, found):
                self.put_manifest(repository, known_as, request.body, request.headers.get("content-type", ""))
        headers = {"Location": f"/v2/{repository}/{kind}/{found}", "Docker-Content-Digest": found}
        if self.referrers and kind == "manifests" and _subject(request.body):
            headers["OCI-Subject"] = _subject(request.body)
        return Answer(201, headers)

    def _challenge(self, request: Request, repository: str, action: str) -> str:
        """What to ask from a client that may not do this; empty for one that may."""
        given = request.headers.get("authorization", "")
        if isinstance(self.auth, Open):
            return ""
        if isinstance(self.auth, Basic):
            return "" if given == basic(self.auth.user, self.auth.password) else 'Basic realm="registry"'
        kind, _space, token = given.partition(" ")
        if kind.lower() == "bearer" and self.tokens.allow(token, repository, action):
            return ""
        asked = {"realm": self.auth.realm or self.url + "/token", "service": self.host}
        if repository:
            asked["scope"] = "repository:{}:{}".format(repository, action if action == "pull" else "pull,push")
        if given:
            asked["error"] = "invalid_token"
        return "Bearer " + ",".join('{}="{}"'.format(*item) for item in asked.items())

    def _give_token(self, auth: Bearer, request: Request) -> Answer:
        given = request.headers.get("authorization", "")
        if (auth.user or given) and given != basic(auth.user, auth.password):
            return _error(401, "UNAUTHORIZED", "incorrect username or password")
        if request.parameter("service") != self.host:
            return _error(400, "UNSUPPORTED", "unknown service")
        token = self.tokens.issue(scopes(request.query), auth.lifetime, auth.uses)
        answer = {auth.key: token, "expires_in": int(auth.lifetime)}
        return Answer(headers={"Content-Type": "application/json"}, body=json.dumps(answer).encode())


def _subject(content: bytes) -> str:
    """The digest of what a manifest is about, if it is about something."""
    try:
        return str(json.loads(content)["subject"]["digest"])
    except (ValueError, TypeError, KeyError):
        return ""


def _error(status: int, code: str, message: str) -> Answer:
    """An error as the distribution specification words it."""
    body = json.dumps({"errors": [{"code": code, "message": message, "detail": None}]}).encode()
    return Answer(status, {"Content-Type": "application/json"}, body)
