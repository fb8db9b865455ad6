# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done about what is wanted and what is there: a table, row by row, and what holds for any state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._localai.server import server_mapping
from ansible_collections.localai.core.plugins.module_utils._planner.diagnose import diagnose
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Fetch
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, bare_name
from ansible_collections.localai.core.plugins.module_utils._sources.uri import same_uri
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    GALLERY,
    NVIDIA_HOST,
    OLD_DIGEST,
    carried_out,
    concrete,
    decide,
    installed,
    meta,
    short,
    unreadable,
    want,
)

NOTHING = "none: "

TABLE = [
    # situation, what is there, name -> present, absent
    ("not installed", installed(), "piper", "install: fetch piper", NOTHING),
    ("not installed, beside others", installed(concrete("cpu-m")), "piper", "install: fetch piper", NOTHING),
    ("a meta that is not installed", installed(), "m", "install: fetch cpu-m, meta m", NOTHING),
    ("a meta is missing, its concrete is there", installed(concrete("cpu-m")), "m", "install: meta m", NOTHING),
    (
        "a meta is missing, its concrete answers as alias",
        installed(concrete("cpu-x", "x")),
        "x",
        NOTHING,
        "remove: remove cpu-x",
    ),
    (
        "a meta is missing, its concrete is damaged",
        installed(concrete("cpu-m", runnable=False)),
        "m",
        "install: fetch cpu-m, meta m",
        NOTHING,
    ),
    ("installed, directly", installed(concrete("piper")), "piper", NOTHING, "remove: remove piper"),
    ("installed, written otherwise", installed(concrete("Kokoro")), "KOKORO", NOTHING, "remove: remove Kokoro"),
    (
        "installed, without metadata",
        installed(Directory("piper", "directory", True, True)),
        "piper",
        NOTHING,
        "remove: remove piper",
    ),
    (
        "installed, as alias",
        installed(concrete("cpu-x", "x"), concrete("rocm-x", "x")),
        "x",
        NOTHING,
        "remove: remove cpu-x, remove rocm-x",
    ),
    ("installed, as alias, written otherwise", installed(concrete("cpu-x", "x")), "X", NOTHING, "remove: remove cpu-x"),
    (
        "installed, as meta",
        installed(meta("m", "cpu-m"), concrete("cpu-m")),
        "m",
        NOTHING,
        "remove: remove cpu-m, remove m",
    ),
    (
        "installed, as meta and alias",
        installed(meta("x", "cpu-x"), concrete("cpu-x", "x")),
        "x",
        NOTHING,
        "remove: remove cpu-x, remove x",
    ),
    (
        "installed, as meta in another directory",
        installed(meta("m", "cpu-m", "d"), concrete("cpu-m")),
        "m",
        NOTHING,
        "remove: remove cpu-m, remove d",
    ),
    (
        "installed, a meta for other hardware than now",
        installed(meta("m", "old-m"), concrete("old-m")),
        "m",
        NOTHING,
        "remove: remove old-m, remove m",
    ),
    (
        "a directory without run file",
        installed(concrete("piper", runnable=False)),
        "piper",
        "repair: fetch piper",
        "remove: remove piper",
    ),
    (
        "a directory without anything",
        installed(Directory("piper")),
        "piper",
        "repair: fetch piper",
        "remove: remove piper",
    ),
    ("unreadable metadata", installed(unreadable("piper")), "piper", "repair: fetch piper", "remove: remove piper"),
    ("a meta whose concrete is gone", installed(meta("m", "cpu-m")), "m", "repair: fetch cpu-m", "remove: remove m"),
    (
        "a meta whose concrete is gone and another now",
        installed(meta("m", "old-m")),
        "m",
        "repair: fetch cpu-m, meta m",
        "remove: remove m",
    ),
    (
        "a meta whose concrete is damaged",
        installed(meta("m", "cpu-m"), Directory("cpu-m")),
        "m",
        "repair: fetch cpu-m",
        "remove: remove cpu-m, remove m",
    ),
    (
        "a meta with unreadable metadata",
        installed(unreadable("m"), concrete("cpu-m")),
        "m",
        "repair: meta m",
        "remove: remove m",
    ),
    ("a meta that leads out", installed(meta("m", "../../x")), "m", "repair: fetch cpu-m, meta m", "remove: remove m"),
    (
        "an alias whose winner cannot run",
        installed(concrete("cpu-x", "x", runnable=False)),
        "x",
        "repair: fetch cpu-x",
        "remove: remove cpu-x",
    ),
    (
        "damaged, spelled otherwise",
        installed(Directory("KOKORO")),
        "KOKORO",
        "repair: fetch Kokoro, remove KOKORO",
        "remove: remove KOKORO",
    ),
    (
        "damaged, spelled otherwise, beside a sound one",
        installed(Directory("KOKORO"), concrete("Kokoro")),
        "KOKORO",
        "repair: remove KOKORO",
        "remove: remove KOKORO, remove Kokoro",
    ),
    (
        "a meta whose concrete is gone, spelled otherwise",
        installed(meta("M", "gone")),
        "M",
        "repair: fetch cpu-m, meta m, remove M",
        "remove: remove M",
    ),
    (
        "a file in its place",
        installed(Directory("piper", "other")),
        "piper",
        "install: fetch piper",
        "remove: remove piper",
    ),
    (
        "a symlink in its place",
        installed(Directory("piper", "symlink", True, True)),
        "piper",
        "install: fetch piper",
        "remove: remove piper",
    ),
    (
        "a symlink in the place of a meta",
        installed(Directory("m", "symlink"), concrete("cpu-m")),
        "m",
        "install: meta m",
        "remove: remove m",
    ),
    (
        "a symlink in the place of its concrete",
        installed(Directory("cpu-m", "symlink", True, True)),
        "m",
        "install: fetch cpu-m, meta m",
        NOTHING,
    ),
    ("only a system backend answers", installed(system=("piper",)), "piper", NOTHING, NOTHING),
    (
        "a system backend under one of ours",
        installed(concrete("piper"), system=("piper",)),
        "piper",
        NOTHING,
        "remove: remove piper",
    ),
    (
        "a system backend under a damaged one of ours",
        installed(Directory("piper"), system=("piper",)),
        "piper",
        "repair: fetch piper",
        "remove: remove piper",
    ),
]


