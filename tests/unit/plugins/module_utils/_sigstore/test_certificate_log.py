# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificate transparency: a log of the trusted root has to have promised to include the certificate."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.certificate_log import check_timestamps
from ansible_collections.localai.core.plugins.module_utils._sigstore.certificates import read_certificate
from ansible_collections.localai.core.plugins.module_utils._sigstore.keys import key_from_der
from ansible_collections.localai.core.plugins.module_utils._sigstore.periods import Period
from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import Log
from ansible_collections.localai.core.tests.support.sigstore import pki
from ansible_collections.localai.core.tests.support.sigstore.ct_log import CtLog
from ansible_collections.localai.core.tests.support.sigstore.identities import workflow
from ansible_collections.localai.core.tests.support.sigstore.keys import key
from ansible_collections.localai.core.tests.support.sigstore.moments import NOW, around, days, seconds

FULCIO = pki.Authority("fulcio", around())
ISSUER = read_certificate(pki.raw(FULCIO.issuer), "the issuer")
LOG = CtLog("https://ctfe", key("ctfe"), around())
OTHER = CtLog("https://other", key("other ctfe"), around())


def leaf(*stamps, **changes):
    return read_certificate(FULCIO.issue(key("signer"), workflow(), NOW, stamps, **changes).der, "the certificate")


ALWAYS = Period(0)


def trusted(log, valid=ALWAYS):
    public = key_from_der(log.key.spki, "the key")
    return Log(log.url, public.fingerprint, public.fingerprint, public, valid)


@pytest.mark.parametrize(
    "stamps",
    [
        [LOG.stamp(NOW)],
        [LOG.stamp(NOW + seconds(0.123))],
        [LOG.stamp(NOW, extensions=b"\0\0\5\0\0\0\0\7")],
        [OTHER.stamp(NOW), LOG.stamp(NOW)],
        [LOG.stamp(NOW), OTHER.stamp(NOW, corrupt=True)],
        [LOG.stamp(NOW), LOG.stamp(NOW + days(1))],
    ],
)
def test_a_promise_of_a_trusted_log_is_enough(stamps):
    check_timestamps(leaf(*stamps), ISSUER, [trusted(LOG)])
    check_timestamps(leaf(LOG.stamp(NOW), OTHER.stamp(NOW)), ISSUER, [trusted(OTHER), trusted(LOG)])


@pytest.mark.parametrize("kind", ["p384", "p521", "rsa2048", "ed25519"])
def test_logs_may_have_keys_of_other_kinds(kind):
    log = CtLog("https://ctfe", key("ctfe", kind), around())
    check_timestamps(leaf(log.stamp(NOW)), ISSUER, [trusted(log)])


UNDER_ITS_NAME = trusted(LOG)._replace(key=trusted(OTHER).key)


@pytest.mark.parametrize(
    ("stamps", "logs", "problem"),
    [
        ([], [trusted(LOG)], "the certificate has no signed certificate timestamp, so it is in no certificate log"),
        ([LOG.stamp(NOW)], [], "the certificate is in no certificate log of the trusted root"),
        ([LOG.stamp(NOW)], [trusted(OTHER)], "the certificate is in no certificate log of the trusted root"),
        ([LOG.stamp(NOW, corrupt=True)], [trusted(LOG)], "the timestamp of the certificate log https://ctfe is not v"),
        ([LOG.stamp(NOW)], [UNDER_ITS_NAME], "the timestamp of the certificate log https://ctfe is not valid for"),
        ([OTHER.stamp(NOW), LOG.stamp(NOW, corrupt=True)], [trusted(OTHER), trusted(LOG)], "https://ctfe is not valid"),
        (
            [LOG.stamp(NOW)],
            [trusted(LOG, Period(0, NOW.timestamp() - 1))],
            "the certificate log https://ctfe was not valid at 2026-06-01T12:00:00Z, when it logged the certificate",
        ),
        ([LOG.stamp(NOW)], [trusted(LOG, Period(NOW.timestamp() + 1))], "was not valid at 2026-06-01T12:00:00Z"),
        ([LOG.stamp(NOW)], [trusted(LOG, Period(None))], "was not valid at"),
    ],
)
def test_other_promises_are_refused(stamps, logs, problem):
    with pytest.raises(SignatureError, match=problem):
        check_timestamps(leaf(*stamps), ISSUER, logs)


def test_a_promise_is_about_one_certificate_of_one_issuer():
    good, other = leaf(LOG.stamp(NOW)), leaf(LOG.stamp(NOW), lifetime=601)
    with pytest.raises(SignatureError, match="is not valid for the certificate"):
        check_timestamps(other._replace(timestamps=good.timestamps), ISSUER, [trusted(LOG)])
    root = read_certificate(pki.raw(FULCIO.root), "the issuer")
    with pytest.raises(SignatureError, match="is not valid for the certificate"):
        check_timestamps(good, root, [trusted(LOG)])
