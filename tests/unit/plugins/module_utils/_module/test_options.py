# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Valid options become values, and invalid ones are refused, each with its own message."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused, OptionError
from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND
from ansible_collections.localai.core.plugins.module_utils._module.options import (
    backend_options,
    host_options,
    mode_number,
)
from ansible_collections.localai.core.plugins.module_utils._request import (
    BackendOptions,
    Connection,
    Endpoint,
    GallerySource,
    HostOptions,
    Verification,
)

DIGEST = "0123456789abcdef" * 4


OPTIONS = BACKEND["argument_spec"]


def host(**params: Any) -> HostOptions:
    return host_options({**{name: option.get("default") for name, option in OPTIONS.items()}, **params})


def backend(**params: Any) -> BackendOptions:
    return backend_options({**{name: option.get("default") for name, option in OPTIONS.items()}, **params})


def endpoint(**params: Any) -> dict[str, Any]:
    return {**dict.fromkeys(OPTIONS["endpoints"]["options"]), **params}


def gallery(**params: Any) -> dict[str, Any]:
    return {"name": "g", "url": "/g.yaml", "mirrors": [], "sha256": None, **params}


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (None, None),
        ("v4.11.0", (4, 11, 0)),
        (" v4.9.12 ", (4, 9, 12)),
        ("v4.10.0-rc1", (4, 10, 0)),
        ("v10.0.0+build.5", (10, 0, 0)),
    ],
)
def test_a_server_version_is_compared_by_its_numbers(text: str | None, version: tuple[int, ...] | None) -> None:
    assert host(server_version=text).server_version == version


@pytest.mark.parametrize(
    "text", ["", "4.9.0", "v4.9", "v4", "latest", "master", "v4.9.0.1", "v4.x.0", "v\uff14.9.0", "V4.9.0"]
)
def test_a_server_version_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"server_version: .* is not a version such as v4\.11\.0"):
        host(server_version=text)


def test_the_defaults_are_those_of_localai() -> None:
    assert host() == HostOptions(
        backends_path="/var/lib/local-ai/backends",
        backends_system_path="/usr/share/localai/backends",
        galleries=(
            GallerySource(
                "localai",
                Address("https://index.localai.io/backends"),
                (
                    Address("github:mudler/LocalAI/backend/index.yaml@master"),
                    Address("oci://quay.io/go-skynet/local-ai-backends:gallery-backends"),
                ),
                artifact_verification=Verification(
                    issuer="https://token.actions.githubusercontent.com",
                    identity="https://github.com/mudler/LocalAI/.github/workflows/gallery_publish.yml@refs/heads/master",
                ),
            ),
        ),
        connection=Connection(timeout=30, retries=5, validate_certs=True, use_proxy=True),
    )


def test_the_options_of_the_host_become_values() -> None:
    options = host(
        backends_path="/b",
        galleries=[gallery(name="One", sha256=f"SHA256:{DIGEST.upper()}"), gallery(name="Two", mirrors=["/m"])],
        capability="amd",
        platform="linux/arm64",
        endpoints=[endpoint(host="Registry.Example:5000", username="u", password="p")],
        client_cert="/c",
        client_key="/k",
        auth_file="/a",
        timeout=1,
        retries=0,
    )
    assert options.galleries == (
        GallerySource("One", Address("/g.yaml"), (), DIGEST),
        GallerySource("Two", Address("/g.yaml"), (Address("/m"),)),
    )
    assert options.connection.endpoints == (Endpoint("registry.example:5000", username="u", password="p"),)
    assert (options.backends_path, options.capability, options.platform) == ("/b", "amd", "linux/arm64")
    assert (options.connection.client_key, options.connection.auth_file) == ("/k", "/a")


@pytest.mark.parametrize("missing", ["galleries", "endpoints"])
def test_a_list_that_is_null_is_empty(missing: str) -> None:
    options = host(**{missing: None})
    assert {"galleries": options.galleries, "endpoints": options.connection.endpoints}[missing] == ()


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"timeout": 0}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": 86401}, "timeout"),
        ({"retries": -1}, "retries"),
        ({"retries": 1001}, "retries"),
        ({"backends_path": "backends"}, "backends_path: 'backends' is not an absolute path"),
        ({"backends_path": ""}, "backends_path: '' is not an absolute path"),
        ({"backends_system_path": "/a\0b"}, "backends_system_path"),
        ({"capability": " "}, "capability is empty"),
        ({"capability": ""}, "capability is empty"),
        ({"galleries": [gallery(name="")]}, "the name of a gallery is empty"),
        ({"galleries": [gallery(name="a@b")]}, "galleries: the name 'a@b' contains an @"),
        ({"galleries": [gallery(name="a"), gallery(name="A")]}, "is used twice"),
        ({"galleries": [gallery(sha256="0123")]}, "sha256 of g"),
        ({"galleries": [gallery(sha256=DIGEST[:-1] + "g")]}, "sha256 of g"),
        ({"galleries": [gallery(sha256="sha256:")]}, "sha256 of g"),
    ],
)
def test_an_invalid_option_of_the_host_is_refused(params: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError) as refused:
        host(**params)
    assert says in str(refused.value)


