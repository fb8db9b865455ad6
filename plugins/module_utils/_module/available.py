# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queries of galleries and sources: available backends, upgrades of installed backends, and pins."""

from __future__ import annotations

import functools
import typing as t

from .._address import printable
from .._errors import GalleryError, LocalAIError, MissingLibrary, SignatureError, SourceError
from .._fs.file_attributes import FileAttributes
from .._localai.capability import HostCapability, compatible
from .._localai.catalog import Resolution
from .._localai.gallery import Entry
from .._localai.installed import Directory, Installed
from .._localai.leftovers import leftover_of
from .._localai.listing import Listing
from .._planner.facts import Facts
from .._planner.failures import combined, not_released
from .._planner.pins import at_release, contradiction, document_of
from .._planner.plan import plan as plan_of
from .._planner.questions import FindArtifact, NewTreeAttributes, Question, ReadGallery, WalkTree
from .._planner.signatures import BuildToVerify, fetched_build, installed_build, not_verified, signer_or_question
from .._planner.unknown_capability import warning_about, warnings_of
from .._planner.unreadable import check_known, resolve
from .._request import BackendOptions, HostOptions, Pin, Signer, bare_name
from .._resolver.resolver import Resolver
from .._sources.uri import PathUri, uri_of
from .._store.record import Inspection
from .decide import decide
from .info_options import InfoOptions
from .platform import platform_of


