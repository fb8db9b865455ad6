# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A gallery that is an OCI artifact in a registry, as LocalAI v4.11 publishes it: one layer for each file."""

from __future__ import annotations

import typing as t

from .._errors import GalleryError
from .yaml_document import MOST_BYTES

if t.TYPE_CHECKING:
    from .._oci.image import Images
    from .._oci.manifest import Descriptor, Manifest
    from .._oci.reference import Reference

GALLERY_TYPE = "application/vnd.localai.gallery.v1"
FILE_TYPE = "application/yaml"
TITLE = "org.opencontainers.image.title"
INDEX_FILE = "index.yaml"
# LocalAI refuses larger artifacts.
MOST_FILES = 512
MOST_FILE_BYTES = 64 * 1024**2
_OF_IMAGES = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")


def fetch_file(reference: Reference, path: str, images: Images) -> bytes:
    """Return a file of a gallery artifact, verified by its digest; the other files are not fetched.

    Raises GalleryError for anything else than a gallery, SourceError, TransportError.
    """
    files = files_of(_gallery(reference, images))
    file = files.get(path)
    if file is None:
        listed = ", ".join(sorted(files)[:20]) or "nothing"
        raise GalleryError(f"the gallery artifact has no {path}, but {listed}")
    if file.size > MOST_BYTES:
        raise GalleryError(f"its {path} is larger than {MOST_BYTES} bytes")
    return images.document(reference, file, MOST_BYTES)


def files_of(manifest: Manifest) -> dict[str, Descriptor]:
    """Return the files of a gallery artifact by their path in it; raises GalleryError for what LocalAI refuses."""
    _check_type(manifest.artifact_type)
    if len(manifest.layers) > MOST_FILES:
        raise GalleryError(f"the gallery artifact has {len(manifest.layers)} files; at most {MOST_FILES} are allowed")
    size = sum(layer.size for layer in manifest.layers)
    if size > MOST_FILE_BYTES:
        raise GalleryError(f"the files of the gallery artifact have {size} bytes; the limit is {MOST_FILE_BYTES}")
    files: dict[str, Descriptor] = {}
    for layer in manifest.layers:
        path = _path(layer)
        if path in files:
            raise GalleryError(f"the gallery artifact has two files {path!r}")
        files[path] = layer
    return files


def _gallery(reference: Reference, images: Images) -> Manifest:
    """Return the manifest of the artifact, which may be the only gallery that an index lists."""
    top = images.manifest(reference)
    if not top.is_index:
        return top
    galleries = [child for child in top.children if child.artifact_type == GALLERY_TYPE]
    if not galleries and len(top.children) == 1:
        # An index need not state the types of artifacts.
        galleries = list(top.children)
    if len(galleries) != 1:
        raise GalleryError(
            f"it is an index of {len(top.children)} manifests, of which {len(galleries)} are galleries ({GALLERY_TYPE})"
        )
    manifest = images.child(reference, galleries[0].digest)
    if manifest.is_index:
        raise GalleryError("it is an index that lists another index, not a gallery")
    return manifest


def _check_type(artifact_type: str) -> None:
    if artifact_type in _OF_IMAGES:
        raise GalleryError(f"it is a container image, not a gallery artifact of the type {GALLERY_TYPE}")
    if artifact_type != GALLERY_TYPE:
        raise GalleryError(f"it is an artifact of the type {artifact_type[:100]!r}, not a gallery ({GALLERY_TYPE})")


def _path(layer: Descriptor) -> str:
    """Return the path of a file in the artifact; raises GalleryError if it is not a plain file inside it."""
    title = layer.annotations.get(TITLE, "")
    if layer.media_type != FILE_TYPE:
        raise GalleryError(
            f"the file {title[:100]!r} of the gallery artifact has the media type {layer.media_type[:100]!r}, "
            f"not {FILE_TYPE}"
        )
    parts = title.split("/")
    if not title.isprintable() or "\\" in title or not all(parts) or {".", ".."} & set(parts):
        raise GalleryError(f"the gallery artifact has a file with the unsafe path {title[:100]!r}")
    return title
