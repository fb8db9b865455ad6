# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds out what backends need, by planning their installation on hosts that have none."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import replace

from ..._errors import GalleryError, LocalAIError
from ..._fs.file_attributes import FileAttributes
from ..._localai.capability import HostCapability, forced
from ..._localai.installed import Installed
from ..._oci.reference import Reference
from ..._planner.facts import Facts
from ..._planner.failures import combined
from ..._planner.pins import contradiction
from ..._planner.plan import Plan
from ..._planner.plan import plan as plan_of
from ..._planner.questions import FindArtifact, NewTreeAttributes, Question, WalkTree
from ..._planner.steps import Fetch
from ..._planner.unknown_capability import warning_about
from ..._request import BackendOptions, HostOptions, Pin, bare_name
from ..._resolver.resolver import Resolver
from ..._sources.uri import HttpUri, ImageUri, uri_of
from ..._store.record import Inspection
from ..argspec import BACKEND
from ..backend_rows import options_of_rows
from ..decide import decide
from ..pins import with_pins_of
from .options import BundleOptions, Target
from .wanted import Wanted, WantedFile, WantedImage

if t.TYPE_CHECKING:
    from ..._resolver.recording import RecordingNetwork
    from ..._sources.archive import ArchiveContent
    from ..._sources.artifact import Artifact

# The options of a task that sets nothing, to which a row is added.
_TASK: dict[str, t.Any] = {name: spec.get("default") for name, spec in BACKEND["argument_spec"].items()}
# Nothing is installed there.
_NOWHERE = "/nonexistent"


def add_backends(
    options: BundleOptions, targets: t.Sequence[Target], network: RecordingNetwork, warnings: list[str], wanted: Wanted
) -> None:
    """Add what the backends of some targets need; raises one error for all that cannot be had.

    If there may be no host for a target, a name that works for another one is left out there, with a warning.
    """
    failures: list[tuple[str, str, LocalAIError]] = []
    found = set()
    for target in targets:
        finder = _Finder(options, target, network, warnings)
        for row in target.backends:
            try:
                finder.add(row, wanted)
                found.add(row["name"])
            except LocalAIError as e:
                failures.append((row["name"], f"{target.capability} on {target.platform}", e))
        warnings += finder.warnings()
    fatal = [(name, error) for name, _where, error in failures if options.is_exact or name not in found]
    if fatal:
        raise combined(fatal, {})
    warnings += [f"{name} for {where} is left out: {error}" for name, where, error in failures]
    reason = contradiction(list(wanted.pins))
    if reason:
        raise GalleryError(f"pins: {reason} Leave one of them out, or use one gallery for both.")


