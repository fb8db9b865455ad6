# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that choose a build, and credentials, are checked before anything is done."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused, OptionError
from ansible_collections.localai.core.plugins.module_utils._module.build_options import (
    check_credentials,
    check_gallery_names,
    check_pins,
    check_release,
    check_source,
)

UNSET = dict.fromkeys(("uri", "alias", "digest", "pins", "release"))


@pytest.mark.parametrize("option", ["username", "password", "token"])
def test_credentials_that_nobody_decrypted_are_refused(option: str) -> None:
    plain = {"host": "h", "username": None, "password": None, "token": None}
    check_credentials({**plain, option: "S3cret"})
    with pytest.raises(OptionError, match=f"the {option} of h is text that ansible-vault has encrypted") as refused:
        check_credentials({**plain, option: "$ANSIBLE_VAULT;1.1;AES256\n3132\n"})
    assert "3132" not in str(refused.value)


@pytest.mark.parametrize("release", ["v1/x", "", "a b", "-v1"])
def test_a_release_is_the_beginning_of_a_tag(release: str) -> None:
    check_release(None)
    check_release("v4.9.0")
    with pytest.raises(OptionError, match="cannot be the beginning of a tag"):
        check_release(release)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"uri": "/x", "state": "absent"}, OptionError),
        ({"uri": " ", "state": "present"}, OptionError),
        ({"alias": ".x", "state": "present"}, NameRefused),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused(params: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        check_source({**UNSET, **params}, ["a"])


@pytest.mark.parametrize("option", ["digest", "pins"])
def test_a_pin_does_not_go_with_latest(option: str) -> None:
    with pytest.raises(OptionError, match="cannot be used with state=latest"):
        check_pins({**UNSET, option: "x", "state": "latest"}, ["a"])


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        ({"password": ""}, "the password of quay.io is empty"),
        ({"password": "hunter2\n"}, "the password of quay.io ends with a line break"),
        ({"password": "hunter2\r\n"}, "the password of quay.io ends with a line break"),
        (
            {"password": "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  hunter2"},
            "the password of quay.io is text that ansible",
        ),
        ({"token": "x: $ANSIBLE_VAULT;1.1;AES256"}, "the token of quay.io is text that ansible-vault has encrypted"),
    ],
)
def test_credentials_that_cannot_be_meant_are_refused_without_being_shown(
    credentials: dict[str, Any], says: str
) -> None:
    endpoint = {"host": "quay.io", "username": "me", "password": None, "token": None, **credentials}
    with pytest.raises(OptionError) as refused:
        check_credentials(endpoint)
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "1.1" not in str(refused.value)


def test_credentials_may_be_empty_together() -> None:
    check_credentials({"host": "quay.io", "username": "", "password": "", "token": None})


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["a", "b", "A"], "the name 'A' is used twice"),
        (["a", " "], "the name of a gallery is empty"),
        (["a@b"], "the name 'a@b' contains an @"),
    ],
)
def test_each_gallery_has_its_own_usable_name(names: list[str], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        check_gallery_names(names)
    check_gallery_names(["a", "b"])