@pytest.mark.parametrize(
    ("state", "name", "present", "absent"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_each_situation_has_its_action_and_then_none(state: Installed, name: str, present: str, absent: str) -> None:
    for options, expected in ((want(name), present), (want(name, state="absent"), absent)):
        decided = decide(options, state)
        assert short(decided) == expected
        after = carried_out(decided.steps, state)
        assert decided.restart_required is (server_mapping(state, "default") != server_mapping(after, "default"))
        assert short(decide(options, after)) == NOTHING


PINNED = [
    # what is there, options besides the name -> plan
    (installed(), {}, "install: fetch piper"),
    (installed(concrete("piper", uri="/src")), {}, NOTHING),
    (installed(concrete("piper", uri="oci:///src")), {}, NOTHING),
    (installed(concrete("piper", uri="/src/")), {}, NOTHING),
    (installed(concrete("piper", uri="/other")), {}, "replace: fetch piper"),
    (installed(Directory("piper", "directory", True, True)), {}, "replace: fetch piper"),
    (installed(concrete("piper", uri="/src", runnable=False)), {}, "repair: fetch piper"),
    (installed(unreadable("piper")), {}, "repair: fetch piper"),
    (installed(Directory("piper", "symlink", True, True)), {}, "install: fetch piper"),
    (installed(meta("piper", "cpu-x"), concrete("cpu-x")), {}, "replace: fetch piper, retire cpu-x"),
    (installed(concrete("cpu-x", "piper", uri="/src")), {}, "install: fetch piper"),
    (installed(system=("piper",)), {}, "install: fetch piper"),
    (installed(concrete("piper", uri="/src")), {"force": True}, "replace: fetch piper"),
    (installed(concrete("piper", "a", uri="/src")), {"alias": "a"}, NOTHING),
    (installed(concrete("piper", "a", uri="/src")), {"alias": "b"}, "replace: metadata piper"),
    (installed(concrete("piper", "a", uri="/src")), {}, NOTHING),
    (installed(concrete("piper", uri="/other")), {"alias": "b"}, "replace: fetch piper"),
]


@pytest.mark.parametrize(("state", "more", "expected"), PINNED)
def test_a_uri_is_a_pin(state: Installed, more: dict[str, Any], expected: str) -> None:
    options = want("piper", uri=Address("/src"), **more)
    decided = decide(options, state)
    assert short(decided) == expected
    after = carried_out(decided.steps, state)
    assert Listing(after, "default").find("piper") is not None
    if "force" not in more:
        assert short(decide(options, after)) == NOTHING


@pytest.mark.parametrize(("uri", "alias"), [("/src", "b"), ("/src", None), ("/new", None), ("/new", "b")])
def test_a_pin_that_is_written_otherwise_means_the_same_backend(uri: str, alias: str | None) -> None:
    state = installed(concrete("Kokoro", "a", uri="/src"))
    options = want("kokoro", uri=Address(uri), alias=alias)
    after = carried_out(decide(options, state).steps, state)
    assert [each.name.lower() for each in after.directories] == ["kokoro"]
    assert decide(options, after).steps == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("quay.io/x/y:z", "oci://quay.io/x/y:z", True),
        ("quay.io/x/y:z", "quay.io/x/y:a", False),
        ("/a/b/", "/a/b", True),
        ("/a/b", "/a/c", False),
        ("https://h/a/", "https://h/a", False),
        ("", "/a", False),
    ],
)
def test_two_uris_may_mean_the_same(one: str, other: str, same: bool) -> None:
    assert same_uri(Address(one), Address(other)) is same


