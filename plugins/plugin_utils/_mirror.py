# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The meaning of the role's variable `localai_mirror`, and its mistakes."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

_REGISTRY = "quay.io"
_KEYS = ("registry", "files", "ca_path")
_URL = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(:[0-9]{1,5})?(/[^\s?#@]*)?", re.ASCII)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(:[0-9]{1,5})?", re.ASCII)


def mirror_problems(mirror: t.Mapping[str, t.Any]) -> list[str]:
    """Return what is wrong with the value, and what to write."""
    problems = []
    unknown = [str(key) for key in mirror if key not in _KEYS]
    if unknown:
        problems.append(f"it has no key {', '.join(unknown)}, only registry, files and ca_path")
    registry, files, ca_path = (mirror.get(key) for key in _KEYS)
    if not registry and not files:
        problems.append("it needs registry or files, such as files: https://mirror.example.com:8090")
    if isinstance(registry, t.Mapping):
        problems += [
            f"registry, {host}: write a host and the URL of its mirror, such as "
            "{quay.io: 'https://mirror.example.com/quay.io'}"
            for host, url in registry.items()
            if not (_HOST.fullmatch(str(host)) and _is_url(url))
        ]
    elif registry and not _is_url(registry):
        problems.append("registry must be the URL of the mirror of quay.io, such as https://mirror.example.com/quay.io")
    if files and not _is_url(files):
        problems.append("files must be the URL of a web server, such as https://mirror.example.com:8090")
    if ca_path and not re.fullmatch("/.+", str(ca_path)):
        problems.append("ca_path must be the absolute path of a file on the host")
    return problems


def endpoints_with_mirror(
    endpoints: t.Sequence[t.Any], mirror: t.Mapping[str, t.Any], hosts: t.Iterable[str]
) -> list[t.Any]:
    """Return `endpoints` with the entries for a mirror added; keys of an entry that is there already win.

    `hosts` are the web servers that `files` mirrors.
    """
    added = {str(entry["host"]): entry for entry in _entries(mirror, hosts)}
    merged = []
    for entry in endpoints:
        host = str(entry.get("host", "")).strip().lower() if isinstance(entry, t.Mapping) else ""
        merged.append({**added.pop(host), **entry} if host in added else entry)
    return [*merged, *added.values()]


def _entries(mirror: t.Mapping[str, t.Any], hosts: t.Iterable[str]) -> t.Iterator[dict[str, t.Any]]:
    registry, files = mirror.get("registry") or {}, str(mirror.get("files") or "").rstrip("/")
    registries = registry if isinstance(registry, t.Mapping) else {_REGISTRY: registry}
    for host, url in registries.items():
        yield {"host": str(host).lower(), "mirrors": [{"url": str(url), "resolve": True}]}
    for host in hosts if files else ():
        yield {"host": str(host), "mirrors": [{"url": f"{files}/{host}"}]}
    for url in [*map(str, registries.values()), files]:
        parts = urlsplit(url)
        settings: dict[str, t.Any] = {"plain_http": True} if parts.scheme.lower() == "http" else {}
        if mirror.get("ca_path"):
            settings["ca_path"] = mirror["ca_path"]
        if url and settings:
            yield {"host": parts.netloc.lower(), **settings}


def _is_url(value: t.Any) -> bool:
    return isinstance(value, str) and _URL.fullmatch(value) is not None
