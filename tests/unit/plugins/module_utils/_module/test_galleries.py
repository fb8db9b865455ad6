# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Galleries have LocalAI's keys, and their policies are those that LocalAI accepts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.argspec import LOCALAI_GALLERY
from ansible_collections.localai.core.plugins.module_utils._module.galleries import gallery_sources
from ansible_collections.localai.core.plugins.module_utils._request import Verification

POLICY = {"issuer": "https://issuer.example", "identity_regex": r"^https://x\.example/(heads/master|tags/.+)$"}


def gallery(**options: Any) -> dict[str, Any]:
    return {"name": "g", "url": "/g.yaml", **options}


def test_localais_own_gallery_is_valid() -> None:
    (source,) = gallery_sources([LOCALAI_GALLERY])
    assert [str(mirror) for mirror in source.mirrors] == LOCALAI_GALLERY["mirrors"]
    assert source.artifact_verification == Verification(**LOCALAI_GALLERY["artifact_verification"])
    assert source.verification is None


@pytest.mark.parametrize("key", ["verification", "artifact_verification"])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"issuer_regex": "^https://"},
        {"source_repository": "https://github.com/mudler/LocalAI"},
        {"not_before": "2026-08-05T00:00:00Z"},
        {"not_before": "2026-08-05T00:00:00.123+02:00"},
        {"not_before": ""},
        {"not_before": None, "identity": None},
    ],
)
def test_a_policy_has_localais_keys(key: str, more: dict[str, Any]) -> None:
    (source,) = gallery_sources([gallery(**{key: {**POLICY, **more}})])
    expected = Verification(**{name: value or None for name, value in {**POLICY, **more}.items()})
    assert getattr(source, key) == expected


def test_no_policy_is_none() -> None:
    (source,) = gallery_sources([gallery(verification=None)])
    assert (source.verification, source.artifact_verification) == (None, None)
