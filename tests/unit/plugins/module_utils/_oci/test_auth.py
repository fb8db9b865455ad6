# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Challenges are read as RFC 9110 writes them, logins as docker writes them."""

from __future__ import annotations

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._oci.auth import (
    Challenge,
    Login,
    docker_login,
    parse_challenge,
)
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.tests.support.hostile import hostile

BEARER = Challenge("bearer", "https://r/token", "registry", "repository:x/y:pull,push")
WRITTEN = 'Bearer realm="https://r/token",service="registry",scope="repository:x/y:pull,push"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (WRITTEN, BEARER),
        (WRITTEN.lower(), BEARER),
        (WRITTEN.replace(",", " ,  ").replace("pull ,  push", "pull,push"), BEARER),
        (WRITTEN.replace("=", " = "), BEARER),
        ("  " + WRITTEN + ",error=invalid_token", BEARER),
        (f'Basic realm="x", {WRITTEN}', BEARER),
        (f'{WRITTEN}, Basic realm="x"', BEARER),
        (f'Negotiate, {WRITTEN}, Digest realm="d", nonce="n"', BEARER),
        ("Bearer realm=https://r/token", Challenge("bearer", "https://r/token")),
        ('Bearer REALM="a",realm2="b"', Challenge("bearer", "a")),
        (r'Bearer realm="a\"b\\c"', Challenge("bearer", r'a"b\c')),
        ('Basic realm="Our registry, please log in"', Challenge("basic", "Our registry, please log in")),
        ("Basic", Challenge("basic")),
        ("BASIC realm=x", Challenge("basic", "x")),
        ('Bearer service="x", Basic realm="y"', Challenge("basic", "y")),
        (
            'Bearer realm="https://r/t",service="a basic registry"',
            Challenge("bearer", "https://r/t", "a basic registry"),
        ),
        ('Basic realm="not Bearer realm=x"', Challenge("basic", "not Bearer realm=x")),
        ('Negotiate realm="this basic thing"', None),
        ("Notbasic realm=x", None),
        ("Bearer", None),
        ('Bearer realm=""', None),
        ("Negotiate", None),
        ("Basically", None),
        ("", None),
        (",,, ,", None),
    ],
)
def test_a_challenge_says_what_is_wanted(header, expected):
    assert parse_challenge(header) == expected


TOKEN = st.text("abcXYZ019-_", min_size=1, max_size=6)
QUOTED = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=15)


def quoted(text):
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


@given(realm=QUOTED, service=QUOTED, scope=QUOTED, other=st.dictionaries(TOKEN.map("x-".__add__), QUOTED, max_size=2))
def test_what_is_quoted_is_read_back(realm, service, scope, other):
    values = {"realm": realm, **other, "service": service, "scope": scope}
    header = "Bearer " + ", ".join(f"{key}={quoted(value)}" for key, value in values.items())
    assert parse_challenge(header) == Challenge("bearer", realm, service, scope)


@given(st.one_of(st.text(), st.text('basicBEARER realm=",\\x', max_size=60)))
@hostile
def test_any_header_is_a_challenge_or_none(header):
    challenge = parse_challenge(header)
    assert challenge is None or challenge.scheme == "basic" or (challenge.scheme == "bearer" and challenge.realm)


@pytest.mark.parametrize(
    "header",
    [
        " " * 1500 + "x",
        "Bearer a" + " " * 1500,
        "Bearer " + "a" * 30_000,
        "Bearer " + "a=" * 30_000,
        "Bearer " * 9000,
        'Bearer a="' * 6000,
        'Bearer a="' + 'b=\\"' * 6000,
        "x" + ", " * 4000,
        '"' * 60_000,
    ],
)
def test_a_header_that_is_meant_to_take_long_does_not(header):
    start = time.monotonic()
    parse_challenge(header)
    assert time.monotonic() - start < 2


# docker's config.json


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def login(tmp_path):
    def read(image, auths):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"auths": auths}))
        return docker_login(Reference.parse(image), str(path))

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
def test_a_login_is_found_under_every_form_of_its_key(login, image, key):
    assert login(image, {"other.example": {"auth": encoded("x:y")}, key: {"auth": encoded("me:p:w")}}) == Login(
        "me", "p:w"
    )


@pytest.mark.parametrize(
    "key",
    [
        *("quay.io/a/bc", "quay.io/a/b/c", "quay.io/v2/a", "quay", "io", "quay.io:443x", "quay.io.example"),
        *("ftp://quay.io", "https://", "https://other.example/quay.io", "https://https://quay.io", "/", ""),
    ],
)
def test_a_login_for_something_else_is_not_used(login, key):
    assert login("quay.io/a/b", {key: {"auth": encoded("me:pw")}}) is None


