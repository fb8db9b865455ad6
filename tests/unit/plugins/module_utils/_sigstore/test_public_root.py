# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trusted root of the public instance, which the collection has with it."""

from __future__ import annotations

import json

from ansible_collections.localai.core.plugins.module_utils._sigstore.periods import seconds_of_day
from ansible_collections.localai.core.plugins.module_utils._sigstore.public_root import DATE, ROOT
from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import read_trusted_root


def test_it_has_the_services_that_signed_localai_s_images():
    root = read_trusted_root(ROOT.encode())
    assert "https://rekor.sigstore.dev" in [log.address for log in root.signature_logs]
    moment = seconds_of_day("2026-06-01")
    for services in (root.signature_logs, root.certificate_logs, root.authorities):
        assert any(service.valid.covers(moment) for service in services)


def test_every_service_says_since_when_it_is_valid():
    root = read_trusted_root(ROOT.encode())
    services = (*root.signature_logs, *root.certificate_logs, *root.authorities, *root.timestamp_authorities)
    assert all(service.valid.start and service.valid.start < seconds_of_day(DATE) for service in services)


def test_identifiers_are_unique_and_lines_are_short():
    root = read_trusted_root(ROOT.encode())
    for logs in (root.signature_logs, root.certificate_logs):
        assert len({log.identifier for log in logs}) == len(logs)
    assert json.loads(ROOT)["tlogs"]
