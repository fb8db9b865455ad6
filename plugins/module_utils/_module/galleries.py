# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `galleries`, validated, as frozen values."""

from __future__ import annotations

import re
import typing as t

from .._address import Address
from .._errors import OptionError
from .._request import GallerySource, Verification

_POLICIES = ("verification", "artifact_verification")
_PATTERNS = ("issuer_regex", "identity_regex")


def gallery_sources(specs: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[GallerySource, ...]:
    """Return the galleries of a task; raises OptionError."""
    sources = tuple(
        GallerySource(
            name=spec["name"],
            url=Address(spec["url"].strip()),
            mirrors=tuple(Address(mirror.strip()) for mirror in spec.get("mirrors") or ()),
            sha256=_sha256_of(spec),
            **{key: _policy(spec[key], f"galleries: {key} of {spec['name']}") for key in _POLICIES if spec.get(key)},
        )
        for spec in specs
    )
    names = [source.name.lower() for source in sources]
    for name in names:
        if not name or "@" in name or names.count(name) > 1:
            raise OptionError(f"galleries: the name {name!r} is empty, contains an @ or is used twice.")
    return sources


def _sha256_of(spec: t.Mapping[str, t.Any]) -> str | None:
    if spec.get("sha256") is None:
        return None
    from .._localai.gallery import sha256_digits

    return sha256_digits(spec["sha256"], f"galleries: sha256 of {spec['name']}")


def _policy(spec: t.Mapping[str, t.Any], where: str) -> Verification:
    """Return a policy for signatures; raises OptionError for one that LocalAI refuses, with `where` in its message.

    Follows `Policy.Validate` in LocalAI's `pkg/oci/cosignverify/verify.go`: either key of each pair is enough, both
    are allowed.
    """
    for key, other in (("issuer", "issuer_regex"), ("identity", "identity_regex")):
        if not (spec.get(key) or spec.get(other)):
            raise OptionError(f"{where} needs {key} or {other}.")
    for key in _PATTERNS:
        try:
            re.compile(spec.get(key) or "")
        except (re.error, RecursionError, OverflowError) as e:
            raise OptionError(f"{where}: {key} is not a regular expression: {e}.") from None
    if spec.get("not_before"):
        _check_time(spec["not_before"], where)
    return Verification(**{key: value or None for key, value in spec.items()})


def _check_time(value: str, where: str) -> None:
    """Raise OptionError unless a value is a date and time in RFC 3339 notation."""
    import datetime as dt  # no run without such a policy needs it

    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", value)
    try:
        if match is None:
            raise ValueError
        dt.datetime.fromisoformat(f"{match.group(1)}+00:00")
    except ValueError:
        raise OptionError(
            f"{where}: not_before is {value!r}. Write a date, a time and a time zone, in quotes, such as "
            "'2026-08-05T00:00:00Z'."
        ) from None
