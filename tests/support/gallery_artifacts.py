# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Galleries as OCI artifacts, as LocalAI publishes them: one layer for each file, named by its title.

As a program it pushes files to a registry as one gallery, and prints its reference with its digest.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Mapping, Sequence

from .images import OCI_INDEX, OCI_MANIFEST, Image, Index, Layer, Platform, digest, document
from .push import Pusher, add_options, target

GALLERY_TYPE = "application/vnd.localai.gallery.v1"
TITLE = "org.opencontainers.image.title"
_NO_CONFIG = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"


def pointer(content: bytes, title: str | None, media_type: str = "application/yaml", **changes: Any) -> dict[str, Any]:
    """What a manifest says of a file; `changes` replace or add members."""
    annotations = {} if title is None else {"annotations": {TITLE: title}}
    plain = {"mediaType": media_type, "size": len(content), "digest": digest(content), **annotations}
    return {**plain, **changes}


def artifact(files: Mapping[str, bytes], layers: Sequence[Mapping[str, Any]] | None = None, **changes: Any) -> Image:
    """A gallery of these files; `layers` and `changes` replace what its manifest says, whether right or wrong."""
    pointers = [pointer(content, title) for title, content in files.items()] if layers is None else list(layers)
    members = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": GALLERY_TYPE,
        "config": {"mediaType": _EMPTY_TYPE, "size": len(_NO_CONFIG), "digest": digest(_NO_CONFIG)},
        "layers": pointers,
        **changes,
    }
    manifest = document({key: value for key, value in members.items() if value is not None})
    blobs = tuple(Layer(content, content, "none", digest(content), digest(content)) for content in files.values())
    return Image(manifest, OCI_MANIFEST, digest(manifest), _NO_CONFIG, blobs, Platform())


def index_of(children: Sequence[Image], types: Sequence[str | None]) -> Index:
    """An index that lists these manifests, each with an artifact type or without one."""
    rows = [
        {
            "mediaType": child.media_type,
            "size": len(child.manifest),
            "digest": child.digest,
            **({"artifactType": kind} if kind else {}),
        }
        for child, kind in zip(children, types)
    ]
    manifest = document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows})
    return Index(manifest, OCI_INDEX, digest(manifest), tuple(children))


def main() -> None:
    """Push files as a gallery."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    parser.add_argument("registry", metavar="HOST:PORT")
    parser.add_argument("name", metavar="REPOSITORY:TAG")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="the first one becomes index.yaml")
    options = parser.parse_args()
    titles = ["index.yaml", *(path.name for path in options.files[1:])]
    content = artifact({title: path.read_bytes() for title, path in zip(titles, options.files)})
    repository, _colon, tag = options.name.partition(":")
    print(f"{Pusher(target(options.registry, options)).push(repository, tag, content)}@{content.digest}")


if __name__ == "__main__":
    main()
