# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The systemd unit of a server: what `systemctl show` prints, and what it means while one waits for a start. Pure."""

from __future__ import annotations

import re
import signal
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "SubState", "Result", "MainPID", "NRestarts", "UnitFileState", "FragmentPath"),
    *("ExecMainStartTimestamp", "ExecMainCode", "ExecMainStatus", "Environment", "EnvironmentFiles"),
    *("User", "Group", "SupplementaryGroups", "DynamicUser", "DevicePolicy", "DeviceAllow", "PrivateDevices"),
)
NOT_FOUND = "not-found"
Properties = t.Mapping[str, t.Sequence[str]]

_EXITED, _KILLED, _DUMPED = 1, 2, 3  # CLD_… of waitid(2)
_ENABLED = ("enabled", "enabled-runtime")
# "Process Exit Codes" in systemd.exec(5): with these, systemd did not get as far as the program.
_SYSTEMD_STATUS = dict(
    enumerate(
        (
            *("CHDIR", "NICE", "FDS", "EXEC", "MEMORY", "LIMITS", "OOM_ADJUST", "SIGNAL_MASK", "STDIN", "STDOUT"),
            *("CHROOT", "IOPRIO", "TIMERSLACK", "SECUREBITS", "SETSCHEDULER", "CPUAFFINITY", "GROUP", "USER"),
            *("CAPABILITIES", "CGROUP", "SETSID", "CONFIRM", "STDERR", "", "PAM", "NETWORK", "NAMESPACE"),
            *("NO_NEW_PRIVILEGES", "SECCOMP", "SELINUX_CONTEXT", "PERSONALITY", "APPARMOR", "ADDRESS_FAMILIES"),
            *("RUNTIME_DIRECTORY", "", "CHOWN", "SMACK_PROCESS_LABEL", "KEYRING", "STATE_DIRECTORY"),
            *("CACHE_DIRECTORY", "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY", "NUMA_POLICY", "CREDENTIALS", "BPF"),
        ),
        200,
    )
)


@dataclass(frozen=True)
class Unit:
    """The state of a unit. `exit_code` and `exit_status` are those of its last main process that ended.

    `started` is when the main process started (ISO 8601, UTC), None without a main process.
    """

    name: str
    load_state: str = NOT_FOUND
    active_state: str = "inactive"
    sub_state: str = "dead"
    result: str = ""
    main_pid: int | None = None
    restarts: int = 0
    enabled: bool = False
    started: str | None = None
    fragment_path: str = ""
    exit_code: int = 0
    exit_status: int = 0

    @property
    def exists(self) -> bool:
        """Whether systemd knows a file for this unit."""
        return self.load_state != NOT_FOUND

    @property
    def is_active(self) -> bool:
        """Whether its main process runs and is not about to end."""
        return self.active_state in ("active", "reloading", "refreshing")

    def row(self) -> dict[str, t.Any]:
        """Return what the modules return of a unit."""
        return {
            "name": self.name,
            "load_state": self.load_state,
            "active_state": self.active_state,
            "sub_state": self.sub_state,
            "result": self.result,
            "main_pid": self.main_pid,
            "restarts": self.restarts,
            "enabled": self.enabled,
            "started": self.started,
            "fragment_path": self.fragment_path or None,
        }


def parse_properties(text: str) -> Properties:
    """Return the properties in the output of `systemctl show`; one that is a list is there once per item."""
    properties: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name in PROPERTIES:
            properties.setdefault(name, []).append(value)
    return properties


def value_of(properties: Properties, name: str) -> str:
    """Return the value of a property, empty if there is none."""
    return (properties.get(name) or [""])[0]


def unit_of(name: str, properties: Properties) -> Unit:
    """Return the state of a unit by its properties."""
    numbers = {key: _number(value_of(properties, key)) for key in ("MainPID", "NRestarts")}
    numbers.update({key: _number(value_of(properties, key)) for key in ("ExecMainCode", "ExecMainStatus")})
    return Unit(
        name=value_of(properties, "Id") or name,
        load_state=value_of(properties, "LoadState") or NOT_FOUND,
        active_state=value_of(properties, "ActiveState"),
        sub_state=value_of(properties, "SubState"),
        result=value_of(properties, "Result"),
        main_pid=numbers["MainPID"] or None,
        restarts=numbers["NRestarts"],
        enabled=value_of(properties, "UnitFileState") in _ENABLED,
        started=_iso(value_of(properties, "ExecMainStartTimestamp")) if numbers["MainPID"] else None,
        fragment_path=value_of(properties, "FragmentPath"),
        exit_code=numbers["ExecMainCode"],
        exit_status=numbers["ExecMainStatus"],
    )


def outcome(unit: Unit) -> str:
    """Return how the unit ended, such as "exit-code, status 203/EXEC"."""
    if unit.exit_code == _EXITED:
        named = _SYSTEMD_STATUS.get(unit.exit_status, "")
        return f"{unit.result}, status {unit.exit_status}{'/' if named else ''}{named}"
    if unit.exit_code in (_KILLED, _DUMPED):
        return f"{unit.result}, signal {unit.exit_status}{_signal_name(unit.exit_status)}"
    return unit.result or "unknown"


def reason_to_stop(first: Unit, now: Unit) -> str | None:
    """Return why a unit will not become ready any more, or None while it may.

    `first` is its state when the wait began, with the first main process that was seen since then.
    """
    if not now.exists:
        return "there is no such unit"
    if now.load_state != "loaded" and not now.is_active:
        return f"the unit cannot be started, its load state is {now.load_state}"
    if now.active_state == "failed":
        return f"the unit failed ({outcome(now)})"
    if now.sub_state.startswith("auto-restart"):
        return f"its process ended, and systemd is about to start it again ({outcome(now)})"
    if now.active_state == "inactive":
        return f"the unit is inactive: it is not started, or its process ended ({outcome(now)})"
    if now.restarts > first.restarts:
        return f"its process ended, and systemd started it again ({outcome(now)})"
    if first.main_pid and now.main_pid and now.main_pid != first.main_pid:
        return f"its process {first.main_pid} was replaced by process {now.main_pid}: something restarted the unit"
    return None


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,10}", text) else 0


def _iso(text: str) -> str | None:
    """Return a time such as "Sun 2026-11-29 19:58:22 UTC" as ISO 8601."""
    match = re.fullmatch(r"(?:\w+ )?(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)? UTC", text)
    if not match:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        started = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    except ValueError:
        return None
    return started.strftime("%Y-%m-%dT%H:%M:%SZ")


def _signal_name(number: int) -> str:
    try:
        return f"/{signal.Signals(number).name[len('SIG') :]}"
    except ValueError:
        return ""
