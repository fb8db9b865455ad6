# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The units that the role writes, on made-up hosts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.localai.core.tests.unit.roles.test_role_variables import ROLE, evaluate

HOST: dict[str, Any] = {
    "account": {"groups": ["render", "video"], "user_home": None},
    "devices": [],
    "user_namespaces": True,
    "upstream_unit": False,
}


def render(work: Path, template: str, cases: dict[str, dict[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Return the directives of a unit for each of some sets of variables."""
    expression = f"lookup('ansible.builtin.template', '{ROLE}/templates/{template}')"
    given = {name: {"__localai_host": HOST, "ansible_managed": "Managed", **case} for name, case in cases.items()}
    return {name: _directives(text) for name, text in evaluate(work, expression, given).items()}


def _directives(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _equals, value = line.partition("=")
            found.setdefault(f"{section}.{name}", []).append(value)
    return found


def test_the_unit_of_each_kind_of_host(tmp_path: Path) -> None:
    key = {"localai_api_key": "secret"}
    units = render(
        tmp_path,
        "localai.service.j2",
        {
            "plain": {},
            "hardened": {"__localai_host": {**HOST, "user_namespaces": False}},
            "jetson": {"__localai_host": {**HOST, "devices": ["/dev/nvmap", "/dev/host1x-fence"]}},
            "wsl": {"__localai_host": {**HOST, "devices": ["/dev/dxg"], "account": {"groups": []}}},
            "upstream": {"__localai_host": {**HOST, "upstream_unit": True}},
            "public": {"localai_address": ":8080", **key},
            "elsewhere": {"localai_models_path": "/home/models", "localai_read_write_paths": ["/srv/cache"]},
            "devices": {"localai_device_allow": ["/dev/infiniband/uverbs0", "char-fuse r"]},
            "busy": {"localai_environment": {"LOCALAI_MAX_ACTIVE_BACKENDS": 3}},
            "single": {"localai_environment": {"LOCALAI_SINGLE_ACTIVE_BACKEND": "true"}},
        },
    )
    plain = units["plain"]
    classes = ["char-nvidia*", "char-drm", "char-kfd", "char-nvhost*", "char-nvgpu*", "char-accel"]
    for unit in units.values():
        assert unit["Service.DeviceAllow"][: len(classes)] == [f"{name} rw" for name in classes]
        assert unit["Service.OOMPolicy"] == ["continue"]
        assert "Service.ExecReload" not in unit, "a signal HUP ends LocalAI"
    assert plain["Service.PrivateUsers"] == ["yes"]
    assert "Service.PrivateUsers" not in units["hardened"]
    assert plain["Service.SupplementaryGroups"] == ["render video"]
    assert "Service.SupplementaryGroups" not in units["wsl"]
    assert plain["Service.DeviceAllow"][len(classes) :] == []
    assert units["jetson"]["Service.DeviceAllow"][len(classes) :] == ["/dev/nvmap rw", "/dev/host1x-fence rw"]
    assert units["wsl"]["Service.DeviceAllow"][len(classes) :] == ["/dev/dxg rw"]
    assert units["devices"]["Service.DeviceAllow"][len(classes) :] == ["/dev/infiniband/uverbs0 rw", "char-fuse r"]
    home = "/var/lib/local-ai"
    own = [home, f"{home}/backends", f"{home}/models", f"{home}/data", f"{home}/configuration"]
    assert plain["Service.ReadWritePaths"] == [" ".join(own)]
    assert plain["Unit.RequiresMountsFor"] == [" ".join([*own, "/usr/share/localai/backends"])]
    assert "/home/models" in units["elsewhere"]["Unit.RequiresMountsFor"][0].split()
    assert {"/home/models", "/srv/cache"} <= set(units["elsewhere"]["Service.ReadWritePaths"][0].split())
    assert (plain["Service.ProtectHome"], units["elsewhere"]["Service.ProtectHome"]) == (["yes"], ["read-only"])
    settings = ["/etc/localai/localai.env", "/etc/localai/secrets.env"]
    assert plain["Service.EnvironmentFile"] == settings
    assert units["public"]["Service.EnvironmentFile"] == [*settings, "/etc/localai/admin-key.env"]
    assert plain["Install.Alias"] == ["local-ai.service"]
    assert "Install.Alias" not in units["upstream"]
    stops = {name: units[name]["Service.TimeoutStopSec"] for name in ("plain", "busy", "single")}
    assert stops == {"plain": ["330"], "busy": ["120"], "single": ["60"]}


def test_a_second_name_of_root_is_refused_before_a_unit_is_written(tmp_path: Path) -> None:
    host = {
        "user_home": None,
        "link": {"exists": True},
        "noexec": [],
        "external_backends": {"names": []},
        "runtime_settings": {"names": []},
    }
    unmanaged = {"localai_manage_account": False, "localai_manage_service": False}
    cases: dict[str, dict[str, Any]] = {
        "toor": {"account": {"uid": 0}},
        "plain": {"account": {"uid": 991}},
        "to come": {"account": {"uid": None}},
        "unknown": {"account": {}},
        "unmanaged": {"account": {"uid": 0}},
    }
    broken = evaluate(
        tmp_path,
        "__localai_service_rules | rejectattr('holds', 'truthy', convert_bool=true) | list",
        {
            name: {
                "__localai_host": {**host, **case},
                "ansible_facts": {"service_mgr": "systemd"},
                "localai_user": "toor",
                **(unmanaged if name == "unmanaged" else {}),
            }
            for name, case in cases.items()
        },
    )
    assert [len(broken[name]) for name in cases] == [1, 0, 0, 0, 0], broken
    assert broken["toor"][0]["otherwise"].startswith(
        "The user toor has the uid 0 on this host, and the service must not run as"
    )


def test_the_program_is_where_selinux_gives_the_service_a_domain(tmp_path: Path) -> None:
    unit = render(tmp_path, "localai.service.j2", {"plain": {}})["plain"]
    link, argument = unit["Service.ExecStart"][0].split()
    values = evaluate(tmp_path, "[__localai_binary_link, __localai_binary_of_version]", {"plain": {}})["plain"]
    assert (link, argument) == (values[0], "run")
    assert [Path(path).parent.name for path in values] == ["bin", "bin"]


def test_the_devices_come_before_the_service(tmp_path: Path) -> None:
    devices = render(tmp_path, "localai-devices.service.j2", {"plain": {}})["plain"]
    service = render(tmp_path, "localai.service.j2", {"plain": {}})["plain"]
    assert devices["Unit.Before"] == ["localai.service"]
    for directive in "Unit.Wants", "Unit.After":
        assert "localai-devices.service" in service[directive][0].split()
    assert {"nvidia-persistenced.service", "nvidia-fabricmanager.service"} <= set(devices["Unit.After"][0].split())
    commands = devices["Service.ExecStart"]
    assert commands == [
        "-modprobe -q nvidia-uvm",
        "-nvidia-modprobe -c 0 -u",
        "-/opt/localai/bin/wait-for-gpu-devices 60",
    ]
    assert int(devices["Service.TimeoutStartSec"][0]) > 60


def test_overrides_become_a_drop_in(tmp_path: Path) -> None:
    overrides = {
        "Service": {
            "MemoryMax": "64G",
            "Environment": ["A=1", "B=2"],
            "PrivateTmp": False,
            "Nice": 5,
            "DeviceAllow": None,
        },
        "Unit": {"After": "nfs.service"},
    }
    drop_in = render(tmp_path, "localai.conf.j2", {"set": {"localai_unit_overrides": overrides}})["set"]
    assert drop_in == {
        "Service.DeviceAllow": [""],
        "Service.Environment": ["A=1", "B=2"],
        "Service.MemoryMax": ["64G"],
        "Service.Nice": ["5"],
        "Service.PrivateTmp": ["no"],
        "Unit.After": ["nfs.service"],
    }


def test_every_name_follows_from_one(tmp_path: Path) -> None:
    names = [
        f"__localai_{n}" for n in ("unit", "drop_ins", "devices_unit", "environment_file", "memory", "binary_directory")
    ]
    values = evaluate(tmp_path, f"[{', '.join(names)}]", {"other": {"__localai_name": "second"}})["other"]
    assert [value for value in values if "second" not in value or "localai" in value] == []
