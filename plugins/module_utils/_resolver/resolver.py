# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names -> builds: the answers of galleries and sources to the needs of a plan."""

from __future__ import annotations

import contextlib
import functools
import typing as t
from dataclasses import replace

from .._address import Address
from .._errors import GalleryError, HostError, SourceError
from .._localai.capability import LAST_RESORTS, HostCapability
from .._localai.catalog import Resolution
from .._localai.gallery import Entry
from .._localai.installed import Directory, Inspection, Installed, Look
from .._localai.listing import Listing
from .._localai.machine import Machine
from .._localai.metadata import Metadata
from .._oci.platform import Platform
from .._planner.diagnose import Need, must_fetch
from .._planner.pins import at_digest, at_release
from .._planner.plan import Plan, plan
from .._planner.recorded import Recorded
from .._planner.unreadable import resolve
from .._planner.upgrade import Target, difference
from .._request import BackendOptions, HostOptions, Pin, bare_name
from .._resolver.galleries import Galleries
from .._sources.uri import HttpUri, PathUri, parse_uri, same_uri, uri_of

if t.TYPE_CHECKING:
    from .._sources.artifact import Artifact
    from .._sources.source import Sources
    from .network import Network

# Builds for these run nowhere else, whatever this host is.
_PLATFORMS = {
    "nvidia-l4t": Platform("linux", "arm64"),
    "metal": Platform("darwin", "arm64"),
    "darwin-x86": Platform("darwin", "amd64"),
}


def platform_of(host: HostOptions, capability: str = "") -> Platform:
    """Return the platform of images: that of the task, else that which C(capability) implies, else that of the host."""
    if host.platform:
        return Platform.parse(host.platform)
    machine = Machine()
    implied = (platform for prefix, platform in _PLATFORMS.items() if capability.startswith(prefix))
    return next(implied, Platform(machine.system.lower(), machine.architecture))


def settled(
    options: BackendOptions,
    installed: Installed,
    resolver: Resolver,
    look: Look,
    inspect: t.Callable[[Installed, str], Inspection | None],
) -> Plan:
    """Return the finished plan; C(inspect) walks through a tree."""
    # If a name is given with and without a gallery, the spelling with the gallery counts.
    asked = {bare_name(name): name for name in sorted(options.names, key=lambda name: "@" in name)}
    targets: dict[tuple[str, bool, bool], Target] = {}
    planning = plan(options, installed, resolver.capability, look)
    answer: Target | Inspection | None = None
    while True:
        try:
            need = planning.send(answer)
        except StopIteration as end:
            return t.cast(Plan, end.value)
        if need.action == "inspect":
            answer = found = inspect(installed, need.directory)
            installed = installed.inspected(need.directory, found)
        else:
            if need.key not in targets:
                targets[need.key] = _target(need, asked, installed, resolver)
            answer = targets[need.key]


def _target(need: Need, asked: t.Mapping[str, str], installed: Installed, resolver: Resolver) -> Target:
    """Return the target of a need; if its subject cannot be resolved, that of the name that needs it."""
    try:
        return resolver.target(need, asked.get(need.subject, need.subject), installed)
    except GalleryError as e:
        if not need.instead:
            raise
        target = resolver.target(replace(need, subject=need.instead), asked.get(need.instead, need.instead), installed)
        build = Directory(target.backend, has_run_file=True, runnable=True, metadata=Metadata(alias=target.alias))
        row = Listing(installed.with_directory(build), resolver.capability.name).find(need.instead)
        if row is None or row.backend != target.backend:
            raise GalleryError(
                f"{need.subject} answers to {need.instead}, but cannot run ({need.reason}), and cannot be installed "
                f"again: {e} Remove it with state=absent and name={need.subject}."
            ) from e
        return target


