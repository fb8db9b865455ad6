# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task can say of the host, its galleries and its connections: the argument spec that both modules share, and
the same as frozen values; and what a backend may be called."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from ansible_collections.localai.core.plugins.module_utils._address import Address, redacted
from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused, OptionError

LOCALAI_GALLERY = {
    "name": "localai",
    "url": "https://index.localai.io/backends",
    "mirrors": ["github:mudler/LocalAI/backend/index.yaml@master"],
}

LAYOUT_SCHEME = "ocilayout:"

# Both modules take these, so that module_defaults of the group localai.core.localai can hold them.
HOST_SPEC: dict[str, dict[str, t.Any]] = {
    "backends_path": {"type": "path", "default": "/var/lib/local-ai/backends"},
    "backends_system_path": {"type": "path", "default": "/usr/share/localai/backends"},
    "galleries": {
        "type": "list",
        "elements": "dict",
        "default": [LOCALAI_GALLERY],
        "options": {
            "name": {"type": "str", "required": True},
            "url": {"type": "str", "required": True},
            "mirrors": {"type": "list", "elements": "str", "default": []},
            "sha256": {"type": "str"},
        },
    },
    "capability": {"type": "str"},
    "platform": {"type": "str"},
    "endpoints": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "host": {"type": "str", "required": True},
            "username": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "token": {"type": "str", "no_log": True},
            "ca_path": {"type": "path"},
            "client_cert": {"type": "path"},
            "client_key": {"type": "path", "no_log": False},
            "validate_certs": {"type": "bool"},
            "plain_http": {"type": "bool"},
            "mirrors": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"url": {"type": "str", "required": True}, "resolve": {"type": "bool", "default": False}},
            },
        },
        "mutually_exclusive": [("token", "username"), ("token", "password")],
        "required_together": [("username", "password")],
        "required_by": {"client_key": ("client_cert",)},
    },
    "ca_path": {"type": "path"},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
    "validate_certs": {"type": "bool", "default": True},
    "use_proxy": {"type": "bool", "default": True},
    "auth_file": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
    "retries": {"type": "int", "default": 5},
}


@dataclass(frozen=True)
class GallerySource:
    """One gallery of the C(galleries) option."""

    name: str
    url: Address
    mirrors: tuple[Address, ...] = ()
    sha256: str | None = None


@dataclass(frozen=True)
class Mirror:
    """Another place of a registry's images: C(http(s)://host[/prefix][?query]) or C(ocilayout:/path).

    C(resolve): it says what a tag is too, and the registry is not asked.
    """

    url: Address
    resolve: bool = False


@dataclass(frozen=True)
class Endpoint:
    """Settings for one host, C(name) or C(name:port), whatever it serves; secrets stay out of its repr."""

    host: str
    username: str | None = None
    password: str | None = None
    token: str | None = None
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool | None = None
    plain_http: bool | None = None
    mirrors: tuple[Mirror, ...] = ()

    def __repr__(self) -> str:
        return f"Endpoint({self.host})"


@dataclass(frozen=True)
class Connection:
    """How this run talks to servers: TLS, proxies and patience (seconds) for all hosts, and the C(endpoints)."""

    endpoints: tuple[Endpoint, ...] = ()
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool = True
    use_proxy: bool = True
    auth_file: str | None = None
    timeout: int = 30
    retries: int = 5


@dataclass(frozen=True)
class HostOptions:
    """What both modules are told about the host and its surroundings."""

    backends_path: str
    backends_system_path: str
    galleries: tuple[GallerySource, ...] = ()
    capability: str | None = None
    platform: str | None = None
    connection: Connection = Connection()


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


def asked_name(name: str) -> str:
    """Return the backend that a task names, C(name) or C(gallery@name), with C(/) standing as C(__).

    Raises NameRefused.
    """
    if "://" in name:
        raise NameRefused(f"name: {redacted(name)} is an address. Choose a name, and give the address in uri.")
    gallery, separator, bare = name.rpartition("@")
    bare = bare.replace("/", "__")
    checked_name(bare, "name")
    if separator and not gallery:
        raise NameRefused(f"name: {name!r} has no gallery before its @.")
    return gallery + separator + bare


def bare_name(name: str) -> str:
    """Return the name without the gallery that C(gallery@name) picks."""
    return name.rpartition("@")[2]


def checked_name(name: str, where: str) -> str:
    """Return C(name) when it may become a directory of the backends path; raises NameRefused naming C(where)."""
    if not name:
        raise NameRefused(f"{where}: a backend's name is empty. Check the variable that it comes from.")
    shown = name if name.isprintable() and len(name) <= 255 else ascii(name)[:100]
    if "/" in name or "\\" in name or "\0" in name:
        raise NameRefused(f"{where}: {shown!r} has a path separator or a NUL in it; a backend's name is a plain name.")
    if name.startswith(".") or ".." in name:
        raise NameRefused(f"{where}: {shown!r} starts with a dot or has two in a row, which no backend's name may.")
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise NameRefused(f"{where}: {shown} is not valid Unicode.") from None
    if length > 255:
        raise NameRefused(f"{where}: {shown!r} is longer than the 255 bytes that a directory's name may have.")
    return name


def sha256_digits(value: str, where: str) -> str:
    """Return the 64 digits of a SHA-256, which may be written with C(sha256:) before it; raises OptionError."""
    lowered = value.lower()
    digits = lowered[len("sha256:") :] if lowered.startswith("sha256:") else lowered
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise OptionError(f"{where} is not 64 hexadecimal digits.")
    return digits


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
