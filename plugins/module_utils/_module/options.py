# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task can say of the host, its galleries and its connections: the argument spec that both modules share, and
the same as frozen values; and what a backend may be called."""

from __future__ import annotations

import os
import re
import typing as t
from urllib.parse import urlsplit

from .._address import Address, redacted
from .._errors import OptionError
from .._localai.gallery import sha256_digits
from .._localai.names import asked_name, checked_name
from .._request import (
    LAYOUT_SCHEME,
    BackendOptions,
    Connection,
    Endpoint,
    GallerySource,
    HostOptions,
    InfoOptions,
    Mirror,
    bare_name,
)

_RELEASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}")


def host_options(params: t.Mapping[str, t.Any]) -> HostOptions:
    """Return the shared part of a module's parameters; raises OptionError."""
    check_range(params, "timeout", 1, 86400)
    check_range(params, "retries", 0, 1000)
    for option in ("backends_path", "backends_system_path"):
        if not params[option].startswith("/") or "\0" in params[option]:
            raise OptionError(f"{option}: {params[option]!r} is not an absolute path.")
    if params["client_key"] and not params["client_cert"]:
        raise OptionError("client_key needs client_cert.")
    if params["capability"] is not None and not params["capability"].strip():
        raise OptionError("capability is empty. Leave it out to detect what this host can run.")
    galleries = tuple(
        GallerySource(
            name=spec["name"],
            url=Address(spec["url"].strip()),
            mirrors=tuple(Address(mirror.strip()) for mirror in spec.get("mirrors") or ()),
            sha256=None
            if spec.get("sha256") is None
            else sha256_digits(spec["sha256"], f"galleries: sha256 of {spec['name']}"),
        )
        for spec in params["galleries"] or ()
    )
    names = [gallery.name.lower() for gallery in galleries]
    for name in names:
        if not name or "@" in name or names.count(name) > 1:
            raise OptionError(f"galleries: the name {name!r} is empty, has an @ in it, or stands there twice.")
    endpoints = tuple(_endpoint(spec) for spec in params["endpoints"] or ())
    return HostOptions(
        backends_path=_plain_path(params["backends_path"]),
        backends_system_path=_plain_path(params["backends_system_path"]),
        galleries=galleries,
        capability=params["capability"],
        platform=params["platform"],
        connection=Connection(
            endpoints=endpoints,
            **{
                key: params[key]
                for key in (
                    "ca_path",
                    "client_cert",
                    "client_key",
                    "validate_certs",
                    "use_proxy",
                    "auth_file",
                    "timeout",
                    "retries",
                )
            },
        ),
    )


def check_range(params: t.Mapping[str, t.Any], option: str, least: int, most: int) -> None:
    """Raise OptionError unless the number that an option gives is in its range."""
    if not least <= params[option] <= most:
        raise OptionError(f"{option} is {params[option]}; it must be from {least} to {most}.")


def _plain_path(path: str) -> str:
    """Return an absolute path as LocalAI writes it: without a slash at its end, and without C(.), C(..) and C(//)."""
    return os.path.normpath("/" + path.lstrip("/"))


def _endpoint(spec: t.Mapping[str, t.Any]) -> Endpoint:
    # A token that was read from a file ends in a line break.
    token = spec["token"].strip() if spec.get("token") else None
    mirrors = tuple(_mirror(mirror["url"].strip(), mirror["resolve"]) for mirror in spec.get("mirrors") or ())
    endpoint = Endpoint(**{**spec, "host": spec["host"].lower(), "token": token, "mirrors": mirrors})
    if not endpoint.host or "/" in endpoint.host or "@" in endpoint.host:
        raise OptionError(f"endpoints: {redacted(endpoint.host)!r} is not a host; write it as name or name:port.")
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise OptionError(f"endpoints: the token for {endpoint.host} has characters that no token has.")
    return endpoint


def _mirror(url: str, resolve: bool) -> Mirror:
    """Return a mirror; raises OptionError without quoting a URL that may hold a secret."""
    if url.startswith(f"{LAYOUT_SCHEME}/"):
        return Mirror(Address(f"{LAYOUT_SCHEME}/{url[len(LAYOUT_SCHEME) :].lstrip('/')}"), resolve)
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.fragment
    except ValueError:
        valid = False
    if not valid or "@" in url:
        raise OptionError(
            "endpoints: the url of a mirror must be https://host, with :port, /prefix and ?query if need be and "
            "credentials in an entry of its own for that host, or ocilayout:/path."
        )
    return Mirror(Address(url), resolve)


