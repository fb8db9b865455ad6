# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done in each situation for each state, as tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.installed import (
    Directory,
    Installed,
    PreviousVersion,
)
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._localai.server import server_mapping
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Prune, Remove, Retire
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, Pin
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection, Record
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    LOOK,
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
BY_NAME, BY_META = Record(requested=True), Record()


def current(name: str, alias: str = "", **more: Any) -> Directory:
    """A build as the gallery has it now."""
    old = concrete(name, alias)
    return replace(old, metadata=replace(old.metadata or Metadata(), digest=DIGEST), **more)


ROOTS = FileAttributes("root", "root", "0755")


def kept(backend: str, number: int, digest: str = OLD_DIGEST, uri: str = "", alias: str = "") -> PreviousVersion:
    metadata = Metadata(alias, "", backend, Address("g"), "earlier", "", Address(uri or f"quay.io/{backend}"), digest)
    directory = Directory(
        str(number), "directory", True, True, metadata, attributes=FileAttributes("root", "root", "0755")
    )
    return PreviousVersion(backend, f".localai-core/kept/{backend}/{number}", directory)


def having(state: Installed, *trees: PreviousVersion) -> Installed:
    return replace(state, previous=trees)


def left_behind(name: str, of: Directory, busy: bool = False) -> Directory:
    return replace(of, name=name, busy=busy)


SYSTEM = installed(system=("piper",))

