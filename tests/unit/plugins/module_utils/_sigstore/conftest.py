# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private Sigstore, and its trusted root as a verifier reads it."""

from __future__ import annotations

import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import read_trusted_root
from ansible_collections.localai.core.tests.support.sigstore.instance import Instance


@pytest.fixture(scope="session")
def sigstore():
    return Instance()


@pytest.fixture(scope="session")
def root(sigstore):
    return read_trusted_root(json.dumps(sigstore.trusted_root()).encode())
