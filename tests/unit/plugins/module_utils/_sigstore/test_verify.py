# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verification of whole bundles: the good ones of all clients, and forged, replayed and damaged ones."""

from __future__ import annotations

import base64
import copy
import dataclasses
import hashlib
import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.bundle import read_bundle
from ansible_collections.localai.core.plugins.module_utils._sigstore.identity import identity_of
from ansible_collections.localai.core.plugins.module_utils._sigstore.keys import key_from_pem
from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import read_trusted_root
from ansible_collections.localai.core.plugins.module_utils._sigstore.verify import Artifact, verify
from ansible_collections.localai.core.tests.support.hostile import documents, hostile, written
from ansible_collections.localai.core.tests.support.sigstore import content, damage, pki, rekor_v1
from ansible_collections.localai.core.tests.support.sigstore.damage import at, changed, flipped, without
from ansible_collections.localai.core.tests.support.sigstore.identities import workflow
from ansible_collections.localai.core.tests.support.sigstore.instance import How, Instance, together
from ansible_collections.localai.core.tests.support.sigstore.keys import key
from ansible_collections.localai.core.tests.support.sigstore.moments import days, seconds

SIGSTORE = Instance()
ROOT = read_trusted_root(json.dumps(SIGSTORE.trusted_root()).encode())
FILE = b"a file"
IMAGE = hashlib.sha256(b"a manifest").digest()
DIGEST = f"sha256:{IMAGE.hex()}"
MESSAGE = ("messageSignature",)
ENTRIES = damage.ENTRY[:-1]
STAMPS = damage.STAMP[:-2]
NOW = SIGSTORE.now.timestamp()


def whole(data=FILE):
    return Artifact(hashlib.sha256(data).digest(), data)


def check(bundle, artifact=None, root=ROOT, key=None):
    if artifact is None:
        artifact = Artifact(IMAGE) if "dsseEnvelope" in bundle else whole()
    return verify(read_bundle(json.dumps(bundle).encode()), artifact, root, key)


def refused(problem, bundle, *arguments, **named):
    with pytest.raises(SignatureError, match=problem) as error:
        check(bundle, *arguments, **named)
    message = str(error.value)
    assert message.isprintable()
    assert len(message) < 600


WAYS = [
    How(),
    How(kind="intoto"),
    How(kind="intoto", promise=False, stamped=True),
    How(stamped=True),
    How(promise=False, stamped=True),
    How(version="0.1"),
    How(version="0.1", proof=False),
    How(version="0.2", above=1),
    How(version="0.3 of 2024"),
    How(log="v2"),
    How(log="v2", kind="dsse"),
    How(log="v2", embedded=False),
]
NAMES = [" ".join(f"{name}={value}" for name, value in vars(how).items() if value != vars(How())[name]) for how in WAYS]


@pytest.mark.parametrize("how", WAYS, ids=NAMES)
@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "ed25519", "rsa2048"])
def test_images_are_signed_in_many_ways(kind, how):
    holder = SIGSTORE.certificate(kind=kind)
    signed = check(SIGSTORE.sign_image(DIGEST, holder, how))
    assert signed.certificate.der == holder.der
    assert identity_of(signed.certificate).issuer == "https://token.actions.githubusercontent.com"
    # The earliest time: a timestamp is given before the entry is logged.
    assert signed.moment == NOW + (2 if how.stamped or how.log == "v2" else 3)
    assert signed.log == ("https://log2026-1.rekor.sigstore.test" if how.log == "v2" else "https://rekor.sigstore.test")
    assert signed.index > 0


@pytest.mark.parametrize("how", [How(), How(log="v2"), How(version="0.1", proof=False)])
@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "ed25519", "rsa2048"])
def test_files_are_signed_in_many_ways(kind, how):
    holder = SIGSTORE.certificate(kind=kind)
    bundle = SIGSTORE.sign_bytes(FILE, holder, how)
    assert check(bundle).certificate.der == holder.der
    # A bundle may leave out which digest it is about.
    assert check(without(bundle, (*MESSAGE, "messageDigest"))).certificate.der == holder.der


