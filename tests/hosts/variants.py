# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that are not like others: what they have and have not, made up in containers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import certifi
import charset_normalizer
import idna
import requests
import urllib3
import yaml

from .fleet import Host

MODELS = "/srv/models"
VENV = "/opt/ansible"
# Pure Python, so that it does not matter which Python a host has
_LIBRARIES: tuple[ModuleType, ...] = (certifi, charset_normalizer, idna, requests, urllib3, yaml)
# A node with the numbers of /dev/null: what opens it is allowed to, and harms nothing.
_MAKE_NODE = 'mkdir -p "${0%/*}" && mknod -m 0666 "$0" c 1 3'


def without_user_namespaces(host: Host) -> None:
    """Let nobody on it make a user namespace, as hardening guides have it."""
    host.user_namespaces = False


def with_models_of_somebody_else(host: Host, config: str) -> None:
    """Mount a directory with one model, which is of another user and cannot be written."""
    host.write("usr/local/share/chat.yaml", config)
    commands = (
        f"mkdir -p {MODELS}",
        f"mount -t tmpfs -o mode=0755,uid=5,gid=60 models {MODELS}",
        f"install -o 5 -g 60 -m 0644 /usr/local/share/chat.yaml {MODELS}/chat.yaml",
        f"mount -o remount,ro {MODELS}",
    )
    host.boot_commands.append(("sh", "-c", " && ".join(commands)))


def as_a_jetson(host: Host) -> None:
    """Give it the devices of an NVIDIA Jetson, which has no nvidia devices of the usual names."""
    _with_devices(host, ["/dev/nvmap", "/dev/host1x-fence", "/dev/nvhost-gpu"], {"nvhost": 490, "nvgpu": 491})
    host.write("etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic, EABI: aarch64\n")


def as_wsl(host: Host) -> None:
    """Give it the device of a GPU under the Windows Subsystem for Linux, and Windows' nvidia-smi."""
    _with_devices(host, ["/dev/dxg"], {})
    host.write("usr/lib/wsl/lib/nvidia-smi", "#!/bin/sh\necho '0, NVIDIA GeForce RTX 4090, 24564, 1, 24563'\n", 0o755)


def with_an_interpreter_of_its_own(host: Host) -> str:
    """Make a virtual environment that has the modules' libraries, and return its Python."""
    subprocess.run(["chroot", str(host.root), "python3", "-m", "venv", "--without-pip", VENV], check=True)
    packages = next((host.root / VENV.lstrip("/") / "lib").glob("python3*/site-packages"))
    for library in _LIBRARIES:
        source = Path(str(library.__file__)).parent
        shutil.copytree(source, packages / source.name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    return f"{VENV}/bin/python3"


def _with_devices(host: Host, nodes: list[str], classes: dict[str, int]) -> None:
    """Make device nodes and classes of character devices at each boot."""
    for node in nodes:
        host.boot_commands.append(("sh", "-c", _MAKE_NODE, node))
    lines = "".join(f"\\n{number} {name}" for name, number in classes.items())
    table = (
        f"sed 's/^Character devices:/&{lines}/' /proc/devices >/run/devices && mount --bind /run/devices /proc/devices"
    )
    host.boot_commands.append(("sh", "-c", table))
