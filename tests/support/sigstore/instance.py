# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole Sigstore: Fulcio, its log, both forms of Rekor, a timestamp authority, and clients that sign with them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Mapping

from . import content, old_form, signer
from .ct_log import CtLog
from .identities import Identity, workflow
from .keys import Key, key
from .moments import NOW, around, seconds
from .notes import Witness
from .pki import Authority, Holder
from .rekor_v1 import RekorV1
from .rekor_v2 import RekorV2
from .timestamps import TimestampAuthority, authority_json

TRUSTED_ROOT = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"


@dataclass(frozen=True)
class How:
    """How to sign; without changes as cosign 2.6 does.

    `log` is `v1`, `v2` or empty for none. `kind` is that of the entry for an envelope, if not the usual one. Unless
    `stamped` says it, only what is in Rekor v2 or in no log has a timestamp. `promise` and `proof` are what an entry of
    Rekor v1 has, `above` is how many certificates of authorities are in the bundle. A new certificate is issued at
    `moment`; the timestamp is 2 seconds later, the entry 3.
    """

    log: str = "v1"
    kind: str = ""
    version: str = "0.3"
    stamped: bool | None = None
    embedded: bool = True
    promise: bool = True
    proof: bool = True
    above: int = 0
    moment: dt.datetime | None = None


class Instance:
    """All services with their keys, which depend on the name: another name is another Sigstore."""

    def __init__(
        self, name: str = "sigstore.test", now: dt.datetime = NOW, intermediate: bool = True, witnesses: int = 0
    ) -> None:
        """Everything is valid from long before `now` until long after it."""
        self.name = name
        self.now = now
        self.valid = valid = around(now)
        self.fulcio = Authority(name, valid, intermediate)
        self.ct_log = CtLog(f"https://ctfe.{name}/2026", key(f"{name} ctfe"), valid)
        self.rekor_v1 = RekorV1(f"rekor.{name}", key(f"{name} rekor"), valid)
        seen_by = [Witness(f"witness{count}.example", key(f"witness {count}", "ed25519")) for count in range(witnesses)]
        self.rekor_v2 = RekorV2(f"log2026-1.rekor.{name}", key(f"{name} rekor v2", "ed25519"), valid, seen_by)
        self.timestamps = TimestampAuthority(name, valid)
        self._keys = 0

    def trusted_root(self) -> dict[str, Any]:
        """What a verifier has to know, in the form of `trusted_root.json`."""
        fulcio = self.fulcio
        return {
            "mediaType": TRUSTED_ROOT,
            "tlogs": [self.rekor_v1.json, self.rekor_v2.json],
            "certificateAuthorities": [
                authority_json(self.name, f"https://fulcio.{self.name}", fulcio.root, fulcio.chain, fulcio.valid)
            ],
            "ctlogs": [self.ct_log.json],
            "timestampAuthorities": [self.timestamps.json],
        }

    def new_key(self, kind: str = "p256", hash_name: str = "") -> Key:
        """A key that nobody had before."""
        self._keys += 1
        return key(f"{self.name} client {self._keys}", kind, hash_name)

    def key_holder(self, kind: str = "p256", hash_name: str = "") -> Holder:
        """Who signs with a key of its own, without a certificate."""
        return Holder(self.new_key(kind, hash_name))

    def certificate(
        self, identity: Identity | None = None, moment: dt.datetime | None = None, kind: str = "p256", **changes: Any
    ) -> Holder:
        """A new key, its certificate for LocalAI's workflow or another identity; `changes` go to `Authority.issue`."""
        moment = moment or self.now
        changes.setdefault("stamps", [self.ct_log.stamp(moment)])
        return self.fulcio.issue(self.new_key(kind), identity or workflow(), moment, **changes)

    def sign_image(self, digest: str, holder: Holder | None = None, how: How = How()) -> dict[str, Any]:
        """The bundle with which `cosign sign` signs the image or index of this digest."""
        return self.sign_statement(content.statement(digest), holder, how)

    def sign_statement(self, statement: bytes, holder: Holder | None = None, how: How = How()) -> dict[str, Any]:
        """A bundle with an envelope around any statement."""
        holder = holder or self.certificate(moment=how.moment)
        return self.finish(content.envelope(statement, [holder.key]), holder, how)

    def sign_bytes(self, signed: bytes, holder: Holder | None = None, how: How = How()) -> dict[str, Any]:
        """A bundle with a signature over bytes, such as a file."""
        holder = holder or self.certificate(moment=how.moment)
        return self.finish(content.message(signed, holder.key), holder, how)

    def finish(self, signed: Mapping[str, Any], holder: Holder, how: How = How()) -> dict[str, Any]:
        """Log an envelope or a message, have it timestamped, and make a bundle of all this."""
        moment = how.moment or self.now
        entries = []
        if how.log == "v1":
            entries.append(self.rekor_v1.log(signer.body_v1(signed, holder, how.kind), moment + seconds(3)))
            for name, wanted in (("inclusionPromise", how.promise), ("inclusionProof", how.proof)):
                if not wanted:
                    del entries[0][name]
        elif how.log == "v2":
            entries.append(self.rekor_v2.log(signer.body_v2(signed, holder, how.kind), moment + seconds(3)))
        stamps = []
        if how.log != "v1" if how.stamped is None else how.stamped:
            stamps.append(self.timestamps.answer(content.signature(signed), moment + seconds(2), embedded=how.embedded))
        return signer.bundle(signed, holder, entries, stamps, version=how.version, above=how.above)

    def sign_image_old(
        self, digest: str, holder: Holder | None = None, moment: dt.datetime | None = None, **changes: Any
    ) -> old_form.OldSignature:
        """cosign's old form of a signature; `changes` go to `simple_signing`."""
        moment = moment or self.now
        layer = old_form.simple_signing(digest, **changes)
        return old_form.sign(layer, holder or self.certificate(moment=moment), self.rekor_v1, moment + seconds(3))


def together(*roots: Mapping[str, Any]) -> dict[str, Any]:
    """A trusted root with the services of several."""
    lists = [name for name, value in roots[0].items() if isinstance(value, list)]
    return {**roots[0], **{name: [item for root in roots for item in root[name]] for name in lists}}
