# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credentials in Docker's `config.json`, or in podman's `auth.json`."""

from __future__ import annotations

import base64
import json
import os
import re
import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.read import read_file
from .reference import DOCKER_HUB, Reference

_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DOCKER_HUB_NAMES = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io")
_MOST_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class Credentials:
    """A user name and a password, neither of which is in the `repr`."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(…)"


def docker_credentials(reference: Reference, auth_file: str | None) -> Credentials | None:
    """Return the credentials for an image, or None.

    Without `auth_file`, the file of the current user is read if there is one. Raises HostError for an `auth_file` that
    cannot be read, for a file that is invalid, and for credentials that cannot be used.
    """
    path = auth_file or os.path.join(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"), "config.json")
    try:
        document = json.loads(read_file(path, _MOST_BYTES).decode("utf-8"))
    except OSError as e:
        if not auth_file:
            return None
        raise HostError(f"auth_file {path}: {e.strerror}.") from e
    except (ValueError, RecursionError):
        raise HostError(f"{path} is not valid JSON. Fix it, or set auth_file to another file.") from None
    auths = document.get("auths") if isinstance(document, dict) else None
    for entry in _entries(auths, reference) if isinstance(auths, dict) else ():
        credentials = _credentials(entry)
        if entry.get("identitytoken") and not (credentials and credentials.password):
            raise HostError(
                f"{path} has an identity token instead of a password for {reference.host}, which cannot be used here. "
                f"Add username and password for the host {reference.host} to endpoints."
            )
        if credentials is not None:
            return credentials
    return None


def _entries(auths: t.Mapping[str, t.Any], reference: Reference) -> list[dict[str, t.Any]]:
    """Return the entries that may have credentials for an image, the most specific first."""
    parts = reference.repository.split("/")
    paths = [f"{reference.host}/{'/'.join(parts[:count])}" for count in range(len(parts), 0, -1)]
    hub = [_DOCKER_HUB_KEY] if reference.host == DOCKER_HUB else []
    others = [key for key in auths if _host(key) == reference.host]
    entries = (auths.get(key) for key in (*paths, *hub, reference.host, *others))
    return [entry for entry in entries if isinstance(entry, dict)]


def _host(key: str) -> str:
    """Return the host that a key is for; empty for a path of podman, which is for some of its repositories."""
    name = re.sub(r"^https?://", "", key.lower())
    host, _slash, path = name.partition("/")
    if name == key.lower() and path.rstrip("/") not in ("", "v1", "v2"):
        return ""
    return DOCKER_HUB if host in _DOCKER_HUB_NAMES else host


def _credentials(entry: t.Mapping[str, t.Any]) -> Credentials | None:
    username, password = entry.get("username"), entry.get("password")
    if isinstance(entry.get("auth"), str) and entry["auth"]:
        try:
            text = base64.b64decode(entry["auth"].strip(), validate=True).decode("utf-8")
        except ValueError:
            return None
        username, _colon, password = text.partition(":")
    if not isinstance(username, str) or not isinstance(password, str) or not username:
        return None
    return Credentials(username, password.rstrip("\0"))
