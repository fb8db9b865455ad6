# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verifies the signatures of images and of galleries in registries: finds them, and compares signers with policies."""

from __future__ import annotations

import functools
import time
import typing as t

from .._errors import SignatureError
from .._http.failover import ORIGIN_ERRORS
from .._localai.verification import violation
from .._oci.manifest import Repository
from .._oci.referrers import Signature, signatures_beside
from .._request import SignatureOptions, Signer, Verification
from .._sigstore.fields import Fields
from .._sigstore.image import verify_bundle, verify_simple_signing
from .._sigstore.library import check_library
from .._sigstore.periods import printable
from .trusted_root import NamedRoot, root_of_collection, root_of_task


class SignerFinder:
    """Finds out who signed an image. The trusted root is read once. Problems that prevent nothing go to `warnings`."""

    def __init__(self, options: SignatureOptions, warnings: list[str]) -> None:
        self._options = options
        self._warnings = warnings

    def find(
        self, repositories: t.Iterable[Repository], digests: t.Sequence[str], policies: t.Sequence[Verification]
    ) -> Signer:
        """Return the signer of an image, the first one that satisfies one of the policies.

        The digests are those of the index and of the image, of which one has to be signed. Raises SignatureError.
        """
        check_library()
        root_name = self._root.name
        problems: dict[str, None] = {}
        tried = []
        for repository in repositories:
            tried.append(str(repository))
            for digest in digests:
                unreadable: list[str] = []
                try:
                    for signature in signatures_beside(repository, digest, unreadable):
                        signer = self._signer(signature, digest, policies, problems)
                        if signer is not None:
                            return signer
                except ORIGIN_ERRORS as e:
                    unreadable.append(f"{repository}: {e}")
                problems.update(dict.fromkeys(unreadable))
        if not problems:
            raise SignatureError(
                f"{' or '.join(tried)} has no signature of {' or '.join(digests)}. Choose a release that is signed, or "
                "ask its publisher for signatures"
            )
        raise SignatureError(f"{'; '.join(problems)} (verified with the {root_name})")

    def _signer(
        self,
        signature: Signature,
        digest: str,
        policies: t.Sequence[Verification],
        problems: dict[str, None],
    ) -> Signer | None:
        """Return the signer if a signature is valid and satisfies a policy; else add the problem."""
        try:
            signer = self._verified(signature, digest)
        except SignatureError as e:
            problems[str(e)] = None
            return None
        violations = [violation(policy, signer) for policy in policies]
        if not all(violations):
            return signer
        others = [text for text in (signer.identity, signer.issuer) if text not in violations[0]]
        problems[f"{violations[0]} (it was signed by {' of '.join(others)})" if others else violations[0]] = None
        return None

    def _verified(self, signature: Signature, digest: str) -> Signer:
        if signature.is_bundle:
            proof = verify_bundle(signature.content, digest, self._root.root)
        elif self._options.legacy:
            annotations = Fields(dict(signature.annotations), "the annotations of the signature")
            proof = verify_simple_signing(signature.content, annotations, digest, self._root.root)
        else:
            raise SignatureError(
                "it is signed in the form that cosign had before version 2.6. Set legacy_signatures to accept it"
            )
        identity = proof.identity
        return Signer(
            identity.name,
            identity.issuer,
            identity.source_repository,
            printable(proof.moment),
            digest,
            proof.log,
            proof.index,
            self._root.name,
        )

    @functools.cached_property
    def _root(self) -> NamedRoot:
        """The trusted root; raises OptionError."""
        given = self._options.trusted_root
        return root_of_collection(time.time(), self._warnings) if given is None else root_of_task(given)