FORCED = [
    (installed(), "piper", "install: fetch piper"),
    (installed(concrete("piper")), "piper", "replace: fetch piper"),
    (installed(Directory("piper")), "piper", "repair: fetch piper"),
    (installed(meta("m", "cpu-m"), concrete("cpu-m")), "m", "replace: fetch cpu-m"),
    (installed(meta("m", "old-m"), concrete("old-m")), "m", "replace: fetch cpu-m, meta m, retire old-m"),
    (installed(concrete("cpu-x", "x")), "x", "replace: fetch cpu-x, meta x"),
]


@pytest.mark.parametrize(("state", "name", "expected"), FORCED)
def test_force_installs_again_what_is_installed(state: Installed, name: str, expected: str) -> None:
    assert short(decide(want(name, force=True), state)) == expected


def test_an_alias_that_runs_another_build_than_its_meta_is_repaired_where_the_server_looks() -> None:
    state = installed(meta("x", "cpu-x"), concrete("cpu-x", "x"), concrete("cuda12-x", "x", runnable=False))
    assert short(decide(want("x"), state, NVIDIA_HOST)) == "repair: fetch cuda12-x"
    assert short(decide(want("x"), state, CPU_HOST)) == NOTHING


@pytest.mark.parametrize("force", [False, True])
def test_a_name_that_is_repaired_can_run_even_if_the_server_takes_another_build_that_is_damaged_too(
    force: bool,
) -> None:
    state = installed(Directory("x"), concrete("cuda12-x", "x", runnable=False))
    decided = decide(want("x", force=force), state, NVIDIA_HOST)
    assert short(decided) == "repair: fetch cpu-x, meta x, fetch cuda12-x"
    after = carried_out(decided.steps, state)
    assert short(decide(want("x"), after, NVIDIA_HOST)) == NOTHING


def test_a_build_that_lost_its_alias_in_the_gallery_is_repaired_and_the_name_runs_all_the_same() -> None:
    state = installed(concrete("piper", "x", runnable=False))
    for names in (("x",), ("x", "piper"), ("piper", "x")):
        decided = decide(want(*names), state)
        after = carried_out(decided.steps, state)
        row = Listing(after, "default").find("x")
        assert row is not None
        assert row.runnable


# --- several names

SEVERAL = [
    # what is there, names -> present, absent
    (installed(), (), ": ", ": "),
    (installed(), ("piper", "m"), "install, install: fetch piper, fetch cpu-m, meta m", "none, none: "),
    (installed(), ("m", "cpu-m"), "install, none: fetch cpu-m, meta m", "none, none: "),
    (installed(), ("cpu-m", "m"), "install, install: fetch cpu-m, meta m", "none, none: "),
    (installed(), ("piper", "piper", "Piper"), "install, none, none: fetch piper", "none, none, none: "),
    (installed(), ("m", "poor"), "install, install: fetch cpu-m, meta m, meta poor", "none, none: "),
    (
        installed(meta("m", "cpu-m"), concrete("cpu-m"), concrete("piper")),
        ("piper", "m"),
        "none, none: ",
        "remove, remove: remove piper, remove cpu-m, remove m",
    ),
    (
        installed(meta("m", "cpu-m"), concrete("cpu-m")),
        ("m", "cpu-m"),
        "none, none: ",
        "remove, remove: remove cpu-m, remove m",
    ),
    (
        installed(meta("m", "cpu-m"), concrete("cpu-m")),
        ("cpu-m", "m"),
        "none, none: ",
        "remove, remove: remove cpu-m, remove m",
    ),
]


