# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may pull: challenges of registries, and the credentials that docker keeps."""

from __future__ import annotations

import base64
import json
import os
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._oci.reference import DOCKER_HUB, Reference

_DOCKER_HUB_KEYS = ("https://index.docker.io/v1/", DOCKER_HUB, "index.docker.io", "registry-1.docker.io")
_PARAMETER = re.compile(r'([a-zA-Z][a-zA-Z0-9_-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,\s*|$)')
_SCHEME = re.compile(r"\s*,?\s*(basic|bearer)(?:\s+|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Challenge:
    """What a registry asks for: C(scheme) is C(basic) or C(bearer), the rest says where a token is had."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""


@dataclass(frozen=True)
class Login:
    """A user name and a password; it never shows them."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Login(…)"


def parse_challenge(header: str) -> Challenge | None:
    """Return what a WWW-Authenticate header asks for, bearer before basic; None when it asks for neither."""
    found: dict[str, Challenge] = {}
    starts = list(_SCHEME.finditer(header[:8192]))
    for position, start in enumerate(starts):
        end = starts[position + 1].start() if position + 1 < len(starts) else len(header)
        parameters = {
            key.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for key, quoted, plain in _PARAMETER.findall(header[start.end() : end])
        }
        scheme = start.group(1).lower()
        known = {key: parameters.get(key, "") for key in ("realm", "service", "scope")}
        found.setdefault(scheme, Challenge(scheme, **known))
    bearer = found.get("bearer")
    return bearer if bearer is not None and bearer.realm else found.get("basic")


def docker_login(reference: Reference, auth_file: str | None) -> Login | None:
    """Return the login that docker's C(config.json) holds for an image, or None.

    C(auth_file) None means the file of the user who runs this, which may be missing. Raises HostError for a file that
    was asked for and cannot be read, or is not valid.
    """
    path = auth_file or os.path.join(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"), "config.json")
    try:
        with open(path, encoding="utf-8") as stream:
            document = json.load(stream)
    except OSError as e:
        if auth_file is None:
            return None
        raise HostError(f"auth_file {path}: {e.strerror}.") from e
    except (ValueError, RecursionError):
        raise HostError(f"{path} is not valid JSON. Mend it, or name another file in auth_file.") from None
    auths = document.get("auths") if isinstance(document, dict) else None
    for key in _keys(reference):
        login = _login(auths.get(key)) if isinstance(auths, dict) else None
        if login is not None:
            return login
    return None


def _keys(reference: Reference) -> list[str]:
    """Return the keys under which a login for an image may stand, the most particular first."""
    if reference.host == DOCKER_HUB:
        return list(_DOCKER_HUB_KEYS)
    parts = reference.repository.split("/")
    paths = [f"{reference.host}/{'/'.join(parts[:count])}" for count in range(len(parts), 0, -1)]
    host = reference.host
    return [*paths, host, f"https://{host}", f"https://{host}/", f"https://{host}/v1/", f"https://{host}/v2/"]


def _login(entry: t.Any) -> Login | None:
    if not isinstance(entry, dict):
        return None
    username, password = entry.get("username"), entry.get("password")
    if isinstance(entry.get("auth"), str) and entry["auth"]:
        try:
            text = base64.b64decode(entry["auth"], validate=True).decode("utf-8")
        except ValueError:
            return None
        username, _colon, password = text.partition(":")
    if not isinstance(username, str) or not isinstance(password, str) or not username:
        return None
    return Login(username, password.rstrip("\0"))
