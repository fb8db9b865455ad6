# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the store share."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._store import store


@pytest.fixture(params=["exchange", "two renames"])
def any_kernel(request, monkeypatch):
    """Kernels that can exchange two names in one step, and those that cannot."""
    if request.param == "two renames":
        monkeypatch.setattr(store, "exchange", lambda *_names: False)
