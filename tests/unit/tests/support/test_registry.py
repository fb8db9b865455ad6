# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test registry speaks the distribution API: pull, push, basic and bearer authentication."""

from __future__ import annotations

import io
import json
import re
import tarfile

import pytest

from ansible_collections.localai.core.tests.support.auth import Auth, Basic, Bearer, Open, basic
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.client import get
from ansible_collections.localai.core.tests.support.images import OCI_INDEX, OCI_MANIFEST
from ansible_collections.localai.core.tests.support.push import Pusher, Target
from ansible_collections.localai.core.tests.support.registry import Registry

BACKEND = backend_image("piper")
MANIFEST = "/v2/some/piper/manifests/latest"


def token(server: Registry, scope: str) -> str:
    got = get(server, f"/token?service={server.host}&scope={scope}")
    assert got.status == 200, got.body
    return "Bearer " + str(json.loads(got.body)["token"])


def test_from_tag_to_file() -> None:
    with Registry() as registry:
        assert registry.put("some/piper", "latest", BACKEND) == f"{registry.host}/some/piper:latest"
        index = get(registry, MANIFEST)
        assert (index.headers["Content-Type"], index.headers["Docker-Content-Digest"]) == (OCI_INDEX, BACKEND.digest)
        child = json.loads(index.body)["manifests"][0]["digest"]
        layer = json.loads(get(registry, f"/v2/some/piper/manifests/{child}").body)["layers"][0]
        blob = get(registry, f"/v2/some/piper/blobs/{layer['digest']}").body
        assert len(blob) == layer["size"]
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        assert archive.getmember("run.sh").mode == 0o755
        assert archive.getmember("lib/libggml.so").linkname == "libggml.so.1"


def test_what_is_not_there() -> None:
    with Registry() as registry:
        registry.put("some/piper", "latest", BACKEND)
        for path in ("/v2/some/piper/manifests/v2", "/v2/other/manifests/latest", "/v2/other/blobs/sha256:0"):
            got = get(registry, path)
            assert got.status == 404
            assert re.match("(MANIFEST|BLOB)_UNKNOWN", json.loads(got.body)["errors"][0]["code"])
        assert get(registry, MANIFEST, accept=OCI_MANIFEST).status == 404
        assert get(registry, MANIFEST, accept=f"{OCI_MANIFEST}, {OCI_INDEX};q=0.5").status == 200


def test_basic() -> None:
    with Registry(Basic("me", "pass:word")) as registry:
        registry.put("some/piper", "latest", BACKEND)
        assert get(registry, MANIFEST).headers["WWW-Authenticate"] == 'Basic realm="registry"'
        assert get(registry, MANIFEST, authorization=basic("me", "wrong")).status == 401
        assert get(registry, MANIFEST, authorization=basic("me", "pass:word")).status == 200


def test_bearer_tokens_have_a_scope() -> None:
    with Registry(Bearer()) as registry:
        registry.put("some/piper", "latest", BACKEND)
        asked = 'Bearer realm="{0}/token",service="{1}",scope="repository:some/piper:pull"'
        challenge = get(registry, MANIFEST).headers["WWW-Authenticate"]
        assert challenge == asked.format(registry.url, registry.host)
        assert get(registry, MANIFEST, authorization=token(registry, "repository:some/piper:pull")).status == 200
        assert get(registry, MANIFEST, authorization=token(registry, "repository:some/other:pull")).status == 401
        assert get(registry, MANIFEST, authorization=token(registry, "repository:some/piper:push")).status == 401
        forged = get(registry, MANIFEST, authorization="Bearer forged")
        assert forged.headers["WWW-Authenticate"].endswith('error="invalid_token"')


def test_bearer_tokens_for_known_users_only() -> None:
    with Registry(Bearer("me", "secret")) as registry:
        path = f"/token?service={registry.host}&scope=repository:some/piper:pull"
        assert get(registry, path).status == 401
        assert get(registry, path, authorization=basic("me", "wrong")).status == 401
        assert get(registry, path, authorization=basic("me", "secret")).status == 200


@pytest.mark.parametrize(("auth", "good_for"), [(Bearer(uses=2), 2), (Bearer(lifetime=0), 0)])
def test_bearer_tokens_come_to_an_end(auth: Bearer, good_for: int) -> None:
    with Registry(auth) as registry:
        registry.put("some/piper", "latest", BACKEND)
        authorization = token(registry, "repository:some/piper:pull")
        statuses = [get(registry, MANIFEST, authorization=authorization).status for _attempt in range(3)]
        assert statuses == [200] * good_for + [401] * (3 - good_for)


def test_all_tokens_can_be_made_to_expire() -> None:
    with Registry(Bearer()) as registry:
        registry.put("some/piper", "latest", BACKEND)
        authorization = token(registry, "repository:some/piper:pull")
        registry.tokens.expire()
        assert get(registry, MANIFEST, authorization=authorization).status == 401


@pytest.mark.parametrize("auth", [Open(), Basic("me", "pass:word"), Bearer("me", "pass:word")])
def test_what_is_pushed_is_what_was_put(auth: Auth) -> None:
    with Registry(auth) as pushed, Registry() as put:
        pusher = Pusher(Target(pushed.host, plain_http=True, user="me", password="pass:word"))
        assert pusher.push("some/piper", "latest", BACKEND) == f"{pushed.host}/some/piper:latest"
        put.put("some/piper", "latest", BACKEND)
        pushed.auth = Open()
        image = BACKEND.images[0]
        paths = [MANIFEST, *(f"/v2/some/piper/manifests/{digest}" for digest in (BACKEND.digest, image.digest))]
        paths += [f"/v2/some/piper/blobs/{digest}" for digest in image.blobs]
        for path in paths:
            one, other = get(pushed, path), get(put, path)
            assert (one.status, one.headers["Content-Type"], one.body) == (
                200,
                other.headers["Content-Type"],
                other.body,
            )


def test_a_push_that_is_refused_says_so() -> None:
    with Registry(Bearer("me", "secret")) as registry:
        pusher = Pusher(Target(registry.host, plain_http=True, user="me", password="wrong"))
        with pytest.raises(RuntimeError, match=r"answered 401.*incorrect username or password"):
            pusher.push("some/piper", "latest", BACKEND)
