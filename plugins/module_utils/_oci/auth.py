# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
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

from .._errors import HostError
from .._fs.read import read_file
from .reference import DOCKER_HUB, Reference

_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DOCKER_HUB_NAMES = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io")
_MOST_LOGINS = 4 * 1024**2
_SEPARATORS = re.compile(r"[\s,]*")
_WORD = re.compile(r'[^\s,="]+')
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s,"]*)')


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
    found: dict[str, dict[str, str]] = {}
    parameters: dict[str, str] = {}
    for name, value in _challenge_words(header):
        if value is None:
            # A word by itself begins the next challenge.
            parameters = found.setdefault(name, {})
        else:
            parameters.setdefault(name, value)
    if found.get("bearer", {}).get("realm"):
        known = {key: found["bearer"].get(key, "") for key in ("realm", "service", "scope")}
        return Challenge("bearer", **known)
    return Challenge("basic", found["basic"].get("realm", "")) if "basic" in found else None


def _challenge_words(header: str) -> t.Iterator[tuple[str, str | None]]:
    """Yield the schemes of a header, with None, and their parameters; what comes after a syntax error is left out."""
    position = 0
    while True:
        position = t.cast("re.Match[str]", _SEPARATORS.match(header, position)).end()
        token = _WORD.match(header, position)
        if token is None:
            return
        position = token.end()
        equals = _EQUALS.match(header, position)
        if equals is None:
            yield token.group().lower(), None
            continue
        value = t.cast("re.Match[str]", _VALUE.match(header, equals.end()))
        position = value.end()
        yield token.group().lower(), re.sub(r"\\(.)", r"\1", value.group(1)) if value.group(1) else value.group(2) or ""


def docker_login(reference: Reference, auth_file: str | None) -> Login | None:
    """Return the login that docker's C(config.json) holds for an image, or None.

    Without C(auth_file) it is the file of the user who runs this, which may be missing. Raises HostError for a file
    that was asked for and cannot be read, or is not valid, and for a login that cannot be used.
    """
    path = auth_file or os.path.join(os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker"), "config.json")
    try:
        document = json.loads(read_file(path, _MOST_LOGINS).decode("utf-8"))
    except OSError as e:
        if not auth_file:
            return None
        raise HostError(f"auth_file {path}: {e.strerror}.") from e
    except (ValueError, RecursionError):
        raise HostError(f"{path} is not valid JSON. Mend it, or name another file in auth_file.") from None
    auths = document.get("auths") if isinstance(document, dict) else None
    for entry in _entries(auths, reference) if isinstance(auths, dict) else ():
        login = _login(entry)
        if entry.get("identitytoken") and not (login and login.password):
            raise HostError(
                f"{path} has an identity token instead of a password for {reference.host}, which cannot be used here. "
                f"Give username and password for the host {reference.host} in endpoints."
            )
        if login is not None:
            return login
    return None


def _entries(auths: t.Mapping[str, t.Any], reference: Reference) -> list[dict[str, t.Any]]:
    """Return the entries that may hold a login for an image, the most particular first."""
    parts = reference.repository.split("/")
    paths = [f"{reference.host}/{'/'.join(parts[:count])}" for count in range(len(parts), 0, -1)]
    hub = [_DOCKER_HUB_KEY] if reference.host == DOCKER_HUB else []
    others = [key for key in auths if _host(key) == reference.host]
    entries = (auths.get(key) for key in (*paths, *hub, reference.host, *others))
    return [entry for entry in entries if isinstance(entry, dict)]


def _host(key: str) -> str:
    """Return the host that a key is for as a whole; empty for podman's path, which is for some repositories of one."""
    name = re.sub(r"^https?://", "", key.lower())
    host, _slash, path = name.partition("/")
    if name == key.lower() and path.rstrip("/") not in ("", "v1", "v2"):
        return ""
    return DOCKER_HUB if host in _DOCKER_HUB_NAMES else host


def _login(entry: t.Mapping[str, t.Any]) -> Login | None:
    username, password = entry.get("username"), entry.get("password")
    if isinstance(entry.get("auth"), str) and entry["auth"]:
        try:
            text = base64.b64decode(entry["auth"].strip(), validate=True).decode("utf-8")
        except ValueError:
            return None
        username, _colon, password = text.partition(":")
    if not isinstance(username, str) or not isinstance(password, str) or not username:
        return None
    return Login(username, password.rstrip("\0"))