@pytest.mark.parametrize(("state", "names", "present", "absent"), SEVERAL)
def test_several_names_are_one_plan_in_their_order(
    state: Installed, names: tuple[str, ...], present: str, absent: str
) -> None:
    assert short(decide(want(*names), state)) == present
    assert short(decide(want(*names, state="absent"), state)) == absent


def test_a_build_that_two_forced_names_share_is_fetched_once() -> None:
    decided = decide(want("m", "cpu-m", force=True), installed())
    assert short(decided) == "install, replace: fetch cpu-m, meta m"


def test_the_name_of_a_gallery_is_no_part_of_the_backend() -> None:
    assert bare_name("g@piper") == "piper"
    assert bare_name("piper") == "piper"
    assert short(decide(want("g@piper", state="absent"), installed(concrete("piper")))) == "remove: remove piper"
    assert diagnose("piper", want(), installed(), CPU_HOST, FileAttributes()).subject == "piper"


# --- removal


REMOVED = [
    # what is there, names -> steps, and what goes along
    ((meta("m", "cpu-m"), meta("n", "cpu-m"), concrete("cpu-m")), ("m",), ["m"], []),
    ((meta("m", "cpu-m"), meta("n", "cpu-m"), concrete("cpu-m")), ("m", "n"), ["cpu-m", "m", "n"], ["cpu-m"]),
    ((meta("m", "cpu-m"), concrete("cpu-m")), ("m",), ["cpu-m", "m"], ["cpu-m"]),
    ((concrete("a", "x"), concrete("b", "x"), concrete("c", "y")), ("x",), ["a", "b"], ["a", "b"]),
    ((meta("m", "a"), concrete("a", "x")), ("x",), ["a", "m"], ["a", "m"]),
    (
        (meta("x", "b"), meta("m", "a"), concrete("a", "x"), concrete("b")),
        ("x",),
        ["a", "b", "m", "x"],
        ["a", "b", "m"],
    ),
    ((concrete("x"), concrete("a", "x")), ("x",), ["a", "x"], ["a"]),
    ((concrete("x"), concrete("a", "x")), ("x", "a"), ["a", "x"], []),
    ((concrete("a", "x"), concrete("b", "x")), ("x", "a"), ["a", "b"], ["b"]),
    ((meta("m", "m2"), meta("m2", "cpu"), concrete("cpu")), ("m",), ["m"], []),
    ((meta("m", "../x"),), ("m",), ["m"], []),
    ((meta("m", "m"),), ("m",), ["m"], []),
    ((Directory("l", "symlink", True, True), concrete("a")), ("l",), ["l"], []),
    ((meta("m", "l"), Directory("l", "symlink", True, True)), ("m",), ["l", "m"], ["l"]),
    ((concrete("piper"), concrete("piper2")), ("piper",), ["piper"], []),
]


@pytest.mark.parametrize(("directories", "names", "steps", "along"), REMOVED)
def test_after_a_removal_nothing_answers_to_the_name_and_what_others_need_stays(
    directories: tuple[Directory, ...], names: tuple[str, ...], steps: list[str], along: list[str]
) -> None:
    state = installed(*directories)
    decided = decide(want(*names, state="absent"), state)
    assert sorted(step.backend for step in decided.steps) == steps
    assert sorted(backend for backend, _reason in decided.removed) == along
    assert all(reason for _backend, reason in decided.removed)
    rows = Listing(carried_out(decided.steps, state), "default")
    assert [name for name in names if rows.find(name)] == []


def test_builds_go_before_the_metas_that_stand_for_them() -> None:
    decided = decide(want("m", state="absent"), installed(meta("m", "z"), concrete("z")))
    assert [step.backend for step in decided.steps] == ["z", "m"]


@pytest.mark.parametrize(
    ("directories", "names", "meta_in_the_way"),
    [
        ((meta("m", "cpu-m"), concrete("cpu-m")), ("cpu-m",), "m"),
        ((meta("m", "cpu-m"), meta("n", "cpu-m"), concrete("cpu-m")), ("cpu-m", "m"), "n"),
        ((meta("m", "cpu-m"), concrete("cpu-m")), ("CPU-M",), "m"),
    ],
)
def test_a_build_that_another_meta_stands_for_is_not_removed_by_its_own_name(
    directories: tuple[Directory, ...], names: tuple[str, ...], meta_in_the_way: str
) -> None:
    with pytest.raises(OptionError) as refused:
        decide(want(*names, state="absent"), installed(*directories))
    assert "cpu-m cannot be removed" in str(refused.value)
    assert f"the installed meta backend {meta_in_the_way} " in str(refused.value)


# --- what the plan says about itself


