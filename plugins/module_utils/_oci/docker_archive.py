# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tar file that `docker save` or `skopeo` wrote in the format docker-archive."""

from __future__ import annotations

import contextlib
import hashlib
import json
import typing as t

from .._errors import IntegrityError, SourceError
from .._unpack.compression import compression_of
from .._unpack.limits import Limits, Meter
from .manifest import DOCKER_LAYER, Descriptor, Manifest, Repository, digest_of, json_object
from .reference import is_digest, reference_of
from .tar_file import TarFile

_MOST_IMAGES = 1000


class DockerArchive(Repository):
    """A repository of the images in a docker archive.

    Their digests are their IDs: those of their configurations, which have the digests of all layers.
    """

    def __init__(self, path: str) -> None:
        self._files = TarFile(path)
        self._path = path
        self._names: dict[str, str] = {}

    def __str__(self) -> str:
        return f"ocifile://{self._path}"

    def manifest(self, name: str) -> Manifest:
        """Return a manifest of an image, made from its configuration; raises SourceError.

        The name can be a tag as docker has it, or the ID of the image.
        """
        return self._manifest_of(self._image(name))

    def digest(self, name: str) -> str:
        """Return the ID of an image, without reading its layers; raises SourceError."""
        return digest_of(self._files.read(self._image(name)["Config"]))

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield the configuration or a layer from `offset` on; raises SourceError."""
        for image in self._images() if descriptor.digest not in self._names else ():
            # Another image in the file may be damaged.
            with contextlib.suppress(SourceError):
                self._manifest_of(image)
            if descriptor.digest in self._names:
                break
        if descriptor.digest not in self._names:
            raise SourceError(f"{self} has no {descriptor.digest}.")
        return self._files.chunks(self._names[descriptor.digest], offset)

    def _image(self, name: str) -> t.Mapping[str, t.Any]:
        """Return the row of the image with a name; raises SourceError."""
        images = self._images()
        found = [image for image in images if not name or self._is_named(image, name)]
        if len({image["Config"] for image in found}) == 1:
            return found[0]
        if not images:
            raise SourceError(f"{self} holds 0 images where one is needed.")
        names = [tag for image in images for tag in image["RepoTags"]][:20]
        listed = names or [digest_of(self._files.read(image["Config"])) for image in images[:20]]
        advice = f"it has {', '.join(listed)}. Request one of them as {self}{':' if names else '@'}{listed[0]}."
        if found:
            raise SourceError(f"{self} holds {len(found)} images where one is needed; {advice}")
        raise SourceError(f"{self} has no image {name!r}; {advice}", missing=True)

    def _is_named(self, image: t.Mapping[str, t.Any], name: str) -> bool:
        if is_digest(name):
            return digest_of(self._files.read(image["Config"])) == name
        reference, ending = reference_of(name), f":{name}"
        if reference is not None:
            return any(tag == name or reference_of(tag) == reference for tag in image["RepoTags"])
        return any(tag == name or tag.endswith(ending) for tag in image["RepoTags"])

    def _manifest_of(self, image: t.Mapping[str, t.Any]) -> Manifest:
        config = self._files.read(image["Config"])
        digest = digest_of(config)
        rootfs = json_object(config, "the image's configuration").get("rootfs")
        diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        files = image["Layers"]
        if not isinstance(diff_ids, list) or not all(map(is_digest, diff_ids)) or len(diff_ids) != len(files):
            raise SourceError("the image's configuration does not list the layers that the archive has.")
        layers = [self._layer(file, diff_id) for file, diff_id in zip(files, diff_ids)]
        self._names.update({layer.digest: file for layer, file in zip(layers, files)})
        self._names[digest] = image["Config"]
        return Manifest(digest, config=Descriptor(digest, len(config), ""), layers=tuple(layers))

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

    def _images(self) -> list[dict[str, t.Any]]:
        """Return the rows of the manifest, each with the names of its files and its tags; raises SourceError."""
        try:
            rows = json.loads(self._files.read("manifest.json").decode("utf-8"))
        except (ValueError, RecursionError):
            rows = None
        if not isinstance(rows, list) or len(rows) > _MOST_IMAGES:
            raise SourceError(f"{self} holds no readable list of images where one is needed.")
        return [self._row(row) for row in rows]

    def _row(self, row: t.Any) -> dict[str, t.Any]:
        layers = row.get("Layers") if isinstance(row, dict) else None
        if not isinstance(layers, list) or not all(isinstance(file, str) for file in [row.get("Config"), *layers]):
            raise SourceError(f"{self} has a manifest.json that does not name its files.")
        tags = row.get("RepoTags")
        tags = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
        return {"Config": row["Config"], "Layers": layers, "RepoTags": tags}


def _hashed(chunks: t.Iterator[bytes], hasher: t.Any) -> t.Iterator[bytes]:
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk
