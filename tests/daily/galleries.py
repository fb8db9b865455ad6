# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this collection cannot install from LocalAI's galleries: every name, for the capability of every kind of host.

Only the galleries and the base files of models are read. No backend and no model is fetched, and no Hub is queried.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.capability import CAPABILITIES, compatible, is_known
from ansible_collections.localai.core.plugins.module_utils._localai.catalog import Catalog
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry
from ansible_collections.localai.core.plugins.module_utils._module.info_options import BACKEND_INFO
from ansible_collections.localai.core.plugins.module_utils._module.options import host_options
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._resolver.resolver import Resolver

from ..soak.recordings import Planner

# Every kind of host must get a build of these.
NEEDED = ("llama-cpp", "whisper")
# Keys of capability maps that no release of LocalAI has known. A backend has had them since August 2025.
MEANINGLESS = frozenset({"cuda", "rocm"})
# LocalAI cannot read the configurations that it would write for these models.
UNREADABLE = frozenset({"noromaid-13b-0.4-DPO"})


@dataclass
class Outcome:
    """What was found in a gallery: `problems` of this collection with it, and `mistakes` of its authors."""

    counts: str = ""
    problems: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    backends: frozenset[str] = frozenset()  # the names that models can use


def check_backends(url: str, path: Path) -> Outcome:
    """Resolve all names of a gallery of backends for all capabilities; raises LocalAIError if it cannot be read.

    `path` is a directory with nothing in it.
    """
    options = {
        "backends_path": str(path),
        "backends_system_path": str(path),
        "galleries": [{"name": "localai", "url": url}],
    }
    validated = ArgumentSpecValidator(BACKEND_INFO["argument_spec"]).validate(options)
    assert not validated.error_messages, validated.error_messages
    outcome = Outcome()
    host = host_options(validated.validated_parameters)
    catalog = Resolver(host, Platform("linux", "amd64"), outcome.problems).catalog
    entries = catalog.entries()
    resolved = 0
    users = {key: entry.name for entry in reversed(entries) for key in entry.capabilities if not is_known(key)}
    for key, name in sorted(users.items()):
        found = outcome.mistakes if key in MEANINGLESS else outcome.problems
        found.append(f"{name}: this collection does not know the capability {key!r}.")
    for entry in entries:
        for capability in (row.name for row in CAPABILITIES):
            try:
                catalog.resolve(entry.name, capability)
                resolved += 1
            except GalleryError as error:
                if not _is_for_other_hosts(catalog, entry, capability):
                    outcome.mistakes.append(f"{error} (capability {capability})")
                if entry.name in NEEDED:
                    outcome.problems.append(f"{error} (capability {capability})")
    outcome.problems += [f"{name}: it is not in the gallery." for name in NEEDED if not catalog.has(name)]
    outcome.counts = f"{len(entries)} backends, {resolved} builds for {len(CAPABILITIES)} capabilities"
    outcome.backends = frozenset(name.lower() for entry in entries for name in (entry.name, entry.alias))
    return outcome


def _is_for_other_hosts(catalog: Catalog, entry: Entry, capability: str) -> bool:
    """Return whether a gallery says that a backend has no build for a host, so that a failure is what it means."""
    if not entry.is_meta:
        return bool(entry.uri) and not compatible(entry.name, capability)
    chosen = catalog.match(entry, capability)
    if chosen is None or not chosen.target:
        return True
    try:
        build = catalog.target(entry, chosen)
    except GalleryError:
        return False
    return bool(build.uri) and not build.is_meta and not compatible(build.name, capability)


def check_models(url: str, path: Path, backends: frozenset[str]) -> Outcome:
    """Plan all models of a gallery; raises LocalAIError if it cannot be read.

    `path` is a models path with nothing in it, and `backends` are the names that models can use, if they are known.
    """
    planner = Planner(url, path, retries=3)
    outcome = Outcome()
    names = planner.names()
    outcome.problems += planner.warnings
    need_hub = 0
    missing: dict[str, list[str]] = {}
    for name in names:
        result = planner.result({"name": name})
        if result.needs_hub:
            need_hub += 1
        elif result.refusal:
            (outcome.mistakes if name in UNREADABLE else outcome.problems).append(result.refusal)
        else:
            backend = result.intended[f"{name}.yaml"].get("backend")
            if backends and backend and str(backend).lower() not in backends:
                missing.setdefault(str(backend), []).append(name)
    outcome.mistakes += [
        f"{backend} is not in the gallery of backends. Models that need it: {len(users)}, such as {users[0]}."
        for backend, users in sorted(missing.items())
    ]
    outcome.counts = f"{len(names)} models, {need_hub} of them not planned, because they need the Hub"
    return outcome