@pytest.mark.parametrize(("kind", "hash_name"), [("p384", "sha256"), ("p521", "sha256"), ("rsa2048", "sha512")])
@pytest.mark.parametrize("log", ["v1", "v2"])
def test_older_clients_took_sha_256_with_every_key(kind, hash_name, log):
    holder = SIGSTORE.certificate(kind=kind)
    holder = dataclasses.replace(holder, key=type(holder.key)(holder.key.private, kind, hash_name))
    for bundle in (SIGSTORE.sign_bytes(FILE, holder, How(log=log)), SIGSTORE.sign_image(DIGEST, holder, How(log=log))):
        assert check(bundle).certificate.der == holder.der


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("p256", None),
        ("rsa2048", None),
        ("p384", "the signature is one of a sha384 digest, and only the SHA-256 is known"),
        ("ed25519", "an Ed25519 signature needs the artifact itself|the signature is one of a sha512 digest"),
    ],
)
def test_the_digest_is_enough_where_it_is_what_was_signed(kind, problem):
    bundle = SIGSTORE.sign_bytes(FILE, SIGSTORE.certificate(kind=kind))
    only_digest = Artifact(hashlib.sha256(FILE).digest())
    if problem:
        refused(problem, bundle, only_digest)
    else:
        assert check(bundle, only_digest)


def test_ed25519_needs_the_artifact():
    bundle = SIGSTORE.sign_bytes(FILE, SIGSTORE.certificate(kind="ed25519"))
    only_digest = Artifact(hashlib.sha256(FILE).digest())
    refused("an Ed25519 signature needs the artifact itself", without(bundle, (*MESSAGE, "messageDigest")), only_digest)


KEYS = [("p256", ""), ("p384", ""), ("p384", "sha256"), ("p521", ""), ("ed25519", ""), ("rsa2048", "")]


@pytest.mark.parametrize(("kind", "hash_name"), KEYS)
@pytest.mark.parametrize("how", [How(), How(log="v2"), How(log="v2", stamped=False), How(version="0.1", proof=False)])
def test_a_key_that_the_verifier_knows_needs_no_certificate(kind, hash_name, how):
    holder = SIGSTORE.key_holder(kind, hash_name)
    public = key_from_pem(holder.pem, "the key")
    for bundle in (SIGSTORE.sign_bytes(FILE, holder, how), SIGSTORE.sign_image(DIGEST, holder, how)):
        signed = check(bundle, key=public)
        assert signed.certificate is None
        assert (signed.moment is None) == (how.log == "v2" and how.stamped is False)
        another = key_from_pem(SIGSTORE.key_holder(kind, hash_name).pem, "the key")
        refused("the signature of the (artifact|statement) is not valid", bundle, key=another)
        refused("the bundle was signed with a key, and a certificate is expected", bundle)


def test_a_certificate_is_not_a_key():
    holder = SIGSTORE.certificate()
    bundle = SIGSTORE.sign_bytes(FILE, holder)
    refused("and a (key|signature)|certificate", bundle, key=key_from_pem(holder.key.pem, "the key"))
    # The log has a certificate of the key, and the bundle only the key.
    keyed = without(bundle, damage.CERTIFICATE[:-1])
    keyed = changed(keyed, ("verificationMaterial", "publicKey"), {"hint": "x"})
    refused("that of another certificate or key", keyed, key=key_from_pem(holder.key.pem, "the key"))


def test_a_log_has_to_be_valid_even_if_there_is_no_time():
    holder = SIGSTORE.key_holder()
    bundle = SIGSTORE.sign_bytes(FILE, holder, How(log="v2", stamped=False))
    document = without(SIGSTORE.trusted_root(), ("tlogs", 1, "publicKey", "validFor", "start"))
    root = read_trusted_root(json.dumps(document).encode())
    refused("does not say since when", bundle, root=root, key=key_from_pem(holder.pem, "the key"))


def test_several_sigstores_may_be_trusted():
    other = Instance("other.test")
    root = read_trusted_root(json.dumps(together(SIGSTORE.trusted_root(), other.trusted_root())).encode())
    for instance in (SIGSTORE, other):
        for log in ("v1", "v2"):
            assert check(instance.sign_image(DIGEST, how=How(log=log)), root=root)


