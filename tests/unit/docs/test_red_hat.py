# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example `fapolicyd.yml` writes rules for the directories and the account that the role uses."""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from pathlib import Path
from typing import Any

from ansible_collections.localai.core.tests.support.playbook import COLLECTION

from ..roles.test_role_variables import evaluate
from .example import configured

ROLE = COLLECTION / "roles" / "localai"


def rules(work: Path, **inventory: Any) -> tuple[str, list[str]]:
    """Run the example, and return what it prints and the rules without comments."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    path = work / "25-localai.rules"
    own = {"localai_user": user, "fapolicyd_group": grp.getgrgid(os.getegid()).gr_name, **inventory}
    output = configured(work, "fapolicyd.yml", inventory=own, fapolicyd_rules=str(path))
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return output, [line for line in lines if not line.startswith("#")]


def test_the_rules_are_for_the_account_and_the_directories_of_the_role(tmp_path: Path) -> None:
    output, lines = rules(tmp_path)
    assert re.search(r"changed=1 +unreachable=0 +failed=0", output), output
    own = f"allow perm=any uid={os.geteuid()} : dir="
    programs = "allow perm=any all : dir=/opt/localai/bin/"
    assert lines == [programs, f"{own}/var/lib/local-ai/", f"{own}/var/lib/local-ai/backends/"]
    assert stat.S_IMODE((tmp_path / "25-localai.rules").stat().st_mode) == 0o644
    assert re.search(r"changed=0 +unreachable=0 +failed=0", rules(tmp_path)[0])
    other = {"localai_home": "/srv/ai", "localai_backends_path": "/fast/backends"}
    assert rules(tmp_path, **other)[1] == [programs, f"{own}/srv/ai/", f"{own}/fast/backends/"]


def test_a_user_that_check_mode_does_not_find_is_no_error(tmp_path: Path) -> None:
    output, lines = rules(tmp_path, localai_user="nobody-has-this-name")
    assert "failed=0" in output, output
    assert lines[1].startswith("allow perm=any uid=UNKNOWN : ")


def test_paths_of_the_example_are_those_of_the_role(tmp_path: Path) -> None:
    instance = (ROLE / "vars" / "main" / "instance.yml").read_text(encoding="utf-8")
    assert '__localai_programs: "/opt/{{ __localai_name }}"' in instance
    assert '__localai_binary_directory: "{{ __localai_programs }}/bin"' in instance
    defaults = evaluate(tmp_path, "[localai_user, localai_group, localai_home]", {"the role": {}})["the role"]
    assert defaults == ["localai", "localai", "/var/lib/local-ai"]
