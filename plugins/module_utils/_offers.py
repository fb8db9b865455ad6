# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the sources of backends have at this moment: upgrades of what is installed, and pins to write down."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, LocalAIError, MissingLibrary
from ansible_collections.localai.core.plugins.module_utils._installed import Directory, Inspection, Installed, Look
from ansible_collections.localai.core.plugins.module_utils._listing import Listing
from ansible_collections.localai.core.plugins.module_utils._options import HostOptions, bare_name
from ansible_collections.localai.core.plugins.module_utils._pins import document_of
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, Pin
from ansible_collections.localai.core.plugins.module_utils._resolver import Resolver, platform_of, settled


def upgrades(
    names: t.Sequence[str], installed: Installed, resolver: Resolver, warnings: list[str]
) -> list[dict[str, t.Any]]:
    """Return what C(state=latest) would upgrade; what cannot be told of one name is a warning."""
    rows = Listing(installed, resolver.capability.name)
    # A gallery that cannot be read is no warning: it would look as if there were no upgrade.
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
    names: t.Sequence[str],
    capabilities: t.Sequence[str],
    host: HostOptions,
    resolver: Resolver,
    warnings: list[str],
) -> dict[str, t.Any]:
    """Return what the option C(pins) takes for these names on hosts of these capabilities.

    Raises GalleryError for a name without any build for them, and what its registry is not able to tell.
    """
    rows: list[Pin] = []
    for name in names:
        lacking = []
        for capability in capabilities:
            try:
                resolution = resolver.galleries.resolve(name, capability)
            except GalleryError as e:
                lacking.append(str(e))
                continue
            row = resolver.pin(resolution, capability, platform_of(host, capability))
            rows.append(row)
            if str(row.uri) != row.uri.text:
                warnings.append(
                    f"pins: {row.backend}: its query is not written down, since it may be secret. If {row.uri} cannot "
                    "be fetched without it, complete the uri in the pins."
                )
        if len(lacking) == len(capabilities):
            raise GalleryError(" ".join(dict.fromkeys(lacking)))
        warnings += [f"pins: {reason}" for reason in lacking]
    return document_of(dict.fromkeys(rows))


def _stated(directory: Directory | None) -> str | None:
    """Return the digest of what is installed, else its version."""
    if directory is None:
        return None
    return directory.digest or (directory.metadata.version if directory.metadata else "") or None