def test_the_most_particular_login_is_used(login):
    auths = {key: {"auth": encoded(f"{key}:pw")} for key in ("quay.io", "quay.io/a/b", "quay.io/a")}
    assert login("quay.io/a/b", auths) == Login("quay.io/a/b", "pw")


def test_a_login_of_docker_hub_for_a_path_goes_first_and_then_that_of_docker(login):
    keys = ["registry-1.docker.io", "docker.io", "https://index.docker.io/v1/", "docker.io/localai"]
    auths = {key: {"auth": encoded(f"{number}:pw")} for number, key in enumerate(keys)}
    assert login("localai/x", auths) == Login("3", "pw")
    assert login("other/x", auths) == Login("2", "pw")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": encoded("me:pw")}, Login("me", "pw")),
        ({"auth": encoded("me:pässword")}, Login("me", "pässword")),
        ({"auth": encoded("me:pw\0\0")}, Login("me", "pw")),
        ({"auth": encoded("me:pw") + "\n"}, Login("me", "pw")),
        ({"auth": encoded("me:")}, Login("me", "")),
        ({"auth": encoded("me:pw"), "identitytoken": "x"}, Login("me", "pw")),
        ({"auth": encoded("me:pw"), "identitytoken": ""}, Login("me", "pw")),
        ({"username": "me", "password": "pw"}, Login("me", "pw")),
        ({"auth": "", "username": "me", "password": "pw"}, Login("me", "pw")),
        ({"auth": encoded("a:b"), "username": "me", "password": "pw"}, Login("a", "b")),
        ({"auth": encoded(":pw")}, None),
        ({"auth": "not base64!"}, None),
        ({"auth": base64.b64encode(b"me:\xff").decode()}, None),
        ({"auth": 7}, None),
        ({"username": "me"}, None),
        ({"username": "me", "password": 7}, None),
        ({}, None),
        ("me:pw", None),
        (None, None),
    ],
)
def test_an_entry_may_have_a_login_in_either_form(login, entry, expected):
    assert login("quay.io/x", {"quay.io": entry}) == expected


@pytest.mark.parametrize("auth", [{}, {"auth": encoded("00000000-0000-0000-0000-000000000000:")}])
def test_an_identity_token_is_an_error_that_says_what_to_do_instead(login, auth):
    entry = {**auth, "identitytoken": "hunter2"}
    with pytest.raises(HostError, match=r"config\.json has .* for a\.azurecr\.io, which .* in endpoints\.$") as caught:
        login("a.azurecr.io/x", {"https://a.azurecr.io": entry})
    assert "hunter2" not in str(caught.value)
    assert login("b.azurecr.io/x", {"a.azurecr.io": entry}) is None


def test_an_empty_entry_does_not_hide_another(login):
    auths = {"quay.io": {}, "https://quay.io": {"auth": encoded("me:pw")}}
    assert login("quay.io/x", auths) == Login("me", "pw")


@pytest.mark.parametrize("document", ["[]", "null", "{}", '{"auths": []}', '{"auths": null}', '{"credsStore": "pass"}'])
def test_a_file_without_logins_has_none(tmp_path, document):
    path = tmp_path / "config.json"
    path.write_text(document)
    assert docker_login(Reference.parse("quay.io/x"), str(path)) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(HostError, match=r"config.json is not valid JSON"):
        docker_login(Reference.parse("quay.io/x"), str(path))


def test_a_file_that_was_asked_for_must_be_there(tmp_path):
    with pytest.raises(HostError, match=r"missing.json: No such file"):
        docker_login(Reference.parse("quay.io/x"), str(tmp_path / "missing.json"))


@pytest.mark.parametrize("auth_file", [None, ""])
@pytest.mark.parametrize("by_variable", [True, False])
def test_the_file_of_the_user_is_used_and_may_be_missing(tmp_path, monkeypatch, by_variable, auth_file):
    if by_variable:
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / ".docker"))
    else:
        monkeypatch.delenv("DOCKER_CONFIG")
        monkeypatch.setenv("HOME", str(tmp_path))
    assert docker_login(Reference.parse("quay.io/x"), auth_file) is None
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": {"quay.io": {"auth": encoded("me:pw")}}}))
    assert docker_login(Reference.parse("quay.io/x"), auth_file) == Login("me", "pw")


def test_a_login_does_not_show_itself():
    assert repr(Login("me", "hunter2")) == "Login(…)"
