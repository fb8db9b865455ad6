# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies for signatures. `Policy` in LocalAI's `pkg/oci/cosignverify/verify.go`.

LocalAI's default list of galleries has no policy for images. The one here is that of its documentation.
"""

from __future__ import annotations

import calendar
import re
import typing as t

from .._address import Address
from .._errors import OptionError
from .._request import GalleryPolicy, Policies, Signer, Verification
from .gallery_url import is_url_of
from .re2 import pattern_of

# LocalAI's own images, and the workflow that signs them.
IMAGES = ("quay.io/go-skynet/local-ai-backends", "docker.io/localai/localai-backends")
POLICY = Verification(
    issuer="https://token.actions.githubusercontent.com",
    identity_regex=(
        r"^https://github\.com/mudler/LocalAI/\.github/workflows/backend_merge\.yml@refs/(heads/master|tags/.+)$"
    ),
)
_TIME = re.compile(
    r"([1-9]\d{3})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def policies_for(image: str, gallery: str, gallery_url: Address, policies: Policies) -> tuple[Verification, ...]:
    """Return the policies for an image, of which one has to be satisfied; none if no policy is about it.

    `image` is its repository with the host, empty if it is not in a registry. The policy of the gallery that lists the
    image applies: the one with the name, or else with the URL. If the task has no such gallery, one of all its policies
    has to be satisfied. `POLICY` is about LocalAI's own images, unless LocalAI's gallery has a policy.
    """
    own = (POLICY,) if image in IMAGES else ()
    for row in policies.galleries:
        if row.name == gallery if gallery else is_url_of(gallery_url.text, row.url.text):
            return own if row.policy is None else (row.policy,)
    others = tuple(row.policy for row in policies.galleries if row.policy is not None)
    if any(row.policy is not None and _is_localais(row) for row in policies.galleries):
        own = ()
    return tuple(dict.fromkeys((*own, *others)))


def _is_localais(gallery: GalleryPolicy) -> bool:
    return gallery.name.lower() == "localai" or "index.localai.io" in gallery.url.text


def violation(policy: Verification, signer: Signer) -> str:
    """Return why a signer does not satisfy a policy; empty if it does. Both keys of a pair have to fit."""
    for key, exact, pattern, stated in (
        ("issuer", policy.issuer, policy.issuer_regex, signer.issuer),
        ("identity", policy.identity, policy.identity_regex, signer.identity),
        ("source_repository", policy.source_repository, None, signer.source_repository),
    ):
        if exact and exact != stated:
            return f"the {key} of its signer is {stated or 'not stated'}, and the policy demands {exact}"
        if pattern and not pattern_of(pattern).search(stated):
            return f"the {key} of its signer is {stated}, which does not match {pattern}"
    if policy.not_before and seconds_of(signer.time) < seconds_of(policy.not_before):
        return f"it was signed at {signer.time}, and the policy demands a signature after {policy.not_before}"
    return ""


def seconds_of(time: str) -> int:
    """Return a date and time in RFC 3339 notation in seconds since 1970; raises OptionError.

    A fraction of a second is ignored.
    """
    match = _TIME.fullmatch(time)
    year, month, day, hour, minute, second = map(int, match.groups()[:6]) if match else (0,) * 6
    if match is None or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise _not_a_time(time)
    zone = match.group(7)
    offset = 0 if zone == "Z" else int(f"{zone[0]}1") * (int(zone[1:3]) * 3600 + int(zone[4:]) * 60)
    if hour > 23 or minute > 59 or second > 59:
        raise _not_a_time(time)
    return calendar.timegm((year, month, day, hour, minute, second)) - offset


def _not_a_time(time: str) -> OptionError:
    return OptionError(
        f"{time!r} is not a date, a time and a time zone. Write them in quotes, such as '2026-08-05T00:00:00Z'."
    )


def check_policy(spec: t.Mapping[str, t.Any], where: str) -> None:
    """Raise OptionError for a policy that LocalAI refuses, with `where` in its message.

    Either key of each pair is enough, both are allowed.
    """
    for key, other in (("issuer", "issuer_regex"), ("identity", "identity_regex")):
        if not (spec.get(key) or spec.get(other)):
            raise OptionError(f"{where} needs {key} or {other}.")
    for key in ("issuer_regex", "identity_regex"):
        try:
            pattern_of(spec.get(key) or "")
        except OptionError as e:
            raise OptionError(f"{where}: {key}: {e}.") from None
    if spec.get("not_before"):
        try:
            seconds_of(spec["not_before"])
        except OptionError as e:
            raise OptionError(f"{where}: not_before: {e}") from None
