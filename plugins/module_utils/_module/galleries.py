# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `galleries`, validated, as frozen values."""

from __future__ import annotations

import typing as t

from .._address import Address
from .._request import GallerySource, Verification
from .argspec import LOCALAI_GALLERY

_POLICIES = ("verification", "artifact_verification")


def gallery_sources(specs: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[GallerySource, ...]:
    """Return the galleries of a task; raises OptionError."""
    sources = tuple(
        GallerySource(
            name=spec["name"],
            url=Address(spec["url"].strip()),
            mirrors=tuple(Address(mirror.strip()) for mirror in spec.get("mirrors") or ()),
            sha256=_sha256_of(spec),
            **{
                key: _policy(spec[key], f"galleries: {key} of {spec['name']}")
                for key in _POLICIES
                if spec.get(key) is not None
            },
        )
        for spec in specs
    )
    names = {source.name.lower() for source in sources}
    if len(names) < len(sources) or any("@" in name or not name.strip() for name in names):
        from .build_options import check_gallery_names

        check_gallery_names(source.name for source in sources)
    return sources


def _sha256_of(spec: t.Mapping[str, t.Any]) -> str | None:
    if spec.get("sha256") is None:
        return None
    from .._localai.gallery import sha256_digits

    return sha256_digits(spec["sha256"], f"galleries: sha256 of {spec['name']}")


def _policy(spec: t.Mapping[str, t.Any], where: str) -> Verification:
    """Return a policy for signatures; raises OptionError for one that LocalAI refuses, with `where` in its message."""
    policy = {key: value for key, value in spec.items() if value}
    if policy != LOCALAI_GALLERY["artifact_verification"]:
        from .._localai.verification import check_policy  # few tasks have one of their own

        check_policy(policy, where)
    return Verification(**policy)
