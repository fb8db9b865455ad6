# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images as local files: OCI layout directories, OCI layout archives, docker archives.

As a program it writes a directory, as an image of one layer, in each form: `layout/`, `oci.tar` and `docker.tar`. The
image is the same that `push` makes of that directory; the program prints its digest.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Mapping

from .archives import directory, file, read_tree, tar
from .images import (
    OCI_INDEX,
    Artifact,
    Image,
    Index,
    descriptor,
    digest,
    document,
    host_platform,
    image,
    index,
    layer,
)

REF_NAME = "org.opencontainers.image.ref.name"


def layout_files(references: Mapping[str, Artifact]) -> dict[str, bytes]:
    """The files of an OCI layout that holds these images, each under its ref name."""
    blobs: dict[str, bytes] = {}
    pointers = []
    for name, artifact in references.items():
        pointers.append({**descriptor(artifact), "annotations": {REF_NAME: name}})
        blobs[artifact.digest] = artifact.manifest
        for child in artifact.images if isinstance(artifact, Index) else (artifact,):
            blobs.update({child.digest: child.manifest, **child.blobs})
    return {
        "oci-layout": document({"imageLayoutVersion": "1.0.0"}),
        "index.json": document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": pointers}),
        **{"blobs/" + name.replace(":", "/"): content for name, content in blobs.items()},
    }


def write_oci_layout(path: Path, references: Mapping[str, Artifact]) -> None:
    """Write an OCI layout directory."""
    for name, content in layout_files(references).items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def oci_archive(references: Mapping[str, Artifact]) -> bytes:
    """An OCI layout as one tar file."""
    files = layout_files(references)
    return tar([directory("blobs"), directory("blobs/sha256"), *(file(name, data) for name, data in files.items())])


def docker_archive(tags: Mapping[str, Image]) -> bytes:
    """What `docker save` writes: images by `repository:tag`, their layers not compressed by themselves."""
    files: dict[str, bytes] = {}
    manifest = []
    for tag, saved in tags.items():
        config = digest(saved.config).partition(":")[2] + ".json"
        files[config] = saved.config
        names = []
        for item in saved.layers:
            name = item.diff_id.partition(":")[2] + "/layer.tar"
            files[name] = item.content
            names.append(name)
        manifest.append({"Config": config, "RepoTags": [tag], "Layers": names})
    files["manifest.json"] = json.dumps(manifest).encode()
    return tar(file(name, data) for name, data in files.items())


def main() -> None:
    """Write one directory in each form."""
    parser = argparse.ArgumentParser()
    parser.add_argument("output", type=Path)
    parser.add_argument("name", help="ref name of the image")
    parser.add_argument("directory", type=Path)
    options = parser.parse_args()
    content = image([layer(read_tree(options.directory))], host_platform())
    artifact = index([content])
    write_oci_layout(options.output / "layout", {options.name: artifact})
    options.output.joinpath("oci.tar").write_bytes(oci_archive({options.name: artifact}))
    options.output.joinpath("docker.tar").write_bytes(docker_archive({options.name: content}))
    print(artifact.digest)


if __name__ == "__main__":
    main()