class Available:
    """The current state of the galleries and sources of a task, for the backends of a request."""

    def __init__(
        self,
        host: HostOptions,
        request: InfoOptions,
        capability: HostCapability,
        installed: Installed,
        *,
        warnings: list[str],
    ) -> None:
        self._host = host
        self._request = request
        self._capability = capability
        self._installed = installed
        self._rows = Listing(installed, capability.name)
        self._warnings = warnings
        self._resolver = Resolver(host, platform_of(host), warnings)

    def available(self) -> list[dict[str, t.Any]]:
        """Return the entries of all galleries; raises GalleryError."""
        wanted = self._request.wanted
        entries = self._resolver.catalog.entries()
        return [self._available_row(entry) for entry in entries if wanted is None or entry.name.lower() in wanted]

    def _available_row(self, entry: Entry) -> dict[str, t.Any]:
        try:
            requested = f"{entry.gallery}@{entry.name}"
            resolution = resolve(self._resolver.catalog, requested, self._installed, self._capability)
            resolves_to: str | None = resolution.concrete.name
        except LocalAIError:
            resolves_to = None
        return {
            "name": entry.name,
            "kind": "meta" if entry.is_meta else "concrete",
            "gallery": entry.gallery,
            "compatible": resolves_to is not None,
            "installed": entry.name in self._rows,
            "resolves_to": resolves_to,
            "uri": printable(entry.uri),
            "alias": entry.alias or None,
            "version": entry.version or None,
            "tags": list(entry.tags),
            "license": entry.license or None,
            "description": entry.description or None,
        }

    def upgrades(self) -> list[dict[str, t.Any]]:
        """Return the upgrades that `state=latest` would install; a name that cannot be checked causes a warning."""
        # An unreadable gallery is an error. With a warning, the empty list would mean that there are no upgrades.
        self._resolver.catalog.entries()
        names = self._request.names if self._request.names is not None else installed_names(self._installed)
        upgrades = [self._upgrade_row(name) for name in names]
        return [upgrade for upgrade in upgrades if upgrade is not None]

    def _upgrade_row(self, name: str) -> dict[str, t.Any] | None:
        row = self._rows.find(bare_name(name))
        if row is None or row.kind == "system":
            return None
        facts = Facts(
            self._capability,
            tuple(source.name for source in self._host.galleries),
            self._installed,
            policies=self._host.policies,
        )
        try:
            request = BackendOptions((name,), state="latest")
            plan, _facts = decide(functools.partial(plan_of, request), facts, self._answer)
        except MissingLibrary:
            raise
        except LocalAIError as e:
            self._warnings.append(f"upgrades: {e}")
            return None
        self._warnings += plan.warnings
        (outcome,) = plan.outcomes
        if outcome.action != "upgrade":
            return None
        return {
            "name": outcome.name,
            "backend": row.backend,
            "installed": _digest_or_version(self._installed.get(row.backend)),
            "available_backend": outcome.backend,
            "available": outcome.digest or outcome.version,
            "reason": outcome.reason,
        }

    def unknown_capability(self) -> list[str]:
        """Return a warning if the capability of this host is unknown to LocalAI and to the galleries read so far."""
        answers: dict[Question, t.Any] = {ReadGallery(name): index for name, index in self._resolver.indexes.items()}
        return warnings_of(Facts(self._capability, scan=self._installed, answers=answers))

    def _answer(self, question: Question) -> t.Any:
        if isinstance(question, WalkTree):
            return Inspection()
        return FileAttributes() if isinstance(question, NewTreeAttributes) else self._resolver.answer(question)

    def pins(self) -> dict[str, t.Any]:
        """Return a value for the option `pins`, for the names on hosts with the requested capabilities.

        Without names, all installed backends are pinned, and a backend that cannot be pinned causes a warning. Raises
        one error for all names that have no build for any of the capabilities, and for all builds whose source cannot
        be queried or has no image of the requested release.
        """
        capabilities = self._request.pin_capabilities or (check_known(self._capability),)
        names = self._request.names
        rows: dict[Pin, None] = {}
        failures: list[tuple[str, LocalAIError]] = []
        for name in names if names is not None else installed_names(self._installed):
            try:
                rows.update(dict.fromkeys(self._pins_of(name, capabilities, failures)))
            except LocalAIError as e:
                failures.append((name, e))
        for capability in self._request.pin_capabilities:
            self._warnings += warning_about(capability, "pin_capabilities", self._resolver.indexes.values())
        if failures:
            raise combined(failures, self._request.spellings)
        reason = contradiction(list(rows))
        if reason:
            raise GalleryError(f"pins: {reason} Leave one of them out, or use one gallery for both.")
        self._warnings += [
            f"pins: {row.backend}: the query of its uri is omitted, because it may be secret. If {row.uri} cannot be "
            "fetched without the query, add it to the uri in the pins."
            for row in {row.backend: row for row in rows if str(row.uri) != row.uri.text}.values()
        ]
        return document_of(rows)

    def _pins_of(self, name: str, capabilities: t.Sequence[str], failed: list[tuple[str, LocalAIError]]) -> list[Pin]:
        """Return the pins of a name; adds the builds that cannot be pinned to `failed`. Raises GalleryError."""
        catalog, is_named = self._resolver.catalog, self._request.names is not None
        recorded = self._recorded_pins(name, capabilities) if self._request.release is None else []
        directory = self._installed.find(name)
        if recorded and (
            (not is_named and directory is not None and directory.is_from_source) or not catalog.has(name)
        ):
            return recorded
        if not is_named and not catalog.has(name):
            self._warnings.append(
                f"pins: {name} is in no gallery, and neither its image nor its checksum is recorded, so it cannot be "
                "pinned. Install it with uri."
            )
            return []
        rows: list[Pin] = []
        failures: list[GalleryError] = []
        for capability in capabilities:
            try:
                resolution = catalog.resolve(name, capability)
            except GalleryError as e:
                failures.append(e)
                continue
            try:
                rows.append(self._pin(resolution, capability))
            except LocalAIError as e:
                failed.append((f"{name} for {capability}", e))
        if len(failures) == len(capabilities) and is_named:
            raise combined([(name, failure) for failure in failures], self._request.spellings)
        self._warnings += [f"pins: {failure}" for failure in failures]
        return rows

    def _pin(self, resolution: Resolution, capability: str) -> Pin:
        """Return a row for the option `pins`, with the current build of a name for a capability.

        Raises GalleryError, ReleaseError and SourceError.
        """
        concrete, platform, release = resolution.concrete, platform_of(self._host, capability), self._request.release
        if release is not None:
            concrete = at_release(concrete, release)
        origins = (concrete.uri, *concrete.mirrors)
        try:
            artifact = self._resolver.artifact(concrete.name, FindArtifact(origins, concrete.sha256), platform)
        except SourceError as e:
            raise e if release is None else not_released(concrete.name, origins, e, release) from e
        if artifact.digest is None:
            raise GalleryError(f"{concrete.name}: {artifact.uri} has no digest, so it cannot be pinned.")
        return Pin(
            name=resolution.entry.name,
            capability=capability,
            platform=str(platform),
            backend=concrete.name,
            uri=artifact.uri,
            digest=artifact.digest,
            alias=concrete.alias,
            gallery=concrete.gallery,
            signer=self._signer(fetched_build(concrete.name, artifact, concrete.gallery)),
        )

    def _signer(self, build: BuildToVerify) -> Signer | None:
        """Return who signed a build; None, with a warning, if that is not verified and need not be.

        Raises SignatureError.
        """
        policies = self._host.policies
        if policies.mode == "ignore":
            return next(iter(build.known), None)
        try:
            result = signer_or_question(build, policies)
            return result if isinstance(result, Signer) else t.cast(Signer, self._resolver.answer(result))
        except SignatureError as e:
            problem = not_verified(build, policies, e)
            if policies.mode == "enforce":
                raise problem from e
            self._warnings.append(f"pins: {problem}")
            return None

    def _recorded_pins(self, name: str, capabilities: t.Sequence[str]) -> list[Pin]:
        """Return the pins of a backend with its recorded source and digest; none unless both are recorded."""
        row = self._rows.find(bare_name(name))
        build = self._installed.get(row.backend) if row is not None and row.kind != "system" else None
        metadata = build.metadata if build is not None else None
        if row is None or build is None or metadata is None or isinstance(uri_of(metadata.uri), (PathUri, type(None))):
            return []
        return [
            Pin(
                name=row.name,
                capability=capability,
                platform=str(platform_of(self._host, capability)),
                backend=build.name,
                uri=metadata.uri,
                digest=build.digest,
                alias=metadata.alias,
                signer=self._signer(installed_build(build)),
            )
            for capability in capabilities
            if build.digest and compatible(build.name, capability)
        ]


def installed_names(installed: Installed) -> list[str]:
    """Return the names of the installed backends. A meta backend is listed instead of its build."""
    targets = {directory.target for directory in installed.directories}
    return [
        directory.metadata.name if directory.metadata and directory.target else directory.name
        for directory in installed.directories
        if directory.kind == "directory"
        and (directory.has_run_file or directory.target)
        and directory.name not in targets
        and not leftover_of(directory.name)
    ]


def _digest_or_version(directory: Directory | None) -> str | None:
    """Return the digest of an installed build, else its version."""
    if directory is None:
        return None
    return directory.digest or (directory.metadata.version if directory.metadata else "") or None
