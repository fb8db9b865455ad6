# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role makes of the capability that the modules return, and of the libraries that they lack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .test_role_variables import evaluate


def found(capability: str | None, *vendors: str, vram: int | None = None, unreadable: str = "") -> dict[str, Any]:
    """What the info module returned for a host."""
    evidence: dict[str, Any] = {
        "rule": "a rule",
        "gpus": [{"vendor": vendor, "seen": f"/sys/{vendor}"} for vendor in vendors],
        "vram": vram,
    }
    if unreadable:
        evidence["unreadable"] = [{"vendor": unreadable, "probe": "a tool", "output": "exit 18"}]
    return {"__localai_before": {"capability": capability, "capability_evidence": evidence}}


PYTHON = {
    "executable": "/usr/bin/python3",
    "of_distribution": True,
    "libraries": {"requests": True, "yaml": True, "isal": True, "zstd": True, "cryptography": False},
}


def host(good: str = "", told: str = "") -> dict[str, Any]:
    """What localai_host_info returned: the capability of the last good start, and the one in the environment file."""
    record = {"capability": good} if good else {}
    return {"__localai_host": {"good": record, "told_capability": told, "python": PYTHON, "epel": False}}


NVIDIA, TOLD, NEW = host("nvidia-cuda-12"), host(told="amd"), host()
UNREAD = found(None, "nvidia", unreadable="nvidia")
# What is told to the service, for a host as the modules see it; empty: nothing.
CAPABILITIES: dict[str, tuple[dict[str, Any], str]] = {
    "a gpu": (found("amd", "amd", vram=2**34), "amd"),
    "no gpu": ({**found("default"), **NEW}, "default"),
    "a gpu that is gone": ({**found("default"), **NVIDIA}, "default"),
    "a gpu that cannot be read": ({**found("default", "nvidia", vram=0), **NVIDIA}, "nvidia-cuda-12"),
    "a gpu whose memory nobody asked for": ({**found("default", "nvidia"), **NVIDIA}, "nvidia-cuda-12"),
    "a gpu that says so": ({**found("cpu", "nvidia", vram=5, unreadable="nvidia"), **NVIDIA}, "nvidia-cuda-12"),
    "a small gpu": ({**found("default", "nvidia", vram=2**31), **NVIDIA}, "default"),
    "another vendor": ({**found("default", "intel", vram=0), **NVIDIA}, "default"),
    "another gpu": ({**found("amd", "amd", vram=2**34), **NVIDIA}, "amd"),
    "another cuda": ({**found("nvidia-cuda-13", "nvidia", vram=2**34), **NVIDIA}, "nvidia-cuda-13"),
    "unknown": ({**UNREAD, **NVIDIA}, "nvidia-cuda-12"),
    "unknown and never started": ({**found(None, "amd", unreadable="amd"), **TOLD}, "amd"),
    "unreadable and never started": ({**found("default", "amd", vram=0), **TOLD}, "amd"),
    "unknown and no file": ({**found(None, "amd", unreadable="amd"), **NEW}, ""),
    "the start is believed": ({**UNREAD, **host("nvidia-cuda-12", "amd")}, "nvidia-cuda-12"),
    "set": ({**UNREAD, **NVIDIA, "localai_capability": "cpu"}, "cpu"),
    "before it is known": ({}, ""),
}


def test_the_capability_that_the_service_is_told(tmp_path: Path) -> None:
    cases = {name: variables for name, (variables, _expected) in CAPABILITIES.items()}
    expected = {name: expected for name, (_variables, expected) in CAPABILITIES.items()}
    in_file = "__localai_service_environment.LOCALAI_FORCE_META_BACKEND_CAPABILITY | default(none)"
    assert evaluate(tmp_path, f"[__localai_capability, {in_file}]", cases) == {
        name: [value, value or None] for name, value in expected.items()
    }


def test_the_expected_capability_is_a_text_or_a_list(tmp_path: Path) -> None:
    values = {"unset": {}, "none": None, "empty": "", "text": "amd", "texts": "amd, nvidia", "list": ["amd", "cpu"]}
    cases = {n: {} if n == "unset" else {"localai_expected_capability": value} for n, value in values.items()}
    assert evaluate(tmp_path, "__localai_expected_capabilities", cases) == {
        "unset": [],
        "none": [],
        "empty": [],
        "text": ["amd"],
        "texts": ["amd", "nvidia"],
        "list": ["amd", "cpu"],
    }


DEBIAN = {"ansible_facts": {"os_family": "Debian", "distribution": "Debian", "distribution_major_version": "13"}}
KEPT = "The service keeps the capability"
EVIDENCE = "(a rule; no answer from a tool)"
EXPECTATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing is expected": ({**UNREAD, **NVIDIA}, ""),
    "as expected": ({**found("amd", "amd", vram=2**34), **NEW, "localai_expected_capability": ["cpu", "amd"]}, ""),
    "another": (
        {**found("default"), **NEW, "localai_expected_capability": "amd"},
        "The capability of this host is default (a rule), but localai_expected_capability is amd.",
    ),
    "unknown": (
        {**UNREAD, **NVIDIA, "localai_expected_capability": "nvidia-cuda-12"},
        f"The capability of this host is unknown {EVIDENCE}, but localai_expected_capability is nvidia-cuda-12.",
    ),
}


def test_another_capability_than_the_expected_one_is_an_error(tmp_path: Path) -> None:
    cases = {name: {**DEBIAN, **variables} for name, (variables, _text) in EXPECTATIONS.items()}
    broken = "__localai_capability_rules | rejectattr('holds') | map(attribute='otherwise') | join(' ')"
    errors = evaluate(tmp_path, broken, cases)
    assert {name: text.partition(" Repair")[0].strip() for name, text in errors.items()} == {
        name: text for name, (_variables, text) in EXPECTATIONS.items()
    }


def test_a_capability_that_the_service_keeps_is_a_warning(tmp_path: Path) -> None:
    cases: dict[str, dict[str, Any]] = {
        "a gpu": {**found("amd", "amd", vram=2**34), **NVIDIA},
        "kept": {**UNREAD, **NVIDIA},
        "kept and not downgraded": {**found("default", "nvidia", vram=0), **NVIDIA},
        "nothing to keep": {**UNREAD, **NEW},
        "set": {**UNREAD, **NVIDIA, "localai_capability": "cpu"},
    }
    start = "The GPU of this host cannot be read at the moment"
    end = "Repair the driver, or set localai_capability."
    kept = f"{KEPT} nvidia-cuda-12"
    assert evaluate(tmp_path, "__localai_capability_warnings", cases) == {
        "a gpu": [],
        "kept": [f"{start} {EVIDENCE}. {kept}, and not an unknown one. {end}"],
        "kept and not downgraded": [f"{start} (a rule). {kept}, and not default. {end}"],
        "nothing to keep": [f"{start} {EVIDENCE}. {KEPT} that it detects itself, and not an unknown one. {end}"],
        "set": [],
    }


def python(
    executable: str,
    *libraries: str,
    release: str = "Debian 12",
    other: str | None = None,
    family: str = "Debian",
    epel: bool = False,
    program: bool = False,
) -> dict[str, Any]:
    """A host, with the Python that runs the modules and its libraries; `other` has the libraries that it lacks."""
    distribution, version = release.split()
    facts = {"os_family": family, "distribution": distribution, "distribution_major_version": version}
    row = {
        "executable": executable,
        "of_distribution": executable == SYSTEM,
        "libraries": {name: name in libraries for name in (*ALL, "cryptography")},
        "other": other,
    }
    host = {"python": row, "epel": epel, "zstd": program}
    return {"ansible_facts": facts, "__localai_host": host, **found("default")}