def test_a_plan_shows_each_directory_before_and_after() -> None:
    (step,) = decide(want("piper", force=True), installed(concrete("piper", "p"))).steps
    assert step.before == {
        "backend": "piper",
        "alias": "p",
        "uri": Address("quay.io/piper"),
        "digest": OLD_DIGEST,
        "version": None,
        "owner": "root",
        "group": "root",
        "mode": "0750",
        "run_file": "/b/piper/run.sh",
    }
    changed = {"alias": None, "digest": DIGEST, "owner": "localai", "group": "users", "mode": "0755"}
    assert step.after == {**step.before, **changed}


def test_a_new_directory_has_nothing_before_and_a_removed_one_nothing_after() -> None:
    (fetch, write) = decide(want("m"), installed()).steps
    assert (fetch.before, write.before) == ({}, {})
    assert (write.after["backend"], write.after["run_file"]) == ("cpu-m", "/b/cpu-m/run.sh")
    (removal,) = decide(want("piper", state="absent"), installed(Directory("piper"))).steps
    assert removal.after == {}
    assert (removal.before["backend"], removal.before["run_file"]) == ("piper", None)


def test_no_time_stands_in_what_is_shown() -> None:
    before = installed(meta("m", "gone"))
    shown = [{**step.before, **step.after} for step in decide(want("m"), before).steps]
    assert "installed_at" not in {key for values in shown for key in values}
    assert "earlier" not in {value for values in shown for value in values.values()}


def test_metadata_is_what_localai_would_write() -> None:
    fetch, write = decide(want("x", force=True), installed()).steps
    assert fetch.metadata == Metadata(
        alias="x", name="cpu-x", gallery_url=Address("g"), uri=Address("quay.io/cpu-x"), digest=DIGEST
    )
    assert write.metadata == Metadata(meta_backend_for="cpu-x", name="x", gallery_url=Address("g"))
    (archive,) = decide(want("archived"), installed()).steps
    assert archive.metadata == Metadata(
        name="archived", gallery_url=Address("g"), version="1.10", uri=Address("https://example.com/archived.tar")
    )
    assert archive.record == Record(requested=True, sha256="cd" * 32)
    assert archive.after["digest"] == "sha256:" + "cd" * 32
    (pinned,) = decide(want("mine", uri=Address("/src"), alias="x"), installed()).steps
    assert pinned.metadata == Metadata(alias="x", name="mine", uri=Address("/src"))


@pytest.mark.parametrize(
    ("names", "force", "requested"),
    [
        (("m",), False, False),
        (("cpu-m",), False, True),
        (("m", "cpu-m"), False, True),
        (("m", "cpu-m"), True, True),
        (("cpu-m", "m"), False, True),
        (("cpu-m", "m"), True, True),
    ],
)
def test_the_record_says_whether_a_build_was_asked_for_by_name(
    names: tuple[str, ...], force: bool, requested: bool
) -> None:
    (record,) = (
        step.record for step in decide(want(*names, force=force), installed()).steps if isinstance(step, Fetch)
    )
    assert record is not None
    assert record.requested is requested


def test_a_build_that_was_asked_for_by_name_stays_so_when_its_meta_repairs_it() -> None:
    asked = replace(concrete("cpu-m", runnable=False), record=Record(requested=True))
    (step,) = decide(want("m"), installed(meta("m", "cpu-m"), asked)).steps
    assert step.record is not None
    assert step.record.requested


@dataclass(frozen=True)
class Said:
    """What the module returns of an outcome."""

    name: str
    backend: str | None
    action: str
    capability: str
    run_file: str | None
    uri: str | None
    digest: str | None


def said(decided: Plan) -> Said:
    (outcome,) = decided.outcomes
    return Said(
        outcome.name,
        outcome.backend,
        outcome.action,
        outcome.capability,
        outcome.run_file,
        outcome.uri.text if outcome.uri else None,
        outcome.digest,
    )