def backend_options(params: t.Mapping[str, t.Any]) -> BackendOptions:
    """Return what C(localai_backend) is asked for; raises OptionError for what contradicts itself."""
    names = tuple(asked_name(name) for name in params["name"])
    if params["state"] != "absent":
        _check_galleries(names)
    _check_source(params, names)
    _check_pins(params, names)
    if params["exclusive"]:
        _refuse(params["state"] == "absent", "exclusive says what stays, so it does not go with state=absent.")
        _refuse(
            not names,
            "exclusive with an empty name would remove all backends. Check the variable that name comes from, or "
            "remove them by their names with state=absent.",
        )
    if params["keep_previous"] is not None:
        check_range(params, "keep_previous", 0, 100)
    check_range(params, "lock_timeout", 0, 10 * 86400)
    return BackendOptions(
        names=names,
        state=params["state"],
        uri=Address(params["uri"].strip()) if params["uri"] is not None else None,
        alias=params["alias"],
        force=params["force"],
        owner=params["owner"],
        group=params["group"],
        directory_mode=None if params["directory_mode"] is None else octal_mode(params["directory_mode"]),
        lock_timeout=params["lock_timeout"],
        release=params["release"],
        digest=params["digest"].lower() if params["digest"] is not None else None,
        exclusive=params["exclusive"],
        keep_previous=params["keep_previous"],
        verify=params["verify"],
    )


def info_options(params: t.Mapping[str, t.Any]) -> InfoOptions:
    """Return what C(localai_backend_info) is asked for; raises NameRefused."""
    names = params["name"]
    return InfoOptions(
        names=None if names is None else tuple(asked_name(name) for name in names),
        available=params["available"],
        upgrades=params["upgrades"],
        pins=params["pins"],
        pin_capabilities=tuple(params["pin_capabilities"] or ()),
        disk_usage=params["disk_usage"],
    )


def octal_mode(mode: t.Any) -> int:
    """Return the permission bits that C(directory_mode) means; raises OptionError."""
    try:
        number = mode if isinstance(mode, int) and not isinstance(mode, bool) else int(str(mode), 8)
    except ValueError:
        raise OptionError(f"directory_mode: {mode!r} is not an octal mode such as '0755'.") from None
    if not 0o700 <= number <= 0o777:
        raise OptionError(
            f"directory_mode: {number:04o} is refused: the owner needs all of rwx, and nothing above 0777 is allowed. "
            "Write it in quotes, as in '0755'."
        )
    return number


def _check_galleries(names: t.Iterable[str]) -> None:
    """Refuse one backend from two galleries: there is one directory for both."""
    picked: dict[str, str] = {}
    for name in names:
        gallery, picks, bare = name.rpartition("@")
        if picks and picked.setdefault(bare.lower(), gallery.lower()) != gallery.lower():
            both = " and ".join(each for each in dict.fromkeys(names) if bare_name(each).lower() == bare.lower())
            raise OptionError(f"name: {both} are one backend from two galleries, and only one can be installed.")


def _check_source(params: t.Mapping[str, t.Any], names: t.Sequence[str]) -> None:
    uri, alias = params["uri"], params["alias"]
    if uri is not None:
        _refuse(len(names) != 1, f"uri installs one backend, but name lists {len(names)}.")
        _refuse("@" in names[0], "uri installs without a gallery, so name must not pick one with an @.")
        _refuse(params["state"] == "absent", "uri says where to install from, so it does not go with state=absent.")
        _refuse(not uri.strip(), "uri is empty.")
    if alias is not None:
        _refuse(uri is None, "alias needs uri: the alias of a gallery's backend is the one that the gallery declares.")
        checked_name(alias, "alias")


def _check_pins(params: t.Mapping[str, t.Any], names: t.Sequence[str]) -> None:
    """Refuse pins that contradict each other or the state; each of them alone says what to install."""
    given = [option for option in ("uri", "release", "digest", "pins") if params[option] is not None]
    if len(given) > 1:
        advice = " Write the digest into the uri, as in repository:tag@sha256:…" if given == ["uri", "digest"] else ""
        raise OptionError(f"{' and '.join(given)} each say what to install: give one of them.{advice}")
    if params["digest"] is not None:
        _refuse(len(names) != 1, f"digest pins one backend, but name lists {len(names)}.")
        _refuse(params["state"] == "absent", "digest says what to install, so it does not go with state=absent.")
    for option in ("digest", "pins"):
        if params[option] is not None:
            _refuse(
                params["state"] == "latest",
                f"{option} says exactly what to install, so it does not go with state=latest.",
            )
    if params["release"] is not None and not _RELEASE.fullmatch(params["release"]):
        raise OptionError(f"release: {params['release']!r} is not how a tag begins. Write it as in v4.9.0.")


def _refuse(contradiction: bool, sentence: str) -> None:
    if contradiction:
        raise OptionError(sentence)
