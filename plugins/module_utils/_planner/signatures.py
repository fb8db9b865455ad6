# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signed the builds of a plan: those that it installs, and those that stay and have no verified signature yet."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._address import Address
from .._errors import LocalAIError, SignatureError
from .._localai.metadata import Metadata
from .._localai.verification import policies_for, violation
from .._request import Policies, Signer, Verification
from .._sources.uri import HttpUri, ImageUri, PathUri, uri_of
from .changes import Changes
from .facts import Facts
from .failures import combined
from .questions import Artifact, FindSigner, Question, Questions
from .steps import Fetch, RecordSigner, state_of
from .unanswered import Unanswered

if t.TYPE_CHECKING:
    from .plan import Outcome


class _Build(t.NamedTuple):
    """A build: its name, its origins, the digests of its index and of its image, and the gallery that lists it."""

    name: str
    origins: tuple[Address, ...]
    digests: tuple[str, ...]
    gallery_url: Address


def check_signatures(changes: Changes, facts: Facts, outcomes: t.Sequence[Outcome]) -> Questions:
    """Plan to record who signed the builds of a plan, and return the open questions.

    A build without a signature that satisfies a policy is a warning, or with the mode `enforce` an error.
    """
    questions: dict[Question, None] = {}
    failures: list[tuple[str, LocalAIError]] = []
    fetched = {step.backend: number for number, step in enumerate(changes.steps) if isinstance(step, Fetch)}
    builds = dict.fromkeys((*fetched, *(outcome.backend for outcome in outcomes if outcome.backend)))
    for name in builds:
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


def _report(failures: t.Sequence[tuple[str, LocalAIError]], changes: Changes, facts: Facts) -> None:
    """Raise the failures, or make them warnings."""
    if failures and facts.policies.mode == "enforce":
        raise combined(failures, changes.request.spellings)
    changes.warnings += [str(failure) for _name, failure in failures]


def _check_fetched(number: int, changes: Changes, facts: Facts) -> None:
    """Add the signer to the record of a build to install; raises SignatureError, Unanswered."""
    step = t.cast(Fetch, changes.steps[number])
    digests = digests_of(step.artifact)
    origins = (step.artifact.uri, *step.artifact.mirrors)
    build = _Build(step.backend, origins, digests, step.metadata.gallery_url)
    signer = _signer(build, _pinned_signer(step, changes), facts)
    record = replace(step.record, signer=signer)
    directory = changes.state.get(step.backend)
    if directory is not None:
        changes.state = changes.state.with_directory(replace(directory, record=record))
    after = {**step.after, "signed_by": signer.identity}
    changes.steps[number] = replace(step, record=record, after=after)


def _check_installed(name: str, changes: Changes, facts: Facts) -> None:
    """Plan to record the signer of a build that stays, if that is not recorded; raises SignatureError, Unanswered.

    A build that LocalAI installed has no record. Its signature is verified in each run.
    """
    directory = changes.state.get(name)
    if directory is None or directory.target:
        # System backends are those of the distribution, which signs its packages.
        return
    metadata, record = directory.metadata or Metadata(), directory.record
    known = record.signer if record is not None else None
    digests = tuple(dict.fromkeys(d for d in (directory.digest or "", record.platform_digest if record else "") if d))
    signer = _signer(_Build(name, (metadata.uri,), digests, metadata.gallery_url), known, facts)
    if record is not None and signer != known:
        before = state_of(changes.state, name)
        signed = replace(record, signer=signer)
        changes.state = changes.state.with_directory(replace(directory, record=signed))
        changes.steps.append(RecordSigner(name, before, state_of(changes.state, name), signed))


def _signer(build: _Build, known: Signer | None, facts: Facts) -> Signer:
    """Return who signed a build: the known signer if that satisfies a policy, or else the one of its image.

    Raises SignatureError, which names the backend, and Unanswered.
    """
    name, origins, digests, gallery_url = build
    if known is not None and satisfies(known, policies_of(origins, gallery_url, facts.policies)):
        return known
    try:
        return t.cast(Signer, facts.answer(question_about(origins, digests, gallery_url, facts.policies)))
    except SignatureError as e:
        raise SignatureError(f"{name}: its signature is not verified: {e}") from e


def question_about(
    origins: tuple[Address, ...], digests: tuple[str, ...], gallery_url: Address, policies: Policies
) -> FindSigner:
    """Return the question who signed a build; raises SignatureError for a build that nobody can have signed."""
    if isinstance(uri_of(origins[0]), (HttpUri, PathUri, type(None))) or not digests:
        raise SignatureError("it is not an image, and only images are signed")
    demanded = policies_of(origins, gallery_url, policies)
    if not demanded:
        raise SignatureError("there is no policy for its image. Add verification to its gallery")
    return FindSigner(origins, digests, demanded)


def policies_of(origins: t.Iterable[Address], gallery_url: Address, policies: Policies) -> tuple[Verification, ...]:
    """Return the policies for a build, of which one has to be satisfied."""
    images = [uri.reference.name for uri in map(uri_of, origins) if isinstance(uri, ImageUri)]
    return policies_for(images, gallery_url, policies)


def satisfies(signer: Signer, policies: t.Iterable[Verification]) -> bool:
    """Whether a signer satisfies one of the policies."""
    return any(not violation(policy, signer) for policy in policies)


def digests_of(artifact: Artifact) -> tuple[str, ...]:
    """Return the digests of an image: that of its index, and its own."""
    if artifact.sha256:
        return ()
    return tuple(dict.fromkeys(digest for digest in (artifact.digest or "", artifact.platform_digest) if digest))


def _pinned_signer(step: Fetch, changes: Changes) -> Signer | None:
    """Return who signed a build according to its row of `pins`."""
    rows = (changes.request.pins or {}).values()
    return next(
        (row.signer for row in rows if row.backend == step.backend and row.digest == step.artifact.digest), None
    )