def test_several_entries_and_timestamps_all_have_to_be_right():
    holder = SIGSTORE.certificate()
    one = SIGSTORE.sign_image(DIGEST, holder, How(stamped=True))
    signed = copy.deepcopy(one["dsseEnvelope"])
    two = SIGSTORE.finish(signed, holder, How(log="v2"))
    both = changed(one, ENTRIES, [at(one, damage.ENTRY), at(two, damage.ENTRY)])
    assert check(both).moment == NOW + 2
    other = SIGSTORE.sign_image(DIGEST)
    refused("is that of another signature", changed(one, ENTRIES, [at(one, damage.ENTRY), at(other, damage.ENTRY)]))
    foreign = Instance("other.test").sign_image(DIGEST)
    refused("no transparency log with", changed(one, ENTRIES, [at(one, damage.ENTRY), at(foreign, damage.ENTRY)]))
    # One timestamp that counts is enough, but not none.
    foreign = Instance("other.test").timestamps.answer(content.signature(signed), SIGSTORE.now)
    foreign = {"signedTimestamp": content.b64(foreign)}
    assert check(changed(one, STAMPS, [foreign, at(one, damage.STAMP[:-1])])).moment == NOW + 2
    refused("the timestamp was not issued|was not issued by an authority", changed(one, STAMPS, [foreign]))


LATE = How(moment=SIGSTORE.now + seconds(700))
EARLY = How(moment=SIGSTORE.now - seconds(100))


def signed_by(**changes):
    return SIGSTORE.sign_image(DIGEST, SIGSTORE.certificate(**changes))


def mixed(place, one, other):
    """A bundle with a part of another one."""
    return changed(one, place, at(other, place))


GOOD = SIGSTORE.sign_image(DIGEST)
OTHER = SIGSTORE.sign_image("sha256:" + "0b" * 32)
GOOD_V2 = SIGSTORE.sign_image(DIGEST, how=How(log="v2"))
OTHER_V2 = SIGSTORE.sign_image(DIGEST, how=How(log="v2"))
GOOD_FILE = SIGSTORE.sign_bytes(FILE)
GOOD_FILE_V2 = SIGSTORE.sign_bytes(FILE, how=How(log="v2"))
FOREIGN = Instance("other.test")
# The authority has the same names, and another key.
THIEF = pki.Authority("sigstore.test", SIGSTORE.valid, kind="p256").issue(
    key("thief"), workflow(), SIGSTORE.now, [SIGSTORE.ct_log.stamp(SIGSTORE.now)]
)