TABLE = [
    # situation, what is there, name -> present, latest, absent
    ("not installed", installed(), "piper", "install: fetch piper", "install: fetch piper", NOTHING),
    ("a meta, not installed", installed(), "m", *["install: fetch cpu-m, meta m"] * 2, NOTHING),
    (
        "a meta is missing, its concrete is there",
        installed(current("cpu-m")),
        "m",
        "install: meta m",
        "install: meta m",
        NOTHING,
    ),
    (
        "a meta is missing, its concrete is there and old",
        installed(concrete("cpu-m")),
        "m",
        "install: meta m",
        "install: meta m, fetch cpu-m",
        NOTHING,
    ),
    ("installed, and current", installed(current("piper")), "piper", NOTHING, NOTHING, "remove: remove piper"),
    (
        "installed, and old",
        installed(concrete("piper")),
        "piper",
        NOTHING,
        "upgrade: fetch piper",
        "remove: remove piper",
    ),
    (
        "installed, without any record of what it is",
        installed(Directory("piper", "directory", True, True)),
        "piper",
        NOTHING,
        "upgrade: fetch piper",
        "remove: remove piper",
    ),
    (
        "installed, from a source that cannot say what it has",
        installed(concrete("from-directory")),
        "from-directory",
        NOTHING,
        NOTHING,
        "remove: remove from-directory",
    ),
    (
        "installed, of an older version",
        installed(concrete("archived")),
        "archived",
        NOTHING,
        "upgrade: fetch archived",
        "remove: remove archived",
    ),
    (
        "installed, with another alias than the gallery has now",
        installed(current("cpu-x", "old")),
        "cpu-x",
        NOTHING,
        "upgrade: metadata cpu-x",
        "remove: remove cpu-x",
    ),
    (
        "installed, and spelled otherwise",
        installed(current("KOKORO")),
        "kokoro",
        NOTHING,
        "upgrade: fetch Kokoro, remove KOKORO",
        "remove: remove KOKORO",
    ),
    (
        "installed as meta, and current",
        installed(meta("m", "cpu-m"), current("cpu-m")),
        "m",
        NOTHING,
        NOTHING,
        "remove: remove cpu-m, remove m",
    ),
    (
        "installed as meta, and old",
        installed(meta("m", "cpu-m"), concrete("cpu-m")),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m",
        "remove: remove cpu-m, remove m",
    ),
    (
        "installed as alias, and old",
        installed(concrete("cpu-x", "x")),
        "x",
        NOTHING,
        "upgrade: fetch cpu-x",
        "remove: remove cpu-x",
    ),
    (
        "a meta for other hardware than now",
        installed(meta("m", "old-m"), concrete("old-m")),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m, meta m, retire old-m",
        "remove: remove old-m, remove m",
    ),
    (
        "a meta for other hardware than now, the new build is there",
        installed(meta("m", "old-m"), concrete("old-m"), current("cpu-m")),
        "m",
        NOTHING,
        "upgrade: meta m, retire old-m",
        "remove: remove old-m, remove m",
    ),
    (
        "a meta for other hardware than now, whose build was asked for by name",
        installed(meta("m", "old-m"), replace(concrete("old-m"), record=BY_NAME)),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m, meta m",
        "remove: remove old-m, remove m",
    ),
    (
        "a meta for other hardware than now, whose build another meta needs",
        installed(meta("m", "old-m"), meta("n", "old-m"), concrete("old-m")),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m, meta m",
        "remove: remove m",
    ),
    (
        "a meta, and the build that it pointed to when a run died",
        installed(meta("m", "cpu-m"), current("cpu-m", "m"), replace(concrete("old-m", "m"), record=BY_META)),
        "m",
        NOTHING,
        "none: retire old-m",
        "remove: remove cpu-m, remove old-m, remove m",
    ),
    (
        "a meta, and a build with its name as alias that was asked for by name",
        installed(meta("m", "cpu-m"), current("cpu-m", "m"), replace(concrete("old-m", "m"), record=BY_NAME)),
        "m",
        NOTHING,
        NOTHING,
        "remove: remove cpu-m, remove old-m, remove m",
    ),
    (
        "a meta that is in another directory, for other hardware than now",
        installed(meta("m", "old-m", "z"), replace(concrete("old-m"), record=BY_META)),
        "m",
        NOTHING,
        "upgrade: fetch cpu-m, meta m, remove z, retire old-m",
        "remove: remove old-m, remove z",
    ),
    (
        "a directory without run file",
        installed(concrete("piper", runnable=False)),
        "piper",
        *["repair: fetch piper"] * 2,
        "remove: remove piper",
    ),
    (
        "unreadable metadata",
        installed(unreadable("piper")),
        "piper",
        *["repair: fetch piper"] * 2,
        "remove: remove piper",
    ),
    (
        "a meta whose concrete is gone",
        installed(meta("m", "cpu-m")),
        "m",
        *["repair: fetch cpu-m"] * 2,
        "remove: remove m",
    ),
    (
        "an alias whose winner cannot run",
        installed(concrete("cpu-x", "x", runnable=False)),
        "x",
        *["repair: fetch cpu-x"] * 2,
        "remove: remove cpu-x",
    ),
    ("only a system backend answers", SYSTEM, "piper", NOTHING, NOTHING, NOTHING),
    (
        "a symlink in its place",
        installed(Directory("piper", "symlink", True, True)),
        "piper",
        *["install: fetch piper"] * 2,
        "remove: remove piper",
    ),
    (
        "without run file, and LocalAI left a backup that can run",
        installed(concrete("piper", runnable=False), left_behind("piper.backup", current("piper"))),
        "piper",
        *["repair: restore piper"] * 2,
        "remove: remove piper, remove piper.backup",
    ),
    (
        "missing, and LocalAI left a backup that can run",
        installed(left_behind("piper.install-backup", current("piper"))),
        "piper",
        *["repair: restore piper"] * 2,
        "none: remove piper.install-backup",
    ),
    (
        "missing, and LocalAI left a backup that cannot run",
        installed(left_behind("piper.backup", concrete("piper", runnable=False))),
        "piper",
        *["install: fetch piper"] * 2,
        "none: remove piper.backup",
    ),
    (
        "a meta whose concrete is gone but for a backup",
        installed(meta("m", "cpu-m"), left_behind("cpu-m.backup", current("cpu-m"))),
        "m",
        *["repair: restore cpu-m"] * 2,
        "remove: remove m",
    ),
    (
        "only a backup answers, as alias",
        installed(left_behind("cpu-x.backup", current("cpu-x", "x"))),
        "x",
        *["repair: restore cpu-x"] * 2,
        "remove: remove cpu-x.backup",
    ),
    (
        "only what LocalAI was filling an hour ago answers, as alias",
        installed(left_behind("cpu-a.upgrade-tmp", current("cpu-a", "x"))),
        "x",
        *["install: fetch cpu-x, meta x, remove cpu-a.upgrade-tmp"] * 2,
        "remove: remove cpu-a.upgrade-tmp",
    ),
    (
        "only what LocalAI is filling now answers, as alias",
        installed(left_behind("cpu-x.install-tmp", current("cpu-x", "x"), busy=True)),
        "x",
        *[NOTHING] * 2,
        NOTHING,
    ),
    (
        "only a backup answers, as alias, and it cannot run",
        installed(left_behind("cpu-a.backup", concrete("cpu-a", "x", runnable=False))),
        "x",
        *["install: fetch cpu-x, meta x, remove cpu-a.backup"] * 2,
        "remove: remove cpu-a.backup",
    ),
    (
        "installed, and what LocalAI was filling an hour ago",
        installed(current("piper"), left_behind("piper.upgrade-tmp", Directory(""))),
        "piper",
        *["none: remove piper.upgrade-tmp"] * 2,
        "remove: remove piper, remove piper.upgrade-tmp",
    ),
    (
        "installed, and what LocalAI is filling now",
        installed(current("piper"), left_behind("piper.install-tmp", Directory(""), busy=True)),
        "piper",
        *[NOTHING] * 2,
        "remove: remove piper",
    ),
    (
        "not installed, but replaced trees are kept",
        having(installed(), kept("piper", 1)),
        "piper",
        *["install: fetch piper"] * 2,
        "remove: remove piper",
    ),
]


