# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trusted root of a task: its name, its age, and what is wrong with the option."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._resolver.trusted_root import (
    root_of_collection,
    root_of_task,
)
from ansible_collections.localai.core.plugins.module_utils._sigstore.public_root import DATE
from ansible_collections.localai.core.tests.support.sigstore.instance import Instance

DAY = dt.datetime.fromisoformat(f"{DATE}T00:00:00+00:00").timestamp()
ROOT = json.dumps(Instance().trusted_root())


def test_a_file_and_its_content_are_the_same_trusted_root(tmp_path: Path) -> None:
    path = tmp_path / "root.json"
    path.write_text(ROOT)
    assert root_of_task(str(path)) == root_of_task(ROOT)
    assert re.fullmatch("trusted_root sha256:[0-9a-f]{16}", root_of_task(ROOT).name)
    assert root_of_task(ROOT + " ").name != root_of_task(ROOT).name


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "the trusted root is not valid JSON"), ("[]", "is not a mapping"), ("{}", "is not that of a trusted root")],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "root.json"
    path.write_text(content)
    with pytest.raises(OptionError) as caught:
        root_of_task(str(path))
    assert str(caught.value).startswith(f"trusted_root: {path}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(("path", "says"), [("/no/such.json", "No such file"), ("/proc", "directory")])
def test_a_path_that_cannot_be_read_is_named(path: str, says: str) -> None:
    with pytest.raises(OptionError, match=f"^trusted_root: {path}: .*{says}.* on this host"):
        root_of_task(path)


@pytest.mark.parametrize(("days", "warned"), [(0, False), (270, False), (271, True)])
def test_an_old_trusted_root_of_the_collection_is_a_warning(days: int, warned: bool) -> None:
    warnings: list[str] = []
    assert root_of_collection(DAY + days * 86400, warnings).name == f"trusted root of the collection, {DATE}"
    assert bool(warnings) is warned
    assert not warned or f"the trusted root of this collection is {days} days old" in warnings[0]
