# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Comparisons of files: what is fetched, and what is used as it is; more is in the tests of plans."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, HostError, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import FileState
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec
from ansible_collections.localai.core.plugins.module_utils._planner.models.files import check_uri
from ansible_collections.localai.core.tests.support.model_plans import A, B, ModelsPath, entry, row, want


@pytest.mark.parametrize(
    "uri", ["hf://o/r/f", "https://h/f", "ollama://m:t", "oci://r/m:t", "/srv/f", "github:o/r/f@main"]
)
def test_these_addresses_can_be_fetched(uri):
    check_uri("m", FileSpec("f", Address(uri)))


@pytest.mark.parametrize("uri", ["gopher://h/f", "f", "hf://o/r", "https://user:secret@h/f", "ollama://"])
def test_others_are_an_error_that_names_the_file(uri):
    with pytest.raises(SourceError, match="m: f cannot be fetched from ") as error:
        check_uri("m", FileSpec("f", Address(uri)))
    assert "secret" not in str(error.value)


def test_what_is_no_regular_file_is_an_error():
    path = ModelsPath([entry("m", row("a", A))])
    path.state = lambda _name: FileState(-1, FileAttributes())  # type: ignore[method-assign]
    with pytest.raises(HostError, match="/m/a is not a regular file, and a model needs one there"):
        path.plan(want("m"))


def test_an_archive_that_cannot_be_unpacked_is_an_error_before_its_transfer():
    path = ModelsPath([entry("m", row("a.tar.lz4", A))])
    with pytest.raises(GalleryError, match=r"m: a\.tar\.lz4 is an archive of a kind that cannot be unpacked here"):
        path.plan(want("m"))


def test_an_archive_is_unpacked_when_it_is_fetched_and_when_something_of_it_is_missing():
    path = ModelsPath([entry("m", row("v.tar", A))])
    assert path.run(want("m")).steps[0].unpack == ("v.tar",)
    record = path.records["m"]
    path.records["m"] = type(record)(**{**vars(record), "written": {"v/x": 1}})
    plan = path.plan(want("m"))
    assert (plan.outcomes[0].reason, plan.steps[0].unpack, list(plan.fetched)) == ("v/x is missing", ("v.tar",), [])


def test_a_file_under_another_digest_is_replaced():
    path = ModelsPath([entry("m", row("a", A))])
    path.files["a"] = B
    plan = path.plan(want("m"))
    assert (plan.steps[0].replaced, [file.filename for _name, file in plan.fetched]) == (frozenset({"a"}), ["a"])
