# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a run about models."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.models.record import InstalledFile
from ansible_collections.localai.core.plugins.module_utils._module.models.apply import Transfer
from ansible_collections.localai.core.plugins.module_utils._module.models.result import Sizes, result_of, shown
from ansible_collections.localai.core.tests.support.model_plans import A, ModelsPath, entry, row, want


def test_secrets_in_addresses_are_not_shown():
    config = {"a": "see https://user:secret@example.com/x?token=secret", "b": ["https://u:secret@h/"], "c": {"d": 1}}
    assert "secret" not in str(shown(config))
    assert shown({"a": "user:text", "n": None})["a"] == "user:text"


def test_a_row_has_what_is_known_before_and_after_a_transfer():
    path = ModelsPath([entry("one", row("a.gguf", A, digest=False))])
    plan = path.plan(want("one"))
    before = result_of(plan, Sizes({"a.gguf": 12}, {"one": 12}), {}, {})["models"][0]
    assert before["files"][0] == {**before["files"][0], "size": 12, "sha256": None}
    assert (before["served_by"], before["bytes_transferred"], before["elapsed"]) == ([], 0, 0.0)
    file = InstalledFile("a.gguf", Address("https://u:secret@h/a"), "ab", 13)
    after = result_of(plan, Sizes(), {"a.gguf": file}, {"one": Transfer(("https://h/a",), 13, 0.5)})["models"][0]
    assert after["files"] == [{"filename": "a.gguf", "uri": "https://h/a", "sha256": "ab", "size": 13}]
    assert (after["served_by"], after["bytes_transferred"], after["elapsed"]) == (["https://h/a"], 13, 0.5)


def test_differences_name_what_changes():
    path = ModelsPath([entry("one", row("a.gguf", A))])
    first = result_of(path.run(want("one")), Sizes(), {}, {})
    assert [difference["before_header"] for difference in first["diff"]] == ["one.yaml", "files of one"]
    assert (first["diff"][0]["before"], first["diff"][1]["before"]) == ("", {})
    second = result_of(path.run(want("one", config={"threads": 2})), Sizes(), {}, {})
    assert [difference["before_header"] for difference in second["diff"]] == ["one.yaml"]
    assert "threads: 2" in second["diff"][0]["after"]
    nothing = result_of(path.run(want("one", config={"threads": 2})), Sizes(), {}, {})
    assert (nothing["changed"], nothing["diff"]) == (False, [])
    path.files.pop("._gallery_one.yaml")
    record = result_of(path.run(want("one", config={"threads": 2})), Sizes(), {}, {})
    assert (record["changed"], [row["before_header"] for row in record["diff"]]) == (True, ["record of one"])
