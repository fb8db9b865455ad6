# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies for signatures: which ones are valid, which one an image needs, and who satisfies them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._localai.verification import (
    POLICY as LOCALAI,
)
from ansible_collections.localai.core.plugins.module_utils._localai.verification import (
    check_policy,
    policies_for,
    violation,
)
from ansible_collections.localai.core.plugins.module_utils._module.galleries import gallery_sources
from ansible_collections.localai.core.plugins.module_utils._request import GalleryPolicy, Policies, Signer, Verification

POLICY = {"issuer": "https://issuer.example", "identity_regex": r"^https://x\.example/(heads/master|tags/.+)$"}


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({"issuer": "x"}, "galleries: verification of g needs identity or identity_regex."),
        ({"identity": "x"}, "needs issuer or issuer_regex."),
        ({"not_before": "2026-08-05T00:00:00Z"}, "needs issuer or issuer_regex."),
        (dict.fromkeys(POLICY), "needs issuer or issuer_regex."),
        ({**POLICY, "identity_regex": "("}, "identity_regex: it is not a regular expression: missing )"),
        ({**POLICY, "issuer_regex": "[a"}, "issuer_regex: it is not a regular expression: unterminated"),
        (
            {**POLICY, "not_before": "2026-08-05"},
            "not_before: '2026-08-05' is not a date, a time and a time zone. Write them",
        ),
        ({**POLICY, "not_before": "2026-08-05T00:00:00"}, "is not a date, a time and a time zone"),
        ({**POLICY, "not_before": "2026-13-05T00:00:00Z"}, "is not a date, a time and a time zone"),
        ({**POLICY, "not_before": "2026-08-05T25:00:00Z"}, "is not a date, a time and a time zone"),
        ({**POLICY, "not_before": "2026-08-05T00:00:00+25:00"}, "is not a date, a time and a time zone"),
        ({**POLICY, "not_before": "yesterday"}, "is not a date, a time and a time zone"),
    ],
)
def test_a_policy_that_localai_refuses_is_an_error(policy: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_policy(policy, "galleries: verification of g")
    assert says in str(caught.value)
    with pytest.raises(OptionError) as of_the_option:
        gallery_sources([{"name": "g", "url": "/g.yaml", "verification": policy}])
    assert str(of_the_option.value) == str(caught.value)


def test_localais_own_policy_is_valid() -> None:
    check_policy(LOCALAI._asdict(), "x")


SIGNER = Signer(
    "https://github.com/mudler/LocalAI/.github/workflows/backend_merge.yml@refs/tags/v4.11.0",
    "https://token.actions.githubusercontent.com",
    "https://github.com/mudler/LocalAI",
    "2026-09-01T12:00:00Z",
    "sha256:" + "ab" * 32,
    "https://rekor.example",
    7,
    "a trusted root",
)
ANYBODY = Verification(issuer_regex=".", identity_regex=".")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, ""),
        ({"identity": SIGNER.identity}, ""),
        ({"identity": SIGNER.identity[1:]}, "the identity of its signer is https://github.com/mudler"),
        ({"identity_regex": "^ttps"}, "does not match ^ttps"),
        ({"identity": SIGNER.identity, "identity_regex": "^no$"}, "does not match ^no$"),
        ({"issuer": "https://other.example"}, "the issuer of its signer is https://token"),
        ({"issuer_regex": "example$"}, "does not match example$"),
        ({"source_repository": SIGNER.source_repository}, ""),
        ({"source_repository": "https://github.com/mudler"}, "and the policy demands https://github.com/mudler"),
        ({"not_before": "2026-09-01T12:00:00Z"}, ""),
        ({"not_before": "2026-09-01T14:00:00+02:00"}, ""),
        ({"not_before": "2026-09-01T12:00:01.5Z"}, "it was signed at 2026-09-01T12:00:00Z"),
    ],
)
def test_a_signer_satisfies_a_policy_or_the_reason_is_stated(changes: dict[str, Any], says: str) -> None:
    reason = violation(ANYBODY._replace(**changes), SIGNER)
    assert says in reason
    assert bool(says) == bool(reason)


@pytest.mark.parametrize(
    ("identity", "fits"),
    [
        (SIGNER.identity, True),
        ("https://github.com/mudler/LocalAI/.github/workflows/backend_merge.yml@refs/heads/master", True),
        ("https://github.com/mudler/LocalAI/.github/workflows/backend_merge.yml@refs/heads/master2", False),
        ("https://github.com/mudler/LocalAI/.github/workflows/backend_merge.yml@refs/heads/master\n", False),
        ("https://github.com/mudler/LocalAI/.github/workflows/backend_build.yml@refs/heads/master", False),
        ("https://github.com/mudler/LocalAI/.github/workflows/backend_merge.yml@refs/pull/1/merge", False),
        ("https://github-com/mudler/LocalAI/.github/workflows/backend_merge.yml@refs/heads/master", False),
        ("x https://github.com/mudler/LocalAI/.github/workflows/backend_merge.yml@refs/heads/master", False),
    ],
)
def test_localais_policy_is_about_its_workflow_alone(identity: str, fits: bool) -> None:
    assert (violation(LOCALAI, SIGNER._replace(identity=identity)) == "") is fits


OWN, OTHER = Address("https://own.example/index.yaml"), Address("https://other.example/index.yaml")
A, B = Verification("i", None, "a"), Verification("i", None, "b")
QUAY = "quay.io/go-skynet/local-ai-backends"
ROW_A, ROW_B = GalleryPolicy("own", OWN, A), GalleryPolicy("other", OTHER, B)
NO_POLICY = GalleryPolicy("own", OWN, None)
STRICT = GalleryPolicy("LocalAI", Address("/srv/index.yaml"), A)
BY_REF = GalleryPolicy("ref", Address("https://own.example/latest.ref"), A)
NOWHERE = Address("")


@pytest.mark.parametrize(
    ("image", "name", "url", "galleries", "expected"),
    [
        # A gallery's own policy is the one for what it lists.
        ("x.example/y", "", OWN, (ROW_A, ROW_B), (A,)),
        (QUAY, "", OWN, (ROW_A,), (A,)),
        ("x.example/y", "other", OWN, (ROW_A, ROW_B), (B,)),
        # The index that a reference file names is beside it.
        ("x.example/y", "", OWN, (BY_REF, ROW_B), (A,)),
        ("x.example/y", "", OTHER, (BY_REF,), (A,)),
        # LocalAI's images have one if their gallery has none.
        (QUAY, "", OWN, (NO_POLICY,), (LOCALAI,)),
        ("docker.io/localai/localai-backends", "", OWN, (NO_POLICY,), (LOCALAI,)),
        ("quay.io/go-skynet/local-ai", "", OWN, (NO_POLICY, ROW_B), ()),
        ("x.example/go-skynet/local-ai-backends", "own", NOWHERE, (NO_POLICY,), ()),
        # What no gallery of the task lists needs one of their signers.
        ("x.example/y", "", NOWHERE, (ROW_A, ROW_B), (A, B)),
        ("x.example/y", "elsewhere", OWN, (ROW_A, ROW_B), (A, B)),
        (QUAY, "", NOWHERE, (ROW_A, NO_POLICY), (LOCALAI, A)),
        # A policy of LocalAI's gallery is not weakened.
        (QUAY, "", NOWHERE, (STRICT, ROW_B), (A, B)),
        ("", "", NOWHERE, (), ()),
    ],
)
def test_which_policies_an_image_needs(image: str, name: str, url: Address, galleries: Any, expected: Any) -> None:
    assert policies_for(image, name, url, Policies("enforce", galleries)) == expected
