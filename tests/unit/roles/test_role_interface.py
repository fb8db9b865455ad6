# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables the role refuses, and the environment and keys that it makes of them, by Ansible itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment
from ansible_collections.localai.core.tests.unit.roles.test_role_variables import ROLE, evaluate

SPEC = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]
RULES = yaml.safe_load((ROLE / "vars" / "main" / "variables.yml").read_text(encoding="utf-8"))
KEY = {"localai_api_key": "k"}
POSTGRES = {"localai_secret_environment": {"DATABASE_URL": "postgresql://u:p@db/localai"}}

ACCEPTED: dict[str, dict[str, Any]] = {
    "defaults": {},
    "others": {"localai_result": {"changed": True}, "localai_pins_file": "pins.yml", "localai_facts": {}},
    "known": {"localai_port": 8080, "localai_addres": "x", "localai_known_variables": ["localai_port", "localai_add*"]},
    "nulls": {
        "localai_environment": None,
        "localai_api_keys": None,
        "localai_backends__x": None,
        "localai_galleries": None,
    },
    "ipv6": {"localai_address": "[::1]:8080"},
    "name": {"localai_address": "localhost:8080"},
    "key": {"localai_address": ":8080", **KEY},
    "number": {"localai_address": "0.0.0.0:8080", "localai_api_key": 12345},
    "keys": {"localai_address": "ai.example.com:8080", "localai_api_keys": ["a", "b"]},
    "environment key": {"localai_address": "[::]:8080", "localai_environment": {"LOCALAI_API_KEY": "a,b"}},
    "insecure": {"localai_address": "[fe80::1%eth0]:8080", "localai_allow_insecure_public_bind": "yes"},
    "accounts": {"localai_address": ":8080", "localai_environment__a": {"LOCALAI_AUTH": True}, **POSTGRES},
    "own binary": {"localai_environment": {"LOCALAI_AUTH": 1}, "localai_binary_src": "local-ai"},
    "null": {"localai_environment": {"LOCALAI_THREADS": None}},
    "devices": {"localai_device_allow": ["/dev/nvidia0", "/dev/infiniband/uverbs0 rw", "char-drm r", "block-*"]},
    "write": {"localai_read_write_paths": ["/srv/cache", "/mnt/a/"]},
    "overrides": {"localai_unit_overrides": {"Service": {"MemoryMax": "64G", "Environment": ["A=1"]}}},
    "smoke": {"localai_smoke_test": {"model": "tiny", "prompt": "Hello", "timeout": "30"}},
    "models": {
        "localai_models": ["tiny", {"name": "mine", "uri": "/srv/mine.gguf"}],
        "localai_models__gpu": ["large"],
        "localai_models_exclusive": True,
        "localai_models_galleries": [{"name": "ours", "url": "/srv/models.yaml"}],
        "localai_smoke_test": {"model": "mine"},
    },
    "shared models": {"localai_manage_models": False, "localai_models": ["tiny"], "localai_backends_exclusive": True},
    "one directory": {"localai_models_path": "/srv/ai", "localai_data_path": "/srv/ai"},
    "removal": {
        "localai_state": "absent",
        "localai_address": "nonsense",
        "localai_environment": {"LOCALAI_THREADS": ""},
    },
    "booleans": {"localai_rollback": "No", "localai_remove_data": 0, "localai_manage_account": "on"},
    "mirror of all": {"localai_mirror": {"registry": "https://m.example/quay.io", "files": "http://m.example:8090"}},
    "its role": {"localai_mirror_address": "10.0.0.5:8090", "localai_mirror": None},
    "mirror": {"localai_version": "4.11", "localai_release_url": "https://mirror.example.com/ai"},
}
# Each is one error, with this in it.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "port": ({"localai_port": 8080}, "localai_port (use localai_address, such as 127.0.0.1:8080)"),
    "typo": ({"localai_enviroment": {}}, "localai_enviroment (did you mean localai_environment?)"),
    "two names": ({"localai_host": "h", "localai_bakends": []}, "(did you mean localai_backends?), localai_host (use"),
    "part": ({"localai_enviroment__a": {}}, "localai_enviroment__a (did you mean localai_environment__a?)"),
    "text list": ({"localai_backends": "llama-cpp"}, "localai_backends must be a list, not text"),
    "text lists": ({"localai_gpu_groups": "a", "localai_api_keys": "b"}, "localai_api_keys and localai_gpu_groups"),
    "text known": ({"localai_known_variables": "localai_port"}, "localai_known_variables must be a list"),
    "text mapping": ({"localai_environment": "A=1"}, "localai_environment must be a mapping"),
    "smoke list": ({"localai_smoke_test": []}, "It needs the name of a model, as in localai_smoke_test: {"),
    "list mapping": ({"localai_secret_environment__x": ["A"]}, "localai_secret_environment__x must be a mapping"),
    "null": ({"localai_user": None}, "localai_user must not be null or empty. For the default, leave it out."),
    "nulls": (
        {"localai_address": None, "localai_home": None, "localai_version": "", "localai_manage_service": None},
        "localai_address, localai_home, localai_manage_service, localai_version must not be null or empty.",
    ),
    "null state": ({"localai_state": None}, "localai_state must not be null or empty"),
    "booleans": (
        {"localai_rollback": "y", "localai_manage_binary": "maybe", "localai_state": "absent"},
        "localai_manage_binary, localai_rollback must be true or false.",
    ),
    "user no text": ({"localai_user": True}, "localai_user (True) or localai_group (localai) is not a valid name"),
    "group no text": ({"localai_group": ["a"]}, "is not a valid name. It begins with a letter"),
    "home": ({"localai_home": "~/ai"}, "localai_home is ~/ai, which is not an absolute path."),
    "root": ({"localai_backends_path": "/"}, "localai_backends_path is /, which is a system directory"),
    "var": ({"localai_home": "/var/lib"}, "localai_home is /var/lib, which is a system directory"),
    "dots": ({"localai_models_path": "/srv/../etc"}, "is /srv/../etc, which leads through . or .."),
    "own": ({"localai_config_path": "/etc//localai"}, "is /etc//localai, which is a system directory"),
    "memory": ({"localai_data_path": "/var/lib/localai-core/d"}, "which belongs to the role"),
    "tmp": ({"localai_data_path": "/tmp/d"}, "does not survive a reboot"),
    "removal": ({"localai_state": "absent", "localai_home": "/srv"}, "is /srv, which is a system directory"),
    "among": ({"localai_models_path": "/var/lib/local-ai/backends/m"}, "localai_models_path must not be in localai_ba"),
    "system": ({"localai_backends_system_path": "/var/lib/local-ai/backends/"}, "_system_path must not be in localai_"),
    "user": ({"localai_user": "local ai"}, "localai_user (local ai) or localai_group (localai) is not a valid name"),
    "user root": ({"localai_user": "root"}, "must not be root"),
    "dedicated": (
        {"localai_environment": {"LOCALAI_MODELS_PATH": "/m", "ADDRESS": ":1"}},
        "Instead of ADDRESS, use localai_address; instead of LOCALAI_MODELS_PATH, use localai_models_path.",
    ),
    "preloaded": (
        {"localai_environment": {"LOCALAI_PRELOAD_MODELS": "[]", "MODELS": "tiny"}},
        "Instead of LOCALAI_PRELOAD_MODELS, use localai_models; instead of MODELS, use localai_models.",
    ),
    "text models": ({"localai_models": "tiny"}, "localai_models must be a list, not text"),
    "text models of a group": ({"localai_models__gpu": "tiny"}, "localai_models__gpu is text, not a list"),
    "model": ({"localai_models": [{"name": "a", "url": "/x"}]}, "localai_models, item 1 (a): unknown key url; the"),
    "no models": ({"localai_models_exclusive": True}, "no model is declared to be installed, so all models would be"),
    "models of others": (
        {"localai_manage_models": False, "localai_models": [{"name": "a", "state": "absent"}]},
        "localai_manage_models is false, so the role removes no models",
    ),
    "removal of models of others": (
        {"localai_state": "absent", "localai_remove_models": True, "localai_manage_models": False},
        "localai_remove_models is true, and localai_manage_models is false",
    ),
    "models timeout": ({"localai_models_timeout": -1}, "localai_models_timeout must be at least 0."),
    "smoke removed": (
        {"localai_models": [{"name": "a", "state": "absent"}], "localai_smoke_test": {"model": "a"}},
        "localai_smoke_test needs the model a, which this run would remove",
    ),
    "mirror text": ({"localai_mirror": "https://m.example"}, "as in localai_mirror: {registry: 'https://"),
    "mirror": ({"localai_mirror": {"files": "m.example", "x": 1}}, "localai_mirror is not valid: it has no key x"),
    "pins": ({"localai_pins": {"format": 2}}, "localai_pins has neither backends nor models"),
    "removal dedicated": (
        {"localai_state": "absent", "localai_environment": {"LOCALAI_MODELS_PATH": "/m"}},
        "Instead of LOCALAI_MODELS_PATH, use localai_models_path.",
    ),
    "other key": ({"localai_environment": {"API_KEY": "k"}}, "Instead of API_KEY, use localai_api_keys."),
    "empty": ({"localai_environment__x": {"LOCALAI_THREADS": ""}}, "LOCALAI_THREADS is empty, but must be a whole"),
    "boolean": ({"localai_environment": {"LOCALAI_DEBUG": "on"}}, "LOCALAI_DEBUG is wrong, but must be true or"),
    "log level": ({"localai_environment": {"LOCALAI_LOG_LEVEL": "loud"}}, "must be one of error, warn, info, debug"),
    "lines": ({"localai_secret_environment": {"A": "1\n2"}}, "A has more than one line"),
    "no name": ({"localai_environment": {"NO NAME": "x"}}, "'NO NAME' is not the name of an environment variable"),
    "accounts": ({"localai_environment": {"LOCALAI_AUTH": "yes"}}, "support user accounts only with PostgreSQL"),
    "sqlite": (
        {"localai_environment": {"LOCALAI_AUTH": True, "LOCALAI_AUTH_DATABASE_URL": "/var/lib/local-ai/data/auth.db"}},
        "support user accounts only with PostgreSQL",
    ),
    "key list": ({"localai_api_key": ["a"]}, "localai_api_key must be text"),
    "key false": ({"localai_api_key": False}, "localai_api_key must be text or a number"),
    "key mapping": ({"localai_api_key": {"a": "b"}}, "localai_api_key must be text or a number"),
    "keys true": ({"localai_api_keys": ["a", True]}, "Each key in localai_api_keys and LOCALAI_API_KEY must be text"),
    "keys list": ({"localai_api_keys": [["a", "b"]]}, "Each key in localai_api_keys and LOCALAI_API_KEY must be text"),
    "keys empty": ({"localai_api_keys": ["a", " "]}, "Each key in localai_api_keys and LOCALAI_API_KEY must be text"),
    "keys null": ({"localai_api_keys": [None]}, "Each key in localai_api_keys and LOCALAI_API_KEY must be text"),
    "keys other": ({"localai_environment": {"LOCALAI_API_KEY": False}}, "Each key in localai_api_keys and LOCALAI_API"),
    "key line": ({"localai_api_key": "a\nb"}, "contains a space, a line break or another character"),
    "key space": ({"localai_api_keys": ["a b"]}, "contains a space, a line break or another character"),
    "public": ({"localai_address": ":8080"}, "Other machines can reach localai_address, :8080,"),
    "public null": ({"localai_address": ":8080", "localai_api_key": None}, "Other machines can reach localai_address"),
    "public off": ({"localai_address": ":8080", "localai_environment": {"LOCALAI_AUTH": False}}, "Other machines can"),
    "number": ({"localai_address": 8080}, "localai_address is 8080, but must be host:port"),
    "no port": ({"localai_address": "127.0.0.1"}, "localai_address is 127.0.0.1, but must be host:port"),
    "port 0": ({"localai_address": "127.0.0.1:0"}, "must be host:port"),
    "high port": ({"localai_address": "127.0.0.1:65536"}, "must be host:port"),
    "bare ipv6": ({"localai_address": "::1:8080"}, "must be host:port"),
    "url": ({"localai_address": "http://127.0.0.1:8080"}, "must be host:port"),
    "asterisk": ({"localai_address": "*:8080"}, "must be host:port"),
    "no ipv4": ({"localai_address": "300.1.1.1:8080"}, "must be host:port"),
    "address line": ({"localai_address": "127.0.0.1:8080\n"}, "must be host:port"),
    "version": ({"localai_version": "4.9.0"}, "localai_version is 4.9.0, but the releases of LocalAI begin with a v"),
    "timeouts": (
        {"localai_ready_timeout": 0, "localai_keep_previous": "-1"},
        "localai_ready_timeout must be at least 1, localai_keep_previous must be at least 0.",
    ),
    "no smoke timeout": ({"localai_smoke_test": {"model": "m", "timeout": 0}}, "the timeout of localai_smoke_test"),
    "smoke timeout": ({"localai_smoke_test": {"model": "m", "timeout": -5}}, "the timeout of localai_smoke_test"),
    "smoke": ({"localai_smoke_test": {"model": "", "prompt": "x"}}, "localai_smoke_test has no model"),
    "device": ({"localai_device_allow": ["nvidia0", "/dev/x rwx", "/dev/../etc"]}, "nvidia0, /dev/x rwx, /dev/../etc"),
    "write": ({"localai_read_write_paths": ["cache", "/a/../b"]}, "localai_read_write_paths has cache, /a/../b."),
    "override": ({"localai_unit_overrides": {"Service": {"User": "x"}}}, "Service.User belongs to the role (use"),
    "override reasons": (
        {"localai_unit_overrides": {"Service": {"UnsetEnvironment": "LOCALAI_API_KEY", "ExecReload": "/bin/true"}}},
        "(use localai_environment, where null leaves a variable out); Service.ExecReload belongs to the role (",
    ),
    "override line": ({"localai_unit_overrides": {"Unit": {"After": "a\nb"}}}, "Unit.After has more than one line"),
}  # fmt: skip


