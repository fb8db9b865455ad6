# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the plan of any state, for `state=present` and `state=absent`."""

from __future__ import annotations

from dataclasses import replace

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
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, bare_name
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    GALLERY,
    NVIDIA_HOST,
    OLD_DIGEST,
    carried_out,
    decide,
    installed,
    want,
)

ALIASES = {"cpu-x": "x", "cuda12-x": "x", "rocm-x": "x", "Kokoro": "kokoro"}


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
    st.lists(
        st.sampled_from(["piper", "x", "extra"])
        | st.builds(
            directory,
            st.sampled_from(["piper", "x", "cpu-x", "rocm-x", "zz"]),
            st.just("directory"),
            st.booleans(),
            TARGETS,
            st.sampled_from(["whole", "whole", "whole", "bare", "unreadable"]),
        ),
        unique_by=lambda each: each if isinstance(each, str) else each.name,
        max_size=3,
    ),
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
    # A build for a GPU is refused where there is none, and a name with capitals that nothing else leads to.
    assume(options.uri is None or "Kokoro" not in options.names)
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
