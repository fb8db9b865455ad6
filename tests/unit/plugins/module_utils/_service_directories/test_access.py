# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user of the service tries its directories."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._service_directories import access
from ansible_collections.localai.core.plugins.module_utils._service_directories.access import (
    Denied,
    Use,
    account_of,
    can_become,
    denied,
    message,
    try_out,
)
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    ordinary_user,
)

takes_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
MODES = {"open": 0o755, "writable": 0o777, "entered": 0o711, "listed": 0o744, "closed": 0o700}


@pytest.fixture(name="top")
def _top() -> Iterator[Path]:
    """Directories of all modes; an ordinary user who runs this owns them, so it gets the bits of others."""
    with directory_of_ordinary_user() as top:
        for name, bits in MODES.items():
            (top / name).mkdir()
            (top / name / "below").mkdir()
            (top / name).chmod(bits if IS_ROOT else bits % 8 * 0o100)
        yield top


def paths(top: Path, *names: str) -> tuple[str, ...]:
    return tuple(str(top / name) for name in names)


def test_a_directory_is_read_and_entered(top: Path) -> None:
    uses = [Use(path) for path in paths(top, *MODES, "closed/below", "missing")]
    with ordinary_user():
        found = try_out(uses)
    assert found == Denied(read=paths(top, "entered", "listed", "closed", "closed/below", "missing"))


def test_a_directory_can_be_entered_only(top: Path) -> None:
    with ordinary_user():
        found = try_out([Use(path, reads=False) for path in paths(top, "entered", "listed")])
    assert found.read == paths(top, "listed")


def test_a_directory_can_be_written_to(top: Path) -> None:
    with ordinary_user():
        found = try_out([Use(path, writes=True) for path in paths(top, "open", "writable", "closed")])
    assert found == Denied(read=paths(top, "closed"), write=paths(top, "open"))


@pytest.mark.parametrize(("bits", "is_denied"), [(0o700, True), (0o755, False)])
def test_lost_and_found_is_no_directory_of_backends(top: Path, bits: int, is_denied: bool) -> None:
    (top / "writable/lost+found").mkdir(mode=0o755)
    (top / "writable/lost+found").chmod(bits if IS_ROOT or not is_denied else 0)
    with ordinary_user():
        found = try_out([Use(str(top / "writable"), backends=True)])
        assert try_out([Use(str(top / "writable"))]) == Denied(), "in another directory, it is harmless"
    assert found == Denied(lost_and_found=paths(top, "writable") if is_denied else ())


@takes_root
def test_root_lets_the_user_try(top: Path) -> None:
    account = pwd.getpwuid(NOBODY)
    assert can_become(account)
    uses = [Use(path, writes=True) for path in paths(top, *MODES)]
    assert denied(account, uses) == Denied(paths(top, "entered", "listed", "closed"), paths(top, "open"))
    assert os.geteuid() == 0


@takes_root
def test_groups_of_the_user_count(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(top / "closed", 0, 4242)
    (top / "closed").chmod(0o750)
    monkeypatch.setattr(access.os, "initgroups", lambda _name, gid: os.setgroups([gid, 4242]))
    assert denied(pwd.getpwuid(NOBODY), [Use(str(top / "closed"))]) == Denied()


def test_an_ordinary_user_can_try_for_itself_only(top: Path) -> None:
    with ordinary_user():
        account = pwd.getpwuid(os.geteuid())
        assert can_become(account)
        assert denied(account, [Use(str(top / "missing"))]) == Denied(paths(top, "missing"))
        assert not can_become(pwd.getpwuid(0))


def test_a_process_that_cannot_try_is_an_error(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_uses: object) -> None:
        raise OSError

    monkeypatch.setattr(access, "try_out", broken)
    with pytest.raises(HostError, match=r"The access of the user .* cannot be tested"):
        denied(pwd.getpwuid(os.geteuid()), [Use(str(top))])


def test_a_user_can_be_unknown() -> None:
    assert account_of("no-such-user") is None
    assert account_of("a\0b") is None
    this = pwd.getpwuid(os.geteuid())
    assert account_of(this.pw_name) == this


def test_the_message_says_what_to_do() -> None:
    assert message("localai", Denied()) == ""
    assert message("localai", Denied(read=("/srv/models",))) == (
        "The user localai cannot read or enter /srv/models. Let this user in, with a group or an ACL for example, "
        "there and in the directories above. The role changes no owner and no mode of directories that it did not "
        "create."
    )
    both = message("localai", Denied(("/a", "/b"), ("/c",), ("/d",)))
    assert "cannot read or enter /a, /b and cannot write to /c. Let" in both
    assert both.endswith("Remove /d/lost+found, or use a subdirectory of /d.")
    assert "Let this user in" not in message("localai", Denied(lost_and_found=("/d",)))