SAID = [
    (want("m"), installed(), Said("m", "cpu-m", "install", "nvidia", "/b/cpu-m/run.sh", "quay.io/cpu-m", DIGEST)),
    (
        want("KOKORO"),
        installed(),
        Said("Kokoro", "Kokoro", "install", "nvidia", "/b/Kokoro/run.sh", "quay.io/Kokoro", DIGEST),
    ),
    (
        want("x"),
        installed(concrete("cpu-x", "x")),
        Said("x", "cpu-x", "none", "nvidia", "/b/cpu-x/run.sh", "quay.io/cpu-x", OLD_DIGEST),
    ),
    (
        want("m"),
        installed(concrete("cpu-m")),
        Said("m", "cpu-m", "install", "nvidia", "/b/cpu-m/run.sh", "quay.io/cpu-m", OLD_DIGEST),
    ),
    (
        want("piper"),
        installed(system=("piper",)),
        Said("piper", "piper", "none", "nvidia", "/s/piper/run.sh", None, None),
    ),
    (
        want("from-directory"),
        installed(),
        Said(
            "from-directory",
            "from-directory",
            "install",
            "nvidia",
            "/b/from-directory/run.sh",
            "/srv/from-directory",
            None,
        ),
    ),
    (want("piper", state="absent"), installed(), Said("piper", None, "none", "nvidia", None, None, None)),
    (
        want("m", state="absent"),
        installed(meta("m", "a"), concrete("a")),
        Said("m", "a", "remove", "nvidia", None, None, None),
    ),
    (
        want("piper", state="absent"),
        installed(system=("piper",)),
        Said("piper", "piper", "none", "nvidia", "/s/piper/run.sh", None, None),
    ),
    (
        want("piper", uri=Address("/src"), alias="b"),
        installed(concrete("piper", "a", uri="/src")),
        Said("piper", "piper", "replace", "nvidia", "/b/piper/run.sh", "/src", OLD_DIGEST),
    ),
]


@pytest.mark.parametrize(("options", "state", "expected"), SAID)
def test_what_is_said_of_a_name_is_what_will_be_on_disk(
    options: BackendOptions, state: Installed, expected: Said
) -> None:
    assert said(decide(options, state, NVIDIA_HOST)) == expected


def test_an_outcome_is_true_once_its_steps_are_taken() -> None:
    decided = decide(want("piper", "m", "piper"), installed())
    assert [outcome.done_after for outcome in decided.outcomes] == [1, 3, 3]
    removal = decide(want("piper", "nobody", state="absent"), installed(concrete("piper")))
    assert [outcome.done_after for outcome in removal.outcomes] == [1, 1]


@pytest.mark.parametrize(
    ("options", "state", "replaced"),
    [
        (want("piper", force=True), installed(concrete("piper")), ("piper",)),
        (want("m", force=True), installed(meta("m", "cpu-m"), concrete("cpu-m")), ("cpu-m", "m")),
        (want("cpu-x", force=True), installed(concrete("cpu-x", "x")), ("cpu-x", "x")),
        (want("piper"), installed(), ()),
        (want("piper"), installed(Directory("piper")), ()),
        (want("piper"), installed(concrete("piper")), ()),
        (want("m"), installed(concrete("cpu-m")), ()),
        (want("piper", uri=Address("/src"), alias="b"), installed(concrete("piper", uri="/src")), ()),
        (want("piper", state="absent"), installed(concrete("piper")), ()),
    ],
)
def test_names_whose_tree_changes_under_the_same_run_file_are_told(
    options: BackendOptions, state: Installed, replaced: tuple[str, ...]
) -> None:
    assert decide(options, state).unload == replaced


@pytest.mark.parametrize(
    ("options", "state", "restart"),
    [
        (want("piper"), installed(), True),
        (want("piper"), installed(concrete("piper")), False),
        (want("piper", force=True), installed(concrete("piper")), False),
        (want("m"), installed(concrete("cpu-m")), True),
        (want("piper"), installed(Directory("piper")), True),
        (want("piper"), installed(unreadable("piper")), True),
        (want("piper"), installed(unreadable("other")), False),
        (want("piper", state="absent"), installed(concrete("piper")), True),
        (want("piper", state="absent"), installed(Directory("piper")), False),
        (want("piper", state="absent"), installed(Directory("piper", "symlink")), False),
        (want("piper", state="absent"), installed(concrete("piper"), system=("piper",)), True),
        (want("piper", uri=Address("/src"), alias="b"), installed(concrete("piper", uri="/src")), True),
        (want("cuda12-x"), installed(concrete("cpu-x", "x")), True),
    ],
)
def test_a_restart_is_required_when_a_name_maps_to_another_run_file(
    options: BackendOptions, state: Installed, restart: bool
) -> None:
    assert decide(options, state, NVIDIA_HOST).restart_required is restart


