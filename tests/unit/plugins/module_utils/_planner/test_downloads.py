# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan that only downloads has the downloads of the whole plan, and the whole plan takes what was downloaded."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._module.decide import decide as decide_by
from ansible_collections.localai.core.plugins.module_utils._planner.downloads import download_of, downloaded_artifact
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.plan import plan as plan_of
from ansible_collections.localai.core.plugins.module_utils._planner.questions import FindArtifact
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Fetch, discards_download
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    NVIDIA_HOST,
    OLD_DIGEST,
    Delivered,
    answer,
    carried_out,
    concrete,
    decide,
    installed,
    meta,
    short,
    want,
)

OLD = concrete("piper")
CASES = [
    # what is requested, what is installed -> the plan that downloads, the plan after that
    (want("piper"), installed(), "download: download piper", "install: fetch piper"),
    (want("piper"), installed(OLD), "none: ", "none: "),
    (want("piper", state="latest"), installed(OLD), "download: download piper", "upgrade: fetch piper"),
    (want("piper", digest=DIGEST), installed(OLD), "download: download piper", "replace: fetch piper"),
    (want("m"), installed(), "download: download cpu-m", "install: fetch cpu-m, meta m"),
    (want("m"), installed(concrete("cpu-m")), "none: ", "install: meta m"),
    (want("archived"), installed(), "download: download archived", "install: fetch archived"),
    (want("from-directory"), installed(), "none: ", "install: fetch from-directory"),
    (
        want("m", state="latest", keep_previous=1),
        installed(meta("m", "old-m"), concrete("old-m")),
        "download: download cpu-m",
        "upgrade: fetch cpu-m, meta m, retire old-m",
    ),
    (want("piper", "m"), installed(), "download, download: download piper, download cpu-m", None),
    (want("x", "cpu-x"), installed(), "download, download: download cpu-x", None),
]


def _after_download(request, state: Installed) -> Installed:
    return carried_out(decide(replace(request, download_only=True), state).steps, state)


@pytest.mark.parametrize(("request_", "state", "downloads", "expected"), CASES)
def test_only_downloads_are_left_of_a_plan(request_, state, downloads, expected):
    plan = decide(replace(request_, download_only=True), state)
    assert short(plan) == downloads
    assert (plan.removed, plan.unload, plan.restart_required) == ((), (), False)
    then = decide(request_, carried_out(plan.steps, state))
    assert expected is None or short(then) == expected
    assert then.artifacts() == [] or not plan.steps


@pytest.mark.parametrize(("request_", "state", "downloads", "expected"), CASES)
def test_a_second_download_changes_nothing(request_, state, downloads, expected):
    request_ = replace(request_, download_only=True)
    again = decide(request_, carried_out(decide(request_, state).steps, state))
    assert (again.steps, {outcome.action for outcome in again.outcomes}) == ((), {"none"})


def test_the_result_is_what_it_would_be_without_the_download():
    request, state = want("piper", state="latest", keep_previous=1), installed(OLD)
    waiting = _after_download(request, state)
    plain, taken = decide(request, state), decide(request, waiting)
    assert taken.outcomes == plain.outcomes
    assert carried_out(taken.steps, waiting) == carried_out(plain.steps, state)


@pytest.mark.parametrize("state", ["present", "latest"])
def test_a_download_is_no_previous_version(state):
    waiting = _after_download(want("piper", state="latest"), installed(OLD))
    assert waiting.previous == ()
    assert "restore" not in short(decide(want("piper", state=state), waiting.without("piper")))


@pytest.mark.parametrize("keep", [None, 0, 1])
def test_a_run_that_changes_nothing_keeps_a_download(keep):
    waiting = _after_download(want("piper", state="latest"), installed(OLD))
    assert decide(want("piper", keep_previous=keep), waiting).steps == ()


def test_another_build_discards_a_download():
    waiting = _after_download(want("piper", state="latest"), installed(OLD))
    other = "sha256:" + "ef" * 32
    (step,) = decide(want("piper", digest=other), waiting).steps
    assert isinstance(step, Fetch)
    assert (step.downloaded, discards_download(step)) == ("", True)
    assert (step.before["downloaded"], "downloaded" in step.after) == (DIGEST, False)


def test_a_repair_with_the_recorded_build_spares_a_download():
    state = replace(installed(OLD), builds={"piper": Build(OLD_DIGEST)})
    waiting = _after_download(want("piper", state="latest"), state)
    broken = waiting.with_directory(replace(OLD, runnable=False))
    plan = decide(want("piper"), broken)
    assert (short(plan), discards_download(plan.steps[0])) == ("repair: fetch piper", False)
    assert carried_out(plan.steps, broken).downloaded == waiting.downloaded


