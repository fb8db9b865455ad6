# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names are planned in their order, and what the plan tells of them is what will be on disk."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    CombinedError,
    GalleryError,
    SourceError,
)
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Index
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._module.decide import decide as decide_by
from ansible_collections.localai.core.plugins.module_utils._planner.diagnose import diagnose
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan, plan
from ansible_collections.localai.core.plugins.module_utils._planner.questions import (
    FindArtifact,
    NewTreeAttributes,
    Question,
    ReadGallery,
)
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, bare_name
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    LOOK,
    NVIDIA_HOST,
    OLD_DIGEST,
    answer,
    concrete,
    decide,
    entry,
    installed,
    meta,
    short,
    want,
)
from ansible_collections.localai.core.tests.support.states import NOTHING, check_plan

SITUATIONS = [
    # situation, what is installed, name -> present, absent
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
    ("only a system backend answers", installed(system=("piper",)), "piper", NOTHING, NOTHING),
    (
        "a system backend under one of ours",
        installed(concrete("piper"), system=("piper",)),
        "piper",
        NOTHING,
        "remove: remove piper",
    ),
]


@pytest.mark.parametrize(
    ("state", "name", "present", "absent"), [row[1:] for row in SITUATIONS], ids=[row[0] for row in SITUATIONS]
)
def test_each_situation_has_its_action_and_then_none(state: Installed, name: str, present: str, absent: str) -> None:
    check_plan(want(name), state, present)
    check_plan(want(name, state="absent"), state, absent)


# --- several names

