# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials are read as docker and podman write them."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._oci.docker_config import (
    Credentials,
    credential_helper,
    docker_credentials,
)
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference


def encoded(text):
    return base64.b64encode(text.encode()).decode()


LONG_LOGIN = "robot:" + "x" * 90


@pytest.fixture
def credentials(tmp_path):
    def read(image, auths):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"auths": auths}))
        return docker_credentials(Reference.parse(image), str(path))

    return read


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("quay.io/a/b", "quay.io/a/b"),
        ("quay.io/a/b", "quay.io/a"),
        ("quay.io/a/b", "quay.io"),
        ("quay.io/a/b", "https://quay.io"),
        ("quay.io/a/b", "https://quay.io/"),
        ("quay.io/a/b", "https://quay.io/v1/"),
        ("quay.io/a/b", "https://quay.io/v2/"),
        ("quay.io/a/b", "https://quay.io/api/other"),
        ("quay.io/a/b", "http://quay.io"),
        ("quay.io/a/b", "quay.io/"),
        ("quay.io/a/b", "quay.io/v1"),
        ("quay.io/a/b", "quay.io/v2/"),
        ("quay.io/a/b", "Quay.IO"),
        ("Quay.io/a/b", "HTTPS://QUAY.IO/V2/"),
        ("localhost:5000/a", "localhost:5000"),
        ("localai/x", "https://index.docker.io/v1/"),
        ("localai/x", "https://index.docker.io/v1"),
        ("localai/x", "https://registry-1.docker.io/v2/"),
        ("localai/x", "docker.io/localai/x"),
        ("localai/x", "docker.io/localai"),
        ("x", "docker.io/library"),
        ("localai/x", "docker.io"),
        ("localai/x", "index.docker.io"),
        ("localai/x", "registry-1.docker.io"),
    ],
)
def test_credentials_are_found_under_every_form_of_its_key(credentials, image, key):
    assert credentials(
        image, {"other.example": {"auth": encoded("x:y")}, key: {"auth": encoded("me:p:w")}}
    ) == Credentials("me", "p:w")


@pytest.mark.parametrize(
    "key",
    [
        *("quay.io/a/bc", "quay.io/a/b/c", "quay.io/v2/a", "quay", "io", "quay.io:443x", "quay.io.example"),
        *("ftp://quay.io", "https://", "https://other.example/quay.io", "https://https://quay.io", "/", ""),
    ],
)
def test_credentials_for_something_else_are_not_used(credentials, key):
    assert credentials("quay.io/a/b", {key: {"auth": encoded("me:pw")}}) is None


def test_the_most_specific_credentials_are_used(credentials):
    auths = {key: {"auth": encoded(f"{key}:pw")} for key in ("quay.io", "quay.io/a/b", "quay.io/a")}
    assert credentials("quay.io/a/b", auths) == Credentials("quay.io/a/b", "pw")


def test_credentials_of_docker_hub_for_a_path_precede_those_of_docker(credentials):
    keys = ["registry-1.docker.io", "docker.io", "https://index.docker.io/v1/", "docker.io/localai"]
    auths = {key: {"auth": encoded(f"{number}:pw")} for number, key in enumerate(keys)}
    assert credentials("localai/x", auths) == Credentials("3", "pw")
    assert credentials("other/x", auths) == Credentials("2", "pw")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": encoded("me:pw")}, Credentials("me", "pw")),
        ({"auth": encoded("me:pässword")}, Credentials("me", "pässword")),
        ({"auth": encoded("me:pw\0\0")}, Credentials("me", "pw")),
        ({"auth": encoded("me:pw") + "\n"}, Credentials("me", "pw")),
        ({"auth": encoded("me:")}, Credentials("me", "")),
        ({"auth": encoded("me:pw"), "identitytoken": "x"}, Credentials("me", "pw")),
        ({"auth": encoded("me:pw"), "identitytoken": ""}, Credentials("me", "pw")),
        ({"username": "me", "password": "pw"}, Credentials("me", "pw")),
        ({"auth": "", "username": "me", "password": "pw"}, Credentials("me", "pw")),
        ({"auth": encoded("a:b"), "username": "me", "password": "pw"}, Credentials("a", "b")),
        ({"auth": encoded(":pw")}, None),
        ({"auth": encoded(LONG_LOGIN)[:76] + "\n" + encoded(LONG_LOGIN)[76:] + "\n"}, Credentials("robot", "x" * 90)),
        ({"auth": encoded(LONG_LOGIN)[:76] + "\r\n" + encoded(LONG_LOGIN)[76:]}, Credentials("robot", "x" * 90)),
        ({"auth": " " + encoded("me:pw") + "\t"}, Credentials("me", "pw")),
        ({"auth": encoded("me:pwd").rstrip("=")}, Credentials("me", "pwd")),
        ({"auth": None}, None),
        ({"username": "me"}, None),
        ({"username": "me", "password": 7}, None),
        ({}, None),
        ("me:pw", None),
        (None, None),
    ],
)
def test_an_entry_may_have_credentials_in_either_form(credentials, entry, expected):
    assert credentials("quay.io/x", {"quay.io": entry}) == expected


