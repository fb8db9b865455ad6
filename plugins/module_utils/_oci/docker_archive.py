# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tar file that `docker save` or `skopeo` wrote in the format docker-archive."""

from __future__ import annotations

import json
import typing as t

from .._errors import SourceError
from .._unpack.compression import compression_of
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
        for file in files:
            compression = compression_of(next(self._files.chunks(file, 0), b""))
            if compression is not None and compression.suffix:
                raise SourceError(
                    f"{self} has compressed layers, of which it has no digests. Convert it to an OCI layout, for "
                    "example with skopeo copy docker-archive:FILE oci-archive:FILE."
                )
        self._names = {**dict(zip(diff_ids, files)), digest: image["Config"]}
        layers = [Descriptor(diff_id, self._files.size(file), DOCKER_LAYER) for diff_id, file in zip(diff_ids, files)]
        return Manifest(digest, config=Descriptor(digest, len(config), ""), layers=tuple(layers))

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield the configuration or a layer from `offset` on; raises SourceError."""
        if not self._names:
            self.manifest("")
        if descriptor.digest not in self._names:
            raise SourceError(f"{self} has no {descriptor.digest}.")
        return self._files.chunks(self._names[descriptor.digest], offset)

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
