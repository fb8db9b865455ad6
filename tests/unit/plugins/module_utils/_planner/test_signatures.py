# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signed the builds of a plan: what is asked, what is recorded, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, SignatureError
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan, plan
from ansible_collections.localai.core.plugins.module_utils._planner.questions import FindSigner, Question
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Fetch, RecordSigner
from ansible_collections.localai.core.plugins.module_utils._request import (
    GalleryPolicy,
    Policies,
    SignatureMode,
    Signer,
    Verification,
)
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    OLD_DIGEST,
    answer,
    concrete,
    installed,
    want,
)

POLICY = Verification("https://issuer.example", None, "https://workflow.example")
SIGNER = Signer(
    "https://workflow.example", "https://issuer.example", "", "2026-09-01T00:00:00Z", DIGEST, "log", 1, "root"
)
STRANGER = SIGNER._replace(identity="https://stranger.example")
UNSIGNED = SignatureError("it has no signature")


def planned(
    options: Any, state: Any, mode: SignatureMode, signer: Any = SIGNER, policy: Any = POLICY
) -> tuple[Plan, list[Question]]:
    """Return the plan, and the questions about signers."""
    policies = Policies(mode, (GalleryPolicy("g", Address("g"), policy),)) if mode != "ignore" else Policies()
    facts = Facts(CPU_HOST, ("g",), state, policies=policies)
    asked: list[Question] = []
    while True:
        result = plan(options, facts)
        if isinstance(result, Plan):
            return result, [question for question in asked if isinstance(question, FindSigner)]
        asked += result
        found = {q: signer(q) if callable(signer) else signer for q in result if isinstance(q, FindSigner)}
        facts = facts.learn({q: found[q] if isinstance(q, FindSigner) else answer(q) for q in result})


def signed(name: str, signer: Signer | None) -> Any:
    return replace(concrete(name), record=Record(signer=signer))


def of_installed(signer: Signer) -> Signer:
    return signer._replace(digest=OLD_DIGEST)


def test_nothing_is_asked_unless_signatures_are_verified() -> None:
    result, asked = planned(want("piper"), installed(), "ignore")
    assert asked == []
    assert isinstance(result.steps[0], Fetch)
    assert result.steps[0].record.signer is None


@pytest.mark.parametrize("mode", ["warn", "enforce"])
def test_the_signer_of_a_new_build_is_recorded(mode: SignatureMode) -> None:
    result, (question,) = planned(want("piper"), installed(), mode)
    (step,) = result.steps
    assert isinstance(step, Fetch)
    assert (step.record.signer, step.after["signed_by"]) == (SIGNER, SIGNER.identity)
    assert isinstance(question, FindSigner)
    assert question.policies == (POLICY,)


def test_a_build_without_a_signature_is_a_warning_or_an_error() -> None:
    result, _asked = planned(want("piper"), installed(), "warn", UNSIGNED)
    assert result.warnings == ("piper: its signature is not verified: it has no signature.",)
    assert len(result.steps) == 1
    with pytest.raises(SignatureError, match="piper: its signature is not verified: it has no signature"):
        planned(want("piper"), installed(), "enforce", UNSIGNED)


def test_all_builds_without_a_signature_are_reported() -> None:
    with pytest.raises(LocalAIError) as caught:
        planned(want("piper", "cpu-m"), installed(), "enforce", UNSIGNED)
    assert str(caught.value).count("its signature is not verified") == 2


def test_an_installed_build_with_a_signer_is_not_asked_about() -> None:
    result, asked = planned(want("piper"), installed(signed("piper", of_installed(SIGNER))), "enforce")
    assert (result.steps, asked) == ((), [])


@pytest.mark.parametrize("recorded", [None, STRANGER._replace(digest=OLD_DIGEST)])
def test_an_installed_build_without_the_right_signer_gets_it_recorded(recorded: Signer | None) -> None:
    result, asked = planned(want("piper"), installed(signed("piper", recorded)), "enforce")
    (step,) = result.steps
    assert isinstance(step, RecordSigner)
    assert step.record.signer == SIGNER
    assert len(asked) == 1
    assert (result.unload, result.restart_required) == ((), False)


def test_a_build_of_localai_without_our_record_is_asked_about_each_time() -> None:
    result, asked = planned(want("piper"), installed(concrete("piper")), "enforce")
    assert (result.steps, len(asked)) == ((), 1)
    with pytest.raises(SignatureError):
        planned(want("piper"), installed(concrete("piper")), "enforce", UNSIGNED)


def test_a_signer_of_another_digest_is_not_the_one_of_the_build() -> None:
    moved = SIGNER._replace(digest="sha256:" + "0" * 64)
    result, asked = planned(want("piper"), installed(signed("piper", moved)), "enforce")
    (step,) = result.steps
    assert isinstance(step, RecordSigner)
    assert len(asked) == 1


def test_a_build_that_answers_by_its_alias_needs_a_signature() -> None:
    evil = replace(concrete("cpu-m", "piper"), record=Record())
    with pytest.raises(SignatureError, match="cpu-m: its signature is not verified"):
        planned(want("piper", uri=Address("quay.io/piper")), installed(evil), "enforce", _by_origin)


def _by_origin(question: FindSigner) -> Any:
    return SIGNER if "piper" in question.origins[0].text else UNSIGNED


def test_why_a_recorded_signer_does_not_count_is_said() -> None:
    stranger = STRANGER._replace(digest=OLD_DIGEST)
    with pytest.raises(SignatureError) as caught:
        planned(want("piper"), installed(signed("piper", stranger)), "enforce", UNSIGNED)
    assert "The recorded signer does not count: the identity of its signer is https://stranger.example" in str(
        caught.value
    )
    assert str(caught.value).endswith("state=latest or force installs the current build of its source.")
    moved = SIGNER._replace(digest="sha256:" + "0" * 64)
    with pytest.raises(SignatureError, match="does not count: it signed sha256:0000"):
        planned(want("piper"), installed(signed("piper", moved)), "enforce", UNSIGNED)


def test_a_build_of_unknown_origin_is_refused() -> None:
    by_hand = replace(concrete("piper"), metadata=None)
    with pytest.raises(SignatureError, match="piper: its signature is not verified: it is not an image"):
        planned(want("piper"), installed(by_hand), "enforce")


def test_what_is_removed_needs_no_signature() -> None:
    result, asked = planned(want("piper", state="absent"), installed(concrete("piper")), "enforce", UNSIGNED)
    assert (len(result.steps), asked) == (1, [])