def enterprise(version: int, *libraries: str, executable: str = "/usr/bin/python3", **more: Any) -> dict[str, Any]:
    return python(executable, *libraries, release=f"Rocky {version}", family="RedHat", **more)


def pins(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"localai_pins": {"format": 2, "backends": list(rows)}}


SYSTEM, VENV = "/usr/bin/python3", "/opt/venv/bin/python3"
BOTH, ALL = ("requests", "yaml"), ("requests", "yaml", "isal", "zstd")
ISAL, ZSTANDARD = "python3-isal", "python3-zstandard"
REQUIREMENTS: dict[str, tuple[dict[str, Any], bool, list[str]]] = {
    # to install the libraries, packages that decompress
    "nothing": (python(SYSTEM), True, [ZSTANDARD]),
    "one of both": (python(SYSTEM, "yaml"), True, [ZSTANDARD]),
    "both": (python(SYSTEM, *BOTH), False, [ZSTANDARD]),
    "both and the program": (python(SYSTEM, *BOTH, program=True), False, [ZSTANDARD]),
    "both where isal is packaged": (python(SYSTEM, *BOTH, release="Debian 13"), False, [ISAL, ZSTANDARD]),
    "all but isal": (python(SYSTEM, *BOTH, "zstd", release="Debian 13"), False, [ISAL]),
    "all but zstd": (python(SYSTEM, *BOTH, "isal", release="Debian 13"), False, [ZSTANDARD]),
    "all": (python(SYSTEM, *ALL, release="Debian 13"), False, []),
    "testing": (python(SYSTEM, *BOTH, release="Debian forky/sid"), False, ["zstd"]),
    "old": (python(SYSTEM, *BOTH, release="Debian 11"), False, ["zstd"]),
    "ubuntu 24": (python(SYSTEM, *BOTH, release="Ubuntu 24"), False, [ZSTANDARD]),
    "ubuntu 26": (python(SYSTEM, *BOTH, "zstd", release="Ubuntu 26"), False, [ISAL]),
    "fedora": (python(SYSTEM, *BOTH, release="Fedora 42", family="RedHat"), False, [ISAL, ZSTANDARD]),
    "enterprise": (enterprise(10, *BOTH), False, ["zstd"]),
    "enterprise with zstd": (enterprise(9, *BOTH, program=True), False, []),
    "enterprise with epel": (enterprise(10, *BOTH, epel=True), False, [ISAL, ZSTANDARD]),
    "enterprise 9 with epel": (enterprise(9, *BOTH, epel=True, program=True), False, [ISAL, ZSTANDARD]),
    "enterprise 8 with epel": (enterprise(8, *BOTH, epel=True), False, ["zstd"]),
    "another python": (enterprise(9, *BOTH, executable="/usr/bin/python3.12", epel=True), False, ["zstd"]),
    "an environment with both": (python(VENV, *BOTH, release="Debian 13"), False, ["zstd"]),
    "an environment and the program": (python(VENV, *BOTH, release="Debian 13", program=True), False, []),
    "an environment without": (python(VENV, release="Debian 13"), True, ["zstd"]),
    "an environment beside a python with both": (python(VENV, "zstd", release="Debian 13", other=SYSTEM), False, []),
    "signatures": ({**python(SYSTEM, *ALL), "localai_signatures": "enforce"}, True, []),
    "signatures, too old": ({**python(SYSTEM, *ALL, release="Ubuntu 22"), "localai_signatures": "enforce"}, False, []),
    "signatures, enterprise": ({**enterprise(10, *ALL), "localai_signatures": "enforce"}, True, []),
    "signatures, too old an enterprise": ({**enterprise(9, *ALL), "localai_signatures": "warn"}, False, []),
    "signatures, an environment": ({**python(VENV, *ALL), "localai_signatures": "enforce"}, False, []),
    "signatures by pins": (
        {**python(SYSTEM, *ALL), "localai_signatures": "enforce", **pins({"signer": {}})},
        False,
        [],
    ),
    "signatures by half the pins": (
        {**python(SYSTEM, *ALL), "localai_signatures": "enforce", **pins({"signer": {}}, {})},
        True,
        [],
    ),
    "signatures and the library": ({**python(SYSTEM, *ALL, "cryptography"), "localai_signatures": "warn"}, False, []),
    "no signatures": ({**python(SYSTEM, *ALL), "localai_signatures": "ignore"}, False, []),
    "another distribution": (python(SYSTEM, *BOTH, release="Archlinux 1", family="Archlinux"), False, []),
}


