# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of options that choose a build, and of credentials. Most tasks have none of them."""

from __future__ import annotations

import re
import typing as t

from .._address import redacted
from .._errors import NameRefused, OptionError
from .._localai.names import checked_name, requested_name
from .._request import bare_name

_RELEASE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}")


def check_source(params: t.Mapping[str, t.Any], names: t.Sequence[str]) -> None:
    """Raise OptionError or NameRefused for a wrong `uri` or `alias`."""
    uri, alias = params["uri"], params["alias"]
    if uri is not None:
        refuse(len(names) != 1, f"uri installs one backend, but name lists {len(names)}.")
        refuse("@" in names[0], "uri installs a backend without a gallery, so name must not contain an @.")
        refuse(params["state"] == "absent", "uri cannot be used with state=absent.")
        refuse(not uri.strip(), "uri is empty.")
    if alias is not None:
        checked_name(alias, "alias")


def check_pins(params: t.Mapping[str, t.Any], names: t.Sequence[str]) -> None:
    """Raise OptionError for pins that contradict the source or the state."""
    digest, pins, release = params["digest"], params["pins"], params["release"]
    if digest is not None:
        refuse(
            params["uri"] is not None,
            "uri and digest are mutually exclusive. Write the digest into the uri, as in repository:tag@sha256:…",
        )
        refuse(len(names) != 1, f"digest pins one backend, but name lists {len(names)}.")
        refuse(params["state"] == "absent", "digest cannot be used with state=absent.")
    if params["state"] == "latest":
        refuse(digest is not None, "digest cannot be used with state=latest, because it pins a build.")
        refuse(pins is not None, "pins cannot be used with state=latest, because they pin builds.")
    check_release(release)


def check_release(release: str | None) -> None:
    """Raise OptionError for a release that cannot be the beginning of a tag."""
    if release is not None and not _RELEASE.fullmatch(release):
        raise OptionError(f"release: {release!r} cannot be the beginning of a tag. Use a release such as v4.9.0.")


def check_credentials(endpoint: t.Mapping[str, t.Any]) -> None:
    """Raise OptionError for credentials that cannot be meant; the message has none of them.

    Such are encrypted ones, which Ansible was not told to decrypt, and a password that is empty or ends with a line
    break.
    """
    host = redacted(endpoint["host"])
    for option in ("username", "password", "token"):
        refuse(
            "$ANSIBLE_VAULT;" in (endpoint[option] or ""),
            f"endpoints: the {option} of {host} is text that ansible-vault has encrypted. Write it with the tag "
            "!vault, or in a file that is encrypted as a whole, so that Ansible decrypts it.",
        )
    password = endpoint["password"]
    refuse(
        bool(endpoint["username"]) and password == "",
        f"endpoints: the password of {host} is empty. Check the variable that it comes from.",
    )
    refuse(
        (password or "").endswith(("\n", "\r")),
        f"endpoints: the password of {host} ends with a line break. Remove it, for example with the filter trim.",
    )


def check_galleries(names: t.Iterable[str]) -> None:
    """Raise OptionError if the same backend is requested from two galleries."""
    gallery_of: dict[str, str] = {}
    for name in names:
        gallery, separator, bare = name.rpartition("@")
        if separator and gallery_of.setdefault(bare.lower(), gallery.lower()) != gallery.lower():
            both = " and ".join(other for other in dict.fromkeys(names) if bare_name(other).lower() == bare.lower())
            raise OptionError(
                f"name: {both} are the same backend from two galleries. Only one of them can be installed."
            )


def check_gallery_names(names: t.Iterable[str]) -> None:
    """Raise OptionError for names of galleries that a task cannot tell apart or select; case is ignored."""
    seen: set[str] = set()
    for name in names:
        refuse(not name.strip(), "galleries: the name of a gallery is empty.")
        refuse("@" in name, f"galleries: the name {name!r} contains an @, which separates a gallery from a backend.")
        refuse(name.lower() in seen, f"galleries: the name {name!r} is used twice. Give each gallery its own name.")
        seen.add(name.lower())


def check_exclusive(state: str, names: t.Sequence[str]) -> None:
    """Raise OptionError if `exclusive` would remove something else than what is meant."""
    refuse(
        state == "absent",
        "exclusive cannot be used with state=absent, because name then lists the backends to remove.",
    )
    refuse(
        not names,
        "exclusive with an empty name would remove all backends. Check the variable that name comes from, or "
        "remove the backends by name with state=absent.",
    )


def check_download(params: t.Mapping[str, t.Any]) -> None:
    """Raise OptionError for options that contradict `download_only`."""
    refuse(params["state"] == "absent", "download_only cannot be used with state=absent, because it removes nothing.")
    refuse(params["exclusive"], "download_only cannot be used with exclusive, because it removes nothing.")
    refuse(params.get("prune", False), "download_only cannot be used with prune, because it removes nothing.")
    refuse(
        params["force"],
        "download_only cannot be used with force, because it installs nothing. The run without download_only can have "
        "force.",
    )


def all_refused(names: t.Iterable[str]) -> NameRefused:
    """Return one error for all names that are not valid."""
    messages: dict[str, None] = {}
    for name in names:
        try:
            requested_name(name.strip())
        except NameRefused as e:
            messages[str(e)] = None
    return NameRefused(" ".join(messages))


def refuse(contradiction: bool, sentence: str) -> None:
    """Raise OptionError with a sentence if there is a contradiction."""
    if contradiction:
        raise OptionError(sentence)
