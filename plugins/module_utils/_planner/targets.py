# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolution of a name on this host: the build to install, and its origins."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, replace

from .._address import NO_ADDRESS, Address
from .._errors import GalleryError, HostError, SourceError
from .._localai.capability import LAST_RESORTS
from .._localai.gallery import Entry
from .._localai.installed import Directory
from .._localai.listing import Listing
from .._localai.metadata import Metadata
from .._request import BackendOptions, Pin, bare_name
from .._sources.uri import HttpUri, PathUri, same_uri, uri_of
from .._store.record import Record
from .changes import Changes
from .downloads import downloaded_artifact
from .facts import Facts
from .pins import at_digest, at_release
from .questions import Artifact, FindArtifact, ServedDigest
from .repair import RecordedBuild
from .unreadable import resolve
from .work import Compare, Install


@dataclass(frozen=True)
class Target:
    """The build that a name resolves to: the concrete `backend` and its `origins`, the preferred one first.

    `name` has the spelling of the gallery. For a meta backend, `key` is the key of its capability map that was used.
    `meta_url` is the gallery of the meta backend, and `gallery_url` that of the build. `uri` is the address to record,
    if it differs from that of the origin. `lost` is the recorded digest of a repair, if no source has it any more.
    """

    name: str
    backend: str
    is_meta: bool = False
    key: str = ""
    last_resort: bool = False
    alias: str = ""
    gallery_url: Address = NO_ADDRESS
    meta_url: Address = NO_ADDRESS
    version: str = ""
    origins: tuple[Address, ...] = ()
    sha256: str = ""
    uri: Address = NO_ADDRESS
    lost: str = ""


@dataclass(frozen=True)
class Difference:
    """The reason why the build of a source differs from the installed one.

    `unknown`: whether the source states nothing that can be compared.
    """

    reason: str = ""
    unknown: bool = False


def target_of(finding: Install | Compare, changes: Changes, facts: Facts) -> Target:
    """Return the target of a finding: that of its `subject` or, if it cannot be resolved, that of `instead`.

    Raises GalleryError, SourceError or HostError.
    """
    instead = finding.instead if isinstance(finding, Install) else ""
    try:
        return _target(finding, finding.subject, changes, facts)
    except GalleryError as e:
        if not instead:
            raise
        target = _target(finding, instead, changes, facts)
        build = Directory(target.backend, has_run_file=True, runnable=True, metadata=Metadata(alias=target.alias))
        row = Listing(changes.state.with_directory(build), changes.host.name).find(instead)
        if row is None or row.backend != target.backend:
            raise GalleryError(
                f"{finding.subject} answers to {instead}, but cannot run ({finding.reason}), and cannot be installed "
                f"again: {e} Remove it with state=absent and name={finding.subject}."
            ) from e
        return target


def artifact_of(target: Target, facts: Facts) -> Artifact:
    """Return the artifact of a target; raises SourceError."""
    downloaded = downloaded_artifact(target.backend, target.origins, target.sha256, facts.installed)
    if downloaded is not None:
        return downloaded
    try:
        return t.cast(Artifact, facts.answer(FindArtifact(target.origins, target.sha256)))
    except SourceError as e:
        raise SourceError(f"{target.backend} cannot be fetched. {e}", e.missing) from e


def difference(target: Target, installed: Directory, facts: Facts) -> Difference:
    """Return the difference between the build of a source and the installed one.

    The digest of an image decides, else the version, else the sha256 of an archive. A value that is not recorded
    counts as different.
    """
    recorded, record = installed.metadata or Metadata(), installed.record or Record()
    digest = _served_digest(target, facts)
    for attribute, available, current in (
        ("digest", digest, recorded.digest),
        ("version", target.version, recorded.version),
        ("sha256", "" if digest else target.sha256, record.sha256),
    ):
        if available and available == current:
            return Difference()
        if available:
            return Difference(f"its {attribute} was {current or 'not recorded'}, and its source has {available}")
    return Difference(unknown=True)


