# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credentials in Docker's `config.json`, or in podman's `auth.json`."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from dataclasses import dataclass, field, replace

from .._errors import HostError
from .._fs.read import read_file
from .._fs.utf8 import os
from .._http.url import DOCKER_HUB_NAMES
from .reference import DOCKER_HUB, Reference

_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_MOST_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class Credentials:
    """A user name and a password, neither of which is in the `repr`; `source` says where they are from."""

    username: str
    password: str
    source: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return "Credentials(…)"


def docker_credentials(reference: Reference, auth_file: str | None) -> Credentials | None:
    """Return the credentials for an image, or None.

    Without `auth_file`, the file of the current user is read if there is one. Raises HostError for an `auth_file` that
    cannot be read, for a file that is invalid, and for credentials that cannot be used.
    """
    path = config_path(auth_file)
    auths = _document(path, auth_file).get("auths")
    undecodable = ""
    for key, entry in _entries(auths, reference) if isinstance(auths, dict) else ():
        try:
            credentials = _credentials(entry)
        except ValueError as e:
            undecodable = undecodable or f"{path}: the entry {key!r} in auths cannot be used, because {e}."
            continue
        if entry.get("identitytoken") and not (credentials and credentials.password):
            raise HostError(
                f"{path} has an identity token instead of a password for {reference.host}, which cannot be used here. "
                f"Add username and password for the host {reference.host} to endpoints."
            )
        if credentials is not None:
            return replace(credentials, source=f"auth_file {path}" if auth_file else path)
    if undecodable:
        raise HostError(f"{undecodable} Log in to {reference.host} again to replace it.")
    return None


def credential_helper(reference: Reference, auth_file: str | None) -> str:
    """Return the name of the credential helper that Docker would ask for the credentials of an image, or nothing.

    `credHelpers` has one for each registry, `credsStore` one for all. Raises HostError as `docker_credentials` does.
    """
    document = _document(config_path(auth_file), auth_file)
    helpers = document.get("credHelpers")
    by_registry = helpers.items() if isinstance(helpers, dict) else ()
    names = [*(name for key, name in by_registry if _host(key) == reference.host), document.get("credsStore")]
    return next((f"docker-credential-{name}" for name in names if isinstance(name, str) and name.isprintable()), "")


def config_path(auth_file: str | None) -> str:
    """Return the path of the file with the credentials: `auth_file`, or that of the current user."""
    return auth_file or os.path.join(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"), "config.json")


def _document(path: str, auth_file: str | None) -> t.Mapping[str, t.Any]:
    try:
        document = json.loads(read_file(path, _MOST_BYTES).decode("utf-8-sig"))
    except OSError as e:
        if not auth_file:
            return {}
        raise HostError(f"auth_file {path}: {e.strerror}.") from e
    except (ValueError, RecursionError):
        raise HostError(f"{path} is not valid JSON. Fix it, or set auth_file to another file.") from None
    return document if isinstance(document, dict) else {}


def _entries(auths: t.Mapping[str, t.Any], reference: Reference) -> list[tuple[str, dict[str, t.Any]]]:
    """Return the entries that may have credentials for an image, with their keys, the most specific first."""
    parts = reference.repository.split("/")
    paths = [f"{reference.host}/{'/'.join(parts[:count])}" for count in range(len(parts), 0, -1)]
    hub = [_DOCKER_HUB_KEY] if reference.host == DOCKER_HUB else []
    others = [key for key in auths if _host(key) == reference.host]
    entries = ((key, auths.get(key)) for key in (*paths, *hub, reference.host, *others))
    return [(key, entry) for key, entry in entries if isinstance(entry, dict)]


def _host(key: str) -> str:
    """Return the host that a key is for; empty for a path of podman, which is for some of its repositories."""
    name = re.sub(r"^https?://", "", key.lower())
    host, _slash, path = name.partition("/")
    if name == key.lower() and path.rstrip("/") not in ("", "v1", "v2"):
        return ""
    return DOCKER_HUB if host in DOCKER_HUB_NAMES else host


def _credentials(entry: t.Mapping[str, t.Any]) -> Credentials | None:
    """Return the credentials of an entry, None if it has none; raises ValueError if they cannot be decoded."""
    username, password = entry.get("username"), entry.get("password")
    auth = entry.get("auth")
    if auth:
        username, password = _decoded(auth)
    if not isinstance(username, str) or not isinstance(password, str) or not username:
        return None
    return Credentials(username, password.rstrip("\0"))


def _decoded(auth: t.Any) -> tuple[str, str]:
    """Return the user and the password in the value of `auth`; raises ValueError that does not quote it.

    As for Docker, line breaks do not matter: the program `base64` breaks long lines. Nor do blanks and missing padding.
    """
    digits = "".join(auth.split()).rstrip("=") if isinstance(auth, str) else ""
    try:
        text = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True).decode("utf-8")
    except ValueError:
        text = ""
    username, colon, password = text.partition(":")
    if not colon:
        raise ValueError("its auth is not USER:PASSWORD in base64")
    return username, password
