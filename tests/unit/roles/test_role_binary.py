# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role decides about the LocalAI binary, without a host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .test_role_variables import evaluate

DIRECTORY, OLD = "/opt/localai/bin", "/usr/local/lib/localai"
A, B = "a" * 64, "b" * 64


def host(
    *binaries: tuple[str, str | None, str | None], link: str | None = None, good: str | None = None
) -> dict[str, Any]:
    """A host with binaries, each with its path, its checksum and the recorded one."""
    return {
        "__localai_host": {
            "binaries": [dict(zip(("path", "checksum", "recorded"), binary)) for binary in binaries],
            "link": {"exists": link is not None, "target": link},
            "good": {"binary": good} if good else {},
        }
    }


# Whether it is a downgrade: the version, what the link on the host leads to, what started last.
DOWNGRADES = {
    "older": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.9.1", "", True),
    "older by number": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.10.0", "", True),
    "newer by number": ("v4.10.0", f"{DIRECTORY}/local-ai-v4.9.0", "", False),
    "the same": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.9.0", "", False),
    "another build": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.9.1@0123456789ab", "", True),
    "old directory": ("v4.9.0", f"{OLD}/local-ai-v4.9.1", "", True),
    "to a candidate": ("v4.9.0-rc1", f"{DIRECTORY}/local-ai-v4.9.1", "", False),
    "from a candidate": ("v4.9.0", f"{DIRECTORY}/local-ai-v5.0.0-rc1", "", False),
    "other names": ("nightly", f"{DIRECTORY}/local-ai-v4.9.1", "", False),
    "from other names": ("v4.9.0", f"{DIRECTORY}/local-ai-nightly", "", False),
    "two numbers": ("v4.9", f"{DIRECTORY}/local-ai-v5.0.0", "", False),
    "by hand": ("v4.9.0", "/opt/local-ai-v5.0.0", "", False),
    "no link": ("v4.9.0", None, f"{DIRECTORY}/local-ai-v5.0.0", True),
    "bare host": ("v4.9.0", None, "", False),
    "the link is believed": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.9.0", f"{DIRECTORY}/local-ai-v5.0.0", False),
}


def test_what_is_a_downgrade(tmp_path: Path) -> None:
    cases = {
        name: {"localai_version": version, **host(link=link, good=good)}
        for name, (version, link, good, _expected) in DOWNGRADES.items()
    }
    expected = {name: expected for name, (_version, _link, _good, expected) in DOWNGRADES.items()}
    assert evaluate(tmp_path, "__localai_is_downgrade | bool", cases) == expected


# The wanted checksum, that of the version's own file and the recorded one, whether the build has a file of its own;
# then the file that is used, and where it comes from.
BINARIES = {
    "nothing there": (A, None, None, False, "v1", "release"),
    "the same": (A, A, A, False, "v1", "host"),
    "the same without a record": (A, A, None, False, "v1", "host"),
    "the same with a wrong record": (A, A, B, False, "v1", "host"),
    "another": (B, A, A, False, f"v1@{B[:12]}", "release"),
    "another that is there": (B, A, A, True, f"v1@{B[:12]}", "host"),
    "only another that is there": (B, None, None, True, f"v1@{B[:12]}", "host"),
    "damaged": (B, A, B, False, "v1", "release"),
    "any": ("", A, A, False, "v1", "host"),
    "any without a record": ("", A, None, False, "v1", "host"),
    "any that is damaged": ("", A, B, False, "v1", "release"),
    "any with half a record": ("", A, "aaa", False, "v1", "release"),
    "any and nothing there": ("", None, None, False, "v1", "release"),
}


@pytest.mark.long
@pytest.mark.parametrize("source", ["checksum", "file"])
def test_each_build_of_a_version_has_a_file(tmp_path: Path, source: str) -> None:
    cases, expected = {}, {}
    for name, (wanted, there, recorded, other, file, origin) in BINARIES.items():
        given: dict[str, Any] = {"localai_binary_checksum": f"sha256:{wanted}" if wanted else ""}
        if source == "file" and wanted:
            stats = {"results": [{"item": "/file", "stat": {"checksum": wanted}}]}
            given = {"localai_binary_src": "/file", "__localai_source_stats": stats}
        binaries = [(f"{DIRECTORY}/local-ai-v1", there, recorded)] if there else []
        binaries += [(f"{DIRECTORY}/local-ai-v1@{B[:12]}", B, B)] if other else []
        cases[name] = {**given, "localai_version": "v1", **host(*binaries)}
        wrong = origin != "host" or (not other and recorded != there)
        from_file = source == "file" and wanted and origin == "release"
        expected[name] = [f"{DIRECTORY}/local-ai-{file}", "file" if from_file else origin, wrong]
    expression = "[__localai_binary, __localai_binary_origin, __localai_binary_to_install | bool]"
    assert evaluate(tmp_path, expression, cases) == expected


@pytest.mark.long
def test_what_is_removed_after_a_good_start(tmp_path: Path) -> None:
    new = [(f"{DIRECTORY}/local-ai-v{number}", A, A) for number in (1, 2, 3)]
    old = [(f"{OLD}/local-ai-v{number}", A, None) for number in (1, 2)]
    cases = {
        "bare host": host(),
        "converged": host(*new, link=new[2][0], good=new[2][0]),
        "upgrade": host(*new, link=new[1][0], good=new[1][0]),
        "the run before was killed": host(*new, link=new[2][0], good=new[0][0]),
        "never started": host(*new, link=new[2][0]),
        "another start before": host(*new, *old, link=new[1][0], good=new[1][0]),
        "moved": host((f"{OLD}/local-ai-v3", A, None), *old, link=f"{OLD}/local-ai-v3", good=f"{OLD}/local-ai-v3"),
        "upgraded from the old directory": host(*old, link=old[1][0], good=old[1][0]),
        "not ours": {**host(*new, link=new[0][0]), "localai_manage_binary": False},
    }
    given = {name: {"localai_version": "v3", **case} for name, case in cases.items()}
    given["upgraded from the old directory"]["__localai_host"]["binaries"][1]["checksum"] = B
    assert evaluate(tmp_path, "__localai_binaries_to_forget", given) == {
        "bare host": [],
        "converged": [],
        "upgrade": [new[0][0]],
        "the run before was killed": [new[1][0]],
        "never started": [],
        "another start before": [new[0][0], OLD],
        "moved": [OLD],
        "upgraded from the old directory": [old[0][0]],
        "not ours": [],
    }


