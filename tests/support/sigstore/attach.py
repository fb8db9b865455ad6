# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures beside an image, as cosign puts them: as referrers, under the fallback tag, or in an OCI layout.

What is made here are images, which registries, `Pusher` and layouts take as all others.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from ..images import OCI_INDEX, OCI_MANIFEST, Artifact, Image, Index, Layer, Platform, descriptor, digest, document
from ..layouts import layout_files
from .moments import NOW, text
from .old_form import SIGNATURE_TYPE, SIMPLE_SIGNING, OldSignature
from .signer import MEDIA_TYPES

BUNDLE_TYPE = MEDIA_TYPES["0.3"]
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_EMPTY = b"{}"

Push = Callable[
    [str, str, Artifact], str
]  # `Registry.put` and `Pusher.push`: a repository, a tag or a digest, an image


def referrer(subject: Artifact, bundle: Mapping[str, Any] | bytes, **changes: Any) -> Image:
    """A manifest with a bundle about an image or index.

    `changes` replace or add members; with None they leave one out.
    """
    content = bundle if isinstance(bundle, bytes) else json.dumps(bundle, separators=(",", ":")).encode()
    annotations = {
        "dev.sigstore.bundle.content": "message-signature",
        "org.opencontainers.image.created": text(NOW),
    }
    if not isinstance(bundle, bytes) and "dsseEnvelope" in bundle:
        annotations["dev.sigstore.bundle.content"] = "dsse-envelope"
        payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        annotations["dev.sigstore.bundle.predicateType"] = payload.get("predicateType", "")
    config = {**_pointer(EMPTY_TYPE, _EMPTY), "artifactType": BUNDLE_TYPE}
    members = {
        "layers": [_pointer(BUNDLE_TYPE, content)],
        "annotations": annotations,
        "artifactType": BUNDLE_TYPE,
        **changes,
    }
    return _manifest(subject, config, _EMPTY, [content], members)


def old_referrer(subject: Artifact, signatures: Sequence[OldSignature], **changes: Any) -> Image:
    """A manifest with signatures in the old form, one layer for each."""
    layers = [{**_pointer(SIMPLE_SIGNING, item.layer), "annotations": dict(item.annotations)} for item in signatures]
    config = document(
        {
            "architecture": "",
            "created": "0001-01-01T00:00:00Z",
            "os": "",
            "rootfs": {"type": "layers", "diff_ids": [digest(item.layer) for item in signatures]},
            "config": {},
        }
    )
    members = {"layers": layers, "artifactType": SIGNATURE_TYPE, **changes}
    return _manifest(subject, _pointer(SIGNATURE_TYPE, config), config, [item.layer for item in signatures], members)


def fallback_tag(name: str) -> str:
    """The tag under which a registry without referrers has the list for a digest: `sha256-…`."""
    return name.replace(":", "-")


def fallback_index(referrers: Sequence[Image], *, exact: bool = False) -> Index:
    """That list. cosign names each manifest by the type of its config; with `exact`, by its own type as others do."""
    rows = [{**descriptor(item), "artifactType": _type(item, exact)} for item in referrers]
    manifest = document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows})
    return Index(manifest, OCI_INDEX, digest(manifest), tuple(referrers))


def put_referrers(push: Push, repository: str, referrers: Sequence[Image]) -> None:
    """Store manifests under their digests: a registry with referrers lists them by itself."""
    for item in referrers:
        push(repository, item.digest, item)


def put_fallback(
    push: Push, repository: str, subject: Artifact, referrers: Sequence[Image], *, exact: bool = False
) -> None:
    """Store manifests and the list with its tag, as cosign does where a registry has no referrers."""
    push(repository, fallback_tag(subject.digest), fallback_index(referrers, exact=exact))


def add_to_layout(directory: Path, referrers: Sequence[Image]) -> None:
    """Add manifests to an OCI layout, each as an entry of `index.json` without a name.

    For the other form give `layouts.write_oci_layout` the fallback index under the fallback tag.
    """
    index_file = directory / "index.json"
    index = json.loads(index_file.read_bytes())
    for item in referrers:
        for name, content in layout_files({item.digest: item}).items():
            target = directory / name
            if name.startswith("blobs/") and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        index["manifests"].append({**descriptor(item), "artifactType": _type(item, exact=True)})
    index_file.write_bytes(document(index))


def _manifest(
    subject: Artifact, config: Mapping[str, Any], config_blob: bytes, blobs: Sequence[bytes], members: Mapping[str, Any]
) -> Image:
    plain = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "subject": descriptor(subject), **members}
    manifest = json.dumps(
        {name: item for name, item in plain.items() if item is not None}, separators=(",", ":")
    ).encode()
    layers = tuple(Layer(blob, blob, "none", digest(blob), digest(blob)) for blob in blobs)
    return Image(manifest, OCI_MANIFEST, digest(manifest), config_blob, layers, Platform())


def _type(item: Image, exact: bool) -> str:
    manifest = json.loads(item.manifest)
    config = str(manifest["config"]["mediaType"])
    return str(manifest.get("artifactType") or config) if exact else config


def _pointer(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "size": len(content), "digest": digest(content)}