class Resolver:
    """Resolves names with the galleries and the sources, each of which is queried once."""

    def __init__(
        self, host: HostOptions, options: BackendOptions, capability: HostCapability, platform: Platform
    ) -> None:
        self.capability = capability
        self._host = host
        self._platform = platform
        self._options = options
        self._found: dict[str, Artifact] = {}
        self._digests: dict[tuple[Address, ...], str | None] = {}
        self._answers: dict[tuple[tuple[Address, ...], str, Platform], Artifact] = {}

    @functools.cached_property
    def _network(self) -> Network:
        # A run without changes needs no network, and loading it takes as long as the rest of such a run.
        from .network import Network

        return Network(self._host)

    @property
    def galleries(self) -> Galleries:
        """The galleries of the task."""
        return self._network.galleries

    @functools.cached_property
    def sources(self) -> Sources:
        """The sources of backends for this host."""
        return self._network.sources(self._platform)

    @property
    def warnings(self) -> list[str]:
        """Faults of the galleries that were read, which did not prevent their use."""
        return self.galleries.warnings if "_network" in vars(self) else []

    def target(self, need: Need, asked: str, installed: Installed) -> Target:
        """Return the target of a need. Its source is queried only for a comparison or an installation."""
        known = need.recorded
        if known is not None:
            return self._find_recorded(known) or self._instead_of(known, need, asked, installed)
        target, concrete = self._meant(need, asked, installed)
        if not must_fetch(target, need, self._options, installed):
            if need.action != "compare":
                return target
            digest = self._served(concrete)
            target = replace(target, digest=digest, sha256="" if digest else concrete.sha256)
            if not difference(target, t.cast(Directory, installed.get(target.backend))).reason:
                return target
        found = self._find(target.backend, concrete)
        return replace(
            target,
            uri=found.uri,
            digest=found.digest,
            platform_digest=found.platform_digest,
            sha256=found.sha256,
        )

    def _instead_of(self, known: Recorded, need: Need, asked: str, installed: Installed) -> Target:
        """Return the target that a name has now, in place of a recorded build that no source has any more."""
        if known.fixed:
            raise SourceError(
                f"{known.backend}: {need.reason}. It was chosen by digest, by pins or as a previous version, and "
                f"neither this host nor its source has {known.digest} any more. Choose another digest or set of pins, "
                "or use state=latest or force to install what the source has now."
            )
        target = self.target(replace(need, recorded=None), asked, installed)
        return target if target.digest == known.digest else replace(target, lost=known.digest)

    def _find_recorded(self, known: Recorded) -> Target | None:
        """Return the recorded build, from its recorded source or the one in the gallery; None if both lost it.

        Raises SourceError if a source fails in another way.
        """
        for entry in self._recorded_entries(known):
            try:
                return _as_recorded(known, entry, self._find(known.backend, at_digest(entry, known.digest)))
            except GalleryError:
                # A directory has no digest, and for an archive the gallery may state another checksum.
                continue
            except SourceError as e:
                if not e.missing:
                    raise
        return None

    def _recorded_entries(self, known: Recorded) -> t.Iterator[Entry]:
        was = known.metadata
        entry = Entry(known.backend, "", was.gallery_url, was.uri, alias=was.alias, version=was.version)
        if was.uri and not self._is_replaced(known):
            yield entry
        if self._options.uri is not None:
            yield replace(entry, uri=self._options.uri)
        listed = self._listed(known.backend)
        if listed is not None:
            here = replace(entry, uri=listed.uri, mirrors=listed.mirrors, sha256=listed.sha256)
            yield here if was.uri else listed

    def _is_replaced(self, known: Recorded) -> bool:
        """Return whether a recorded address cannot have the build: a gallery states the checksum of an archive."""
        uri = uri_of(known.metadata.uri)
        listed = self._listed(known.backend) if isinstance(uri, HttpUri) else None
        if listed is None or not listed.sha256 or not same_uri(listed.uri, known.metadata.uri):
            return uri is None
        return f"sha256:{listed.sha256}" != known.digest

    def _listed(self, backend: str) -> Entry | None:
        """Return the entry of a build in the galleries; None if they cannot be read, or do not have it."""
        with contextlib.suppress(GalleryError):
            entry = self.galleries.find(backend)
            return entry if entry.uri else None
        return None

    def found(self, backend: str) -> Artifact:
        """Return what C(target) found at the source of a build."""
        return self._found[backend]

    def packed_size(self, decided: Plan) -> int:
        """Return the number of bytes that a plan has to transfer at least."""
        return sum(self.found(step.backend).size for step in decided.steps if step.kind == "fetch")

    def unpacked_size(self, decided: Plan) -> int:
        """Return the number of bytes that the transferred builds need on disk at least."""
        fetched = [self.found(step.backend) for step in decided.steps if step.kind == "fetch"]
        return sum(map(self.sources.unpacked_size, fetched))

    def pin(self, resolution: Resolution, capability: str, platform: Platform) -> Pin:
        """Return a row for the option C(pins): the build that a name has at this moment for C(capability)."""
        concrete = resolution.concrete
        found = self._ask(concrete, platform)
        if found.digest is None:
            raise GalleryError(f"{concrete.name}: {found.uri} has no digest by which to pin it.")
        return Pin(
            name=resolution.entry.name,
            capability=capability,
            platform=str(platform),
            backend=concrete.name,
            uri=found.uri,
            digest=found.digest,
            alias=concrete.alias,
        )

    def _ask(self, concrete: Entry, platform: Platform) -> Artifact:
        """Return what the origins of a build have. Each is queried once per run, because its tag may move meanwhile."""
        places = (concrete.uri, *concrete.mirrors)
        key = (places, concrete.sha256, platform)
        if key not in self._answers:
            try:
                self._answers[key] = self._network.sources(platform).find(places, concrete.sha256)
            except SourceError as e:
                raise SourceError(f"{concrete.name} cannot be fetched. {e}", e.missing) from e
        return self._answers[key]

    def _meant(self, need: Need, asked: str, installed: Installed) -> tuple[Target, Entry]:
        """Return the target of a name, and its concrete entry with pinned addresses."""
        options, name = self._options, bare_name(asked)
        pin = options.pin(name)
        if pin is not None:
            is_meta = pin.backend.lower() != pin.name.lower()
            last_resort = is_meta and pin.capability in LAST_RESORTS
            target = Target(pin.name, pin.backend, is_meta, pin.capability, last_resort, pin.alias)
            return target, at_digest(Entry(pin.backend, uri=pin.uri, alias=pin.alias), pin.digest)
        if options.pins is not None:
            raise HostError(
                f"{name} has to be repaired, and the set of pins has no row for its build, which stays because the GPU "
                "of this host cannot be read. Repair the driver, or set the option capability."
            )
        if options.uri is not None:
            entry = Entry(name, uri=options.uri, alias=options.alias or self._own_alias(name, installed))
            return Target(name, name, alias=entry.alias), entry
        own = self._from_source(asked, installed)
        if own is not None:
            return Target(own.name, own.name, alias=own.alias, version=own.version), self._pinned(need, own)
        self._check_gallery(asked)
        resolution = resolve(self.galleries, self._known(need, asked, installed), installed, self.capability)
        target = Target(
            name=resolution.entry.name,
            backend=resolution.concrete.name,
            is_meta=resolution.match is not None,
            key=resolution.match.key if resolution.match else "",
            last_resort=resolution.match is not None and resolution.match.last_resort,
            alias=resolution.concrete.alias,
            gallery_url=resolution.concrete.gallery_url,
            meta_url=resolution.entry.gallery_url,
            version=resolution.concrete.version,
        )
        return target, self._pinned(need, resolution.concrete)

    def _check_gallery(self, asked: str) -> None:
        """Raise GalleryError if a name with a gallery and the same name without one mean two galleries."""
        gallery, picks, name = asked.rpartition("@")
        if picks and name.lower() in map(str.lower, self._options.names):
            first = self.galleries.find(name)
            if first.gallery.lower() != gallery.lower():
                raise GalleryError(
                    f"{name} and {asked} are one backend from two galleries, {first.gallery} and {gallery}, and only "
                    "one can be installed."
                )

    def _own_alias(self, name: str, installed: Installed) -> str:
        """Return the current alias of a backend for an upgrade, which keeps it."""
        own = installed.get(name)
        return own.alias if own is not None and self._options.state == "latest" else ""

    def _from_source(self, asked: str, installed: Installed) -> Entry | None:
        """Return an entry for a backend that was installed directly from a source, from which it comes again."""
        if self._options.release is not None or "@" in asked:
            return None
        row = Listing(installed, self.capability.name).find(asked)
        own = installed.find(asked) or (installed.get(row.backend) if row is not None and row.kind == "alias" else None)
        recorded = own.metadata if own is not None else None
        if own is None or recorded is None or not own.is_from_source:
            return None
        return Entry(own.name, uri=recorded.uri, alias=recorded.alias, version=recorded.version)

    def _known(self, need: Need, asked: str, installed: Installed) -> str:
        """Return the name to look up: that of the backend with this alias, if no gallery has the alias as a name."""
        row = Listing(installed, self.capability.name).find(bare_name(asked))
        if row is None or row.kind != "alias" or need.action not in ("compare", "replace") or self.galleries.has(asked):
            return asked
        return row.backend

    def _pinned(self, need: Need, concrete: Entry) -> Entry:
        digest, release = self._options.digest_of(need.subject), self._options.release
        if digest is not None:
            return at_digest(concrete, digest)
        return concrete if release is None else at_release(concrete, release)

    def _served(self, concrete: Entry) -> str | None:
        """Return the digest that an image has at its source now; None for other kinds of sources."""
        if isinstance(parse_uri(concrete.uri), (HttpUri, PathUri)):
            return None
        places = (concrete.uri, *concrete.mirrors)
        if places not in self._digests:
            try:
                self._digests[places] = self.sources.digest(places)
            except SourceError as e:
                raise SourceError(f"{concrete.name} cannot be compared. {e}") from e
        return self._digests[places]

    def _find(self, backend: str, concrete: Entry) -> Artifact:
        self._found[backend] = self._ask(concrete, self._platform)
        return self._found[backend]


def _as_recorded(known: Recorded, entry: Entry, found: Artifact) -> Target:
    """Return the target of a recorded build. Its address keeps the recorded tag, so that upgrades are still seen."""
    return Target(
        name=known.meta or known.backend,
        backend=known.backend,
        is_meta=bool(known.meta),
        alias=entry.alias,
        gallery_url=entry.gallery_url,
        meta_url=known.meta_url or entry.gallery_url,
        version=entry.version,
        uri=known.metadata.uri or entry.uri,
        digest=found.digest,
        platform_digest=found.platform_digest,
        sha256=found.sha256,
    )