@pytest.mark.parametrize(
    ("bundle", "problem"),
    [
        # Another artifact
        (SIGSTORE.sign_image("sha256:" + "0b" * 32), "the statement is about another artifact"),
        (SIGSTORE.sign_bytes(b"another file"), "the bundle is that of another artifact: the digests differ"),
        (mixed(("dsseEnvelope",), GOOD, OTHER), "the signature of the statement is not valid"),
        (mixed(damage.PAYLOAD, GOOD, OTHER), "the signature of the statement is not valid"),
        (changed(GOOD, ("dsseEnvelope", "payloadType"), "text/plain"), "the signature of the statement is not valid"),
        # Another signature
        (flipped(GOOD, damage.SIGNATURE), "the signature of the statement is not valid"),
        (flipped(GOOD_FILE, (*MESSAGE, "signature")), "the signature of the artifact is not valid"),
        (flipped(GOOD_FILE_V2, (*MESSAGE, "signature")), "the timestamp was given to something else"),
        (changed(GOOD, damage.SIGNATURE, ""), "the signature of the statement is not valid"),
        (
            without(flipped(GOOD_FILE, (*MESSAGE, "signature")), (*MESSAGE, "messageDigest")),
            "the signature of the artifact is not valid",
        ),
        # Another signer
        (mixed(damage.CERTIFICATE, GOOD, OTHER), "the signature of the statement is not valid"),
        (FOREIGN.sign_image(DIGEST), "the trusted root has no transparency log with the identifier"),
        (
            SIGSTORE.sign_image(DIGEST, FOREIGN.certificate()),
            "the certificate was not issued by an authority of the trusted root",
        ),
        (SIGSTORE.sign_image(DIGEST, THIEF), "the certificate was not issued by an authority of the trusted root"),
        # Another time
        (
            SIGSTORE.sign_image(DIGEST, SIGSTORE.certificate(), LATE),
            "the time of the signature is 2026-06-01T12:11:43Z",
        ),
        (
            SIGSTORE.sign_image(DIGEST, SIGSTORE.certificate(), EARLY),
            "the time of the signature is 2026-06-01T11:58:23Z",
        ),
        (
            SIGSTORE.sign_image(DIGEST, SIGSTORE.certificate(), How(log="v2", moment=LATE.moment)),
            "the time of the signature is 2026-06-01T12:11:42Z",
        ),
        (
            SIGSTORE.sign_image(DIGEST, how=How(moment=SIGSTORE.now - days(401))),
            "was not valid at 2025-04-26T12:00:03Z",
        ),
        (SIGSTORE.sign_image(DIGEST, how=How(promise=False)), "nothing proves when the signature was made"),
        (SIGSTORE.sign_image(DIGEST, how=How(log="v2", stamped=False)), "nothing proves when the signature was made"),
        (
            changed(
                SIGSTORE.sign_image(DIGEST, how=How(log="v2", stamped=False)),
                (*damage.ENTRY, "integratedTime"),
                str(int(NOW) + 1),
            ),
            "nothing proves when the signature was made: its log entry has no signed time",
        ),
        (changed(GOOD, (*damage.ENTRY, "integratedTime"), str(int(NOW) + 1)), "the inclusion promise of the log"),
        # Another timestamp
        (mixed(damage.STAMP, GOOD_V2, OTHER_V2), "the timestamp was given to something else than this signature"),
        (
            changed(GOOD_V2, damage.STAMP, content.b64(SIGSTORE.timestamps.answer(FILE, SIGSTORE.now))),
            "the timestamp was given to something else than this signature",
        ),
        # No entry, or another one
        (changed(GOOD, ENTRIES, []), "the bundle has no entry of a transparency log"),
        (without(GOOD_V2, ENTRIES), "the bundle has no entry of a transparency log"),
        (SIGSTORE.sign_image(DIGEST, how=How(log="")), "the bundle has no entry of a transparency log"),
        (mixed(damage.ENTRY, GOOD, OTHER), "the log entry is that of another signature"),
        (mixed(damage.ENTRY, GOOD_V2, OTHER_V2), "the log entry is that of another signature"),
        (mixed(damage.ENTRY, GOOD, GOOD_FILE), "the log entry is that of another signature"),
        # Another certificate
        (signed_by(stamps=[]), "the certificate has no signed certificate timestamp"),
        (signed_by(stamps=[FOREIGN.ct_log.stamp(SIGSTORE.now)]), "is in no certificate log of the trusted root"),
        (signed_by(stamps=[SIGSTORE.ct_log.stamp(SIGSTORE.now, corrupt=True)]), "is not valid for the certificate"),
        (signed_by(usages=[pki.TIME_STAMPING]), "was not issued for this purpose"),
        (signed_by(authority=True), "the certificate is that of an authority"),
        (signed_by(digital_signature=False), "may not be used for signatures"),
        (signed_by(extra=[(pki.UNKNOWN, True)]), "a critical extension that is not known"),
    ],
)
def test_forged_and_damaged_bundles_are_refused(bundle, problem):
    refused(problem, bundle)


def test_a_log_of_the_trusted_root_may_not_vouch_with_an_entry_of_another_type():
    """The entry is of the signature of a file whose content is a statement, and the bundle has the statement."""
    holder = SIGSTORE.certificate()
    signed = content.message(content.pae(content.statement(DIGEST)), holder.key)
    bundle = SIGSTORE.finish(signed, holder)
    envelope = content.envelope(content.statement(DIGEST), [holder.key])
    envelope["signatures"][0]["sig"] = signed["signature"]
    turned = {**without(bundle, MESSAGE), "dsseEnvelope": envelope}
    # That is how Rekor v2 logs a statement: both say the same.
    assert check(turned)
    # An entry that is about a payload is never one for a file.
    statement = SIGSTORE.sign_image(DIGEST, holder)
    file = content.pae(content.statement(DIGEST))
    message = {
        "messageDigest": {"algorithm": "SHA2_256", "digest": content.b64(hashlib.sha256(file).digest())},
        "signature": at(statement, damage.SIGNATURE),
    }
    turned = {**without(statement, ("dsseEnvelope",)), "messageSignature": message}
    refused("that of a statement, and the bundle has a signature of the artifact", turned, whole(file))