def test_packages_are_installed_where_the_python_of_the_modules_lacks_them(tmp_path: Path) -> None:
    cases = {name: variables for name, (variables, _libraries, _packages) in REQUIREMENTS.items()}
    expression = (
        "[__localai_libraries_are_missing | bool, __localai_decompressors_to_install,"
        " __localai_requirements_to_install | bool]"
    )
    assert evaluate(tmp_path, expression, cases) == {
        name: [libraries, packages, libraries or packages != []]
        for name, (_variables, libraries, packages) in REQUIREMENTS.items()
    }


def test_packages_that_could_not_be_installed_are_told(tmp_path: Path) -> None:
    # What apt, dnf and dnf5 return; the failure itself is hidden by failed_when.
    results = [
        {"item": "apt", "changed": True, "stdout": "Setting up"},
        {"item": "apt, there", "changed": False},
        {"item": "apt, unknown", "changed": False, "msg": "No package matching 'python3-isal' is available"},
        {"item": "apt, unreachable", "changed": False, "msg": "'/usr/bin/apt-get' failed: E: Failed", "rc": 100},
        {"item": "dnf", "changed": True, "msg": "", "rc": 0, "results": ["Installed: zstd"]},
        {"item": "dnf, there", "changed": False, "msg": "Nothing to do", "rc": 0, "results": []},
        {"item": "dnf, unknown", "changed": False, "msg": "Failed to install", "failures": ["No package"], "rc": 1},
    ]
    first = {"__localai_decompressors": {"results": results}}
    unknown = {"item": "apt, unknown", "changed": False, "msg": "No package matching 'python3-isal' is available"}
    debian, redhat = {"ansible_facts": {"os_family": "Debian"}}, {"ansible_facts": {"os_family": "RedHat"}}
    cases = {
        "none": debian,
        "debian": {**debian, **first, "__localai_decompressors_again": {"results": [unknown]}},
        "found again": {
            **debian,
            **first,
            "__localai_decompressors_again": {"results": [{**results[0], "item": "new"}]},
        },
        "redhat": {**redhat, **first},
    }
    expression = "[__localai_unknown_decompressors, __localai_missing_decompressors | map(attribute='item') | list]"
    assert evaluate(tmp_path, expression, cases) == {
        "none": [[], []],
        "debian": [["apt, unknown"], ["apt, unknown", "apt, unreachable", "dnf, unknown"]],
        "found again": [["apt, unknown"], ["apt, unreachable", "dnf, unknown"]],
        "redhat": [[], ["apt, unknown", "apt, unreachable", "dnf, unknown"]],
    }


def test_missing_libraries_are_an_error_where_the_packages_are_unknown(tmp_path: Path) -> None:
    arch = python(VENV, release="Archlinux 1", family="Archlinux")
    cases: dict[str, dict[str, Any]] = {
        "unknown": arch,
        "not managed": {**arch, "localai_manage_requirements": False},
        "known": python(VENV),
        "not missing": python(VENV, *BOTH, release="Archlinux 1", family="Archlinux"),
    }
    errors = evaluate(
        tmp_path, "__localai_library_rules | rejectattr('holds') | map(attribute='otherwise') | list", cases
    )
    (text,) = errors.pop("unknown")
    assert text.startswith(f"The Python that runs the modules, {VENV}, lacks requests or PyYAML")
    assert f"{VENV} -m pip install requests PyYAML" in text
    assert errors == {"not managed": [], "known": [], "not missing": []}
