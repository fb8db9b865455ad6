# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies for signatures in the option `galleries`."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from .._errors import OptionError

_PATTERNS = ("issuer_regex", "identity_regex")
# LocalAI's regular expressions (RE2) have escapes and flags that Python refuses.
_ONLY_RE2 = re.compile(r"\\[zCpPQ]|\(\?")


def check_policy(spec: t.Mapping[str, t.Any], where: str) -> None:
    """Raise OptionError for a policy that LocalAI refuses, with `where` in its message.

    Follows `Policy.Validate` in LocalAI's `pkg/oci/cosignverify/verify.go`: either key of each pair is enough, both
    are allowed.
    """
    for key, other in (("issuer", "issuer_regex"), ("identity", "identity_regex")):
        if not (spec.get(key) or spec.get(other)):
            raise OptionError(f"{where} needs {key} or {other}.")
    for key in _PATTERNS:
        pattern = spec.get(key) or ""
        try:
            if not _ONLY_RE2.search(pattern):
                re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as e:
            raise OptionError(f"{where}: {key} is not a regular expression: {e}.") from None
    if spec.get("not_before"):
        _check_time(spec["not_before"], where)


def _check_time(value: str, where: str) -> None:
    """Raise OptionError unless a value is a date and time in RFC 3339 notation."""
    match = re.fullmatch(
        r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", value, re.ASCII
    )
    try:
        if match is None:
            raise ValueError
        dt.datetime.fromisoformat(f"{match.group(1)}+00:00")
    except ValueError:
        raise OptionError(
            f"{where}: not_before is {value!r}. Write a date, a time and a time zone, in quotes, such as "
            "'2026-08-05T00:00:00Z'."
        ) from None