def test_an_entry_is_about_this_signature_signer_and_artifact():
    holder, other = SIGSTORE.certificate(), SIGSTORE.certificate()
    signed = content.envelope(content.statement(DIGEST), [holder.key])
    bundle = SIGSTORE.finish(signed, holder)
    log, moment = SIGSTORE.rekor_v1, SIGSTORE.now + seconds(3)
    for body, problem in (
        (rekor_v1.dsse(signed, holder.pem), None),
        (rekor_v1.dsse(signed, holder.pem + other.pem), None),
        (rekor_v1.dsse(signed, other.pem), "that of another certificate or key"),
        (rekor_v1.dsse(signed, other.pem + holder.pem), "that of another certificate or key"),
        (rekor_v1.dsse(signed, holder.key.pem), "that of another certificate or key"),
        (rekor_v1.dsse({**signed, "payload": "AAAA"}, holder.pem), "that of another artifact: the digests differ"),
        (rekor_v1.intoto({**signed, "payload": "AAAA"}, holder.pem), "that of another artifact: the digests differ"),
        (
            rekor_v1.hashedrekord(IMAGE, content.signature(signed), holder.pem),
            "that of another artifact: the digests differ",
        ),
    ):
        document = changed(bundle, damage.ENTRY, log.log(body, moment))
        if problem:
            refused(problem, document)
        else:
            assert check(document)


# Of each kind of signature and log one with one time, so that nothing may be left out of it.
UNIQUE = [GOOD, GOOD_V2, GOOD_FILE, GOOD_FILE_V2, SIGSTORE.sign_image(DIGEST, how=How(version="0.1"))]
RESULTS = [check(bundle) for bundle in UNIQUE]


def same_or_refused(content, number):
    artifact = Artifact(IMAGE) if "dsseEnvelope" in UNIQUE[number] else whole()
    try:
        signed = verify(read_bundle(content), artifact, ROOT)
    except SignatureError as e:
        message = str(e)
        assert len(message) < 600
        return
    assert signed.certificate == RESULTS[number].certificate
    assert signed.moment == RESULTS[number].moment
    assert signed.log == RESULTS[number].log


NUMBERS = st.integers(0, len(UNIQUE) - 1)


@given(NUMBERS.flatmap(lambda number: st.tuples(st.just(number), documents(UNIQUE[number]))))
@hostile
def test_any_change_of_a_bundle_gives_the_same_signer_or_is_refused(case):
    number, document = case
    same_or_refused(document, number)


def places(holder, path=()):
    for name in list(holder) if isinstance(holder, dict) else range(len(holder)):
        yield (*path, name)
        if isinstance(holder[name], (dict, list)):
            yield from places(holder[name], (*path, name))


PLACES = [(number, place) for number, bundle in enumerate(UNIQUE) for place in places(bundle)]


@given(st.sampled_from(PLACES), st.integers(0, 10**6), st.integers(1, 255))
@example((0, damage.CERTIFICATE), 0, 1)
@hostile
def test_any_changed_byte_gives_the_same_signer_or_is_refused(place, position, difference):
    """Of what is in Base64 a byte of the content is changed."""
    number, path = place
    value = at(UNIQUE[number], path)
    if not isinstance(value, str) or not value:
        return
    try:
        data = bytearray(base64.b64decode(value, validate=True))
        data[position % len(data)] ^= difference
        change = base64.b64encode(data).decode()
    except ValueError:
        position %= len(value)
        change = value[:position] + chr(ord(value[position]) ^ difference) + value[position + 1 :]
    same_or_refused(written(changed(UNIQUE[number], path, change)), number)


@pytest.mark.parametrize("number", range(len(UNIQUE)))
def test_nothing_of_a_bundle_is_superfluous(number):
    """Without any one of its parts it is refused, but for those that say nothing that is used."""
    unused = {"envelopeHash", "integratedTime", "messageDigest", "algorithm", "digest", "logIndex"}
    for place in places(UNIQUE[number]):
        if place[-1] in unused or ("inclusionProof" in place and number == 4):
            same_or_refused(written(without(UNIQUE[number], place)), number)
        else:
            with pytest.raises(SignatureError):
                check(without(UNIQUE[number], place))


def test_a_bundle_that_is_meant_to_take_long_does_not():
    stamp = {"signedTimestamp": content.b64(FOREIGN.timestamps.answer(FILE, SIGSTORE.now))}
    line = at(GOOD_V2, damage.CHECKPOINT).splitlines()[-1]
    wrong = f"{line[:-8]}AAAAAA==\n"
    bundle = changed(GOOD_V2, damage.CHECKPOINT, lambda text: text.partition("\n\n")[0] + "\n\n" + wrong * 64)
    entries = [{**at(bundle, damage.ENTRY), "logIndex": index} for index in range(32)]
    start = time.process_time()
    refused("twice|not valid", changed(bundle, ENTRIES, entries))
    refused("a timestamp twice", changed(GOOD_V2, STAMPS, [stamp] * 32))
    assert time.process_time() - start < 2
