# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds out what a bundle has to have. It reads galleries, manifests and checksums, and transfers no content."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ..._bundle.collection import CollectionArtifact, artifact_at
from ..._errors import LocalAIError
from ..._fs.utf8 import os
from ..._planner.failures import combined
from ..._resolver.recording import RecordingNetwork
from .backends import add_backends
from .models import ModelFinder
from .options import BundleOptions, Target
from .releases import ReleaseFinder
from .wanted import Wanted

if t.TYPE_CHECKING:
    from ..._resolver.recording import Recorded
    from ..._sources.source import Sources

_LATEST = "latest"


class Gathered(t.NamedTuple):
    """The wanted content, the documents that were read for it, the sources to fetch it from, and the collection."""

    wanted: Wanted
    recorded: Recorded
    sources: Sources
    network: RecordingNetwork
    collection: CollectionArtifact | None = None


def gather(options: BundleOptions, warnings: list[str]) -> Gathered:
    """Return what the targets of a task need; raises LocalAIError that names everything that cannot be had."""
    collection = artifact_at(options.collection) if options.collection is not None else None
    network = RecordingNetwork(options.connection, os.environ)
    wanted = Wanted(tuple(dict.fromkeys(target.platform for target in options.targets)))
    finder = ModelFinder(options, network, warnings, wanted)
    releases = ReleaseFinder(options.release_url, network.http, finder.resolver.sources, wanted)
    failures: list[tuple[str, LocalAIError]] = []
    targets = [_with_backends(target, names) for target, names in _needed_backends(options, finder, failures)]
    for version, architecture in options.versions:
        try:
            releases.add(version, architecture)
        except LocalAIError as e:
            failures.append(("", e))
    try:
        targets = [_released(target, releases) for target in targets]
        add_backends(options, targets, network, warnings, wanted)
    except LocalAIError as e:
        failures.append(("", e))
    if failures:
        raise combined(failures, {})
    return Gathered(wanted, network.recorded, finder.resolver.sources, network, collection)


def _needed_backends(
    options: BundleOptions, finder: ModelFinder, failures: list[tuple[str, LocalAIError]]
) -> t.Iterator[tuple[Target, tuple[str, ...]]]:
    """Add the models of all targets; yield each target with the backends that these need. Errors go to `failures`."""
    planned: list[tuple[t.Any, tuple[str, ...]]] = []
    for target in options.targets:
        # Most kinds of hosts want the same models.
        request = (target.models, target.pins)
        backends = next((backends for same, backends in planned if same == request), None)
        if backends is None:
            try:
                backends = finder.add(*request)
            except LocalAIError as e:
                failures.append(("", e))
                backends = ()
            planned.append((request, backends))
        yield target, backends


def _with_backends(target: Target, names: t.Iterable[str]) -> Target:
    """Return a target that also wants the backends that its models need."""
    if not target.models_backends:
        return target
    present = {row["name"].rpartition("@")[2].lower() for row in target.backends}
    empty = dict.fromkeys(("state", "uri", "alias", "digest"))
    rows = tuple({**empty, "release": target.release, "name": name} for name in names if name not in present)
    return replace(target, backends=(*target.backends, *rows))


def _released(target: Target, releases: ReleaseFinder) -> Target:
    """Return a target whose backends of the newest release are those of its version; raises SourceError."""
    if not any(row["release"] == _LATEST for row in target.backends):
        return target
    rows = ({**row, "release": releases.newest} if row["release"] == _LATEST else row for row in target.backends)
    return replace(target, backends=tuple(rows))