@pytest.mark.parametrize("auth", [{}, {"auth": encoded("00000000-0000-0000-0000-000000000000:")}])
def test_an_identity_token_is_an_error_that_says_what_to_do_instead(credentials, auth):
    entry = {**auth, "identitytoken": "hunter2"}
    with pytest.raises(HostError, match=r"config\.json has .* for a\.azurecr\.io, which .* to endpoints\.$") as caught:
        credentials("a.azurecr.io/x", {"https://a.azurecr.io": entry})
    assert "hunter2" not in str(caught.value)
    assert credentials("b.azurecr.io/x", {"a.azurecr.io": entry}) is None


@pytest.mark.parametrize(
    "auth",
    ["not base64!", "aHVudGVyMg==", "hunter2", base64.b64encode(b"me:\xff").decode(), 7, ["hunter2"], "\u00e9"],
)
def test_an_entry_that_cannot_be_decoded_is_an_error_that_names_it(credentials, auth):
    entry = {"https://quay.io/v1/": {"auth": auth}}
    with pytest.raises(HostError, match=r"config\.json: the entry 'https://quay\.io/v1/' in auths cannot be") as caught:
        credentials("quay.io/x", entry)
    assert "hunter2" not in str(caught.value)
    assert credentials("other.example/x", entry) is None
    assert credentials("quay.io/x", {**entry, "quay.io": {"auth": encoded("me:pw")}}) == Credentials("me", "pw")


def test_an_empty_entry_does_not_hide_another(credentials):
    auths = {"quay.io": {}, "https://quay.io": {"auth": encoded("me:pw")}}
    assert credentials("quay.io/x", auths) == Credentials("me", "pw")


@pytest.mark.parametrize("document", ["[]", "null", "{}", '{"auths": []}', '{"auths": null}', '{"credsStore": "pass"}'])
def test_a_file_without_credentials_has_none(tmp_path, document):
    path = tmp_path / "config.json"
    path.write_text(document)
    assert docker_credentials(Reference.parse("quay.io/x"), str(path)) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(HostError, match=r"config.json is not valid JSON"):
        docker_credentials(Reference.parse("quay.io/x"), str(path))


def test_a_file_that_was_requested_must_exist(tmp_path):
    with pytest.raises(HostError, match=r"missing.json: No such file"):
        docker_credentials(Reference.parse("quay.io/x"), str(tmp_path / "missing.json"))


@pytest.mark.parametrize("auth_file", [None, ""])
@pytest.mark.parametrize("by_variable", [True, False])
def test_the_file_of_the_user_is_used_and_may_be_missing(tmp_path, monkeypatch, by_variable, auth_file):
    if by_variable:
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / ".docker"))
    else:
        monkeypatch.delenv("DOCKER_CONFIG")
        monkeypatch.setenv("HOME", str(tmp_path))
    assert docker_credentials(Reference.parse("quay.io/x"), auth_file) is None
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": {"quay.io": {"auth": encoded("me:pw")}}}))
    assert docker_credentials(Reference.parse("quay.io/x"), auth_file) == Credentials("me", "pw")


def test_a_byte_order_mark_does_not_matter(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"auths": {"quay.io": {"auth": encoded("me:pw")}}}), encoding="utf-8-sig")
    assert docker_credentials(Reference.parse("quay.io/x"), str(path)) == Credentials("me", "pw")


def test_credentials_say_where_they_are_from(credentials, tmp_path, monkeypatch):
    auths = {"quay.io": {"auth": encoded("me:pw")}}
    path = tmp_path / "config.json"
    assert credentials("quay.io/x", auths).source == f"auth_file {path}"
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert docker_credentials(Reference.parse("quay.io/x"), None).source == str(path)


@pytest.mark.parametrize(
    ("document", "helper"),
    [
        ({"credsStore": "desktop"}, "docker-credential-desktop"),
        ({"credHelpers": {"quay.io": "ecr-login"}}, "docker-credential-ecr-login"),
        ({"credHelpers": {"https://quay.io": "ecr-login"}, "credsStore": "desktop"}, "docker-credential-ecr-login"),
        ({"credHelpers": {"other.example": "ecr-login"}}, ""),
        ({"credHelpers": ["ecr-login"], "credsStore": 7}, ""),
        ({"credsStore": "a\nb"}, ""),
        ({}, ""),
        ([], ""),
    ],
)
def test_the_credential_helper_is_named(tmp_path, document, helper):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(document))
    assert credential_helper(Reference.parse("quay.io/x"), str(path)) == helper


def test_credentials_are_not_in_their_repr():
    assert repr(Credentials("me", "hunter2")) == "Credentials(…)"