WARNED = [
    # host, options, what is there -> the words of the one warning, or none
    (CPU_HOST, want("piper"), installed(), ()),
    (CPU_HOST, want("piper"), installed(system=("piper",)), ("piper", "system backend", "Nothing is installed")),
    (
        CPU_HOST,
        want("piper", state="absent"),
        installed(system=("piper",)),
        ("piper", "never removed", "Nothing is removed"),
    ),
    (CPU_HOST, want("poor"), installed(), ()),
    (NVIDIA_HOST, want("poor"), installed(), ("poor", "nvidia", "cpu-m", "'default'")),
    # another build answers than the meta resolved to
    (NVIDIA_HOST, want("x", force=True), installed(concrete("cuda12-x", "x")), ("x", "cpu-x", "cuda12-x", "nvidia")),
    (
        NVIDIA_HOST,
        want("x"),
        installed(meta("x", "cpu-x"), concrete("cpu-x", "x"), concrete("cuda12-x", "x")),
        ("cpu-x", "cuda12-x"),
    ),
    (CPU_HOST, want("x"), installed(meta("x", "cpu-x"), concrete("cpu-x", "x"), concrete("cuda12-x", "x")), ()),
    # an alias shadows another backend
    (CPU_HOST, want("cpu-x"), installed(concrete("x")), ("x", "cpu-x", "hides the backend x")),
    (CPU_HOST, want("x"), installed(concrete("x"), concrete("cpu-x", "x")), ("x", "cpu-x", "hides")),
    (CPU_HOST, want("mine", uri=Address("/src"), alias="piper"), installed(concrete("piper")), ("piper", "mine")),
    (CPU_HOST, want("zmine", uri=Address("/src"), alias="piper"), installed(concrete("piper", "piper")), ()),
    (CPU_HOST, want("mine", uri=Address("/src"), alias="piper"), installed(system=("piper",)), ("piper", "mine")),
    (CPU_HOST, want("cpu-x"), installed(Directory("x")), ()),
]


@pytest.mark.parametrize(("host", "options", "state", "words"), WARNED)
def test_a_name_that_runs_something_unexpected_is_a_warning_that_names_both(
    host: HostCapability, options: BackendOptions, state: Installed, words: tuple[str, ...]
) -> None:
    warnings = decide(options, state, host).warnings
    assert len(warnings) == bool(words)
    assert [word for word in words if word not in warnings[0]] == []


def test_a_uri_that_rewrites_the_alias_warns_of_what_it_shadows() -> None:
    state = installed(concrete("mine", uri="/src"), concrete("piper"))
    decided = decide(want("mine", uri=Address("/src"), alias="piper"), state)
    assert short(decided) == "replace: metadata mine"
    assert [("mine" in warning, "piper" in warning) for warning in decided.warnings] == [(True, True)]


# --- for any state

ALIASES = {"cpu-x": "x", "cuda12-x": "x"}
POOL = ["piper", "Kokoro", "m", "cpu-m", "x", "cpu-x", "cuda12-x", "other"]
TARGETS = st.sampled_from(["", "", "", "cpu-m", "cpu-x", "cuda12-x", "gone", "other", "../out"])
KINDS = st.sampled_from(["directory"] * 6 + ["symlink", "other"])


def directory(name: str, kind: str, runnable: bool, target: str, state: str) -> Directory:
    metadata = Metadata(
        ALIASES.get(name, ""), "", name, Address("g"), "earlier", "", Address(f"quay.io/{name}"), OLD_DIGEST
    )
    if target:
        metadata = Metadata(meta_backend_for=target, name=name, gallery_url=Address("g"))
    made = Directory(name, kind, runnable, runnable, metadata, attributes=FileAttributes("root", "root", "0755"))
    if state == "bare" or kind != "directory":
        return replace(made, metadata=None)
    return replace(made, metadata=None, problem="cannot be read: it is empty") if state == "unreadable" else made


STATES = st.builds(
    lambda directories, system: installed(*directories, system=tuple(system)),
    st.lists(
        st.builds(
            directory,
            st.sampled_from(POOL),
            KINDS,
            st.booleans(),
            TARGETS,
            st.sampled_from(["whole", "whole", "whole", "bare", "unreadable"]),
        ),
        unique_by=lambda each: each.name,
        max_size=6,
    ),
    st.lists(st.sampled_from(["piper", "x", "extra"]), unique=True),
)
NAMES = st.lists(
    st.sampled_from(["piper", "kokoro", "Kokoro", "m", "cpu-m", "x", "cpu-x", "cuda12-x", "g@x"]), max_size=4
)
HOSTS = st.sampled_from([CPU_HOST, NVIDIA_HOST])
WANTED = st.one_of(
    st.builds(lambda names: want(*names), NAMES),
    st.builds(lambda names: want(*names, force=True), NAMES),
    st.builds(lambda names: want(*names, state="absent"), NAMES),
    st.builds(
        lambda name, uri, alias: want(name, uri=Address(uri), alias=alias),
        st.sampled_from(POOL),
        st.sampled_from(["/src", "quay.io/piper", "oci://quay.io/cpu-x"]),
        st.sampled_from([None, "x", "piper", "new"]),
    ),
)


