# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role says about a host on which the service cannot run, or runs otherwise than the role has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .test_role_variables import evaluate

SETTINGS: dict[str, Any] = {"exists": True, "valid": True, "names": [], "settings": {}}
HOST: dict[str, Any] = {
    "fapolicyd": False,
    "noexec": [],
    "runtime_settings": SETTINGS,
    "user_home": None,
    "user_namespaces": True,
}


def on(**differences: Any) -> dict[str, Any]:
    return {"__localai_host": {**HOST, **differences}, "ansible_facts": {"service_mgr": "systemd"}}


def test_what_the_operator_should_know_of_a_host_is_a_warning(tmp_path: Path) -> None:
    values = {"auto_upgrade_backends": True, "autoload_galleries": False, "threads": 4}
    cases = {
        "usual": on(),
        "fapolicyd": on(fapolicyd=True),
        "hardened": on(user_namespaces=False),
        "hardened, without a service": {**on(user_namespaces=False), "localai_manage_service": False},
        "web page": on(runtime_settings={**SETTINGS, "settings": values}),
    }
    said = {name: " ".join(texts) for name, texts in evaluate(tmp_path, "__localai_service_warnings", cases).items()}
    assert said == {
        "usual": "",
        "fapolicyd": "fapolicyd is active on this host. It blocks programs that are in no package. Add trust rules for "
        "/opt/localai/bin and /var/lib/local-ai/backends, or the service cannot run.",
        "hardened": "User namespaces are not available on this host (user.max_user_namespaces is 0), so the service "
        "runs without PrivateUsers.",
        "hardened, without a service": "",
        "web page": "/var/lib/local-ai/configuration/runtime_settings.json contradicts the role: "
        "auto_upgrade_backends. The web page of LocalAI wrote it. Remove these keys there.",
    }


def test_a_host_on_which_the_service_cannot_run_is_an_error(tmp_path: Path) -> None:
    noexec = [{"path": "/var/lib/local-ai/backends", "mount_point": "/var"}]
    web_keys = on(runtime_settings={**SETTINGS, "names": ["API_keys"]})
    cases = {
        "usual": on(user_home="/var/lib/local-ai"),
        "no systemd": {**on(), "ansible_facts": {"service_mgr": "openrc"}},
        "another home": on(user_home="/srv/localai"),
        "another home, of somebody else": {**on(user_home="/srv/localai"), "localai_manage_account": False},
        "noexec": on(noexec=noexec),
        "read-only": on(read_only=[{"path": "/srv/data", "mount_point": "/srv"}]),
        "keys of the web page": {**web_keys, "localai_api_keys": ["a"]},
        "keys of the web page only": web_keys,
    }
    broken = (
        "__localai_service_rules | rejectattr('holds', 'truthy', convert_bool=true) | map(attribute='otherwise') | list"
    )
    said = {name: [text[:34] for text in texts] for name, texts in evaluate(tmp_path, broken, cases).items()}
    assert said == {
        "usual": [],
        "no systemd": ["The init system of this host is op"],
        "another home": ["localai_home is /var/lib/local-ai,"],
        "another home, of somebody else": [],
        "noexec": ["Programs cannot be executed in /va"],
        "read-only": ["The service cannot write to /srv/d"],
        "keys of the web page": ["/var/lib/local-ai/configuration/ru"],
        "keys of the web page only": [],
    }