@pytest.mark.parametrize(
    ("state", "name", "present", "latest", "absent"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_each_situation_has_its_action_in_each_state(
    state: Installed, name: str, present: str, latest: str, absent: str
) -> None:
    for wanted, expected in (("present", present), ("latest", latest), ("absent", absent)):
        options = want(name, state=wanted)
        decided = decide(options, state)
        assert short(decided) == expected
        after = carried_out(decided.steps, state)
        assert decided.restart_required is (server_mapping(state, "default") != server_mapping(after, "default"))
        assert short(decide(options, after)) == NOTHING


M_STATE = installed(meta("m", "cpu-m"), concrete("cpu-m"))
PIN_M = {"m": Pin("m", "default", "linux/amd64", "cpu-m", Address("quay.io/cpu-m"), DIGEST)}
PIN_X = {"x": Pin("x", "default", "linux/amd64", "cuda12-x", Address("quay.io/cuda12-x"), OLD_DIGEST, "x")}
PIN_PIPER = {"piper": Pin("piper", "default", "linux/amd64", "piper", Address("quay.io/piper"), DIGEST)}

PINNED = [
    # pin, what is there, name, options -> plan
    ("a digest that is recorded", installed(current("piper")), "piper", {"digest": DIGEST}, NOTHING),
    (
        "a digest that is that of the platform's image",
        installed(replace(concrete("piper"), record=Record(platform_digest=DIGEST))),
        "piper",
        {"digest": DIGEST},
        NOTHING,
    ),
    (
        "a digest that is an archive's sha256",
        installed(Directory("piper", "directory", True, True, Metadata(), Record(sha256="ab" * 32))),
        "piper",
        {"digest": DIGEST},
        NOTHING,
    ),
    ("another digest", installed(concrete("piper")), "piper", {"digest": DIGEST}, "replace: fetch piper"),
    ("another digest, of a meta", M_STATE, "m", {"digest": DIGEST}, "replace: fetch cpu-m"),
    (
        "another digest, of an alias",
        installed(concrete("cpu-x", "x")),
        "x",
        {"digest": DIGEST},
        "replace: fetch cpu-x, meta x",
    ),
    ("a digest, not installed", installed(), "m", {"digest": OLD_DIGEST}, "install: fetch cpu-m, meta m"),
    (
        "a digest of a tree that is kept",
        having(installed(current("piper")), kept("piper", 2, DIGEST), kept("piper", 1)),
        "piper",
        {"digest": OLD_DIGEST},
        "restore: restore piper",
    ),
    (
        "a digest of what a meta pointed to before",
        having(installed(meta("x", "cuda12-x"), current("cuda12-x", "x")), kept("cpu-x", 1, alias="x")),
        "x",
        {"digest": OLD_DIGEST},
        "restore: restore cpu-x, meta x, retire cuda12-x",
    ),
    (
        "a release that is recorded",
        installed(concrete("piper", uri="quay.io/piper:v1-piper")),
        "piper",
        {"release": "v1"},
        NOTHING,
    ),
    (
        "another release",
        installed(concrete("piper", uri="quay.io/piper:v1-piper")),
        "piper",
        {"release": "v2"},
        "replace: fetch piper",
    ),
    (
        "another release, of a meta",
        installed(meta("m", "cpu-m"), concrete("cpu-m", uri="quay.io/x:v1-m")),
        "m",
        {"release": "v2"},
        "replace: fetch cpu-m",
    ),
    (
        "a release of a tree that is kept",
        having(
            installed(concrete("piper", uri="quay.io/piper:v2-piper")), kept("piper", 1, uri="quay.io/piper:v1-piper")
        ),
        "piper",
        {"release": "v1"},
        "restore: restore piper",
    ),
    (
        "a uri of a tree that is kept",
        having(installed(current("piper")), kept("piper", 1, uri="/src")),
        "piper",
        {"uri": Address("/src")},
        "restore: restore piper",
    ),
    (
        "a uri of a tree that is kept, with force",
        having(installed(current("piper")), kept("piper", 1, uri="/src")),
        "piper",
        {"uri": Address("/src"), "force": True},
        "replace: fetch piper",
    ),
    (
        "a uri, and latest",
        installed(concrete("piper", uri="quay.io/mine")),
        "piper",
        {"uri": Address("quay.io/mine"), "state": "latest"},
        "upgrade: fetch piper",
    ),
    ("a set, satisfied", installed(meta("m", "cpu-m"), current("cpu-m")), "m", {"pins": PIN_M}, NOTHING),
    ("a set, not installed", installed(), "m", {"pins": PIN_M}, "install: fetch cpu-m, meta m"),
    ("a set, another digest", M_STATE, "m", {"pins": PIN_M}, "replace: fetch cpu-m, meta m"),
    ("a set, the meta is missing", installed(current("cpu-m")), "m", {"pins": PIN_M}, "install: meta m"),
    (
        "a set, another build",
        installed(meta("m", "old-m"), concrete("old-m")),
        "m",
        {"pins": PIN_M},
        "install: fetch cpu-m, meta m, retire old-m",
    ),
    (
        "a set, another alias",
        installed(meta("x", "cuda12-x"), concrete("cuda12-x", "y")),
        "x",
        {"pins": PIN_X},
        "replace: metadata cuda12-x",
    ),
    (
        "a set, whose tree is kept",
        having(installed(meta("x", "cpu-x"), current("cpu-x", "x")), kept("cuda12-x", 1, alias="x")),
        "x",
        {"pins": PIN_X},
        "restore: restore cuda12-x, meta x, retire cpu-x",
    ),
    ("a set, damaged", installed(Directory("piper")), "piper", {"pins": PIN_PIPER}, "repair: fetch piper"),
    ("a set, forced", installed(current("piper")), "piper", {"pins": PIN_PIPER, "force": True}, "replace: fetch piper"),
]


@pytest.mark.parametrize(
    ("state", "name", "options", "expected"), [row[1:] for row in PINNED], ids=[row[0] for row in PINNED]
)
def test_a_pin_is_satisfied_or_replaces(state: Installed, name: str, options: dict[str, Any], expected: str) -> None:
    wanted = want(name, **options)
    decided = decide(wanted, state)
    assert short(decided) == expected
    after = carried_out(decided.steps, state)
    assert short(decide(replace(wanted, force=False), after)) == NOTHING


KEEPING = [
    # what is there, options -> the numbers of the trees that are kept afterwards, the latest first
    (installed(concrete("piper")), {"state": "latest"}, []),
    (installed(concrete("piper")), {"state": "latest", "keep_previous": 1}, ["1"]),
    (having(installed(concrete("piper")), kept("piper", 4)), {"state": "latest", "keep_previous": 2}, ["5", "4"]),
    (having(installed(concrete("piper")), kept("piper", 4)), {"state": "latest", "keep_previous": 1}, ["5"]),
    (having(installed(concrete("piper")), kept("piper", 4)), {"state": "latest"}, ["4"]),
    (installed(concrete("piper", runnable=False)), {"keep_previous": 2}, []),
    (
        having(installed(current("piper")), kept("piper", 2), kept("piper", 1, DIGEST)),
        {"digest": OLD_DIGEST, "keep_previous": 2},
        ["2", "1"],
    ),
    (having(installed(current("piper")), kept("piper", 2)), {"digest": OLD_DIGEST}, []),
    (having(installed(concrete("piper")), kept("piper", 1)), {"state": "absent"}, []),
]


@pytest.mark.parametrize(("state", "options", "numbers"), KEEPING)
def test_the_last_trees_are_kept(state: Installed, options: dict[str, Any], numbers: list[str]) -> None:
    (step,) = decide(want("piper", **options), state).steps
    after = carried_out([step], state)
    assert [each.path.rpartition("/")[2] for each in after.previous_of("piper")] == numbers
    assert step.after.get("previous", 0) == len(numbers)
    assert step.before.get("previous", 0) == len(state.previous)


def test_a_meta_that_moves_keeps_what_it_stood_for() -> None:
    state = installed(meta("m", "old-m"), concrete("old-m"))
    decided = decide(want("m", state="latest", keep_previous=1), state)
    assert decided.removed == (("old-m", "m now points to cpu-m"),)
    assert [each.backend for each in carried_out(decided.steps, state).previous] == ["old-m"]


EXCLUSIVE = [
    # what else is there -> what of it is removed
    ((concrete("piper"), concrete("cpu-m")), ["cpu-m"]),
    ((concrete("piper"), meta("m", "cpu-m"), concrete("cpu-m")), ["cpu-m", "m"]),
    ((concrete("piper"), unreadable("broken")), ["broken"]),
    ((concrete("piper"), Directory("photos")), []),
    ((concrete("piper"), Directory("link", "symlink", True, True), Directory("file", "other")), []),
    ((concrete("piper"), concrete("half", "alias", runnable=False)), ["half"]),
    ((concrete("piper"), left_behind("cpu-m.backup", concrete("cpu-m"))), ["cpu-m.backup"]),
    ((concrete("piper"), left_behind("cpu-m.install-tmp", concrete("cpu-m"), busy=True)), []),
]


@pytest.mark.parametrize(("directories", "removed"), EXCLUSIVE)
def test_exclusive_leaves_only_what_is_named(directories: tuple[Directory, ...], removed: list[str]) -> None:
    state = installed(*directories, system=("packaged",))
    decided = decide(want("piper", exclusive=True), state)
    assert short(decided) == "none: " + ", ".join(f"remove {name}" for name in removed)
    assert [name for name, _why in decided.removed] == removed
    assert short(decide(want("piper", exclusive=True), carried_out(decided.steps, state))) == NOTHING


def test_exclusive_leaves_what_answers_and_what_metas_need_and_removes_last() -> None:
    state = installed(meta("m", "cpu-m"), concrete("cpu-m"), concrete("cpu-x", "x"), concrete("cuda12-x", "x"))
    decided = decide(want("m", "x", "piper", exclusive=True), state)
    assert short(decided) == "none, none, install: fetch piper, remove cuda12-x"
    decided = decide(want("m", "x", "piper", exclusive=True), state, NVIDIA_HOST)
    assert short(decided) == "none, none, install: fetch piper, remove cpu-x"


RECORDED = Record(listed=True)
WALKED = {"piper": Inspection("not as it was installed: lib is missing", 3), "cpu-m": Inspection("", 2)}
LOOKS = [
    # what is there, options, what a walk finds -> plan
    (installed(concrete("piper")), {}, WALKED, NOTHING),
    (installed(concrete("piper")), {"owner": "localai"}, WALKED, "repair: fetch piper"),
    (installed(concrete("piper")), {"owner": "localai"}, {"piper": Inspection("", 3)}, "chown: chown piper"),
    (installed(concrete("piper")), {"group": "users"}, {"piper": Inspection("", 3)}, "chown: chown piper"),
    (installed(concrete("piper")), {"directory_mode": 0o755}, {"piper": Inspection("", 1)}, "chown: chown piper"),
    (installed(concrete("piper").with_attributes(LOOK)), {"owner": "localai", "group": "users"}, {}, NOTHING),
    (
        installed(replace(concrete("piper").with_attributes(LOOK), run_file_attributes=replace(ROOTS, group="users"))),
        {"owner": "localai"},
        {"piper": Inspection("", 1)},
        "chown: chown piper",
    ),
    (
        installed(replace(concrete("piper"), record=RECORDED, metadata_attributes=replace(ROOTS, mode="0600"))),
        {},
        {"piper": Inspection("", 1)},
        "chown: chown piper",
    ),
    (
        installed(replace(concrete("piper"), record=RECORDED, run_file_attributes=replace(ROOTS, mode="0644"))),
        {},
        {"piper": Inspection("", 1)},
        "chown: chown piper",
    ),
    (installed(meta("m", "cpu-m"), concrete("cpu-m")), {"owner": "localai"}, WALKED, "chown: chown cpu-m"),
    (installed(concrete("piper")), {"verify": True}, WALKED, NOTHING),
    (installed(replace(concrete("piper"), record=RECORDED)), {"verify": True}, WALKED, "repair: fetch piper"),
    (installed(replace(concrete("piper"), record=RECORDED)), {"verify": True}, {}, NOTHING),
    (
        installed(replace(concrete("piper").with_attributes(LOOK), record=RECORDED)),
        {"verify": True, "owner": "localai"},
        {"piper": Inspection("", 1)},
        "chown: chown piper",
    ),
    (
        installed(meta("m", "cpu-m"), replace(concrete("cpu-m"), record=RECORDED)),
        {"verify": True},
        {"cpu-m": Inspection("not as it was installed: lib is missing")},
        "repair: fetch cpu-m",
    ),
    (
        installed(replace(concrete("cpu-x", "x"), record=RECORDED)),
        {"verify": True},
        {"cpu-x": Inspection("not as it was installed: lib is missing")},
        "repair: fetch cpu-x",
    ),
    (
        installed(replace(concrete("piper"), record=RECORDED)),
        {"state": "latest", "verify": True, "owner": "localai"},
        {"piper": Inspection("", 3)},
        "upgrade: fetch piper",
    ),
    (
        installed(current("piper")),
        {"state": "latest", "owner": "localai"},
        {"piper": Inspection("", 3)},
        "chown: chown piper",
    ),
]


@pytest.mark.parametrize(("state", "options", "walked", "expected"), LOOKS)
def test_owner_mode_and_contents_are_looked_at(
    state: Installed, options: dict[str, Any], walked: dict[str, Inspection], expected: str
) -> None:
    name = next(name for name in ("m", "x", "piper") if name == "piper" or server_mapping(state, "").get(name))
    decided = decide(want(name, **options), state, walked=walked)
    assert short(decided) == expected
    after = carried_out(decided.steps, state)
    assert short(decide(want(name, **options), after)) == NOTHING


def test_a_tree_that_is_gone_when_it_is_walked_through_is_installed() -> None:
    state = installed(current("piper", record=Record(listed=True)))
    assert short(decide(want("piper", verify=True), state, walked={"piper": None})) == "install: fetch piper"


def test_the_diff_tells_how_many_paths_change_hands() -> None:
    state = installed(concrete("piper"))
    (step,) = decide(want("piper", owner="localai"), state, walked={"piper": Inspection("", 17)}).steps
    assert (step.before["owner"], step.before["paths_to_change"]) == ("root", 17)
    assert (step.after["owner"], step.after["paths_to_change"]) == ("localai", 0)
    assert (step.after["group"], step.after["mode"]) == ("root", "0750")


def test_what_was_never_recorded_cannot_be_verified_and_that_is_told() -> None:
    (outcome,) = decide(want("piper", verify=True), installed(concrete("piper"))).outcomes
    assert outcome.reason == "it is installed; its files are not recorded, so they cannot be verified"


def test_a_source_that_cannot_say_what_it_has_is_a_warning() -> None:
    decided = decide(want("from-directory", state="latest"), installed(concrete("from-directory")))
    assert "states neither a digest nor a version nor a sha256" in decided.warnings[0]


REASONS = [
    # what is there, name, options -> reason
    (
        installed(concrete("piper")),
        "piper",
        {"state": "latest"},
        f"its digest is {OLD_DIGEST}, and its source has {DIGEST}",
    ),
    (installed(current("piper")), "piper", {"state": "latest"}, "it is the current build of its source"),
    (
        installed(concrete("archived")),
        "archived",
        {"state": "latest"},
        "its version is not recorded, and its source has 1.10",
    ),
    (
        installed(meta("m", "old-m"), concrete("old-m")),
        "m",
        {"state": "latest"},
        "it now resolves to cpu-m, and old-m is installed",
    ),
    (installed(concrete("piper")), "piper", {"digest": DIGEST}, f"its digest is {OLD_DIGEST}, and {DIGEST} is pinned"),
    (
        installed(concrete("piper")),
        "piper",
        {"release": "v1"},
        "it was installed from quay.io/piper, which is not of release v1",
    ),
    (
        installed(left_behind("piper.backup", current("piper"))),
        "piper",
        {},
        "it is missing; LocalAI's backup piper.backup can run",
    ),
    (installed(concrete("piper")), "piper", {"owner": "localai"}, "its owner is root, not localai"),
    (installed(concrete("piper")), "piper", {"directory_mode": 0o755}, "its mode is 0750, not 0755"),
]


@pytest.mark.parametrize(("state", "name", "options", "reason"), REASONS)
def test_the_reason_is_told(state: Installed, name: str, options: dict[str, Any], reason: str) -> None:
    (outcome,) = decide(want(name, **options), state, walked={"piper": Inspection("", 1)}).outcomes
    assert outcome.reason == reason


# --- for any state

POOL = ["piper", "m", "cpu-m", "x", "cpu-x", "cuda12-x", "old-m", "piper.backup", "cpu-x.backup", "cpu-m.upgrade-tmp"]
RECORDS = st.sampled_from([None, Record(), Record(requested=True), Record(platform_digest=DIGEST), RECORDED])


def tree(name: str, runnable: bool, digest: str, has_alias: bool, record: Record | None) -> Directory:
    alias = "x" if has_alias and name.startswith(("cpu-x", "cuda12-x")) else ""
    metadata = Metadata(alias, "", name, Address("g"), "earlier", "", Address(f"quay.io/x:v1-{name}"), digest)
    return Directory(name, "directory", runnable, runnable, metadata, record, attributes=replace(ROOTS, mode="0750"))


TREES = st.builds(
    tree,
    st.sampled_from(POOL),
    st.booleans(),
    st.sampled_from([DIGEST, OLD_DIGEST]),
    st.booleans(),
    RECORDS,
)
METAS = st.builds(meta, st.sampled_from(["m", "x", "piper"]), st.sampled_from(["cpu-m", "cpu-x", "old-m", "gone"]))
UNREADABLE = st.builds(unreadable, st.sampled_from(POOL))
KEPT = st.builds(
    lambda backend, number, digest, alias: kept(backend, number, digest, f"quay.io/x:v2-{backend}", alias),
    st.sampled_from(["piper", "cpu-m", "cpu-x", "cuda12-x"]),
    st.integers(1, 9),
    st.sampled_from([DIGEST, OLD_DIGEST]),
    st.sampled_from(["", "x"]),
)
STATES = st.builds(
    lambda directories, trees: having(
        installed(*directories), *sorted(trees, key=lambda each: each.path, reverse=True)
    ),
    st.lists(st.one_of(TREES, TREES, METAS, UNREADABLE), unique_by=lambda each: each.name, max_size=6),
    st.lists(KEPT, unique_by=lambda each: each.path, max_size=3),
)
GENERAL = {
    "keep_previous": st.integers(0, 2),
    "exclusive": st.booleans(),
    "verify": st.booleans(),
    "force": st.booleans(),
    "owner": st.sampled_from([None, "localai"]),
    "directory_mode": st.sampled_from([None, 0o755]),
}
SPECIAL = st.one_of(
    st.sampled_from(
        [{"state": "present"}, {"state": "latest"}, {"state": "latest"}, {"release": "v1"}, {"release": "v2"}]
    ),
    st.sampled_from([{"digest": DIGEST}, {"digest": OLD_DIGEST}]),
    st.sampled_from([{"pins": {**PIN_M, **PIN_X, **PIN_PIPER}}, {"uri": Address("quay.io/x:v2-piper")}]),
)
WALKS = st.dictionaries(
    st.sampled_from(POOL), st.sampled_from([Inspection("damaged"), Inspection("", 2), Inspection("damaged", 1)])
)


def asked(special: dict[str, Any], general: dict[str, Any], names: list[str]) -> BackendOptions:
    """A request that the options allow."""
    if special.keys() & {"digest", "uri"}:
        names = names[:1]
    return want(*names, **general, **special)


WANTED = st.builds(
    asked,
    SPECIAL,
    st.fixed_dictionaries({}, optional=GENERAL),
    st.lists(st.sampled_from(["piper", "m", "x"]), min_size=1, max_size=3, unique=True),
)
HOSTS = st.sampled_from([CPU_HOST, NVIDIA_HOST])


@given(STATES, WANTED, HOSTS, WALKS)
def test_what_was_done_is_not_done_again(
    state: Installed, options: BackendOptions, host: HostCapability, walked: dict[str, Inspection]
) -> None:
    decided = decide(options, state, host, walked)
    after = carried_out(decided.steps, state)
    again = decide(replace(options, force=False), after, host, {})
    assert (again.steps, again.removed, again.unload, again.restart_required) == ((), (), (), False)
    assert {outcome.action for outcome in again.outcomes} == {"none"}


@given(STATES, WANTED, HOSTS, WALKS)
def test_what_is_said_is_what_comes_of_it(
    state: Installed, options: BackendOptions, host: HostCapability, walked: dict[str, Inspection]
) -> None:
    decided = decide(options, state, host, walked)
    after = carried_out(decided.steps, state)
    assert decided.restart_required is (server_mapping(state, host.name) != server_mapping(after, host.name))
    rows = Listing(after, host.name)
    for outcome in decided.outcomes:
        row = rows[outcome.name]
        assert row.run_file == outcome.run_file
        # What shadows a pin can only be warned of: it is not what was asked for.
        assert row.runnable or row.backend in " ".join(decided.warnings)
    for step in {step.backend: step for step in decided.steps}.values():
        assert bool(step.after.get("backend")) is (after.get(step.backend) is not None)
        assert step.after.get("previous", 0) == len(after.previous_of(step.backend))
    gone = {each.name for each in state.directories} - {each.name for each in after.directories}
    assert {name for name, _why in decided.removed} <= gone
    assert all(
        len(after.previous_of(each.backend)) <= max(options.keep_previous or 0, len(state.previous))
        for each in after.previous
    )
    removals = [isinstance(step, (Remove, Retire, Prune)) for step in decided.steps]
    assert removals == sorted(removals)