class _Finder:
    """Plans backends for one kind of host."""

    def __init__(self, options: BundleOptions, target: Target, network: RecordingNetwork, warnings: list[str]) -> None:
        self._options = options
        self._target = target
        self._network = network
        self._warnings = warnings
        self._host = HostOptions(
            backends_path=_NOWHERE,
            backends_system_path=_NOWHERE,
            galleries=options.galleries,
            capability=target.capability,
            platform=str(target.platform),
            connection=options.connection,
            signatures=options.signatures,
        )
        self._resolver = Resolver(self._host, target.platform, warnings, network)
        self._asked: dict[int, tuple[t.Any, ...]] = {}

    def add(self, row: t.Mapping[str, t.Any], wanted: Wanted) -> None:
        """Add what one row needs; raises LocalAIError."""
        request, capability = options_of_rows({**_TASK, "backends": [row]}), forced(self._target.capability, "target")
        facts = Facts(
            capability,
            tuple(source.name for source in self._options.galleries),
            Installed(_NOWHERE, _NOWHERE),
            policies=self._host.policies,
        )
        plan, _facts = decide(functools.partial(plan_of, self._pinned(request, capability)), facts, self._answer)
        self._warnings += plan.warnings
        self._note(plan, row, wanted)

    def warnings(self) -> list[str]:
        """Return a warning if neither LocalAI nor a gallery that was read knows the capability."""
        return warning_about(self._target.capability, "capabilities", self._resolver.indexes.values())

    def _pinned(self, request: BackendOptions, capability: HostCapability) -> BackendOptions:
        """Return a request with the row of the pins of the hosts; raises OptionError.

        A row with a build of its own needs none.
        """
        pins = self._target.pins
        if pins is None or not pins.get("backends") or request.single:
            return request
        return with_pins_of(request, self._host, capability, self._target.platform, pins)

    def _answer(self, question: Question) -> t.Any:
        if isinstance(question, WalkTree):
            return Inspection()
        if isinstance(question, NewTreeAttributes):
            return FileAttributes()
        answer = self._resolver.answer(question)
        if isinstance(question, FindArtifact):
            self._asked[id(answer)] = question.origins
        return answer

    def _note(self, plan: Plan, row: t.Mapping[str, t.Any], wanted: Wanted) -> None:
        """Add what a plan fetches, its pins, and the entries of galleries that it looked up."""
        steps = {step.backend: step for step in plan.steps if isinstance(step, Fetch)}
        for step in steps.values():
            self._add(t.cast("Artifact", step.artifact), wanted)
        for outcome in plan.outcomes:
            fetched = steps.get(outcome.backend or "")
            # Hosts with pins of their own need no others.
            if fetched is not None and fetched.artifact.digest is not None and self._target.pins is None:
                wanted.pins[self._pin(outcome.name, fetched, fetched.artifact.digest)] = None
        if row["uri"] is None:
            self._add_entries(row["name"], wanted)

    def _pin(self, name: str, step: Fetch, digest: str) -> Pin:
        pin = Pin(
            name=name,
            capability=self._target.capability,
            platform=str(self._target.platform),
            backend=step.backend,
            uri=step.artifact.uri,
            digest=digest,
            alias=step.metadata.alias,
            signer=step.record.signer,
        )
        if pin.signer is None:
            return pin
        return replace(pin, gallery=self._resolver.catalog.resolve(name, self._target.capability).concrete.gallery)

    def _add_entries(self, name: str, wanted: Wanted) -> None:
        try:
            resolution = self._resolver.catalog.resolve(name, self._target.capability)
        except GalleryError:
            # A pinned backend may be in no gallery any more.
            return
        entry = resolution.entry
        names = (bare_name(name), entry.name, resolution.concrete.name, *entry.capabilities.values())
        wanted.add_entries("backends", entry.gallery, names)
        wanted.add_entries("backends", resolution.concrete.gallery, names)

    def _add(self, artifact: Artifact, wanted: Wanted) -> None:
        origins = (artifact.uri, *self._asked.get(id(artifact), ()), *artifact.mirrors)
        origins = tuple(dict.fromkeys(origins))
        uri = uri_of(artifact.uri)
        if isinstance(uri, ImageUri):
            reference = uri.reference.at(artifact.digest or "")
            parts = self._network.parts(reference, (self._target.platform,), self._warnings)
            names = tuple(_tags(origins))
            platform = str(self._target.platform)
            wanted.add_image(WantedImage(origins, artifact.digest or "", parts, names, (platform,)))
        elif isinstance(uri, HttpUri):
            content = t.cast("ArchiveContent", artifact.content)
            name = artifact.uri.text.partition("?")[0].rstrip("/").rpartition("/")[2]
            keys = tuple(origin.text for origin in origins if isinstance(uri_of(origin), HttpUri))
            file = WantedFile(artifact.uri, name, artifact.sha256, artifact.size, content.version, keys)
            wanted.add_file(file)
        else:
            self._warnings.append(f"{artifact.uri} is on the hosts themselves, so it is not in the bundle.")


def _tags(origins: t.Iterable[t.Any]) -> t.Iterator[str]:
    """Yield the full names with tags of images, which hosts look up."""
    for origin in origins:
        uri = uri_of(origin)
        if isinstance(uri, ImageUri):
            reference: Reference = uri.reference
            if not reference.digest:
                yield str(reference)