ENDPOINTS = [
    {"host": "mirror.example", "username": "reader", "password": "secret"},
    {"host": "Mirror.Example:8443 ", "token": "token", "ca_path": "/ca"},
    {"host": "mirrorxexample", "username": "wrong", "password": "wrong"},
    {"host": "[::1]:8443", "client_cert": "/cert", "client_key": "/key", "validate_certs": False},
]


def test_the_release_server_has_the_settings_of_its_endpoint(tmp_path: Path) -> None:
    urls = {
        "port of https": "https://mirror.example:443/x",
        "other port": "https://MIRROR.example:8443/x",
        "address": "https://[::1]:8443/x",
        "another": "https://github.com/x",
    }
    cases = {name: {"localai_release_url": url, "localai_endpoints": ENDPOINTS} for name, url in urls.items()}
    cases["general"] = {"localai_ca_path": "/general"}
    common = {"timeout": 30, "force_basic_auth": True, "unredirected_headers": ["Authorization"]}
    assert evaluate(tmp_path, "[__localai_release_options, __localai_release_environment]", cases) == {
        "port of https": [{**common, "url_username": "reader", "url_password": "secret"}, {}],
        "other port": [{**common, "headers": {"Authorization": "Bearer token"}}, {"SSL_CERT_FILE": "/ca"}],
        "address": [{**common, "client_cert": "/cert", "client_key": "/key", "validate_certs": False}, {}],
        "another": [common, {}],
        "general": [common, {"SSL_CERT_FILE": "/general"}],
    }


def test_a_mirror_has_the_release_and_becomes_endpoints(tmp_path: Path) -> None:
    mirror = {"files": "http://m.example:8090/", "registry": "http://m.example:8090/quay.io"}
    hub = {"host": "huggingface.co", "token": "secret"}
    cases = {
        "mirrored": {"localai_mirror": mirror, "localai_endpoints": [hub]},
        "own server": {"localai_mirror": mirror, "localai_release_url": "https://own.example/releases"},
        "images": {"localai_mirror": {"registry": "https://m.example/quay.io"}},
        "defaults": {"localai_mirror": mirror, "localai_module_defaults": {"endpoints": [hub]}},
        "none": {"localai_endpoints": [hub]},
    }
    values = evaluate(
        tmp_path, "[__localai_release_url, __localai_endpoints, __localai_host_options, __localai_model_options]", cases
    )
    assert values["mirrored"][0] == "http://m.example:8090/github.com/mudler/LocalAI/releases/download"
    assert values["own server"][0] == "https://own.example/releases"
    assert values["images"][0] == "https://github.com/mudler/LocalAI/releases/download"
    by_host = {row["host"]: row for row in values["mirrored"][1]}
    assert by_host["huggingface.co"] == {**hub, "mirrors": [{"url": "http://m.example:8090/huggingface.co"}]}
    assert by_host["quay.io"]["mirrors"] == [{"url": "http://m.example:8090/quay.io", "resolve": True}]
    assert by_host["m.example:8090"] == {"host": "m.example:8090", "plain_http": True}
    for name in ("mirrored", "own server", "images", "defaults"):
        _url, endpoints, backend_options, model_options = values[name]
        assert endpoints == backend_options["endpoints"] == model_options["endpoints"], name
    assert values["defaults"][1] == values["mirrored"][1]
    assert values["none"][1] == values["none"][2]["endpoints"] == [hub]


# The variables, and words of the rules that they break.
WRONG = {
    "right": ({}, []),
    "latest": ({"localai_version": "latest"}, []),
    "version": ({"localai_version": "../v1"}, ["is not a version"]),
    "version line": ({"localai_version": "v4.11.0\n"}, ["is not a version"]),
    "checksum line": ({"localai_binary_checksum": f"sha256:{A}\n"}, ["64 hexadecimal digits"]),
    "url line": ({"localai_release_url": "https://mirror.example/x\n"}, ["is not the URL of a web server"]),
    "latest file": ({"localai_version": "latest", "localai_binary_src": "/x"}, ["one file"]),
    "checksum": ({"localai_binary_checksum": "0" * 64}, ["64 hexadecimal digits"]),
    "credentials": ({"localai_release_url": "https://me:secret@mirror.example/x"}, ["https://mirror.example/x"]),
    "file": ({"localai_release_url": "file:///x"}, ["localai_binary_src"]),
    "port": ({"localai_release_url": "http://127.0.0.1:8000"}, []),
}


def test_what_variables_can_be(tmp_path: Path) -> None:
    expression = "__localai_binary_variable_rules | rejectattr('holds') | map(attribute='otherwise') | list"
    broken = evaluate(tmp_path, expression, {name: variables for name, (variables, _words) in WRONG.items()})
    for name, (_variables, words) in WRONG.items():
        assert len(broken[name]) == len(words), name
        assert all(word in text for word, text in zip(words, broken[name])), name
    assert "secret" not in str(broken)
