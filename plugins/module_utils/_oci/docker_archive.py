# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tar file that `docker save` or `skopeo` wrote in the format docker-archive."""

from __future__ import annotations

import hashlib
import json
import typing as t

from .._errors import IntegrityError, SourceError
from .._unpack.compression import compression_of
from .._unpack.limits import Limits, Meter
from .manifest import DOCKER_LAYER, Descriptor, Manifest, Repository, digest_of, json_object
from .reference import is_digest
from .tar_file import TarFile


class DockerArchive(Repository):
    """A repository of the one image in a docker archive.

    Its digest is the image's ID: that of the configuration, which has the digests of all layers.
    """

    def __init__(self, path: str) -> None:
        self._files = TarFile(path)
        self._path = path
        self._names: dict[str, str] = {}

    def __str__(self) -> str:
        return f"ocifile://{self._path}"

    def manifest(self, name: str) -> Manifest:
        """Return a manifest of the image, made from its configuration; raises SourceError."""
        image = self._image()
        config = self._files.read(image["Config"])
        digest = digest_of(config)
        if name and name != digest:
            raise SourceError(f"{self} has the image {digest}, not {name}.", missing=True)
        rootfs = json_object(config, "the image's configuration").get("rootfs")
        diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        files = image["Layers"]
        if not isinstance(diff_ids, list) or not all(map(is_digest, diff_ids)) or len(diff_ids) != len(files):
            raise SourceError("the image's configuration does not list the layers that the archive has.")
        layers = [self._layer(file, diff_id) for file, diff_id in zip(files, diff_ids)]
        self._names = {**{layer.digest: file for layer, file in zip(layers, files)}, digest: image["Config"]}
        return Manifest(digest, config=Descriptor(digest, len(config), ""), layers=tuple(layers))

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield the configuration or a layer from `offset` on; raises SourceError."""
        if not self._names:
            self.manifest("")
        if descriptor.digest not in self._names:
            raise SourceError(f"{self} has no {descriptor.digest}.")
        return self._files.chunks(self._names[descriptor.digest], offset)

    def _layer(self, file: str, diff_id: str) -> Descriptor:
        """Return the layer in a file. Of a compressed one, only its content has a known digest, so it is verified here.

        docker saves layers as they are, crane and kaniko compress them.
        """
        size = self._files.size(file)
        compression = compression_of(next(self._files.chunks(file, 0), b""))
        if compression is None or not compression.suffix:
            return Descriptor(diff_id, size, DOCKER_LAYER)
        algorithm = diff_id.partition(":")[0]
        stored, content = hashlib.sha256(), hashlib.new(algorithm)
        meter = Meter(Limits(), self._files.chunks(file, 0))
        packed = _hashed(meter.packed(), stored)
        for block in meter.plain(compression.decompress(packed)):
            content.update(block)
        # A decompressor need not read what follows its last frame.
        for _chunk in packed:
            pass
        if f"{algorithm}:{content.hexdigest()}" != diff_id:
            raise IntegrityError(f"{self}: the content of {file} does not have the digest {diff_id}.")
        return Descriptor(f"sha256:{stored.hexdigest()}", size, f"{DOCKER_LAYER}.{compression.suffix}")

    def _image(self) -> dict[str, t.Any]:
        try:
            images = json.loads(self._files.read("manifest.json").decode("utf-8"))
        except (ValueError, RecursionError):
            images = None
        if not isinstance(images, list) or len(images) != 1:
            count = len(images) if isinstance(images, list) else "no readable list of"
            raise SourceError(f"{self} holds {count} images where one is needed. Save each one to its own file.")
        image = images[0]
        layers = image.get("Layers") if isinstance(image, dict) else None
        if not isinstance(layers, list) or not all(isinstance(file, str) for file in [image.get("Config"), *layers]):
            raise SourceError(f"{self} has a manifest.json that does not name its files.")
        return t.cast("dict[str, t.Any]", image)


def _hashed(chunks: t.Iterator[bytes], hasher: t.Any) -> t.Iterator[bytes]:
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk
