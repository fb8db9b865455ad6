# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of the machine that the modules run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.machine import Machine
from ansible_collections.localai.core.tests.support.made_up_hosts import NVIDIA_CARD, Host, nvidia_smi


def test_a_tool_that_cannot_be_started_tells_nothing(tmp_path: Path) -> None:
    machine = Host(NVIDIA_CARD).at(tmp_path)
    (tmp_path / "bin" / "nvidia-smi").write_bytes(b"#!/no/such/interpreter\n")
    (tmp_path / "bin" / "nvidia-smi").chmod(0o755)
    answer = machine.run("nvidia-smi")
    assert (answer.printed, answer.status) == ("", None)
    assert answer.summary == "it cannot be started: No such file or directory"


def test_tools_are_looked_for_in_the_path_of_the_environment(tmp_path: Path) -> None:
    Host({}, nvidia_smi("24564")).at(tmp_path)
    machine = Machine(str(tmp_path / "root"), None, {"PATH": str(tmp_path / "bin")}, "Linux", "x86_64")
    assert machine.tool("nvidia-smi") == str(tmp_path / "bin" / "nvidia-smi")
    assert machine.tool("sh") is None


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [
        ("x86_64", "amd64"),
        ("aarch64", "arm64"),
        ("arm64", "arm64"),
        ("armv7l", "arm"),
        ("armv6l", "arm"),
        ("i686", "386"),
        ("riscv64", "riscv64"),
    ],
)
def test_the_architecture_is_in_the_words_of_oci(machine: str, architecture: str) -> None:
    assert Machine("/", "", {}, "Linux", machine).architecture == architecture
