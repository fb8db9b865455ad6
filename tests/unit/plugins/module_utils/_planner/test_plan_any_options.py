# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the plan of any state with any options that a task may combine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._localai.server import server_mapping
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Prune, Remove, Retire
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection, Record
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    NVIDIA_HOST,
    OLD_DIGEST,
    carried_out,
    decide,
    installed,
    meta,
    unreadable,
    want,
)
from ansible_collections.localai.core.tests.support.states import (
    PIN_M,
    PIN_PIPER,
    PIN_X,
    RECORDED,
    ROOTS,
    having,
    previous_version,
)

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
    lambda backend, number, digest, alias: previous_version(backend, number, digest, f"quay.io/x:v2-{backend}", alias),
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


def request_of(special: dict[str, Any], general: dict[str, Any], names: list[str]) -> BackendOptions:
    """A request that the options allow."""
    if special.keys() & {"digest", "uri"}:
        names = names[:1]
    return want(*names, **general, **special)


WANTED = st.builds(
    request_of,
    SPECIAL,
    st.fixed_dictionaries({}, optional=GENERAL),
    st.lists(st.sampled_from(["piper", "m", "x"]), min_size=1, max_size=3, unique=True),
)


HOSTS = st.sampled_from([CPU_HOST, NVIDIA_HOST])


@given(STATES, WANTED, HOSTS, WALKS)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    state: Installed, options: BackendOptions, host: HostCapability, walked: dict[str, Inspection]
) -> None:
    decided = decide(options, state, host, walked)
    after = carried_out(decided.steps, state)
    again = decide(replace(options, force=False), after, host, {})
    assert (again.steps, again.removed, again.unload, again.restart_required) == ((), (), (), False)
    assert {outcome.action for outcome in again.outcomes} == {"none"}


@given(STATES, WANTED, HOSTS, WALKS)
def test_the_state_after_a_plan_is_the_one_that_it_tells(
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
