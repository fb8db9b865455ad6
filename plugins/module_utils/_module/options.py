# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task, validated, as frozen values. Constraints that Ansible can check are in `argspec`."""

from __future__ import annotations

import typing as t

from .._address import Address
from .._errors import NameRefused, OptionError
from .._fs.utf8 import os
from .._localai.names import requested_name
from .._request import BackendOptions, Connection, Endpoint, HostOptions, SignatureOptions, bare_name
from .argspec import CONNECTION_OPTIONS
from .galleries import gallery_sources

_BUILD_OPTIONS = ("uri", "alias", "digest", "pins", "release")
_CONNECTION = set(CONNECTION_OPTIONS) - {"endpoints", "rate_limit", "bundle"}


def host_options(params: t.Mapping[str, t.Any]) -> HostOptions:
    """Return the options that both modules have; raises OptionError."""
    connection = connection_of(params)
    if params["capability"] is not None and not params["capability"].strip():
        raise OptionError("capability is empty. Omit it to detect the capability of this host.")
    return HostOptions(
        backends_path=plain_path(params, "backends_path"),
        backends_system_path=plain_path(params, "backends_system_path"),
        galleries=gallery_sources(params["galleries"] or ()),
        capability=params["capability"],
        platform=params["platform"],
        connection=connection,
        server_version=None if params["server_version"] is None else _version(params["server_version"]),
        signatures=signature_options(params),
    )


def signature_options(params: t.Mapping[str, t.Any]) -> SignatureOptions:
    """Return what to do about signatures; raises OptionError."""
    root = params["trusted_root"]
    if root is not None:
        from .rare_options import root_of

        root = root_of(root)
    return SignatureOptions(params["signatures"], root, params["legacy_signatures"])


def connection_of(params: t.Mapping[str, t.Any]) -> Connection:
    """Return the options of the action group `localai`; raises OptionError."""
    check_range(params, "timeout", 1, 86400)
    check_range(params, "retries", 0, 1000)
    check_range(params, "connections", 1, 64)
    return Connection(
        endpoints=_endpoints(params),
        rate_limit=None if params["rate_limit"] is None else _rate(params["rate_limit"]),
        bundle=None if params["bundle"] is None else _bundle(params["bundle"]),
        **{option: params[option] for option in _CONNECTION},
    )


def _endpoints(params: t.Mapping[str, t.Any]) -> tuple[Endpoint, ...]:
    if not params["endpoints"]:
        return ()
    from .endpoints import endpoints_of

    return endpoints_of(params["endpoints"])


def check_range(params: t.Mapping[str, t.Any], option: str, least: int, most: int) -> None:
    """Raise OptionError unless a number is in its range."""
    if not least <= params[option] <= most:
        raise OptionError(f"{option} is {params[option]}; it must be from {least} to {most}.")


def plain_path(params: t.Mapping[str, t.Any], option: str) -> str:
    """Return an absolute path as LocalAI writes it: without `.`, `..`, `//` and a slash at the end.

    Raises OptionError for any other path.
    """
    path: str = params[option]
    if not path.startswith("/") or "\0" in path:
        raise OptionError(f"{option}: {path!r} is not an absolute path.")
    return os.path.normpath("/" + path.lstrip("/"))


def backend_options(params: t.Mapping[str, t.Any]) -> BackendOptions:
    """Return the options of `localai_backend`; raises OptionError or NameRefused."""
    if params["name"] is None:
        from .backend_rows import options_of_rows

        return options_of_rows(params)
    names = requested_names(params["name"])
    if any("@" in name for name in names) and params["state"] != "absent":
        from .build_options import check_galleries

        check_galleries(names)
    if any(params[option] is not None for option in _BUILD_OPTIONS):
        from .build_options import check_pins, check_source

        check_source(params, names)
        check_pins(params, names)
    if params["exclusive"]:
        from .build_options import check_exclusive

        check_exclusive(params["state"], names)
    if params["download_only"]:
        from .build_options import check_download

        check_download(params)
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
        directory_mode=None if params["directory_mode"] is None else mode_number(params["directory_mode"]),
        lock_timeout=params["lock_timeout"],
        release=params["release"],
        digest=params["digest"].lower() if params["digest"] is not None else None,
        exclusive=params["exclusive"],
        keep_previous=params["keep_previous"],
        verify=params["verify"],
        download_only=params["download_only"],
        spellings=spellings_of(params["name"], names),
    )


def mode_number(mode: t.Any) -> int:
    """Return `directory_mode` as a number; raises OptionError."""
    from .rare_options import number_of_mode

    return number_of_mode(mode)


def _version(text: str) -> tuple[int, ...]:
    from .rare_options import version_of

    return version_of(text)


def _rate(text: str) -> int:
    from .rare_options import rate_of

    return rate_of(text)


def _bundle(location: str) -> str:
    from .rare_options import bundle_of

    return bundle_of(location)


def requested_names(names: t.Sequence[str]) -> tuple[str, ...]:
    """Return the names as the galleries have them; raises NameRefused for all that are not valid."""
    try:
        return tuple(requested_name(name.strip()) for name in names)
    except NameRefused as e:
        from .build_options import all_refused

        raise all_refused(names) from e


def spellings_of(given: t.Sequence[str], names: t.Sequence[str]) -> dict[str, str]:
    """Return the names with another spelling in the task, with and without their galleries, and that spelling."""
    spellings = {name: text.strip() for name, text in zip(names, given) if name != text.strip()}
    # The gallery of a name has no slash, but what looks like one may be the beginning of an image with a digest.
    return {**{bare_name(name): bare_name(text) for name, text in spellings.items()}, **spellings}
