# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this host can verify."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.library import check_library


def test_this_host_can_verify():
    check_library()


@pytest.mark.parametrize("version", ["38.0.0", "38.0.4", "50.0.2", "100.0.0.dev1"])
def test_newer_versions_will_do(monkeypatch, version):
    monkeypatch.setattr("cryptography.__version__", version)
    check_library()


@pytest.mark.parametrize("version", ["3.4.8", "36.0.1", "37.0.4"])
def test_older_versions_are_refused(monkeypatch, version):
    monkeypatch.setattr("cryptography.__version__", version)
    with pytest.raises(SignatureError, match=f"has version {version}, and verification needs version 38 or newer"):
        check_library()


@pytest.mark.parametrize("name", ["cryptography", "cryptography.x509"])
def test_a_missing_or_damaged_library_is_reported(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SignatureError, match=r"no Python library cryptography that can be imported, and .* Install it"):
        check_library()