def _served_digest(target: Target, facts: Facts) -> str:
    """Return the digest that an image has at its source now; empty for other kinds of sources."""
    if isinstance(uri_of(target.origins[0]), (HttpUri, PathUri)):
        return ""
    try:
        return t.cast("str | None", facts.answer(ServedDigest(target.origins))) or ""
    except SourceError as e:
        raise SourceError(f"{target.backend} cannot be compared. {e}") from e


def _target(finding: Install | Compare, subject: str, changes: Changes, facts: Facts) -> Target:
    recorded = finding.recorded if isinstance(finding, Install) else None
    if recorded is None:
        return _resolved(finding, subject, changes, facts)
    return _recorded_target(recorded, changes, facts) or _current_target(recorded, finding, subject, changes, facts)


def _resolved(finding: Install | Compare, subject: str, changes: Changes, facts: Facts) -> Target:
    """Return the target of a name: by its row of `pins`, by `uri`, by its recorded source, or by the galleries."""
    request, requested = changes.request, _requested_spelling(subject, changes.request)
    name = bare_name(requested)
    pin = request.pin(name)
    if pin is not None:
        return _pinned_target(pin)
    if request.pins is not None:
        raise HostError(
            f"{name} has to be repaired, and the set of pins has no row for its build, which is kept because the "
            "GPU of this host cannot be read. Repair the driver, or set the option capability."
        )
    if request.uri is not None:
        directory = changes.state.get(name)
        current = directory.alias if directory is not None and request.state == "latest" else ""
        return Target(name, name, alias=request.alias or current, origins=(request.uri,))
    entry = _entry_of_source(requested, changes)
    if entry is not None:
        target = Target(entry.name, entry.name, alias=entry.alias, version=entry.version)
        return _with_origins(target, _pinned_entry(entry, subject, request))
    _check_gallery(requested, request, facts)
    gallery_name = _gallery_name(finding, requested, changes, facts)
    resolution = resolve(facts.catalog, gallery_name, changes.state, changes.host)
    concrete, chosen = resolution.concrete, resolution.match
    target = Target(
        name=resolution.entry.name,
        backend=concrete.name,
        is_meta=chosen is not None,
        key=chosen.key if chosen else "",
        last_resort=chosen is not None and chosen.last_resort,
        alias=concrete.alias,
        gallery_url=concrete.gallery_url,
        meta_url=resolution.entry.gallery_url,
        version=concrete.version,
    )
    return _with_origins(target, _pinned_entry(concrete, subject, request))


def _with_origins(target: Target, entry: Entry) -> Target:
    return replace(target, origins=(entry.uri, *entry.mirrors), sha256=entry.sha256)


def _requested_spelling(subject: str, request: BackendOptions) -> str:
    """Return a name as the task spells it. A spelling with a gallery takes precedence."""
    spellings = [name for name in request.names if bare_name(name) == subject]
    return next((name for name in spellings if "@" in name), subject)


def _pinned_target(pin: Pin) -> Target:
    is_meta = pin.backend.lower() != pin.name.lower()
    last_resort = is_meta and pin.capability in LAST_RESORTS
    target = Target(pin.name, pin.backend, is_meta, pin.capability, last_resort, pin.alias)
    return _with_origins(target, at_digest(Entry(pin.backend, uri=pin.uri, alias=pin.alias), pin.digest))


def _entry_of_source(requested: str, changes: Changes) -> Entry | None:
    """Return an entry for a backend that was installed directly from a source, to fetch it from there again."""
    if changes.request.release is not None or "@" in requested:
        return None
    row, directory = changes.listing().find(requested), changes.state.find(requested)
    if directory is None and row is not None and row.kind == "alias":
        directory = changes.state.get(row.backend)
    recorded = directory.metadata if directory is not None else None
    if directory is None or recorded is None or not directory.is_from_source:
        return None
    return Entry(directory.name, uri=recorded.uri, alias=recorded.alias, version=recorded.version)


def _check_gallery(requested: str, request: BackendOptions, facts: Facts) -> None:
    """Raise GalleryError if a task requests a name with a gallery and without one, and these are two galleries."""
    gallery, separator, name = requested.rpartition("@")
    if separator and name.lower() in map(str.lower, request.names):
        facts.catalog.find(requested)
        first = facts.catalog.find(name)
        if first.gallery.lower() != gallery.lower():
            raise GalleryError(
                f"{name} and {requested} are the same backend from two galleries, {first.gallery} and {gallery}. Only "
                "one of them can be installed."
            )


