# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pulls of images with the collection's OCI client, and archives with images to pull from."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Callable, Iterable, Sequence

from ansible_collections.localai.core.plugins.module_utils._oci import image as oci_image
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import Repository, verified
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry

from . import images
from .archives import Entry, file, tar
from .client import Client
from .sample import HOST, IMAGE, LOWER, UPPER
from .server import Server

USER, PASSWORD = "me", "pass:word"


def images_of(
    http: Client, auth_file: str | None = None, clock: Callable[[], float] = time.monotonic
) -> oci_image.Images:
    """The images of registries."""
    return oci_image.Images(http, Registry(http, auth_file, clock))


def resolve(reference: str, platform: Platform = HOST, **settings: Any) -> oci_image.Image:
    """Resolve an image at its registry; `settings` are those of a Connection."""
    return images_of(Client(**settings)).resolve(Reference.parse(reference), platform)


def pull(client: oci_image.Images, reference: str) -> list[bytes]:
    """Return the layers of an image in a registry, as they are stored."""
    image = client.resolve(Reference.parse(reference), HOST)
    return [b"".join(verified(image.repositories[0].blob(layer), layer)) for layer in image.layers]


def pull_local(repository: Repository, name: str = "") -> tuple[str, list[bytes]]:
    """Return the digest of an image in a local repository and its layers, as they are stored."""
    image = oci_image.resolve(name, (repository,), (repository,), HOST)
    return image.digest, [b"".join(verified(repository.blob(layer), layer)) for layer in image.layers]


def write(directory: Path, content: bytes) -> str:
    """Write a tar file with an image; return its path."""
    path = directory / "image.tar"
    path.write_bytes(content)
    return str(path)


def saved(
    manifest: Any = None,
    names: Iterable[str] = ("a/layer.tar", "b/layer.tar"),
    extra: Iterable[Entry] = (),
    config: bytes = IMAGE.config,
    layers: Sequence[images.Layer] = (LOWER, UPPER),
) -> bytes:
    """A docker archive of two layers whose manifest lists `names`, or is `manifest`, whether it is right or wrong."""
    listed = [{"Config": "config.json", "Layers": list(names)}] if manifest is None else manifest
    entries = [file("config.json", config), file("manifest.json", json.dumps(listed))]
    entries += [file(name, layer.content) for name, layer in zip(("a/layer.tar", "b/layer.tar"), layers)]
    return tar([*entries, *extra])


def paths(server: Server) -> list[str]:
    """The paths of all requests to a server."""
    return [request.path for request in server.requests]
