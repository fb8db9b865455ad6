# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cosign's form before bundles, with which LocalAI signed in 2026: a signed layer, the rest in annotations."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Mapping

from . import rekor_v1
from .content import b64
from .pki import Holder, pem
from .rekor_v1 import RekorV1

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE_TYPE = "application/vnd.dev.cosign.artifact.sig.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
CERTIFICATE = "dev.sigstore.cosign/certificate"
CHAIN = "dev.sigstore.cosign/chain"
BUNDLE = "dev.sigstore.cosign/bundle"


@dataclass(frozen=True)
class OldSignature:
    """The layer, and its annotations."""

    layer: bytes
    annotations: Mapping[str, str]


def simple_signing(digest: str, repository: str = "quay.io/go-skynet/local-ai-backends", **changes: Any) -> bytes:
    """What is signed about an image; `changes` replace members of `critical`."""
    critical = {
        "identity": {"docker-reference": repository},
        "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature",
        **changes,
    }
    return json.dumps({"critical": critical, "optional": None}, separators=(",", ":")).encode()


def sign(layer: bytes, holder: Holder, log: RekorV1 | None, moment: dt.datetime) -> OldSignature:
    """Sign a layer, and log it, unless there is no log. There is a promise of the log and never a proof."""
    signature = holder.key.sign(layer)
    annotations = {SIGNATURE: b64(signature)}
    if holder.certificate:
        annotations.update({CERTIFICATE: pem(holder.certificate).decode(), CHAIN: pem(*holder.chain).decode()})
    if log:
        digest = hashlib.new(holder.key.hash_name, layer).digest()
        entry = log.log(rekor_v1.hashedrekord(digest, signature, holder.pem, holder.key.hash_name), moment)
        payload = {
            "body": entry["canonicalizedBody"],
            "integratedTime": int(entry["integratedTime"]),
            "logIndex": int(entry["logIndex"]),
            "logID": base64.b64decode(entry["logId"]["keyId"]).hex(),
        }
        promise = entry["inclusionPromise"]["signedEntryTimestamp"]
        annotations[BUNDLE] = json.dumps({"SignedEntryTimestamp": promise, "Payload": payload}, separators=(",", ":"))
    return OldSignature(layer, annotations)
