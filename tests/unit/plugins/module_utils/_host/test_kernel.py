# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel restricts, on hosts that are made up of files."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.localai.core.plugins.module_utils._host import kernel
from ansible_collections.localai.core.plugins.module_utils._host.kernel import has_user_namespaces, lowest_port, selinux


def write(top: Path, path: str, text: str) -> str:
    file = top / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return str(top)


@pytest.mark.parametrize(("text", "state"), [("1", "enforcing"), ("0", "permissive"), ("", None), ("x", None)])
def test_selinux_is_what_its_file_system_says(tmp_path: Path, text: str, state: str | None) -> None:
    assert selinux(write(tmp_path, "sys/fs/selinux/enforce", text)) == state


def test_selinux_is_disabled_where_its_file_system_is_not_mounted(tmp_path: Path) -> None:
    assert selinux(str(tmp_path)) == "disabled"


@pytest.mark.parametrize("text", ["1", "0", "x"])
@pytest.mark.parametrize("others", [0, os.ST_NOSUID | os.ST_NOEXEC])
def test_selinux_is_disabled_where_its_file_system_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, others: int
) -> None:
    root = write(tmp_path, "sys/fs/selinux/enforce", text)
    flags = {f"{root}/sys/fs/selinux": os.ST_RDONLY | others}
    monkeypatch.setattr(kernel.os, "statvfs", lambda path: SimpleNamespace(f_flag=flags[path]))
    assert selinux(root) == "disabled"
    flags[f"{root}/sys/fs/selinux"] = others
    assert selinux(root) == {"1": "enforcing", "0": "permissive", "x": None}[text]


@pytest.mark.parametrize(("text", "has"), [("127000\n", True), ("0\n", False), ("x", True), (None, True)])
def test_user_namespaces_can_be_switched_off(tmp_path: Path, text: str | None, has: bool) -> None:
    root = write(tmp_path, "proc/self/ns/user", "")
    if text is not None:
        write(tmp_path, "proc/sys/user/max_user_namespaces", text)
    assert has_user_namespaces(root) is has


def test_a_kernel_can_have_no_user_namespaces(tmp_path: Path) -> None:
    write(tmp_path, "proc/sys/user/max_user_namespaces", "5")
    assert has_user_namespaces(str(tmp_path)) is False


@pytest.mark.parametrize(("text", "port"), [("80\n", 80), ("0", 0), ("", 1024), (None, 1024)])
def test_the_lowest_port_is_1024_unless_the_kernel_says_otherwise(tmp_path: Path, text: str | None, port: int) -> None:
    if text is not None:
        write(tmp_path, "proc/sys/net/ipv4/ip_unprivileged_port_start", text)
    assert lowest_port(str(tmp_path)) == port
