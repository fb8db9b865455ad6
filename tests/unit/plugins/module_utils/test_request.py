# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task as values."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._request import (
    BackendOptions,
    Endpoint,
    Pin,
    bare_name,
)

PIN = Pin("piper", "default", "linux/amd64", "piper", Address("quay.io/x"), "sha256:ab")


@pytest.mark.parametrize(("name", "bare"), [("a", "a"), ("g@a", "a"), ("x@y@a", "a")])
def test_a_bare_name_has_no_gallery(name: str, bare: str) -> None:
    assert bare_name(name) == bare
    assert BackendOptions((name,)).bare_names == (bare,)


def test_only_requested_names_are_pinned() -> None:
    by_digest = BackendOptions(("g@Piper",), digest="sha256:ab")
    assert (by_digest.digest_of("piper"), by_digest.digest_of("other")) == ("sha256:ab", None)
    by_row = BackendOptions(("piper",), pins={"piper": PIN})
    assert (by_row.pin("PIPER"), by_row.pin("other")) == (PIN, None)
    unpinned = BackendOptions(("piper",))
    assert (unpinned.pin("piper"), unpinned.digest_of("piper")) == (None, None)


@pytest.mark.parametrize(
    ("options", "restores"),
    [
        (BackendOptions(("a",)), True),
        (BackendOptions(("a",), force=True), False),
        (BackendOptions(("a",), state="latest"), False),
    ],
)
def test_a_previous_version_is_restored_only_for_present_without_force(options: BackendOptions, restores: bool) -> None:
    assert options.may_restore_previous is restores


def test_a_name_can_have_options_of_its_own() -> None:
    own = BackendOptions(("g@Piper", "b"), state="latest", digest="sha256:ab", subject="Piper")
    options = BackendOptions(("g@Piper", "b"), single={"piper": own})
    assert options.of("PIPER") is own
    assert options.of("b") is options
    assert options.upgraded == ("Piper",)
    assert (own.digest_of("piper"), own.digest_of("b")) == ("sha256:ab", None)


def test_an_endpoint_does_not_show_its_secrets() -> None:
    shown = repr(Endpoint("quay.io", username="u", password="hunter2", token="hunter3"))
    assert "quay.io" in shown
    assert "hunter" not in shown
