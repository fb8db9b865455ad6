# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which devices a unit may open, on made-up hosts."""

from __future__ import annotations

import stat
from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._server.devices import (
    Account,
    Classes,
    DeviceRules,
    Node,
    judge,
)
from ansible_collections.localai.core.plugins.module_utils._server.unit import parse_properties

CHARACTER = stat.S_IFCHR
VIDEO, RENDER = 44, 105
LOCALAI = Account("localai", 990, frozenset({990, RENDER}))

NVIDIA = """Character devices:
  1 mem
 10 misc
195 nvidia-frontend
226 drm
235 nvidia-caps
510 nvidia-uvm

Block devices:
195 nvidia-of-blocks
  8 sd
"""
AMD = "Character devices:\n 10 misc\n226 drm\n234 kfd\n261 accel\n"
JETSON = "Character devices:\n 10 misc\n195 nvidia\n226 drm\n501 nvhost-gpu\n502 nvhost\n503 nvgpu\n"
WSL = "Character devices:\n 10 misc\n"

GPU = Node("/dev/nvidia0", (195, 0), 0, 0, CHARACTER | 0o666, "root")
UVM = Node("/dev/nvidia-uvm", (510, 0), 0, 0, CHARACTER | 0o666, "root")
CAPS = Node("/dev/nvidia-caps/nvidia-cap1", (235, 1), 0, 0, CHARACTER | 0o400, "root")
RENDER_NODE = Node("/dev/dri/renderD128", (226, 128), 0, RENDER, CHARACTER | 0o660, "render")
CARD = Node("/dev/dri/card0", (226, 0), 0, VIDEO, CHARACTER | 0o660, "video")
KFD = Node("/dev/kfd", (234, 0), 0, RENDER, CHARACTER | 0o660, "render")
NPU = Node("/dev/accel/accel0", (261, 0), 0, RENDER, CHARACTER | 0o660, "render")
NVMAP = Node("/dev/nvmap", (10, 60), 0, VIDEO, CHARACTER | 0o660, "video")
NVHOST = Node("/dev/nvhost-gpu", (501, 1), 0, VIDEO, CHARACTER | 0o660, "video")
NVGPU = Node("/dev/nvgpu/igpu0/ctrl", (503, 0), 0, VIDEO, CHARACTER | 0o660, "video")
DXG = Node("/dev/dxg", (10, 125), 0, 0, CHARACTER | 0o666, "root")


def rules(*lines: str, policy: str = "closed", **paths: tuple[int, int]) -> DeviceRules:
    """The rules of a unit with these lines of DeviceAllow; `paths` are the numbers of devices below /dev."""
    shown = "".join(f"DeviceAllow={line}\n" for line in lines) + f"DevicePolicy={policy}\n"
    return DeviceRules.of(parse_properties(shown), lambda path: paths.get(path.rpartition("/")[2]))


ALL = rules("char-nvidia* rw", "char-drm rw", "char-kfd rw", "char-accel rw", "char-nvhost* rw", "char-nvgpu rw")


@pytest.mark.parametrize(
    ("table", "node", "unit", "reason"),
    [
        (NVIDIA, GPU, rules("char-nvidia* rw"), None),
        (NVIDIA, GPU, rules("char-nvidia-frontend rw"), None),
        (NVIDIA, UVM, rules("char-nvidia* rw"), None),
        (NVIDIA, UVM, rules("char-nvidia-frontend rw"), "does not have it (char-nvidia-uvm or /dev/nvidia-uvm)"),
        ("Character devices:\n195 nvidia\n", UVM, rules("char-nvidia* rw"), "does not have it (/dev/nvidia-uvm)"),
        (NVIDIA, GPU, rules("char-nvidia* r"), "allows only r, and rw is needed"),
        (NVIDIA, GPU, rules("char-nvidia* r", "/dev/nvidia0 w", nvidia0=(195, 0)), None),
        (NVIDIA, GPU, rules("char-nvidia*"), None),
        (NVIDIA, GPU, rules("/dev/nvidia0 rw", nvidia0=(195, 0)), None),
        (NVIDIA, GPU, rules("/dev/char/195:0 rw", **{"195:0": (195, 0)}), None),
        (NVIDIA, GPU, rules("/dev/nvidia0 rw"), "does not have it"),
        (NVIDIA, GPU, rules("block-nvidia* rw"), "does not have it"),
        (NVIDIA, GPU, rules("char-nvidia-of-blocks rw"), "does not have it"),
        (NVIDIA, GPU, rules(), "does not have it (char-nvidia-frontend or /dev/nvidia0)"),
        (NVIDIA, GPU, rules(policy="auto"), None),
        (NVIDIA, GPU, rules("char-drm rw", policy="auto"), "does not have it"),
        (NVIDIA, GPU, rules(policy="strict"), "does not have it"),
        (NVIDIA, GPU, replace(ALL, private=True), "PrivateDevices"),
        (NVIDIA, CAPS, ALL, "its mode 0400 does not let localai read and write it as others"),
        (AMD, RENDER_NODE, ALL, None),
        (AMD, KFD, ALL, None),
        (AMD, NPU, ALL, None),
        (AMD, CARD, ALL, "as others; members of the group video may"),
        (AMD, KFD, rules("char-drm rw"), "does not have it (char-kfd or /dev/kfd)"),
        (JETSON, NVMAP, ALL, "does not have it (/dev/nvmap)"),
        (JETSON, NVMAP, rules("/dev/nvmap rw", nvmap=(10, 60)), "members of the group video may"),
        (JETSON, NVHOST, ALL, "members of the group video may"),
        (JETSON, NVGPU, ALL, "members of the group video may"),
        (WSL, DXG, ALL, "does not have it (/dev/dxg)"),
        (WSL, DXG, rules("/dev/dxg rw", dxg=(10, 125)), None),
        (WSL, DXG, rules("char-misc rw"), None),
    ],
)
def test_a_device_on_a_host(table: str, node: Node, unit: DeviceRules, reason: str | None) -> None:
    verdict = judge(node, Classes.parse(table), unit, LOCALAI)
    if reason is None:
        assert verdict.row() == {"path": node.path, "allowed": True, "reason": None}
    else:
        assert not verdict.row()["allowed"]
        assert reason in str(verdict.reason)


@pytest.mark.parametrize(
    ("account", "mode", "allowed"),
    [
        (Account("root", 0), 0o000, True),
        (Account("gone", None), 0o666, False),
        (Account("own", 7), 0o600, True),
        (Account("own", 7), 0o466, False),
        (Account("own", 7), 0o066, False),
        (Account("member", 8, frozenset({105})), 0o060, True),
        (Account("member", 8, frozenset({105})), 0o606, False),
        (Account("other", 8), 0o006, True),
        (Account("other", 8), 0o004, False),
    ],
)
def test_the_mode_decides_as_the_kernel_does(account: Account, mode: int, allowed: bool) -> None:
    node = replace(GPU, uid=7, gid=105, mode=CHARACTER | mode)
    verdict = judge(node, Classes({}), DeviceRules(), account)
    assert (verdict.reason is None) == allowed


def test_what_is_no_device() -> None:
    assert "not a character device" in str(
        judge(replace(GPU, mode=stat.S_IFREG | 0o666), Classes({}), DeviceRules(), LOCALAI).reason
    )


def test_a_broken_table_has_no_classes() -> None:
    assert Classes.parse("nonsense\n\n x y\n195\n").names == {}
    assert Classes.parse("195 nvidia\n195 nvidia-modeset\n").names == {195: ["nvidia", "nvidia-modeset"]}
