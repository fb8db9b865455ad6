# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that list what a bundle has: the index of its layout, `bundle.json` and the checksums. Pure."""

from __future__ import annotations

import hashlib
import json
import typing as t

from ..._bundle.contents import CONTENTS, IMAGES, SUMS, Contents, StoredImage
from ..._oci.manifest import OCI_INDEX, OCI_MANIFEST

LAYOUT, INDEX = f"{IMAGES}/oci-layout", f"{IMAGES}/index.json"
_LAYOUT_VERSION = b'{"imageLayoutVersion": "1.0.0"}\n'
_REF_NAME = "org.opencontainers.image.ref.name"


def lists_of(contents: Contents) -> dict[str, bytes]:
    """Return these files by path, in the order in which they are written. Hosts verify the others by the last one."""
    lists = {
        LAYOUT: _LAYOUT_VERSION,
        INDEX: index_of(contents.images, contents.blobs),
        CONTENTS: contents.to_json(),
    }
    sums = {file.path: file.sha256 for file in contents.stored.values()}
    sums.update((path, hashlib.sha256(content).hexdigest()) for path, content in lists.items())
    lists[SUMS] = "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(sums.items())).encode("utf-8")
    return lists


def index_of(images: t.Sequence[StoredImage], blobs: t.Mapping[str, int]) -> bytes:
    """Return the index of the layout: each image by its full name, and what is about images."""
    rows: list[dict[str, t.Any]] = [
        {
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": blobs[image.digest],
            "annotations": {_REF_NAME: image.name},
        }
        for image in images
    ]
    about = dict.fromkeys(digest for image in images for digest in image.referrers)
    rows += [{"mediaType": OCI_MANIFEST, "digest": digest, "size": blobs[digest]} for digest in about]
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows}
    return json.dumps(document, indent=1).encode("ascii") + b"\n"
