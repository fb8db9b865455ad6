# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instances on a host are those whose units the role wrote."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.localai.core.plugins.module_utils._host.instances import Instance, instances


def leave(root: Path, name: str, unit: str, environment: str | None = None) -> None:
    units = root / "etc/systemd/system"
    units.mkdir(parents=True, exist_ok=True)
    (units / f"{name}.service").write_text(unit)
    if environment is not None:
        (root / "etc" / name).mkdir()
        (root / "etc" / name / f"{name}.env").write_text(environment)


def unit_of(name: str) -> str:
    return (
        f"[Service]\nUser={name}\nGroup=ai\nWorkingDirectory=/var/lib/{name}\n"
        f"EnvironmentFile=/etc/{name}/{name}.env\nEnvironmentFile=/etc/{name}/secrets.env\nExecStart=/x run\n"
    )


def test_each_instance_is_read(tmp_path: Path) -> None:
    leave(
        tmp_path,
        "localai",
        unit_of("localai"),
        'LOCALAI_ADDRESS="127.0.0.1:8080"\nLOCALAI_BACKENDS_PATH="/b"\nLOCALAI_MODELS_PATH="/m"\n'
        'LOCALAI_DATA_PATH="/d"\nLOCALAI_CONFIG_DIR="/c"\n',
    )
    leave(tmp_path, "localai-gpu1", unit_of("localai-gpu1"))
    assert instances(str(tmp_path)) == [
        Instance(
            "localai-gpu1.service", "localai-gpu1", "ai", "/var/lib/localai-gpu1", *(None, None, None, None, None)
        ),
        Instance("localai.service", "localai", "ai", "/var/lib/localai", "127.0.0.1:8080", "/b", "/m", "/d", "/c"),
    ]


def test_other_units_are_no_instances(tmp_path: Path) -> None:
    leave(tmp_path, "localai-devices", "[Service]\nExecStart=-modprobe -q nvidia-uvm\n")
    leave(tmp_path, "local-ai", unit_of("local-ai"))
    leave(tmp_path, "localai-Two", unit_of("localai-Two"))
    leave(tmp_path, "localai-one", unit_of("localai-other"))
    assert instances(str(tmp_path)) == []


def test_a_host_without_systemd_has_none(tmp_path: Path) -> None:
    assert instances(str(tmp_path)) == []