SEVERAL = [
    # what is installed, names -> present, absent
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


def test_the_gallery_of_a_name_is_not_part_of_the_backend() -> None:
    assert bare_name("g@piper") == "piper"
    assert bare_name("piper") == "piper"
    assert short(decide(want("g@piper", state="absent"), installed(concrete("piper")))) == "remove: remove piper"
    assert diagnose("piper", want(), installed(), CPU_HOST, FileAttributes()).subject == "piper"


# --- what the plan tells


@dataclass(frozen=True)
class Reported:
    """What the module returns of an outcome."""

    name: str
    backend: str | None
    action: str
    capability: str
    run_file: str | None
    uri: str | None
    digest: str | None


def reported(decided: Plan) -> Reported:
    (outcome,) = decided.outcomes
    return Reported(
        outcome.name,
        outcome.backend,
        outcome.action,
        outcome.capability,
        outcome.run_file,
        outcome.uri.text if outcome.uri else None,
        outcome.digest,
    )


REPORTED = [
    (want("m"), installed(), Reported("m", "cpu-m", "install", "nvidia", "/b/cpu-m/run.sh", "quay.io/cpu-m", DIGEST)),
    (
        want("KOKORO"),
        installed(),
        Reported("Kokoro", "Kokoro", "install", "nvidia", "/b/Kokoro/run.sh", "quay.io/Kokoro", DIGEST),
    ),
    (
        want("x"),
        installed(concrete("cpu-x", "x")),
        Reported("x", "cpu-x", "none", "nvidia", "/b/cpu-x/run.sh", "quay.io/cpu-x", OLD_DIGEST),
    ),
    (
        want("m"),
        installed(concrete("cpu-m")),
        Reported("m", "cpu-m", "install", "nvidia", "/b/cpu-m/run.sh", "quay.io/cpu-m", OLD_DIGEST),
    ),
    (
        want("piper"),
        installed(system=("piper",)),
        Reported("piper", "piper", "none", "nvidia", "/s/piper/run.sh", None, None),
    ),
    (
        want("from-directory"),
        installed(),
        Reported(
            "from-directory",
            "from-directory",
            "install",
            "nvidia",
            "/b/from-directory/run.sh",
            "/srv/from-directory",
            None,
        ),
    ),
    (want("piper", state="absent"), installed(), Reported("piper", None, "none", "nvidia", None, None, None)),
    (
        want("m", state="absent"),
        installed(meta("m", "a"), concrete("a")),
        Reported("m", "a", "remove", "nvidia", None, None, None),
    ),
    (
        want("piper", state="absent"),
        installed(system=("piper",)),
        Reported("piper", "piper", "none", "nvidia", "/s/piper/run.sh", None, None),
    ),
    (
        want("piper", uri=Address("/src"), alias="b"),
        installed(concrete("piper", "a", uri="/src")),
        Reported("piper", "piper", "replace", "nvidia", "/b/piper/run.sh", "/src", OLD_DIGEST),
    ),
]


@pytest.mark.parametrize(("options", "state", "expected"), REPORTED)
def test_an_outcome_is_the_state_on_disk_after_the_plan(
    options: BackendOptions, state: Installed, expected: Reported
) -> None:
    assert reported(decide(options, state, NVIDIA_HOST)) == expected


def test_an_outcome_holds_after_a_number_of_steps() -> None:
    decided = decide(want("piper", "m", "piper"), installed())
    assert [outcome.done_after for outcome in decided.outcomes] == [1, 3, 3]
    removal = decide(want("piper", "nobody", state="absent"), installed(concrete("piper")))
    assert [outcome.done_after for outcome in removal.outcomes] == [1, 1]


WARNED = [
    # host, options, what is installed -> the words of the one warning, or none
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


# --- open questions and errors

READ = {ReadGallery("g"): answer(ReadGallery("g"))}
FIND_PIPER, FIND_CPU_M = FindArtifact((Address("quay.io/piper"),)), FindArtifact((Address("quay.io/cpu-m"),))


def test_a_plan_that_lacks_answers_is_all_open_questions_of_the_round_and_no_part_of_a_plan() -> None:
    facts = Facts(CPU_HOST, ("g",), installed(concrete("Kokoro")))
    request = want("piper", "Kokoro", "m", "piper")
    assert plan(request, facts) == (ReadGallery("g"),)
    facts = facts.learn(READ)
    assert plan(request, facts) == (FIND_PIPER, FIND_CPU_M)
    facts = facts.learn({question: answer(question) for question in (FIND_PIPER, FIND_CPU_M)})
    assert plan(request, facts) == (NewTreeAttributes(),)
    result = plan(request, facts.learn({NewTreeAttributes(): LOOK}))
    assert isinstance(result, Plan)
    assert short(result) == "install, none, install, none: fetch piper, fetch cpu-m, meta m"
    assert [artifact.uri.text for artifact in result.artifacts()] == ["quay.io/piper", "quay.io/cpu-m"]


def test_an_error_counts_only_once_no_question_is_open() -> None:
    facts = Facts(CPU_HOST, ("g",), installed()).learn(READ)
    request = want("nowhere", "piper")
    assert plan(request, facts) == (FIND_PIPER,)
    facts = facts.learn({FIND_PIPER: SourceError("it is gone."), NewTreeAttributes(): LOOK})
    with pytest.raises(CombinedError, match=r"nowhere is in no gallery; .*\. piper cannot be fetched\. it is gone\."):
        plan(request, facts)
    with pytest.raises(SourceError, match=r"piper cannot be fetched\. it is gone\."):
        plan(want("piper"), facts)


@pytest.mark.parametrize("names", [("m", "piper", "yy@m"), ("yy@m", "m", "piper"), ("piper", "yy@m", "m")])
def test_a_name_with_an_unknown_gallery_does_not_hide_the_error_of_the_name_without_it(names: tuple[str, ...]) -> None:
    def unreleased(question: Question) -> object:
        if isinstance(question, FindArtifact):
            raise SourceError("404", missing=True)
        return answer(question, tagged=True)

    with pytest.raises(CombinedError) as caught:
        decide_by(functools.partial(plan, want(*names, release="v1")), Facts(CPU_HOST, ("g",), installed()), unreleased)
    message = str(caught.value)
    assert message.startswith("yy@m: there is no gallery 'yy'.")
    assert all(image in message for image in ("m (cpu-m, quay.io/cpu-m:v1-cpu-m)", "piper (piper, quay.io/piper:v1-"))
    assert message.count("yy@m") == 1


def test_a_name_with_an_unknown_gallery_fails_alone_if_nothing_else_is_wrong() -> None:
    with pytest.raises(GalleryError, match=r"^yy@m: there is no gallery 'yy'\. The galleries of this task: g\.$"):
        decide(want("m", "piper", "yy@m"), installed())


def test_an_error_goes_away_if_another_name_installs_what_it_is_about() -> None:
    index = Index("g", {"build": entry("build", "nickname")}, {})
    facts = Facts(CPU_HOST, ("g",), installed()).learn({ReadGallery("g"): index, NewTreeAttributes(): LOOK})
    find = FindArtifact((Address("quay.io/build"),))
    with pytest.raises(GalleryError, match="nickname is in no gallery"):
        plan(want("nickname"), facts)
    assert plan(want("build", "nickname"), facts) == (find,)
    result = plan(want("build", "nickname"), facts.learn({find: answer(find)}))
    assert isinstance(result, Plan)
    assert short(result) == "install, none: fetch build"


def test_a_gallery_that_cannot_be_read_does_no_harm_where_nothing_depends_on_it() -> None:
    facts = Facts(CPU_HOST, ("g",), installed(concrete("piper"))).learn({ReadGallery("g"): GalleryError("unreachable")})
    assert isinstance(plan(want("piper"), facts), Plan)
    with pytest.raises(GalleryError, match="unreachable"):
        plan(want("piper", "m"), facts)
