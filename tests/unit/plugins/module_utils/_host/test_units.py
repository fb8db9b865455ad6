# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd says, and what is in the directories of units, on hosts that are made up of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import process
from ansible_collections.localai.core.plugins.module_utils._host.units import (
    Unit,
    devices,
    drop_ins,
    has_upstream_unit,
    parse,
    units,
)

OUTPUT = """MainPID=4711
LoadState=loaded
ActiveState=active
UnitFileState=enabled

MainPID=0
LoadState=not-found
ActiveState=inactive
UnitFileState=
"""
UNIT = "etc/systemd/system/localai.service"


def write(top: Path, path: str, text: str = "") -> str:
    file = top / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return str(top)


def test_the_output_of_systemctl_is_read() -> None:
    service, missing = parse(OUTPUT, 2)
    assert service == Unit("loaded", "active", 4711, True)
    assert missing == Unit("not-found", "inactive", None, False)
    assert (service.is_active, missing.is_active) == (True, False)


def test_an_output_that_is_not_as_expected_says_nothing() -> None:
    assert parse(OUTPUT, 3) == [Unit()] * 3
    assert parse("", 2) == [Unit()] * 2


def test_all_units_are_queried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = []

    def run(command: list[str], _seconds: float, _cwd: str) -> process.Output:
        commands.append(command)
        return process.Output(0, OUTPUT.encode(), b"")

    monkeypatch.setattr(process, "run", run)
    assert units(["localai.service", "x.service"])[0].main_pid == 4711
    assert len(commands) == 1
    assert commands[0][-3:] == ["--", "localai.service", "x.service"]


@pytest.mark.parametrize("problem", [FileNotFoundError("systemctl"), TimeoutError("x"), process.Output(1, b"", b"x")])
def test_without_systemd_nothing_is_known(monkeypatch: pytest.MonkeyPatch, problem: object) -> None:
    def run(*_arguments: object) -> object:
        if isinstance(problem, Exception):
            raise problem
        return problem

    monkeypatch.setattr(process, "run", run)
    assert units(["a", "b"]) == [Unit(None, None, None, None)] * 2


UNIT_DIRECTORIES = [
    "etc/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
]


@pytest.mark.parametrize("directory", UNIT_DIRECTORIES)
def test_the_unit_of_upstream_is_a_file(tmp_path: Path, directory: str) -> None:
    assert not has_upstream_unit("localai", str(tmp_path))
    assert has_upstream_unit("localai", write(tmp_path, f"{directory}/local-ai.service"))


@pytest.mark.parametrize(
    ("target", "counts"),
    [
        ("/etc/systemd/system/localai.service", False),
        ("localai.service", False),
        ("../system/./localai.service", False),
        ("/dev/null", True),
        ("/opt/upstream/local-ai.service", True),
        ("other.service", True),
        ("../localai.service", True),
    ],
)
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_counts_unless_it_leads_to_our_unit(tmp_path: Path, target: str, counts: bool, exists: bool) -> None:
    root = write(tmp_path, UNIT)
    (tmp_path / "etc/systemd/system/local-ai.service").symlink_to(target)
    if not exists:
        (tmp_path / UNIT).unlink()
    assert has_upstream_unit("localai", root) is counts


def test_a_directory_in_the_way_counts(tmp_path: Path) -> None:
    write(tmp_path, "etc/systemd/system/local-ai.service/x")
    assert has_upstream_unit("localai", str(tmp_path))


def test_a_link_in_another_directory_does_not_count(tmp_path: Path) -> None:
    root = write(tmp_path, "usr/lib/systemd/system/localai.service")
    (tmp_path / "usr/lib/systemd/system/local-ai.service").symlink_to("localai.service")
    assert not has_upstream_unit("localai", root)


def test_our_own_unit_can_have_that_name(tmp_path: Path) -> None:
    root = write(tmp_path, "etc/systemd/system/local-ai.service")
    assert (has_upstream_unit("local-ai", root), has_upstream_unit("localai", root)) == (False, True)


def test_devices_are_those_that_exist_or_that_the_unit_allows(tmp_path: Path) -> None:
    root = write(tmp_path, "dev/nvmap")
    write(tmp_path, UNIT, "[Service]\n DeviceAllow = /dev/dxg rw\n#DeviceAllow=/dev/x\nDeviceAllow=\n")
    assert devices("localai", ["/dev/dxg", "/dev/nvmap", "/dev/x"], root) == ["/dev/dxg", "/dev/nvmap"]
    assert devices("other", ["/dev/dxg", "/dev/nvmap"], root) == ["/dev/nvmap"]


def test_drop_ins_have_fingerprints(tmp_path: Path) -> None:
    write(tmp_path, f"{UNIT}.d/b.conf", "# x\n[Service]\n")
    write(tmp_path, f"{UNIT}.d/a.conf", "[Service]\n")
    write(tmp_path, f"{UNIT}.d/README")
    (tmp_path / f"{UNIT}.d/link.conf").symlink_to("/etc/shadow")
    found = drop_ins("localai", str(tmp_path))
    assert list(found) == [f"/{UNIT}.d/{name}.conf" for name in ("a", "b", "link")]
    assert found[f"/{UNIT}.d/a.conf"] is not None
    assert found[f"/{UNIT}.d/a.conf"] == found[f"/{UNIT}.d/b.conf"]
    assert found[f"/{UNIT}.d/link.conf"] is None
    assert drop_ins("other", str(tmp_path)) == {}
