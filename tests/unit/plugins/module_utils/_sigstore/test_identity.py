# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identities: what a certificate says about its holder."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.certificates import read_certificate
from ansible_collections.localai.core.plugins.module_utils._sigstore.identity import Identity, identity_of
from ansible_collections.localai.core.tests.support.sigstore import der, identities
from ansible_collections.localai.core.tests.support.sigstore.identities import person, workflow

GITHUB = "https://token.actions.githubusercontent.com"
NAME = "https://github.com/mudler/LocalAI/.github/workflows/backend_merge.yml@refs/heads/master"
REPOSITORY = "https://github.com/mudler/LocalAI"


@pytest.mark.parametrize(
    ("holder", "expected"),
    [
        (workflow(), Identity(NAME, GITHUB, REPOSITORY)),
        (workflow().without(identities.SOURCE_REPOSITORY), Identity(NAME, GITHUB)),
        (workflow().without(identities.ISSUER), Identity(NAME, GITHUB, REPOSITORY)),
        (workflow().without(identities.RAW_ISSUER), Identity(NAME, GITHUB, REPOSITORY)),
        (workflow().claiming({identities.RAW_ISSUER: "https://other"}), Identity(NAME, GITHUB, REPOSITORY)),
        # A claim that is not a text in DER is none.
        (workflow().claiming({identities.SOURCE_REPOSITORY: b"https://other"}), Identity(NAME, GITHUB)),
        (
            workflow().claiming({identities.SOURCE_REPOSITORY: der.utf8(REPOSITORY) + der.utf8("x")}),
            Identity(NAME, GITHUB),
        ),
        (person(), Identity("somebody@example.org", "https://accounts.example.org")),
    ],
)
def test_a_certificate_names_its_holder(sigstore, holder, expected):
    certificate = sigstore.certificate(holder)
    assert identity_of(read_certificate(certificate.der, "x")) == expected


@pytest.mark.parametrize(
    ("holder", "problem"),
    [
        (workflow().named(), "does not have exactly one identity"),
        (workflow().named(NAME, "somebody@example.org"), "does not have exactly one identity"),
        (workflow().without(identities.ISSUER, identities.RAW_ISSUER), "does not say who vouches for the identity"),
        (workflow().claiming({1: b"", 8: b"x"}), "does not say who vouches for the identity"),
    ],
)
def test_a_certificate_without_an_identity_is_refused(sigstore, holder, problem):
    certificate = sigstore.certificate(holder)
    with pytest.raises(SignatureError, match=problem):
        identity_of(read_certificate(certificate.der, "x"))