# Ansible needs a second for each case.
@pytest.mark.parametrize("part", [0, *(pytest.param(number, marks=pytest.mark.long) for number in range(1, 3))])
def test_what_is_accepted(tmp_path: Path, part: int) -> None:
    cases = {name: ACCEPTED[name] for name in list(ACCEPTED)[part::3]}
    assert evaluate(tmp_path, "__localai_variable_errors", cases) == {name: [] for name in cases}


@pytest.mark.parametrize("part", [0, *(pytest.param(number, marks=pytest.mark.long) for number in range(1, 4))])
def test_what_is_refused_is_one_error_for_each_variable(tmp_path: Path, part: int) -> None:
    cases = {name: REFUSED[name][0] for name in list(REFUSED)[part::4]}
    found = evaluate(tmp_path, "__localai_variable_errors", cases)
    assert {name: errors for name, errors in found.items() if len(errors) != 1} == {}
    assert {name: errors for name, errors in found.items() if REFUSED[name][1] not in errors[0]} == {}


def test_all_errors_are_shown_together_by_one_task_and_no_secret_is(tmp_path: Path) -> None:
    wrong = {
        "localai_port": 1,
        "localai_address": "x",
        "localai_keep_previous": -1,
        "localai_environment": {"LOCALAI_THREADS": "s3cret", "HF_TOKEN": "s3cret\n"},
        "localai_api_key": "s3cret key",
    }
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": [str(file) for file in (ROLE / "defaults" / "main.yml", *sorted(ROLE.glob("vars/main/*.yml")))],
        "tasks": [{"ansible.builtin.import_tasks": str(ROLE / "tasks" / "variables.yml")}],
    }
    (tmp_path / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "playbook", "--inventory", "localhost,", str(tmp_path / "play.json")),
            *("--extra-vars", json.dumps(wrong)),
        ],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    output = re.sub(r"\s+", " ", done.stdout + done.stderr)
    assert done.returncode == 2, output
    assert output.count("TASK [") == 1
    assert "TASK [Assert that the variables are valid]" in output
    for text in (
        "localai_port (use",
        "HF_TOKEN has more than one line; LOCALAI_THREADS is wrong",
        "A key in localai_api_key",
    ):
        assert text in output
    assert "localai_address is x, but must be host:port" in output
    assert "localai_keep_previous must be at least 0." in output
    assert "s3cret" not in output


def test_the_rules_know_all_lists_and_mappings() -> None:
    kinds = {"list": RULES["__localai_lists"], "dict": RULES["__localai_mappings"]}
    # Ansible does not judge these, because its errors about them are no help.
    raw = {"localai_mirror", "localai_pins", "localai_smoke_test", "localai_unit_overrides"}
    # This one can be text too.
    known = {name for names in kinds.values() for name in names} | {"localai_expected_capability"}
    assert known - raw == {name for name, option in SPEC["options"].items() if option["type"] in kinds}
    wrong = [name for kind, names in kinds.items() for name in names if SPEC["options"][name]["type"] != kind]
    assert sorted(wrong) == sorted(raw)


def test_all_options_with_a_default_that_are_no_list_or_mapping_need_a_value(tmp_path: Path) -> None:
    needed = [
        name
        for name, option in SPEC["options"].items()
        if option.get("default") not in (None, "") and not isinstance(option["default"], (list, dict))
    ]
    assert RULES["__localai_needed_options"] == sorted(needed)
    booleans = [name for name in needed if SPEC["options"][name]["type"] == "bool"]
    assert RULES["__localai_booleans"] == sorted(booleans)
    cases = {"null": dict.fromkeys(needed, None), "empty": dict.fromkeys(needed, "")}
    found = evaluate(tmp_path, "__localai_variable_errors", cases)
    text = f"{', '.join(sorted(needed))} must not be null or empty. For the default, leave them out."
    assert found == {"null": [text], "empty": [text]}


def test_a_public_address_is_not_guarded_by_keys_that_are_null(tmp_path: Path) -> None:
    cases = {"null": {"localai_address": ":8080", "localai_api_keys": [None]}}
    errors = evaluate(tmp_path, "__localai_variable_errors", cases)["null"]
    assert [" ".join(error.split()[:2]) for error in errors] == ["Each key", "Other machines"]


def test_address_rules_of_the_host(tmp_path: Path) -> None:
    free, used = {"in_use": False, "own": False}, {"in_use": True, "own": False}
    cases: dict[str, dict[str, Any]] = {
        "free": {"__localai_host": {"lowest_port": 1024, "port": free}},
        "own": {"__localai_host": {"lowest_port": 1024, "port": {"in_use": True, "own": True}}},
        "used": {"__localai_host": {"lowest_port": 1024, "port": used}},
        "low": {"localai_address": "127.0.0.1:443", "__localai_host": {"lowest_port": 1024, "port": free}},
        "allowed": {"localai_address": "127.0.0.1:443", "__localai_host": {"lowest_port": 80, "port": free}},
        "no service": {"localai_manage_service": False, "__localai_host": {"lowest_port": 9000, "port": used}},
    }
    broken = "__localai_address_host_rules | rejectattr('holds') | map(attribute='otherwise') | list"
    found = evaluate(tmp_path, broken, cases)
    assert {name: len(texts) for name, texts in found.items()} == {**dict.fromkeys(cases, 0), "used": 1, "low": 1}
    assert "already listens on port 8080 of localai_address, 127.0.0.1:8080." in found["used"][0]
    assert "on this host ports below 1024 are reserved for root" in found["low"][0]


def test_the_keys_of_users_and_what_guards_the_server(tmp_path: Path) -> None:
    cases = {
        "none": {},
        "texts": {"localai_api_key": " a, b,,"},
        "lists": {"localai_api_key": "a", "localai_api_keys": ["b", "a", "c,d"]},
        "environment": {"localai_environment": {"LOCALAI_API_KEY": ["a", "b"]}},
        "secret": {"localai_secret_environment__x": {"LOCALAI_API_KEY": "a,b"}},
        "accounts": {"localai_environment": {"LOCALAI_AUTH": "Yes"}},
        "no accounts": {"localai_environment": {"LOCALAI_AUTH": "0"}},
        "no service": {"localai_manage_service": False, "localai_api_key": "a"},
        "numbers": {"localai_api_key": 12, "localai_api_keys": [3, "b"]},
        "nulls": {"localai_api_key": None, "localai_api_keys": [None, False, ["a", "b"], {}, ""]},
        "no text": {"localai_api_key": True, "localai_environment": {"LOCALAI_API_KEY": {"a": "b"}}},
    }
    expression = "[__localai_api_keys, __localai_is_guarded | bool, __localai_has_admin_key | bool]"
    assert evaluate(tmp_path, expression, cases) == {
        "none": [[], False, False],
        "texts": [["a", "b"], True, True],
        "lists": [["a", "b", "c,d"], True, True],
        "environment": [["a", "b"], True, True],
        "secret": [["a", "b"], True, True],
        "accounts": [[], True, True],
        "no accounts": [[], False, False],
        "no service": [["a"], True, False],
        "numbers": [["12", "3", "b"], True, True],
        "nulls": [[], False, False],
        "no text": [[], False, False],
    }


def lines(text: str) -> dict[str, str]:
    """Return the variables of an environment file."""
    assert text.startswith("#")
    assert text.endswith("\n")
    rows = [line.partition("=") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: value for name, _equals, value in rows}


@pytest.fixture(name="texts")
def _texts(tmp_path: Path) -> Any:
    """Return the two files for each of some sets of variables."""
    shutil.copytree(COLLECTION / "roles" / "localai" / "templates", tmp_path / "templates")

    def texts(cases: dict[str, dict[str, Any]], given: str = "") -> dict[str, tuple[dict[str, str], dict[str, str]]]:
        found = evaluate(tmp_path, "[__localai_environment_text, __localai_secrets_text]", cases, given)
        return {name: (lines(plain), lines(secret)) for name, (plain, secret) in found.items()}

    return texts


# Dates and other values of YAML, which JSON has not.
GIVEN = r"""
localai_environment:
  LOCALAI_THREADS: 4
  LOCALAI_LOAD_TO_MEMORY: [a, b]
  LOCALAI_PRELOAD_MODELS: [{url: x}]
  QUOTED: 'a"b$c\d`e'
  SINCE: 2026-01-02
  HF_TOKEN: t
  HTTPS_PROXY: http://u:p@proxy:1
  HTTP_PROXY: http://proxy:1
  LOCALAI_API_KEY: k
  TLS_KEY_FILE: /etc/key
  GONE: null
localai_environment__b: {LOCALAI_THREADS: 8, LOCALAI_DEBUG: true}
localai_environment__a: {LOCALAI_THREADS: 6}
localai_secret_environment: {PLAIN: s, GONE_TOO: null}
localai_secret_environment__x: {MORE: s}
"""


def test_the_two_environment_files(texts: Any) -> None:
    found = texts({"given": {}}, GIVEN)
    plain, secret = found["given"]
    assert secret == {"HF_TOKEN": '"t"', "HTTPS_PROXY": '"http://u:p@proxy:1"', "MORE": '"s"', "PLAIN": '"s"'}
    home = "/var/lib/local-ai"
    assert plain == {
        "HTTP_PROXY": '"http://proxy:1"',
        "LOCALAI_ADDRESS": '"127.0.0.1:8080"',
        "LOCALAI_AUTO_UPGRADE_BACKENDS": '"false"',
        "LOCALAI_AUTOLOAD_BACKEND_GALLERIES": '"false"',
        "LOCALAI_AUTOLOAD_GALLERIES": '"false"',
        "LOCALAI_BACKENDS_PATH": f'"{home}/backends"',
        "LOCALAI_BACKENDS_SYSTEM_PATH": '"/usr/share/localai/backends"',
        "LOCALAI_BACKEND_GALLERIES": '"[]"',
        "LOCALAI_CONFIG_DIR": f'"{home}/configuration"',
        "LOCALAI_DATA_PATH": f'"{home}/data"',
        "LOCALAI_DEBUG": '"true"',
        "LOCALAI_GENERATED_CONTENT_PATH": f'"{home}/data/generated"',
        "LOCALAI_LOAD_TO_MEMORY": '"a,b"',
        "LOCALAI_MODELS_PATH": f'"{home}/models"',
        "LOCALAI_PRELOAD_MODELS": r'"[{\"url\": \"x\"}]"',
        "LOCALAI_THREADS": '"8"',
        "LOCALAI_UPLOAD_PATH": f'"{home}/data/uploads"',
        "QUOTED": r'"a\"b\$c\\d\`e"',
        "SINCE": '"2026-01-02"',
        "TLS_KEY_FILE": '"/etc/key"',
    }


def test_the_galleries_of_the_service(texts: Any) -> None:
    galleries = [{"name": "g", "url": "https://u:p@g.example.com/i"}]
    found = texts(
        {
            "default": {"localai_galleries": galleries},
            "given back": {"localai_service_galleries": True},
            "own": {"localai_service_galleries": "yes", "localai_galleries": galleries},
            "autoload": {"localai_environment": {"LOCALAI_AUTOLOAD_GALLERIES": True}},
            "credentials": {"__localai_credentials": "- match: x\n"},
        }
    )
    names = ("LOCALAI_BACKEND_GALLERIES", "LOCALAI_AUTOLOAD_BACKEND_GALLERIES", "LOCALAI_AUTOLOAD_GALLERIES")
    off = '"false"'
    assert [found["default"][0].get(name) for name in names] == ['"[]"', off, off]
    assert [found["given back"][0].get(name) for name in names] == [None, None, None]
    assert [found["own"][0].get(name) for name in names] == [None, None, None]
    # The address has a password in it.
    assert "g.example.com" in found["own"][1]["LOCALAI_BACKEND_GALLERIES"]
    assert [found["autoload"][0].get(name) for name in names] == ['"[]"', off, '"true"']
    assert found["credentials"][0]["LOCALAI_CREDENTIALS_FILE"] == '"/etc/localai/credentials.yaml"'


def test_a_secret_in_the_drop_in_is_a_warning(tmp_path: Path) -> None:
    cases = {
        "none": {},
        "harmless": {"localai_unit_overrides": {"Service": {"Environment": ["A=1"], "MemoryMax": "1G"}}},
        "secret": {"localai_unit_overrides": {"Service": {"Environment": ["A=1", "HF_TOKEN=x"]}}},
        "text": {"localai_unit_overrides": {"Service": {"Environment": "http_proxy=http://u:p@proxy"}}},
        "null": {"localai_unit_overrides": {"Service": None, "Unit": {}}},
    }
    found = evaluate(tmp_path, "__localai_variable_warnings | length", cases)
    assert found == {"none": 0, "harmless": 0, "secret": 1, "text": 1, "null": 0}


# What the drop-in has in the section Service, and what the warning names.
RELAXED: dict[str, tuple[dict[str, Any] | None, str]] = {
    "null": (None, ""),
    "others": ({"MemoryMax": "1G", "PrivateTmp": False, "ProtectHome": "no"}, ""),
    "stricter": ({"DevicePolicy": "strict", "SystemCallFilter": ["~@mount", "~@swap"]}, ""),
    "the same": ({"NoNewPrivileges": True, "PrivateUsers": "yes", "ProtectSystem": "strict"}, ""),
    "no capability": ({"CapabilityBoundingSet": ["", None]}, ""),
    "a capability": ({"CapabilityBoundingSet": "CAP_SYS_NICE"}, "CapabilityBoundingSet"),
    "all but a capability": ({"CapabilityBoundingSet": ["", "~CAP_SYS_ADMIN"]}, "CapabilityBoundingSet"),
    "devices": ({"DevicePolicy": "auto"}, "DevicePolicy"),
    "privileges": ({"NoNewPrivileges": False, "PrivateUsers": "no"}, "NoNewPrivileges, PrivateUsers"),
    "files": ({"ProtectSystem": "full"}, "ProtectSystem"),
    "no filter": ({"SystemCallFilter": None}, "SystemCallFilter"),
    "more calls": ({"SystemCallFilter": ["~@swap", "@mount"], "ProtectSystem": ""}, "ProtectSystem, SystemCallFilter"),
}


def test_a_weaker_sandbox_is_a_warning(tmp_path: Path) -> None:
    cases = {name: {"localai_unit_overrides": {"Service": service}} for name, (service, _names) in RELAXED.items()}
    text = "localai_unit_overrides relaxes {}. The service, and every backend, is less isolated from the host then."
    assert evaluate(tmp_path, "__localai_variable_warnings", cases) == {
        name: [text.format(names)] if names else [] for name, (_service, names) in RELAXED.items()
    }
