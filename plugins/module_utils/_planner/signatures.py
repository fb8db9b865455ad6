# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signers of the builds of a plan: of those that it installs, and of those that stay."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._address import NO_ADDRESS, Address
from .._errors import LocalAIError, SignatureError, SourceError
from .._localai.installed import Directory
from .._localai.metadata import Metadata
from .._localai.verification import policies_for, violation
from .._request import Policies, Signer, Verification
from .._sources.uri import HttpUri, ImageUri, PathUri, Uri, uri_of
from .changes import Changes
from .facts import Facts
from .failures import combined
from .questions import Artifact, FindSigner, Question, Questions
from .steps import Fetch, RecordSigner, Restore, state_of
from .unanswered import Unanswered

if t.TYPE_CHECKING:
    from .plan import Outcome


class BuildToVerify(t.NamedTuple):
    """A build: its name, its origin, the digests of its index and of its image, and the gallery that lists it.

    `gallery` is the name of the gallery, or empty if only its URL is recorded. `known` are recorded signers.
    """

    name: str
    origins: tuple[Address, ...]
    digests: tuple[str, ...]
    gallery: str
    gallery_url: Address
    known: tuple[Signer, ...]


def check_signatures(changes: Changes, facts: Facts, outcomes: t.Sequence[Outcome]) -> Questions:
    """Plan to record who signed the builds of a plan, and return the open questions.

    A build without a signature that satisfies a policy is a warning, or with the mode `enforce` an error.
    """
    questions: dict[Question, None] = {}
    failures: list[tuple[str, LocalAIError]] = []
    fetched = {step.backend: number for number, step in enumerate(changes.steps) if isinstance(step, Fetch)}
    for name in _builds(changes, outcomes):
        try:
            if name in fetched:
                _check_fetched(fetched[name], changes, facts)
            else:
                _check_installed(name, changes, facts)
        except Unanswered as e:
            questions[e.question] = None
        except SignatureError as e:
            failures.append((name, e))
    if not questions:
        _report(failures, changes, facts)
    return tuple(questions)


def _builds(changes: Changes, outcomes: t.Sequence[Outcome]) -> t.Iterable[str]:
    """Return the builds that the plan installs, and those that LocalAI runs for the names after it."""
    rows = [changes.listing().find(outcome.name) for outcome in outcomes]
    installed = [step.backend for step in changes.steps if isinstance(step, (Fetch, Restore))]
    named = [outcome.backend for outcome in outcomes if outcome.backend]
    return dict.fromkeys([*installed, *named, *(row.backend for row in rows if row is not None)])


def _report(failures: t.Sequence[tuple[str, LocalAIError]], changes: Changes, facts: Facts) -> None:
    """Raise the failures, or make them warnings."""
    if failures and facts.policies.mode == "enforce":
        raise combined(failures, changes.request.spellings)
    changes.warnings += [str(failure) for _name, failure in failures]


def _check_fetched(number: int, changes: Changes, facts: Facts) -> None:
    """Add the signer to the record of a build to install; raises SignatureError, Unanswered."""
    step = t.cast(Fetch, changes.steps[number])
    gallery, known = _pinned(step.backend, digests_of(step.artifact), changes)
    downloaded = facts.installed.downloaded.get(step.backend) if step.downloaded else None
    if downloaded is not None and downloaded.directory.record and downloaded.directory.record.signer:
        known = (*known, downloaded.directory.record.signer)
    build = fetched_build(step.backend, step.artifact, gallery, step.metadata.gallery_url, known)
    signer = _signer(build, facts)
    record = replace(step.record, signer=signer)
    directory = changes.state.get(step.backend)
    if directory is not None:
        changes.state = changes.state.with_directory(replace(directory, record=record))
    changes.steps[number] = replace(step, record=record, after={**step.after, "signed_by": signer.identity})


def _check_installed(name: str, changes: Changes, facts: Facts) -> None:
    """Plan to record the signer of a build that stays, if that is not recorded; raises SignatureError, Unanswered.

    A build that LocalAI installed has no record. Its signature is verified in each run.
    """
    directory = changes.state.get(name)
    if directory is None or directory.target:
        # System backends are those of the distribution, which signs its packages.
        return
    build, record = installed_build(directory), directory.record
    gallery, pinned = _pinned(name, build.digests, changes)
    try:
        signer = _signer(build._replace(gallery=gallery, known=(*build.known, *pinned)), facts)
    except SignatureError as e:
        advice = "The installed build stays. state=latest or force installs the current build of its source."
        raise SignatureError(f"{str(e).rstrip('.')}. {advice}") from e
    if record is not None and signer != record.signer:
        before = state_of(changes.state, name)
        signed = replace(record, signer=signer)
        changes.state = changes.state.with_directory(replace(directory, record=signed))
        changes.steps.append(RecordSigner(name, before, state_of(changes.state, name), signed))


