# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small gallery like LocalAI's own, with every image, archive and directory that it points to, as pure values."""

from __future__ import annotations

import hashlib
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from .archives import Entry, directory, file, opaque, tar_archive, whiteout, zip_archive
from .backends import RUN_SH, backend_entries, backend_image
from .images import Artifact, Image, Platform, host_platform, image, index, layer

REPOSITORY = "go-skynet/local-ai-backends"

_SINGLE = (  # tags without their prefix; all of them are an index of one image with one layer
    "cpu-llama-cpp",
    "gpu-nvidia-cuda-12-llama-cpp",
    "gpu-nvidia-cuda-13-llama-cpp",
    "gpu-rocm-hipblas-llama-cpp",
    "gpu-intel-sycl-f16-llama-cpp",
    "gpu-vulkan-llama-cpp",
    "nvidia-l4t-arm64-llama-cpp",
    "metal-darwin-arm64-llama-cpp",
    "cpu-whisper",
    "gpu-nvidia-cuda-12-whisper",
    "gpu-rocm-hipblas-whisper",
    "gpu-nvidia-cuda-12-vllm",
    "piper",
    "cpu-silero-vad",
    "kokoro",
)


@dataclass(frozen=True)
class Gallery:
    """One version of everything in the gallery."""

    version: str
    tag: str
    images: Mapping[str, Artifact]  # by tag
    archives: Mapping[str, bytes]  # by file name
    sources: Mapping[str, list[Entry]]  # by name of the directory

    def index(self, registry: str, base_url: str, output: Path) -> str:
        """The text of the gallery, for a registry `HOST:PORT`, a server of the archives and a directory of sources."""
        template = string.Template(Path(__file__).with_name("gallery.yaml").read_text(encoding="utf-8"))
        return template.substitute(
            images=f"{registry}/{REPOSITORY}",
            tag=self.tag,
            version=self.version,
            base_url=base_url,
            output=output,
            archived_sha256=hashlib.sha256(self.archives["archived.tar.gz"]).hexdigest(),
            archived_zip_sha256=hashlib.sha256(self.archives["archived.zip"]).hexdigest(),
        )


def gallery(version: str = "1", tag: str = "latest", platform: Platform | None = None) -> Gallery:
    """The gallery with backends that run on a platform, by default that of this machine, and print their version."""
    platform = platform or host_platform()
    images: dict[str, Artifact] = {name: backend_image(name, version, platforms=[platform]) for name in _SINGLE}
    images["docker-types"] = backend_image("docker-types", version, platforms=[platform], docker=True).images[0]
    images["layered"] = _layered(version, platform)
    images["two-platforms"] = index(
        [
            _image("two-platforms s390x", version, Platform("s390x")),
            _image("two-platforms", version, platform),
            image([layer([file("attestation.json", "{}")])], Platform("unknown", "unknown")),
        ]
    )
    images["other-platform"] = backend_image("other-platform", version, platforms=[Platform("s390x")])
    images["without-run-file"] = backend_image("without-run-file", version, run_sh=None, platforms=[platform])
    archived = backend_entries("archived", version)
    return Gallery(
        version,
        tag,
        {f"{tag}-{name}": artifact for name, artifact in images.items()},
        {
            "archived.tar": tar_archive(archived, "none"),
            "archived.tar.gz": tar_archive(archived, "gzip"),
            "archived.tar.xz": tar_archive(archived, "xz"),
            "archived.tar.bz2": tar_archive(archived, "bzip2"),
            "archived.zip": zip_archive(archived),
        },
        {"from-directory": backend_entries("from-directory", version)},
    )


def models(weights: Mapping[str, bytes], base_url: str) -> list[dict[str, Any]]:
    """A gallery with one model of llama-cpp for each name, whose weights are at `<base_url>/<name>.gguf`."""
    return [
        {
            "name": name,
            "overrides": {"backend": "llama-cpp", "parameters": {"model": f"{name}.gguf"}},
            "files": [
                {
                    "filename": f"{name}.gguf",
                    "uri": f"{base_url}/{name}.gguf",
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
            ],
        }
        for name, content in weights.items()
    ]


def _image(name: str, version: str, platform: Platform) -> Image:
    return image([layer(backend_entries(name, version))], platform)


def _layered(version: str, platform: Platform) -> Artifact:
    """Only `run.sh`, `backend`, `kept/a` and `hidden/new` of the upper layers and LICENSE are to be seen."""
    lowest = [
        file("run.sh", "#!/bin/sh\nexit 1\n", 0o644),
        file("LICENSE", "MIT\n"),
        directory("kept"),
        file("kept/a", "a"),
        file("kept/b", "removed by a whiteout"),
        directory("hidden"),
        file("hidden/old", "hidden by an opaque directory"),
        directory("gone"),
        file("gone/deep", "removed with its directory"),
    ]
    middle = [whiteout("kept/b"), whiteout("gone"), opaque("hidden"), file("hidden/new", "new")]
    upper = [
        file("run.sh", RUN_SH, 0o755),
        file("backend", f"#!/bin/sh\necho 'layered {version}'\n", 0o755),
    ]
    return index([image([layer(lowest), layer(middle, "none"), layer(upper)], platform)])
