# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A single file in a registry: one layer of an artifact or an image."""

from __future__ import annotations

import functools
import posixpath

from .._errors import IntegrityError, SourceError
from .._fs.inner_paths import inner_path
from .._oci.manifest import Descriptor, Manifest, choose
from .._oci.reference import Reference
from .artifact import Artifact, Context
from .failover import Origin
from .file import FileContent
from .uri import Uri

_TITLE = "org.opencontainers.image.title"
_WEIGHTS = (".gguf", ".ggml", ".safetensors", ".onnx", ".pt", ".pth", ".bin")
_TARS = (".tar", ".tar+gzip", ".tar.gzip", ".tar+zstd", ".tar.zstd")
# What ORAS says of a directory that it has packed. It also gives the media type of a tar file to single files.
_UNPACK = "io.deis.oras.content.unpack"
_MOST_NAMED = 10


def find_layer(reference: Reference, context: Context, name: str) -> Descriptor:
    """Return the layer of an artifact or image that is the requested file; raises SourceError, TransportError."""
    manifest = context.images.manifest(reference)
    if manifest.is_index:
        manifest = context.images.child(reference, choose(manifest, context.platform).digest)
    return file_layer(manifest, name)


def file_layer(manifest: Manifest, name: str) -> Descriptor:
    """Return the layer that is the only single file, or has the requested name, or a name of weights.

    Raises SourceError that names the layers if there is no such layer, or more than one.
    """
    layers = [layer for layer in manifest.layers if not _is_tar(layer)]
    titled = [layer for layer in layers if name and _title(layer) in (name, posixpath.basename(name))]
    weights = [layer for layer in layers if _title(layer).lower().endswith(_WEIGHTS)]
    for candidates in (layers if len(manifest.layers) == 1 else [], titled, weights):
        if len(candidates) == 1:
            return candidates[0]
    named = ", ".join(_title(layer) or layer.media_type or layer.digest for layer in manifest.layers[:_MOST_NAMED])
    more = f", and {len(manifest.layers) - _MOST_NAMED} more" if len(manifest.layers) > _MOST_NAMED else ""
    raise SourceError(
        f"it does not have exactly one layer that is the file. Its layers: {named or 'none'}{more}. A layer is the "
        f"file if it is no tar file and is the only one, or if its title ({_TITLE}) is the name of the file or ends "
        "like weights, such as .gguf."
    )


def layer_artifact(uri: Uri, layer: Descriptor, sha256: str, name: str) -> Artifact:
    """Return the artifact of a layer as a single file; raises SourceError."""
    algorithm, _colon, digest = layer.digest.partition(":")
    if algorithm != "sha256":
        raise SourceError(f"its layer has a digest of {algorithm}; a single file needs one of sha256.")
    if sha256 and sha256 != digest:
        raise IntegrityError(f"its sha256 is {digest}, not {sha256}.")
    path = inner_path(name)
    if not path:
        raise SourceError("no name is given for its file.")
    return FileContent(digest, layer.size, "", path).artifact(uri.address)


def layer_name(layer: Descriptor) -> str:
    """Return the name of the file of a layer, without directories; it is empty if the layer does not have one."""
    return posixpath.basename(_title(layer))


def blob_origins(reference: Reference, content: FileContent, context: Context) -> list[Origin]:
    """Return the origins of the blob with the sha256 of a file; there are none without a sha256."""
    if not content.sha256:
        return []
    blob = Descriptor(f"sha256:{content.sha256}", content.size, "")
    return [
        Origin(f"{repository}@{blob.digest}", functools.partial(repository.blob, blob), repository.local)
        for repository in context.images.pull_hosts(reference)
    ]


def _is_tar(layer: Descriptor) -> bool:
    if layer.annotations.get(_UNPACK, "").lower() == "true":
        return True
    return layer.media_type.endswith(_TARS) and not _title(layer)


def _title(layer: Descriptor) -> str:
    return layer.annotations.get(_TITLE, "")
