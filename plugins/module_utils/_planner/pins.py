# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of the option `pins`, and gallery entries at another digest or release. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._address import Address
from .._errors import GalleryError, LocalAIError, OptionError
from .._localai.capability import HostCapability
from .._localai.capability_map import Match, match
from .._localai.gallery import Entry
from .._localai.names import checked_name
from .._localai.verification import seconds_of
from .._oci.platform import Platform
from .._oci.reference import is_digest
from .._request import BackendOptions, Pin, Signer
from .._sources.uri import LATEST, HttpUri, PathUri, parse_uri, with_digest, with_release
from .failures import combined
from .unreadable import check_decided

FORMAT = 1
# Format 2 has the same rows for backends, with more keys, which are ignored.
_READABLE = (1, 2)
# Versions of this collection that refuse unknown keys read format 1 only.
_SIGNED_FORMAT = 2
_SHA256 = "sha256:"


def with_pins(
    options: BackendOptions,
    document: t.Mapping[str, t.Any] | None,
    capability: HostCapability,
    platform: Platform,
    staying: t.Mapping[str, str],
) -> BackendOptions:
    """Return the options with the row of `document` for each name on this host.

    `document` is the value of the option `pins`. Names with options of their own need no row. `staying` maps names in
    lower case to the builds that are kept because a GPU cannot be read. Such a name gets no row if the set has no row
    for this build. Raises OptionError for a malformed digest, a malformed set, and any other name without a row, and
    CombinedError for several such names.
    """
    if options.digest is not None:
        check_digest(options.digest, "digest")
    if document is None or options.state == "absent":
        return options
    rows = _rows(document)
    row_by_name: dict[str, Pin | None] = {}
    failures: list[tuple[str, LocalAIError]] = []
    for name in options.bare_names:
        if options.of(name) is not options:
            continue
        key, spelling = name.lower(), options.spellings.get(name, name)
        named = [row for row in rows if row.name.lower() == key]
        try:
            row_by_name[key] = _choose(spelling, named, capability, platform, staying.get(key, ""))
        except LocalAIError as e:
            failures.append((name, e))
    if failures:
        raise combined(failures, options.spellings)
    return replace(options, pins={name: row for name, row in row_by_name.items() if row is not None})


def pins_of_host(document: t.Mapping[str, t.Any], capability: str, platform: str) -> dict[str, Pin]:
    """Return the row that a host uses for each name, in lower case, as far as the set has one.

    `capability` is a name, and `platform` such as `linux/amd64`. Raises OptionError for a malformed set.
    """
    host = Platform.parse(platform)
    rows: dict[str, dict[str, Pin]] = {}
    for row in _rows(document):
        if host.runs(Platform.parse(row.platform)):
            rows.setdefault(row.name.lower(), {})[row.capability] = row
    chosen = {name: (fitting, _match(fitting, capability)) for name, fitting in rows.items()}
    return {name: fitting[best.key] for name, (fitting, best) in chosen.items() if best is not None}


def at_digest(entry: Entry, digest: str) -> Entry:
    """Return a gallery entry with all its sources pinned to `digest`; raises GalleryError if they cannot be pinned."""
    uri = parse_uri(entry.uri)
    if isinstance(uri, HttpUri):
        if not digest.startswith(_SHA256):
            raise GalleryError(f"{entry.name} is an archive, which is pinned by its sha256, not by {digest}.")
        sha256 = digest[len(_SHA256) :]
        if entry.sha256 and entry.sha256 != sha256:
            raise GalleryError(f"{entry.name}: the gallery states the sha256 {entry.sha256}, and the pin is {digest}.")
        return replace(entry, sha256=sha256)
    if isinstance(uri, PathUri):
        raise GalleryError(f"{entry.name} is installed from {entry.uri} on the host, which has no digest to pin.")
    return replace(
        entry,
        uri=with_digest(entry.uri, digest),
        mirrors=tuple(with_digest(mirror, digest) for mirror in entry.mirrors),
    )


def at_release(entry: Entry, release: str) -> Entry:
    """Return a gallery entry with the `latest-` of its tags replaced by `release`; raises GalleryError."""
    uri = with_release(entry.uri, release)
    if uri is None:
        raise GalleryError(
            f"{entry.name}: release replaces {LATEST} at the beginning of a tag by {release}-, but {entry.uri} has no "
            "such tag. Remove the backend from the task with release, or pin it by digest."
        )
    mirrors = (with_release(mirror, release) for mirror in entry.mirrors)
    return replace(entry, uri=uri, mirrors=tuple(mirror for mirror in mirrors if mirror))


def document_of(pins: t.Iterable[Pin]) -> dict[str, t.Any]:
    """Return a value for the option `pins`. Its rows are sorted, so that differences in Git are small."""
    ordered = sorted(pins, key=lambda pin: (pin.name, pin.capability, pin.platform))
    is_signed = any(pin.signer for pin in ordered)
    return {"format": _SIGNED_FORMAT if is_signed else FORMAT, "backends": [_row(pin) for pin in ordered]}