def _signer(build: BuildToVerify, facts: Facts) -> Signer:
    """Return who signed a build; raises SignatureError, which names the backend, and Unanswered."""
    try:
        result = signer_or_question(build, facts.policies)
        return result if isinstance(result, Signer) else t.cast(Signer, facts.answer(result))
    except SignatureError as e:
        raise not_verified(build, facts.policies, e) from e


def not_verified(build: BuildToVerify, policies: Policies, error: SignatureError) -> SignatureError:
    """Return an error that names the backend, and says why its known signers do not count."""
    reasons = [_rejection(signer, build, _demanded(build, policies)) for signer in build.known]
    known = "".join(f" The recorded signer does not count: {reason}." for reason in dict.fromkeys(reasons))
    return SignatureError(f"{build.name}: its signature is not verified: {str(error).rstrip('.')}.{known}")


def _rejection(signer: Signer, build: BuildToVerify, demanded: tuple[Verification, ...]) -> str:
    """Return why a known signer is not that of a build; empty if it is."""
    if signer.digest not in build.digests:
        return f"it signed {signer.digest}"
    if not demanded:
        return "there is no policy for its image"
    violations = [violation(policy, signer) for policy in demanded]
    return violations[0] if all(violations) else ""


def signer_or_question(build: BuildToVerify, policies: Policies) -> Signer | FindSigner:
    """Return a known signer of a build that satisfies a policy, or else the question who signed its image.

    Raises SignatureError for a build that nobody can have signed.
    """
    demanded = _demanded(build, policies)
    for signer in build.known:
        if not _rejection(signer, build, demanded):
            return signer
    uri = _uri(build)
    if isinstance(uri, (HttpUri, PathUri, type(None))):
        raise SignatureError("it is not an image, and only images are signed")
    if not build.digests:
        raise SignatureError("the digest of its image is not recorded. Install it again with force")
    if not demanded:
        raise SignatureError("there is no policy for its image. Add verification to a gallery of the task")
    return FindSigner(build.origins, build.digests, demanded)


def _uri(build: BuildToVerify) -> Uri | None:
    """Return where a build comes from. The mirrors of an image do not count."""
    return uri_of(build.origins[0]) if build.origins[0].text else None


def _demanded(build: BuildToVerify, policies: Policies) -> tuple[Verification, ...]:
    """Return the policies for a build, of which one has to be satisfied."""
    uri = _uri(build)
    try:
        repository = uri.reference.name if isinstance(uri, ImageUri) else ""
    except SourceError:
        # What is no reference of an image is in no registry.
        repository = ""
    return policies_for(repository, build.gallery, build.gallery_url, policies)


def fetched_build(
    name: str, artifact: Artifact, gallery: str, gallery_url: Address = NO_ADDRESS, known: tuple[Signer, ...] = ()
) -> BuildToVerify:
    """Return the build that an artifact is."""
    origins = (artifact.uri, *artifact.mirrors)
    return BuildToVerify(name, origins, digests_of(artifact), gallery, gallery_url, known)


def installed_build(directory: Directory) -> BuildToVerify:
    """Return an installed build."""
    metadata, record = directory.metadata or Metadata(), directory.record
    digests = _distinct(directory.digest, record.platform_digest if record else "")
    known = (record.signer,) if record is not None and record.signer is not None else ()
    return BuildToVerify(directory.name, (metadata.uri,), digests, "", metadata.gallery_url, known)


def digests_of(artifact: Artifact) -> tuple[str, ...]:
    """Return the digests of an image: that of its index, and its own. An archive has none."""
    return () if artifact.sha256 else _distinct(artifact.digest, artifact.platform_digest)


def _distinct(*digests: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(digest for digest in digests if digest))


def _pinned(backend: str, digests: tuple[str, ...], changes: Changes) -> tuple[str, tuple[Signer, ...]]:
    """Return the gallery and the signer of a build according to its row of `pins`."""
    for row in (changes.request.pins or {}).values():
        if row.backend == backend and row.digest in digests:
            return row.gallery, (row.signer,) if row.signer is not None else ()
    return "", ()
