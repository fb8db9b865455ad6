# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A list of backends becomes the options of one task, in which some names have options of their own."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused, OptionError
from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND
from ansible_collections.localai.core.plugins.module_utils._module.backend_rows import options_of_rows
from ansible_collections.localai.core.plugins.module_utils._module.options import backend_options
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions

OPTIONS = BACKEND["argument_spec"]
ROW = dict.fromkeys(OPTIONS["backends"]["options"])
DIGEST = "sha256:" + "ab" * 32
PINS: dict[str, Any] = {"format": 1, "backends": []}


def options(*rows: dict[str, Any], **task: Any) -> BackendOptions:
    given = {name: option.get("default") for name, option in OPTIONS.items()}
    return options_of_rows({**given, **task, "backends": [{**ROW, **row} for row in rows]})


def test_plain_rows_are_names() -> None:
    both = options({"name": "g@a/b"}, {"name": "c"}, keep_previous=2)
    assert (both.names, both.absent, both.single, both.keep_previous) == (("g@a__b", "c"), (), {}, 2)
    assert both.spellings == {"g@a__b": "g@a/b", "a__b": "a/b"}


def test_rows_have_their_own_state() -> None:
    mixed = options({"name": "a"}, {"name": "b", "state": "latest"}, {"name": "c", "state": "absent"})
    assert (mixed.state, mixed.names, mixed.absent) == ("present", ("a", "b"), ("c",))
    assert (mixed.of("a").state, mixed.of("B").state, mixed.upgraded) == ("present", "latest", ("b",))


def test_rows_without_a_state_have_that_of_the_task() -> None:
    assert options({"name": "a"}, state="latest").upgraded == ("a",)
    removal = options(
        {"name": "a"}, {"name": "b", "state": "latest"}, {"name": "c", "state": "present"}, state="absent"
    )
    assert (removal.state, removal.names, removal.absent) == ("present", ("b", "c"), ("a",))
    assert removal.upgraded == ("b",)


def test_rows_have_their_own_source_and_version() -> None:
    rows = options(
        {"name": "own", "uri": " quay.io/x/y:v1 ", "alias": "other"},
        {"name": "g@fixed", "digest": DIGEST.upper().replace("SHA256", "sha256")},
        {"name": "old", "release": "v4.8.0"},
        {"name": "a"},
        {"name": "gone", "state": "absent"},
        release="v4.9.0",
    )
    assert rows.release == "v4.9.0"
    assert (rows.of("own").uri, rows.of("own").alias, rows.of("own").release) == (
        Address("quay.io/x/y:v1"),
        "other",
        None,
    )
    assert (rows.of("fixed").digest_of("fixed"), rows.of("fixed").digest_of("a")) == (DIGEST, None)
    assert rows.of("fixed").release is None
    assert rows.of("old").release == "v4.8.0"
    assert rows.of("a") is rows
    assert rows.of("old").names == rows.names


def test_rows_with_a_source_or_version_do_not_use_the_pins_of_the_task() -> None:
    rows = options({"name": "own", "uri": "/x"}, {"name": "a"}, {"name": "b", "state": "absent"}, pins=PINS)
    assert sorted(rows.single) == ["own"]


@pytest.mark.parametrize(
    ("rows", "task", "says"),
    [
        ([{"name": "a", "uri": "/x", "state": "absent"}], {}, "backends: a: uri cannot be used with state=absent."),
        ([{"name": "a", "uri": "/x"}], {"state": "absent"}, "backends: a: uri cannot be used with state=absent."),
        (
            [{"name": "a", "release": "v9"}],
            {"state": "absent"},
            "backends: a: release cannot be used with state=absent.",
        ),
        (
            [{"name": "a", "digest": DIGEST}],
            {"state": "latest"},
            "backends: a: digest cannot be used with state=latest",
        ),
        ([{"name": "a", "digest": "sha256:x"}], {}, "backends: a: digest: 'sha256:x' is not a digest"),
        ([{"name": "a", "uri": "x:y", "digest": DIGEST}], {}, "backends: a: uri and digest are mutually exclusive"),
        ([{"name": "a", "release": "v9/x"}], {}, "backends: a: release: 'v9/x' cannot be the beginning of a tag"),
        ([{"name": "g@a", "uri": "/x"}], {}, "backends: a: uri installs a backend without a gallery"),
        ([{"name": "a", "state": "latest"}], {"pins": PINS}, "backends: a: pins cannot be used with state=latest"),
        ([{"name": "a"}, {"name": "A", "uri": "/x"}], {}, "backends: A is listed twice, with different options."),
        ([{"name": "a"}, {"name": "a", "state": "absent"}], {}, "backends: a is listed twice"),
        ([{"name": "g@a"}, {"name": "h@a"}], {}, "g@a and h@a are the same backend from two galleries"),
        (
            [{"name": "a", "state": "absent"}],
            {"exclusive": True},
            "exclusive without a backend to install would remove",
        ),
        ([], {"exclusive": True}, "exclusive without a backend to install would remove all backends"),
    ],
)
def test_rows_that_contradict_the_task_or_each_other_are_refused(
    rows: list[dict[str, Any]], task: dict[str, Any], says: str
) -> None:
    with pytest.raises(OptionError) as refused:
        options(*rows, **task)
    assert says in str(refused.value)


def test_either_names_or_rows_are_required() -> None:
    given = {name: option.get("default") for name, option in OPTIONS.items()}
    with pytest.raises(OptionError, match="One of the options name and backends is required"):
        backend_options({**given, "name": None, "backends": None})
    assert backend_options({**given, "backends": [{**ROW, "name": "a"}]}).names == ("a",)


def test_a_name_can_be_listed_twice_with_the_same_options() -> None:
    assert options({"name": "a"}, {"name": "g@A"}).names == ("a", "g@A")


def test_all_wrong_names_are_refused_together() -> None:
    with pytest.raises(NameRefused) as refused:
        options({"name": "../x"}, {"name": ".y"})
    assert "../x" in str(refused.value)
    assert ".y" in str(refused.value)
    with pytest.raises(NameRefused):
        options({"name": "a", "uri": "/x", "alias": "b/c"})
