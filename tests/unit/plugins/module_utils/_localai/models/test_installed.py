# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installed models as values."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.definition import Definition, Parts
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import (
    FileState,
    InstalledModel,
    InstalledModels,
)
from ansible_collections.localai.core.plugins.module_utils._localai.models.record import InstalledFile, Record


def state(size):
    return FileState(size, FileAttributes())


def test_what_is_recorded_and_not_there_with_its_size_is_missing():
    files = tuple(InstalledFile(name, Address("u"), size=1) for name in "abc")
    record = Record("m", {}, Parts(Definition()), files=files, written={"t": 2})
    model = InstalledModel("m", record=record, files={"a": state(1), "b": state(2), "t": state(2), "other": state(0)})
    assert model.missing == ["b", "c"]
    assert InstalledModel("m").missing == []


def test_a_model_is_looked_up_with_or_without_its_case():
    models = {name: InstalledModel(name) for name in ("Qwen", "other")}
    installed = InstalledModels("/m", models, ("Qwen", "other"))
    assert installed.find("qwen", exact=False) is models["Qwen"]
    assert installed.find("qwen", exact=True) is None
    assert installed.find("Qwen", exact=True) is models["Qwen"]
    assert installed.find("none", exact=False) is None
