# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example `firewall-nftables.yml` writes rules that nft takes, and a unit that loads them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .example import configured


@pytest.fixture(name="nft")
def _nft(tmp_path: Path) -> Path:
    """A directory with nft: the real one in a network of its own, where that is possible, else one that takes all."""
    programs = tmp_path / "programs"
    programs.mkdir()
    real, unshare = shutil.which("nft", path=f"/usr/sbin:{os.environ['PATH']}"), shutil.which("unshare")
    command = f"{unshare} --user --map-root-user --net {real}"
    can = real and unshare and not subprocess.run([*command.split(), "list", "tables"], check=False).returncode
    (programs / "nft").write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\n{f"exec {command}" if can else ":"} "$@"\n', encoding="utf-8"
    )
    (programs / "nft").chmod(0o755)
    return programs


def run(work: Path, nft: Path, **variables: Any) -> tuple[str, str]:
    """Run the example, and return what it prints and the rules."""
    paths = {"firewall_rules": str(work / "rules.nft"), "firewall_unit": str(work / "localai-firewall.service")}
    output = configured(work, "firewall-nftables.yml", nft, **paths, **variables)
    rules = work / "rules.nft"
    return output, rules.read_text(encoding="utf-8") if rules.exists() else ""


def test_the_rules_let_only_some_machines_connect(tmp_path: Path, nft: Path) -> None:
    variables = {"firewall_clients": ["10.0.0.0/24", "192.0.2.7"], "firewall_clients_ipv6": ["2001:db8::/32"]}
    output, rules = run(tmp_path, nft, **variables)
    assert re.search(r"changed=2 +unreachable=0 +failed=0", output), output
    lines = [line.strip() for line in rules.splitlines()]
    first = lines.index("iif lo accept")
    assert lines[first + 1 : first + 4] == [
        "ip saddr { 10.0.0.0/24, 192.0.2.7 } accept",
        "ip6 saddr { 2001:db8::/32 } accept",
        "tcp dport 8080 reject with tcp reset",
    ]
    assert "--check --file" in (tmp_path / "calls").read_text(encoding="utf-8")
    unit = (tmp_path / "localai-firewall.service").read_text(encoding="utf-8")
    assert f"ExecStart=nft --file {tmp_path / 'rules.nft'}\n" in unit
    assert re.search(r"changed=0 +unreachable=0 +failed=0", run(tmp_path, nft, **variables)[0])


def test_without_clients_only_the_host_itself_can_connect(tmp_path: Path, nft: Path) -> None:
    output, rules = run(tmp_path, nft, firewall_clients=[])
    assert "failed=0" in output, output
    assert "saddr" not in rules