def _row(pin: Pin) -> dict[str, t.Any]:
    return {
        "name": pin.name,
        "capability": pin.capability,
        "platform": pin.platform,
        "backend": pin.backend,
        "alias": pin.alias or None,
        "uri": str(pin.uri),
        "digest": pin.digest,
        **({"gallery": pin.gallery or None, "signer": pin.signer._asdict()} if pin.signer is not None else {}),
    }


def _rows(document: t.Mapping[str, t.Any]) -> list[Pin]:
    if document["format"] not in _READABLE:
        raise OptionError(
            f"pins: this version of the collection reads format {' or '.join(map(str, _READABLE))}, not "
            f"{document['format']}. Create the set again with localai_backend_info and pins=true."
        )
    rows = [_pin(row) for row in document["backends"]]
    seen = set()
    for row in rows:
        where = f"pins: {row.name} for {row.capability}"
        checked_name(row.name, "pins: a name")
        checked_name(row.backend, f"{where}: backend")
        if row.alias:
            checked_name(row.alias, f"{where}: alias")
        check_digest(row.digest, f"{where}: digest")
        platform = Platform.parse(row.platform)
        if isinstance(parse_uri(row.uri), PathUri):
            raise OptionError(f"{where}: {row.uri} is on one host only, and has no digest to pin.")
        key = (row.name.lower(), row.capability, platform)
        if key in seen:
            raise OptionError(f"{where} on {row.platform} is listed twice.")
        seen.add(key)
    reason = contradiction(rows)
    if reason:
        raise OptionError(f"pins: {reason} Create the set again with localai_backend_info and pins=true.")
    return rows


def _pin(row: t.Mapping[str, t.Any]) -> Pin:
    where = f"pins: {row['name']} for {row['capability']}: signer"
    signer = Signer(**row["signer"]) if row.get("signer") is not None else None
    if signer is not None:
        check_digest(signer.digest, f"{where}: digest")
        try:
            seconds_of(signer.time)
        except OptionError as e:
            raise OptionError(f"{where}: time: {e}") from None
    values = {**row, "uri": Address(row["uri"]), "alias": row["alias"] or "", "gallery": row.get("gallery") or ""}
    return Pin(**{**values, "signer": signer})


def contradiction(pins: t.Sequence[Pin]) -> str:
    """Return a sentence about a build with two digests for the same platform; empty if there is none."""
    pins_of: dict[str, list[Pin]] = {}
    for pin in pins:
        others = pins_of.setdefault(pin.backend.lower(), [])
        platform = Platform.parse(pin.platform)
        for other in others:
            if other.digest != pin.digest and platform.runs(Platform.parse(other.platform)):
                return (
                    f"{other.name} for {other.capability} and {pin.name} for {pin.capability} are the same build, "
                    f"{pin.backend}, but have two digests, {other.digest} and {pin.digest}."
                )
        others.append(pin)
    return ""


def _choose(
    name: str, named: t.Sequence[Pin], capability: HostCapability, platform: Platform, staying: str
) -> Pin | None:
    fitting = {row.capability: row for row in named if platform.runs(Platform.parse(row.platform))}
    if staying:
        return _row_of(staying, fitting, capability.name)
    check_decided(name, lambda key: _match(fitting, key), capability)
    chosen = _match(fitting, capability.name)
    if chosen is None:
        available = ", ".join(f"{row.capability} on {row.platform}" for row in named) or "none"
        raise OptionError(
            f"pins: the set has no row for {name} on a host with the capability {capability.name!r} and the platform "
            f"{platform}. Its rows for {name}: {available}. Create the set again with localai_backend_info and "
            "pins=true."
        )
    return fitting[chosen.key]


def _row_of(backend: str, rows: t.Mapping[str, Pin], capability: str) -> Pin | None:
    """Return the row for a build that matches a capability best; None if there is none. `rows` are by capability."""
    candidates = {key: row for key, row in rows.items() if row.backend == backend}
    best = _match(candidates, capability)
    return candidates[best.key] if best is not None else next(iter(candidates.values()), None)


def _match(rows: t.Mapping[str, Pin], capability: str) -> Match | None:
    """Return which of the rows by capability a host uses, or None."""
    builds = {key: row.backend for key, row in rows.items()}
    return match(builds, capability, lambda target: [row.uri.text for row in rows.values() if row.backend == target])


def check_digest(digest: str, where: str) -> None:
    """Raise OptionError for a digest that is malformed; `where` is its place in the options."""
    if not is_digest(digest):
        raise OptionError(f"{where}: {digest[:100]!r} is not a digest such as sha256: and 64 hexadecimal digits.")
