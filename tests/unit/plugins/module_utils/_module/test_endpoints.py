# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Valid endpoints become values; invalid ones are refused without a secret in the message."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address, redacted_text
from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND
from ansible_collections.localai.core.plugins.module_utils._module.endpoints import endpoint_of, endpoints_of
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, Mirror

OPTIONS = BACKEND["argument_spec"]["endpoints"]["options"]


def endpoint(**params: Any) -> Endpoint:
    return endpoint_of({**dict.fromkeys(OPTIONS), **params})


def test_settings_of_a_host_become_a_value() -> None:
    settings = {"username": "u", "password": "p", "plain_http": True, "validate_certs": False, "ca_path": "/ca"}
    assert endpoint(host="Registry.Example:5000", **settings) == Endpoint("registry.example:5000", **settings)
    # What is not set is left to the options for all hosts.
    assert (endpoint(host="h").validate_certs, endpoint(host="h").plain_http) == (None, None)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"host": ""}, "''"),
        ({"host": "https://quay.io"}, "'https://quay.io' is not a host"),
        ({"host": "user@quay.io"}, "is not a host"),
        ({"host": "quay.io:port"}, "is not a host"),
        ({"host": "quay.io:"}, "is not a host"),
        ({"host": "quay .io"}, "is not a host"),
        ({"host": "[::1"}, "is not a host"),
        ({"host": "quay.io", "token": "a b"}, "the token for quay.io"),
        ({"host": "quay.io", "token": "a\nb"}, "the token for quay.io"),
        ({"host": "quay.io", "token": "ä"}, "the token for quay.io"),
    ],
)
def test_an_invalid_endpoint_is_refused(params: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError) as refused:
        endpoint(**params)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "host", ["quay.io", " Quay.io:5000\n", "10.0.0.5:80", "[fd00::5]:5000", "[fd00::5]", "fd00::5"]
)
def test_a_host_is_a_name_or_an_address_with_or_without_a_port(host: str) -> None:
    assert endpoint(host=host).host == host.strip().lower()


def test_the_password_in_a_host_is_not_quoted() -> None:
    with pytest.raises(OptionError) as refused:
        endpoint(host="me:hunter2@quay.io")
    assert "hunter2" not in str(refused.value)


def test_a_token_from_a_file_may_end_with_a_line_break() -> None:
    assert endpoint(host="quay.io", token="abc\n").token == "abc"


def mirrored(url: str, resolve: bool = False) -> Mirror:
    return endpoint(host="quay.io", mirrors=[{"url": url, "resolve": resolve}]).mirrors[0]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://m.example", "https://m.example"),
        (" http://m.example:5000/proxy?ns=quay.io\n", "http://m.example:5000/proxy?ns=quay.io"),
        ("ocilayout:/srv/images", "ocilayout:/srv/images"),
        ("ocilayout:///srv/images", "ocilayout:/srv/images"),
    ],
)
@pytest.mark.parametrize("resolve", [True, False])
def test_a_mirror_is_a_server_or_a_layout(url: str, kept: str, resolve: bool) -> None:
    assert mirrored(url, resolve) == Mirror(Address(kept), resolve)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "m.example",
        "oci://m.example",
        "ftp://m.example",
        "https://",
        "https:///proxy",
        "https://m.example:0",
        "https://m.example:port",
        "https://[::1",
        "https://m.example/#hunter2",
        "ocilayout:srv/images",
    ],
)
def test_an_invalid_mirror_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(OptionError, match="is not the url of a mirror") as refused:
        mirrored(url)
    message = str(refused.value)
    assert "hunter2" not in message
    assert "https://mirror.example/prefix, or of images on this host, such as ocilayout:/srv/images" in redacted_text(
        message
    )


def test_a_mirror_has_its_credentials_elsewhere() -> None:
    with pytest.raises(OptionError, match=r"the url https://m\.example of a mirror contains an @\. Put credentials"):
        mirrored("https://u:hunter2@m.example")


@pytest.mark.parametrize(("one", "other"), [("quay.io", "Quay.io\n"), ("r:5000", "r:5000"), ("::1", "[::1]")])
def test_a_host_is_listed_once(one: str, other: str) -> None:
    specs = [{**dict.fromkeys(OPTIONS), "host": host} for host in (one, "other.example", other)]
    with pytest.raises(OptionError, match="is listed twice"):
        endpoints_of(specs)
    assert [entry.host for entry in endpoints_of(specs[:2])] == [one, "other.example"]


def test_a_host_may_have_different_settings_for_its_ports() -> None:
    specs = [{**dict.fromkeys(OPTIONS), "host": host} for host in ("r.example", "r.example:5000")]
    assert len(endpoints_of(specs)) == 2


def test_credentials_are_checked() -> None:
    with pytest.raises(OptionError, match=r"the password of quay\.io is empty"):
        endpoints_of([{**dict.fromkeys(OPTIONS), "host": "quay.io", "username": "me", "password": ""}])