def _gallery_name(finding: Install | Compare, requested: str, changes: Changes, facts: Facts) -> str:
    """Return the name to look up: for an alias that is in no gallery, the name of its backend."""
    row = changes.listing().find(bare_name(requested))
    is_installed = isinstance(finding, Compare) or finding.action == "replace"
    if row is None or row.kind != "alias" or not is_installed or facts.catalog.has(requested):
        return requested
    return row.backend


def _pinned_entry(entry: Entry, subject: str, request: BackendOptions) -> Entry:
    digest = request.digest_of(subject)
    if digest is not None:
        return at_digest(entry, digest)
    return entry if request.release is None else at_release(entry, request.release)


def _recorded_target(recorded: RecordedBuild, changes: Changes, facts: Facts) -> Target | None:
    """Return the target of a recorded build, from its recorded source or that in a gallery; None if no source has it.

    Raises SourceError if a source fails for another reason.
    """
    for entry in _recorded_entries(recorded, changes, facts):
        try:
            target = _with_origins(_as_recorded(recorded, entry), at_digest(entry, recorded.digest))
            artifact_of(target, facts)
            return target
        except GalleryError:
            # A directory has no digest, and for an archive the gallery may state another checksum.
            continue
        except SourceError as e:
            if not e.missing:
                raise
    return None


def _as_recorded(recorded: RecordedBuild, entry: Entry) -> Target:
    """Return the target of a recorded build. Its recorded tag is kept, so that later upgrades are detected."""
    return Target(
        name=recorded.meta or recorded.backend,
        backend=recorded.backend,
        is_meta=bool(recorded.meta),
        alias=entry.alias,
        gallery_url=entry.gallery_url,
        meta_url=recorded.meta_url or entry.gallery_url,
        version=entry.version,
        uri=recorded.metadata.uri or entry.uri,
    )


def _current_target(
    recorded: RecordedBuild, finding: Install | Compare, subject: str, changes: Changes, facts: Facts
) -> Target:
    """Return the current target of a name, if no source has its recorded build any more."""
    if recorded.fixed:
        raise SourceError(
            f"{recorded.backend}: {finding.reason}. It was chosen by digest, by pins or as a previous version, and "
            f"neither this host nor its source has {recorded.digest} any more. Choose another digest or set of pins, "
            "or use state=latest or force to install the current build of the source."
        )
    return replace(_resolved(finding, subject, changes, facts), lost=recorded.digest)


def _recorded_entries(recorded: RecordedBuild, changes: Changes, facts: Facts) -> t.Iterator[Entry]:
    old = recorded.metadata
    entry = Entry(recorded.backend, "", old.gallery_url, old.uri, alias=old.alias, version=old.version)
    if old.uri and not _is_replaced(recorded, facts):
        yield entry
    uri = changes.request.uri
    if uri is not None:
        yield replace(entry, uri=uri)
    listed = _gallery_entry(recorded.backend, facts)
    if listed is not None and (uri is None or same_uri(listed.uri, uri)):
        yield replace(entry, uri=listed.uri, mirrors=listed.mirrors, sha256=listed.sha256) if old.uri else listed


def _is_replaced(recorded: RecordedBuild, facts: Facts) -> bool:
    """Return whether a recorded address cannot have the build any more.

    That is certain if a gallery states another checksum for an archive, or if the kind of address is not supported.
    """
    uri = uri_of(recorded.metadata.uri)
    listed = _gallery_entry(recorded.backend, facts) if isinstance(uri, HttpUri) else None
    if listed is None or not listed.sha256 or not same_uri(listed.uri, recorded.metadata.uri):
        return uri is None
    return f"sha256:{listed.sha256}" != recorded.digest


def _gallery_entry(backend: str, facts: Facts) -> Entry | None:
    """Return the entry of a build in the galleries; None if they do not have it or cannot be read."""
    with contextlib.suppress(GalleryError):
        entry = facts.catalog.find(backend)
        return entry if entry.uri else None
    return None
