# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that models share: who needs which content."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.tests.support.model_plans import A, B, ModelsPath, entry, row, sha256, want

OF_LOCALAI = f"files: [{{filename: a, sha256: {sha256(A).upper()}}}]".encode()


@pytest.fixture
def path():
    return ModelsPath([entry("m", row("a", A)), entry("n", row("a", B)), entry("free", row("a", A, digest=False))])


def test_the_record_of_localai_counts_for_a_model_that_is_installed(path):
    path.files.update({"x.yaml": b"name: x", "._gallery_x.yaml": OF_LOCALAI})
    with pytest.raises(HostError, match=r"n needs the file a with the sha256 .*, and x\.yaml needs another content"):
        path.plan(want("n"))
    path.plan(want("m"))
    del path.files["x.yaml"]
    path.plan(want("n"))


def test_a_file_that_localai_recorded_with_the_same_digest_is_repaired(path):
    path.files.update({"x.yaml": b"name: x\nparameters: {model: a}", "._gallery_x.yaml": OF_LOCALAI, "a": b"damaged"})
    assert [file.filename for _name, file in path.plan(want("m")).fetched] == ["a"]


@pytest.mark.parametrize("document", [b"files: x", b"files: [x]", b"files: [{filename: a}]", b"[1]", b": {", b""])
def test_other_records_harm_nothing(path, document):
    path.files.update({"x.yaml": b"name: x", "._gallery_x.yaml": document})
    path.plan(want("n"))


def test_without_a_digest_the_address_decides(path):
    path.run(want("free"))
    path.gallery[1] = entry("n", row("a", B, digest=False))
    with pytest.raises(HostError, match=r"n needs the file a, and free\.yaml needs another content"):
        path.plan(want("n"))


def test_the_message_names_the_configuration_and_not_the_record(path):
    path.files.update({"x.yaml": b"name: x", "._gallery_x.yaml": b"description: see a\nfiles: []", "a": B})
    with pytest.raises(HostError, match=r"and x\.yaml needs another content"):
        path.plan(want("m"))