def decided_for(options: BackendOptions, state: Installed, host: HostCapability) -> Plan:
    """Return the plan, or an empty one where the request is refused."""
    # A build for a GPU is refused where there is none.
    assume(host is NVIDIA_HOST or "cuda12-x" not in options.names or options.uri is not None)
    try:
        return decide(options, state, host)
    except OptionError as e:
        message = str(e)
        assert "cannot be removed" in message
        assert options.state == "absent"
        return Plan()


@given(STATES, WANTED, HOSTS)
def test_a_plan_that_was_carried_out_has_no_steps_the_next_time(
    state: Installed, options: BackendOptions, host: HostCapability
) -> None:
    after = carried_out(decided_for(options, state, host).steps, state)
    again = decided_for(replace(options, force=False), after, host)
    assert again.steps == ()
    assert not again.restart_required
    assert {outcome.action for outcome in again.outcomes} <= {"none"}


@given(STATES, WANTED, HOSTS)
def test_a_restart_is_required_exactly_when_the_mapping_differs(
    state: Installed, options: BackendOptions, host: HostCapability
) -> None:
    decided = decided_for(options, state, host)
    after = carried_out(decided.steps, state)
    assert decided.restart_required is (server_mapping(state, host.name) != server_mapping(after, host.name))


@given(STATES, WANTED, HOSTS)
def test_what_is_present_can_run_and_what_is_absent_does_not_answer(
    state: Installed, options: BackendOptions, host: HostCapability
) -> None:
    decided = decided_for(options, state, host)
    rows = Listing(carried_out(decided.steps, state), host.name)
    for outcome in decided.outcomes:
        row = rows.find(outcome.name)
        if options.state == "present":
            assert row is not None
            # Without a gallery, a damaged build that has the name as its alias can only be warned of.
            assert row.runnable or (options.uri and row.backend in " ".join(decided.warnings))
            assert (outcome.run_file, outcome.name) == (row.run_file, row.name)
        else:
            assert row is None or row.kind == "system"


@given(STATES, WANTED, HOSTS)
def test_nothing_changes_but_what_is_named_or_needed(
    state: Installed, options: BackendOptions, host: HostCapability
) -> None:
    decided = decided_for(options, state, host)
    after = carried_out(decided.steps, state)
    touched = {step.backend for step in decided.steps}
    for each in state.directories:
        assert each.name in touched or after.get(each.name) == each
    assert touched <= meant(options, state, host)
    assert {backend for backend, _reason in decided.removed} <= touched
    assert len(touched) == len(decided.steps)


def meant(options: BackendOptions, state: Installed, host: HostCapability) -> set[str]:
    """Return the directories that a request may touch."""
    names = {bare_name(name).lower() for name in options.names}
    rows = Listing(state, host.name)
    directories = state.directories
    own = {each.name for each in directories if names & {each.name.lower(), each.alias.lower()}}
    if options.state == "present":
        shown = {row.backend for name in names for row in [rows.find(name)] if row}
        entries = [entry for entry in GALLERY if entry.name.lower() in names]
        targets = {each for entry in entries for each in (entry.name, *entry.capabilities.values())}
        moved = {each.target for each in directories if each.name in own}
        return own | shown | targets | moved | ({*options.names} if options.uri else set())
    needed = {each.target for each in directories if each.name in own}
    return own | needed | {each.name for each in directories if each.target in own}


@given(STATES, WANTED, HOSTS)
def test_the_diff_is_true_before_and_after(state: Installed, options: BackendOptions, host: HostCapability) -> None:
    decided = decided_for(options, state, host)
    after = carried_out(decided.steps, state)
    for step in decided.steps:
        old, new = state.get(step.backend), after.get(step.backend)
        assert bool(step.before) == (old is not None)
        assert bool(step.after) == (new is not None)
        if new is not None:
            assert (step.after["owner"], step.after["mode"]) == (new.attributes.owner, new.attributes.mode)
            assert step.after["digest"] == new.digest
    assert len(decided.outcomes) == len(options.names) or decided == Plan()
    assert {outcome.action for outcome in decided.outcomes} <= {"none", "install", "repair", "replace", "remove"}
