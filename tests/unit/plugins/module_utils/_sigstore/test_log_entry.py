# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Log entries: which ones a log of the trusted root contains, and since when."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.bundle import read_bundle
from ansible_collections.localai.core.plugins.module_utils._sigstore.log_entry import (
    check_entry,
    check_validity,
    log_of,
    proven_index,
)
from ansible_collections.localai.core.plugins.module_utils._sigstore.periods import Period
from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import read_trusted_root
from ansible_collections.localai.core.tests.support.sigstore import damage, signer
from ansible_collections.localai.core.tests.support.sigstore.damage import changed, flipped, without
from ansible_collections.localai.core.tests.support.sigstore.instance import How, Instance
from ansible_collections.localai.core.tests.support.sigstore.keys import key
from ansible_collections.localai.core.tests.support.sigstore.rekor_v1 import RekorV1
from ansible_collections.localai.core.tests.support.sigstore.rekor_v2 import RekorV2

SIGSTORE = Instance()
LOGS = read_trusted_root(json.dumps(SIGSTORE.trusted_root()).encode()).signature_logs
DIGEST = "sha256:" + "5a" * 32
V1 = SIGSTORE.sign_image(DIGEST, how=How(version="0.1"))
PROMISED = SIGSTORE.sign_image(DIGEST, how=How(version="0.1", proof=False))
PROVEN = SIGSTORE.sign_image(DIGEST, how=How(promise=False, stamped=True))
V2 = SIGSTORE.sign_image(DIGEST, how=How(log="v2"))
V2_DSSE = SIGSTORE.sign_image(DIGEST, how=How(log="v2", kind="dsse"))
INTOTO = SIGSTORE.sign_image(DIGEST, how=How(kind="intoto", promise=False, stamped=True))
TIME = SIGSTORE.now.timestamp() + 3


def entry_of(bundle):
    return read_bundle(json.dumps(bundle).encode()).entries[0]


def check(bundle, logs=LOGS):
    entry = entry_of(bundle)
    return check_entry(entry, log_of(entry, logs))


@pytest.mark.parametrize(
    ("bundle", "time"), [(V1, TIME), (PROMISED, TIME), (PROVEN, None), (V2, None), (V2_DSSE, None), (INTOTO, None)]
)
def test_an_entry_has_a_time_if_the_log_promised_it(bundle, time):
    assert check(bundle) == time


@pytest.mark.parametrize("bundle", [PROVEN, V2])
def test_a_time_that_nobody_signed_is_none(bundle):
    assert check(changed(bundle, (*damage.ENTRY, "integratedTime"), "1780315200")) is None


def test_the_number_is_what_the_log_promised_or_proved():
    proof = int(damage.at(V1, damage.PROOF)["logIndex"])
    assert proven_index(entry_of(V1)) == SIGSTORE.rekor_v1.shard_start + proof
    assert proven_index(entry_of(PROMISED)) >= SIGSTORE.rekor_v1.shard_start
    for bundle in (PROVEN, V2):
        changed_number = changed(bundle, (*damage.ENTRY, "logIndex"), "99")
        assert proven_index(entry_of(changed_number)) == int(damage.at(bundle, damage.PROOF)["logIndex"])


def with_root_of(other):
    """The proof has the root that a checkpoint of another tree has."""
    return changed(V2, (*damage.PROOF, "checkpoint"), damage.at(other, damage.PROOF)["checkpoint"])


LATER = SIGSTORE.sign_image(DIGEST, how=How(log="v2"))
BODY_OF_ANOTHER = changed(V1, damage.BODY, damage.at(PROVEN, damage.BODY))


@pytest.mark.parametrize(
    ("bundle", "problem"),
    [
        (flipped(V1, damage.PROMISE), "the inclusion promise of the log https://rekor.sigstore.test is not valid for"),
        (flipped(PROMISED, damage.BODY), "the inclusion promise of the log https://rekor.sigstore.test is not valid"),
        *(
            (changed(PROMISED, (*damage.ENTRY, name), "7"), "the inclusion promise of the log .* is not valid for the")
            for name in ("integratedTime", "logIndex")
        ),
        (without(PROMISED, (*damage.ENTRY, "integratedTime")), "the inclusion promise of the log .* is not valid"),
        (BODY_OF_ANOTHER, "the inclusion proof is not one for this log entry"),
        (flipped(V1, damage.BODY), "the inclusion proof is not one for this log entry"),
        (flipped(PROVEN, damage.BODY), "the inclusion proof is not one for this log entry"),
        (flipped(V2, (*damage.PROOF, "hashes", 0)), "the inclusion proof is not one for this log entry"),
        (flipped(V2, (*damage.PROOF, "rootHash")), "the inclusion proof is not one for this log entry"),
        (changed(V2, (*damage.PROOF, "logIndex"), "0"), "the inclusion proof"),
        (changed(V2, (*damage.PROOF, "treeSize"), "1"), "the inclusion proof is for a leaf outside the tree"),
        (changed(V2, (*damage.PROOF, "hashes"), []), "does not have the length that its tree demands"),
        (with_root_of(LATER), "the checkpoint is one of another tree than the inclusion proof"),
        (with_root_of(V1), "the checkpoint is one of another tree than the inclusion proof"),
        (
            changed(V2, damage.CHECKPOINT, lambda text: text.replace("log2026-1", "log2026-2", 1)),
            "the signature of the log https://log2026-1.rekor.sigstore.test under the checkpoint is not valid",
        ),
        (
            changed(V2, damage.CHECKPOINT, lambda text: text.split("\n\n")[0] + "\n\n"),
            "the checkpoint has no signature of the log https://log2026-1.rekor.sigstore.test",
        ),
        (
            changed(PROVEN, damage.CHECKPOINT, lambda text: text.split("\n\n")[0] + "\n\n"),
            "the checkpoint has no signature of the log https://rekor.sigstore.test",
        ),
    ],
)
def test_other_entries_are_refused(bundle, problem):
    with pytest.raises(SignatureError, match=problem):
        check(bundle)


