# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verifies the signatures of images and of galleries in registries: finds them, and compares signers with policies."""

from __future__ import annotations

import functools
import time
import typing as t

from .._errors import OptionError, SignatureError
from .._fs.read import read_file
from .._http.failover import ORIGIN_ERRORS
from .._localai.verification import violation
from .._oci.manifest import Repository
from .._oci.referrers import Signature, signatures_beside
from .._request import Signatures, Signer, Verification
from .._sigstore.fields import Fields
from .._sigstore.image import verify_bundle, verify_simple_signing
from .._sigstore.library import check_library
from .._sigstore.periods import printable, seconds_of_day
from .._sigstore.trusted_root import TrustedRoot, read_trusted_root

_LARGEST_ROOT = 4 * 1024**2
# Sigstore announces new keys months before they are used, and rotates its logs about once a year.
_OLD_DAYS = 270
_DAY = 86400


class SignerFinder:
    """Finds out who signed an image. The trusted root is read once. Problems that prevent nothing go to `warnings`."""

    def __init__(self, options: Signatures, warnings: list[str], clock: t.Callable[[], float] = time.time) -> None:
        self._options = options
        self._warnings = warnings
        self._clock = clock

    def find(
        self, repositories: t.Iterable[Repository], digests: t.Sequence[str], policies: t.Sequence[Verification]
    ) -> Signer:
        """Return the signer of an image, the first one that satisfies one of the policies.

        The digests are those of the index and of the image, of which one has to be signed. Raises SignatureError.
        """
        check_library()
        root = self._root
        problems: dict[str, None] = {}
        tried = []
        for repository in repositories:
            tried.append(str(repository))
            for digest in digests:
                unreadable: list[str] = []
                try:
                    for signature in signatures_beside(repository, digest, unreadable):
                        signer = self._signer(signature, digest, policies, root, problems)
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
        raise SignatureError(f"{'; '.join(problems)} (verified with the {root[1]})")

    def _signer(
        self,
        signature: Signature,
        digest: str,
        policies: t.Sequence[Verification],
        root: tuple[TrustedRoot, str],
        problems: dict[str, None],
    ) -> Signer | None:
        """Return the signer if a signature is valid and satisfies a policy; else add the problem."""
        try:
            signer = self._verified(signature, digest, *root)
        except SignatureError as e:
            problems[str(e)] = None
            return None
        violations = [violation(policy, signer) for policy in policies]
        if not all(violations):
            return signer
        others = [text for text in (signer.identity, signer.issuer) if text not in violations[0]]
        problems[f"{violations[0]} (it was signed by {' of '.join(others)})" if others else violations[0]] = None
        return None

    def _verified(self, signature: Signature, digest: str, root: TrustedRoot, root_name: str) -> Signer:
        if signature.is_bundle:
            proof = verify_bundle(signature.content, digest, root)
        elif self._options.legacy:
            annotations = Fields(dict(signature.annotations), "the annotations of the signature")
            proof = verify_simple_signing(signature.content, annotations, digest, root)
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
            root_name,
        )

    @functools.cached_property
    def _root(self) -> tuple[TrustedRoot, str]:
        """The trusted root and its name; raises SignatureError, and OptionError if the option cannot be read."""
        given = self._options.trusted_root
        if given is None:
            return self._public_root()
        try:
            content = given.encode() if given.startswith("{") else read_file(given, _LARGEST_ROOT)
        except (OSError, ValueError) as e:
            raise OptionError(f"trusted_root: {given}: {getattr(e, 'strerror', None) or e} on this host.") from None
        name = "its content" if given.startswith("{") else given
        try:
            root = read_trusted_root(content)
        except SignatureError as e:
            raise OptionError(f"trusted_root: {name}: {e}. Write it with cosign trusted-root create.") from e
        return root, f"trusted_root of {printable(root.newest)}"

    def _public_root(self) -> tuple[TrustedRoot, str]:
        from .._sigstore.public_root import DATE, ROOT

        age = int((self._clock() - seconds_of_day(DATE)) / _DAY)
        if age > _OLD_DAYS:
            self._warnings.append(
                f"signatures: the trusted root of this collection is {age} days old, and Sigstore may have newer keys. "
                "Upgrade the collection, or set trusted_root."
            )
        return read_trusted_root(ROOT.encode()), f"trusted root of the collection, {DATE}"