def test_the_options_of_a_backend_become_values() -> None:
    spellings = {"b__c": "b/c", "g@b__c": "g@b/c"}
    assert backend(name=["a", " g@b/c "]) == BackendOptions(("a", "g@b__c"), spellings=spellings)
    assert backend(
        name=["a"],
        uri="quay.io/x",
        alias="b",
        force=True,
        owner="o",
        group="g",
        directory_mode="0711",
        lock_timeout=0,
    ) == BackendOptions(("a",), "present", Address("quay.io/x"), "b", True, "o", "g", 0o711, 0)
    assert backend(name=[], state="absent") == BackendOptions((), "absent")
    lifecycle = backend(name=["a"], state="latest", release="v1", exclusive=True, keep_previous=2, verify=True)
    assert lifecycle == BackendOptions(("a",), "latest", release="v1", exclusive=True, keep_previous=2, verify=True)
    assert backend(name=["a"], digest="SHA256:AB").digest == "sha256:ab"


def test_without_a_mode_only_new_trees_have_one() -> None:
    assert (backend(name=["a"]).directory_mode, backend(name=["a"]).mode) == (None, 0o755)
    given = backend(name=["a"], directory_mode="0711")
    assert (given.directory_mode, given.mode) == (0o711, 0o711)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"name": ["a", "b"], "uri": "/x"}, "name lists 2"),
        ({"name": [], "uri": "/x"}, "name lists 0"),
        ({"name": ["g@a"], "uri": "/x"}, "uri installs a backend without a gallery"),
        ({"name": ["a"], "uri": "/x", "state": "absent"}, "uri cannot be used with state=absent"),
        ({"name": ["a"], "uri": " "}, "uri is empty"),
        ({"name": ["a"], "uri": "/x", "alias": ""}, "alias: the name of a backend is empty"),
        ({"name": ["a"], "uri": "/x", "alias": "../b"}, "alias: '../b'"),
        ({"name": ["a"], "lock_timeout": -1}, "lock_timeout"),
        ({"name": ["a"], "lock_timeout": 10**9}, "lock_timeout"),
        ({"name": ["a"], "directory_mode": "rwxr-xr-x"}, "directory_mode"),
        ({"name": ["a"], "uri": "/x", "digest": "sha256:ab"}, "Write the digest into the uri"),
        ({"name": ["a", "b"], "digest": "sha256:ab"}, "digest pins one backend, but name lists 2"),
        ({"name": ["a"], "digest": "sha256:ab", "state": "absent"}, "digest cannot be used with state=absent"),
        ({"name": ["a"], "digest": "sha256:ab", "state": "latest"}, "digest cannot be used with state=latest"),
        ({"name": ["a"], "pins": {}, "state": "latest"}, "pins cannot be used with state=latest"),
        ({"name": ["a"], "release": "v1/x"}, "release: 'v1/x'"),
        ({"name": ["a"], "exclusive": True, "state": "absent"}, "exclusive cannot be used with state=absent"),
        ({"name": [], "exclusive": True}, "would remove all backends"),
        ({"name": ["a"], "keep_previous": 101}, "keep_previous is 101; it must be from 0 to 100"),
        ({"name": ["a@x", "b@x"]}, "the same backend from two galleries"),
        ({"name": [""]}, "name: the name of a backend is empty"),
        ({"name": ["a", ""]}, "name: the name of a backend is empty"),
        ({"name": ["@a"]}, "no gallery before the @"),
        ({"name": ["g@"]}, "name: the name of a backend is empty"),
        ({"name": ["../a"]}, "name: '../a'"),
    ],
)
def test_an_invalid_option_of_a_backend_is_refused(params: dict[str, Any], says: str) -> None:
    with pytest.raises((OptionError, NameRefused)) as refused:
        backend(**params)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "number"),
    [
        ("0755", 0o755),
        ("755", 0o755),
        ("0o711", 0o711),
        (0o755, 0o755),
        (0o700, 0o700),
        ("0777", 0o777),
        ("u=rwx,g=rx,o=", 0o750),
        ("u=rwx,g=rx", 0o755),
        ("g+w", 0o775),
        ("o-rx", 0o750),
        ("a=rwx,go-w", 0o755),
        ("u=rwX,g=rX,o=", 0o750),
    ],
)
def test_a_mode_is_an_octal_number_or_changes_the_default(mode: Any, number: int) -> None:
    assert mode_number(mode) == number


@pytest.mark.parametrize(
    "mode",
    [
        755,
        "1755",
        "0644",
        "0600",
        0,
        -1,
        "u-x",
        "u=rw",
        "u+s",
        "+t",
        "u",
        "rwx",
        "u+q",
        "u=rwx,",
        "",
        "0788",
        True,
        7.5,
        ["0755"],
        "0055",
        "4755",
    ],
)
def test_a_mode_without_rwx_for_the_owner_or_with_special_bits_is_refused(mode: Any) -> None:
    with pytest.raises(OptionError, match="directory_mode"):
        mode_number(mode)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([".a", "b", ".c"], ["'.a'", "'.c'"]),
        (["[a", "b]"], ["takes a list as JSON"]),
        (["hf://a", "ollama://b"], ["hf://a names a model", "ollama://b names a model"]),
    ],
)
def test_all_names_that_are_not_valid_are_reported(names: list[str], says: list[str]) -> None:
    with pytest.raises(NameRefused) as refused:
        backend(name=names)
    assert [str(refused.value).count(text) for text in says] == [1] * len(says)