def test_an_entry_that_nobody_signed_is_refused():
    entry = entry_of(V1)
    for unsigned in (
        dataclasses.replace(entry, promise=b"", proof=None),
        dataclasses.replace(entry, promise=b"", proof=dataclasses.replace(entry.proof, checkpoint=None)),
    ):
        with pytest.raises(
            SignatureError, match="has neither an inclusion promise nor an inclusion proof with a check"
        ):
            check_entry(unsigned, log_of(entry, LOGS))
    # With a promise the proof may be unsigned, but it has to be right.
    check_entry(dataclasses.replace(entry, proof=dataclasses.replace(entry.proof, checkpoint=None)), LOGS[0])


def test_an_entry_of_another_log_is_refused():
    other = read_trusted_root(json.dumps(Instance("other.test").trusted_root()).encode()).signature_logs
    for bundle in (V1, V2):
        with pytest.raises(SignatureError, match="the trusted root has no transparency log with the identifier"):
            check(bundle, other)
    # The entry says that it is of a log that is trusted.
    identifier = damage.at(SIGSTORE.trusted_root(), ("tlogs", 1, "logId", "keyId"))
    with pytest.raises(SignatureError, match="the checkpoint has no signature of the log https://log2026-1"):
        check(changed(PROVEN, (*damage.ENTRY, "logId", "keyId"), identifier))
    with pytest.raises(SignatureError, match=r"the inclusion promise of the log https://log2026-1.* is not valid"):
        check(changed(PROMISED, (*damage.ENTRY, "logId", "keyId"), identifier))


def logged(log, **changes):
    """What another log says about a bundle of the instance."""
    holder = SIGSTORE.certificate()
    bundle = SIGSTORE.sign_image(DIGEST, holder, How(log="v2"))
    body = (signer.body_v2 if isinstance(log, RekorV2) else signer.body_v1)(bundle["dsseEnvelope"], holder)
    return changed(bundle, damage.ENTRY, log.log(body, SIGSTORE.now, **changes))


def test_checkpoints_of_rekor_v2_begin_with_the_name_of_the_log():
    log = SIGSTORE.rekor_v2
    copy = RekorV2(log.host, log.key, log.valid)
    assert check(logged(copy)) is None
    with pytest.raises(
        SignatureError, match=r'the checkpoint is one of the log "another", not of log2026-1.rekor.sigst'
    ):
        check(logged(copy, origin="another"))
    # The same key has another identifier under another name, and the line under the checkpoint the other name.
    renamed = changed(logged(copy), damage.CHECKPOINT, lambda text: text.replace("\N{EM DASH} log", "\N{EM DASH} new"))
    with pytest.raises(SignatureError, match="the checkpoint has no signature of the log"):
        check(renamed)


def test_checkpoints_of_rekor_v1_may_have_any_name_and_more_lines():
    log = SIGSTORE.rekor_v1
    copy = RekorV1("internal-host", log.key, log.valid)
    bundle = without(logged(copy, other=["Timestamp: 1780315200"]), (*damage.ENTRY, "inclusionPromise"))
    assert check(bundle) is None


@pytest.mark.parametrize("kind", ["p384", "p521", "rsa2048", "ed25519"])
def test_logs_may_have_keys_of_other_kinds(kind):
    root = SIGSTORE.trusted_root()
    log = RekorV1("rekor.example", key("rekor", kind), SIGSTORE.valid)
    logs = read_trusted_root(json.dumps({**root, "tlogs": [log.json]}).encode()).signature_logs
    assert check(logged(log), logs) == SIGSTORE.now.timestamp()


@pytest.mark.parametrize(
    ("period", "moments", "problem"),
    [
        (
            Period(0, TIME - 1),
            [TIME],
            "the transparency log https://rekor.sigstore.test was not valid at 2026-06-01T12:0",
        ),
        (Period(TIME + 1), [TIME + 2, TIME], "was not valid at 2026-06-01T12:00:03Z"),
        (Period(None), [TIME], "the trusted root does not say since when the transparency log .* is valid"),
        (Period(None), [], "the trusted root does not say since when the transparency log .* is valid"),
    ],
)
def test_a_log_has_to_be_valid_at_all_times(period, moments, problem):
    check_validity(LOGS[0], [TIME, TIME + 1])
    check_validity(LOGS[0]._replace(valid=Period(TIME, TIME)), [TIME])
    with pytest.raises(SignatureError, match=problem):
        check_validity(LOGS[0]._replace(valid=period), moments)
