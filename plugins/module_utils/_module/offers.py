# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The builds that sources offer at this moment: upgrades of installed backends, and pins."""

from __future__ import annotations

import typing as t

from .._errors import GalleryError, LocalAIError, MissingLibrary
from .._localai.capability import compatible
from .._localai.installed import Directory, Inspection, Installed, Look
from .._localai.leftovers import leftover_of
from .._localai.listing import Listing
from .._planner.pins import contradiction, document_of
from .._request import BackendOptions, HostOptions, Pin, bare_name
from .._resolver.resolver import Resolver, platform_of, settled
from .._sources.uri import PathUri, uri_of


def upgrades(
    names: t.Sequence[str], installed: Installed, resolver: Resolver, warnings: list[str]
) -> list[dict[str, t.Any]]:
    """Return the upgrades that C(state=latest) would make; a name that cannot be checked becomes a warning."""
    rows = Listing(installed, resolver.capability.name)
    # A gallery that cannot be read is an error: a warning would look as if there were no upgrades.
    resolver.galleries.entries()
    found = []
    for name in names:
        row = rows.find(bare_name(name))
        if row is None or row.kind == "system":
            continue
        try:
            options = BackendOptions((name,), state="latest")
            decided = settled(options, installed, resolver, Look(), lambda _installed, _name: Inspection())
        except MissingLibrary:
            raise
        except LocalAIError as e:
            warnings.append(f"upgrades: {e}")
            continue
        warnings += decided.warnings
        (outcome,) = decided.outcomes
        if outcome.action == "upgrade":
            found.append(
                {
                    "name": outcome.name,
                    "backend": row.backend,
                    "installed": _stated(installed.get(row.backend)),
                    "available_backend": outcome.backend,
                    "available": outcome.digest or outcome.version,
                    "reason": outcome.reason,
                }
            )
    return found


def pins(
    names: t.Sequence[str] | None,
    capabilities: t.Sequence[str],
    *,
    host: HostOptions,
    installed: Installed,
    resolver: Resolver,
    warnings: list[str],
) -> dict[str, t.Any]:
    """Return a value for the option C(pins), for these names on hosts with these capabilities.

    Without C(names) it covers the installed backends, and a backend that cannot be pinned becomes a warning. Raises
    GalleryError for a name without a build for any of the capabilities, and SourceError if a source cannot be queried.
    """
    rows: list[Pin] = []
    for name in names if names is not None else installed_names(installed):
        own = _pins_of_installed(name, capabilities, host, installed, resolver)
        if own and ((names is None and _is_from_source(name, installed)) or not resolver.galleries.has(name)):
            rows += own
            continue
        if names is None and not resolver.galleries.has(name):
            warnings.append(
                f"pins: {name} is in no gallery, and neither an image nor a checksum is recorded that it was installed "
                "from, so it cannot be pinned. Install it with uri."
            )
            continue
        lacking = []
        for capability in capabilities:
            try:
                resolution = resolver.galleries.resolve(name, capability)
            except GalleryError as e:
                lacking.append(str(e))
                continue
            rows.append(resolver.pin(resolution, capability, platform_of(host, capability)))
        if len(lacking) == len(capabilities) and names is not None:
            raise GalleryError(" ".join(dict.fromkeys(lacking)))
        warnings += [f"pins: {reason}" for reason in lacking]
    rows = list(dict.fromkeys(rows))
    reason = contradiction(rows)
    if reason:
        raise GalleryError(f"pins: {reason} Leave one of them out, or use one gallery for both.")
    warnings += [
        f"pins: {row.backend}: its query is not written down, since it may be secret. If {row.uri} cannot be fetched "
        "without it, complete the uri in the pins."
        for row in {row.backend: row for row in rows if str(row.uri) != row.uri.text}.values()
    ]
    return document_of(rows)


def installed_names(installed: Installed) -> list[str]:
    """Return the names of the installed backends; a build that a meta backend points to has the name of the latter."""
    targets = {directory.target for directory in installed.directories}
    return [
        directory.metadata.name if directory.metadata and directory.target else directory.name
        for directory in installed.directories
        if directory.kind == "directory"
        and (directory.has_run_file or directory.target)
        and directory.name not in targets
        and not leftover_of(directory.name)
    ]


def _is_from_source(name: str, installed: Installed) -> bool:
    """Return whether a backend was installed directly from a source, so that no gallery describes it."""
    own = installed.find(name)
    return own is not None and own.is_from_source


def _pins_of_installed(
    name: str, capabilities: t.Sequence[str], host: HostOptions, installed: Installed, resolver: Resolver
) -> list[Pin]:
    """Return the pins of a backend by its recorded source and digest; none if one of the two is not recorded."""
    row = Listing(installed, resolver.capability.name).find(bare_name(name))
    build = installed.get(row.backend) if row is not None and row.kind != "system" else None
    metadata = build.metadata if build is not None else None
    if row is None or build is None or metadata is None or isinstance(uri_of(metadata.uri), (PathUri, type(None))):
        return []
    return [
        Pin(
            name=row.name,
            capability=capability,
            platform=str(platform_of(host, capability)),
            backend=build.name,
            uri=metadata.uri,
            digest=build.digest,
            alias=metadata.alias,
        )
        for capability in capabilities
        if build.digest and compatible(build.name, capability)
    ]


def _stated(directory: Directory | None) -> str | None:
    """Return the digest of an installed build, else its version."""
    if directory is None:
        return None
    return directory.digest or (directory.metadata.version if directory.metadata else "") or None