def test_a_retired_build_takes_its_download_along():
    state = installed(meta("m", "old-m"), concrete("old-m"))
    waiting = replace(state, downloaded={"old-m": _after_download(want("piper"), state).downloaded["piper"]})
    assert carried_out(decide(want("m", state="latest"), waiting).steps, waiting).downloaded == {}


def test_absent_removes_what_was_only_downloaded():
    waiting = _after_download(want("x"), installed())
    for name in ("cpu-x", "CPU-X", "x"):
        plan = decide(want(name, state="absent"), waiting)
        assert short(plan) == "remove: remove cpu-x"
        assert carried_out(plan.steps, waiting).downloaded == {}
    assert short(decide(want("piper", state="absent"), waiting)) == "none: "


def test_names_to_remove_are_left_alone():
    plan = decide(want("piper", download_only=True, absent=("m",)), installed(concrete("m")))
    assert short(plan) == "download, none: download piper"
    assert plan.outcomes[1].reason == "download_only removes nothing"


def test_reasons_say_why_there_is_no_download():
    def reason(request, state):
        return decide(replace(request, download_only=True), state).outcomes[0].reason

    waiting = _after_download(want("piper"), installed())
    assert reason(want("piper"), waiting).endswith("; piper is already downloaded")
    assert reason(want("m"), installed(concrete("cpu-m"))).endswith("; nothing has to be downloaded")
    assert reason(want("from-directory"), installed()).endswith("; its source /srv/from-directory is on this host")


def test_what_a_server_cannot_tell_apart_is_not_downloaded():
    request = want("mine", uri=Address("https://example.com/mine.tar"), download_only=True)

    def answer_without_digest(question):
        return replace(answer(question), digest=None) if isinstance(question, FindArtifact) else answer(question)

    plan, _facts = decide_by(partial(plan_of, request), Facts(CPU_HOST, ("g",), installed()), answer_without_digest)
    assert short(plan) == "none: "
    assert plan.warnings[0].startswith("mine is not downloaded: its source states neither a digest nor an ETag")


def test_a_download_depends_on_the_capability_of_the_host():
    waiting = _after_download(want("x"), installed())
    assert short(decide(want("x", download_only=True), waiting, NVIDIA_HOST)) == "none: "
    assert CPU_HOST != NVIDIA_HOST


def test_a_pinned_artifact_is_known_from_its_download():
    waiting = _after_download(want("piper"), installed())
    origins = (Address(f"quay.io/piper@{DIGEST}"), Address(f"mirror/piper@{DIGEST}"))
    artifact = downloaded_artifact("piper", origins, "", waiting)
    assert artifact is not None
    assert (artifact.uri, artifact.mirrors, artifact.digest, artifact.size) == (origins[0], origins[1:], DIGEST, 0)
    assert download_of("piper", artifact, waiting) == waiting.downloaded["piper"]
    assert downloaded_artifact("piper", (Address("quay.io/piper"),), "", waiting) is None
    assert downloaded_artifact("piper", (Address(f"quay.io/piper@{OLD_DIGEST}"),), "", waiting) is None
    assert downloaded_artifact("m", origins, "", waiting) is None


def test_an_archive_is_known_by_its_checksum():
    waiting = _after_download(want("archived"), installed())
    artifact = downloaded_artifact("archived", (Address("https://example.com/archived.tar"),), "cd" * 32, waiting)
    assert artifact is not None
    assert (artifact.sha256, artifact.identity) == ("cd" * 32, "sha256:" + "cd" * 32)
    assert download_of("archived", artifact, waiting) is not None


def test_an_artifact_without_identity_is_never_the_downloaded_one():
    waiting = _after_download(want("piper"), installed())
    assert download_of("piper", Delivered(Address("x"), None), waiting) is None
    assert download_of("piper", Delivered(Address("x"), DIGEST), waiting) is not None


def test_the_record_of_the_download_has_the_size():
    waiting = _after_download(want("piper"), installed())
    build = waiting.downloaded["piper"]
    tree = replace(build.directory, record=Record(size=7, entries=3, listed=True, requested=True))
    waiting = waiting.with_downloaded("piper", build._replace(directory=tree))
    (step,) = decide(want("piper"), waiting).steps
    assert isinstance(step, Fetch)
    assert (step.record.size, step.record.entries, step.record.listed) == (7, 3, True)
    assert step.downloaded == build.path
    assert Directory("piper") != tree
