# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The galleries of the guide have only keys that LocalAI reads, and `own-gallery.yml` installs all that is in them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from ansible_collections.localai.core.tests.support.archives import Entry, file
from ansible_collections.localai.core.tests.support.examples import EXAMPLES, Examples
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.gallery_artifacts import artifact
from ansible_collections.localai.core.tests.support.images import host_platform, image, layer
from ansible_collections.localai.core.tests.support.registry import Registry

GALLERY = EXAMPLES / "gallery"
# The keys in LocalAI's Go code: Metadata in core/gallery/metadata_type.go, GalleryBackend in backend_types.go,
# GalleryModel in models_types.go, ModelConfig, File and PromptTemplate in models.go.
_METADATA = {"url", "name", "description", "license", "urls", "icon", "tags", "files", "size", "backend"}
BACKEND = _METADATA | {"alias", "uri", "version", "mirrors", "capabilities", "sha256"}
MODEL = _METADATA | {"config_file", "overrides", "variants"}
BASE = {"description", "icon", "license", "urls", "name", "config_file", "files", "prompt_templates"}
FILE = {"filename", "sha256", "uri"}
# What the guide promises to show.
SHOWN = {"name", "icon", "description", "license", "urls", "tags"}
SHOWN_OF_BACKENDS = SHOWN | {"alias", "uri", "mirrors", "capabilities"}
SHOWN_OF_MODELS = SHOWN | {"url", "overrides", "files", "size"}
WEIGHTS = {"/our-chat-v1.gguf": b"weights of our-chat", "/our-voice-v1.onnx": b"voice of our-voice"}
SERVER = "#!/bin/sh\necho {} $*\n"


def load(name: str) -> Any:
    return yaml.safe_load((GALLERY / name).read_text(encoding="utf-8"))


def keys(rows: list[dict[str, Any]]) -> set[str]:
    return {key for row in rows for key in row}


def test_localai_reads_every_key_of_the_galleries() -> None:
    backends, models, base = load("index.yaml"), load("models.yaml"), load("base/chat.yaml")
    assert SHOWN_OF_BACKENDS <= keys(backends) <= BACKEND
    assert SHOWN_OF_MODELS <= keys(models) <= MODEL
    assert set(base) <= BASE
    assert keys([row for model in models for row in model["files"]]) == FILE
    assert keys(base["prompt_templates"]) == {"name", "content"}


def built(name: str, version: str = "v1") -> list[Entry]:
    """The files of an image as its Containerfile makes them, with programs of this test in the place of real ones."""
    sources = {
        "run.sh": file("run.sh", (GALLERY / "our-tts" / "run.sh").read_bytes(), 0o755),
        "server": file("server", SERVER.format(f"{name} {version}"), 0o755),
        "lib": file("lib/libvoice.so.1", b"\x7fELF"),
    }
    first, *copies = [
        line for line in (GALLERY / "our-tts" / "Containerfile").read_text().splitlines() if not line.startswith("#")
    ]
    assert first == "FROM scratch"
    assert copies == ["COPY run.sh server /", "COPY lib /lib"]
    return [sources[name] for line in copies for name in line.split()[1:-1]]


class Company:
    """The servers of a company: registries, and one for galleries and files."""

    def __init__(self, registry: Registry, mirror: Registry, web: FileServer) -> None:
        self.registry, self.mirror, self.web = registry, mirror, web
        self.texts = {
            "registry.example.com": registry.host,
            "mirror.example.com": mirror.host,
            "https://galleries.example.com": web.url,
            "https://files.example.com": web.url,
            # The second gallery of the playbook, with the backend that a model of the first one needs.
            "https://index.localai.io/backends": f"{web.url}/localai.yaml",
        }
        for build in ("cpu", "cuda12"):
            self.put("our-tts", f"v1-{build}", build)
        self.put("our-ocr", "v1", "ocr")
        public = registry.put("localai/llama-cpp", "v1", image([layer(built("llama-cpp"))], host_platform()))
        web.pages["/localai.yaml"] = yaml.safe_dump([{"name": "llama-cpp", "uri": public}]).encode()
        web.pages.update(WEIGHTS)

    def put(self, repository: str, tag: str, build: str) -> None:
        """Push an image of the company to both registries."""
        for registry in (self.registry, self.mirror):
            registry.put(f"ai/{repository}", tag, image([layer(built(build))], host_platform()))

    def examples(self, work: Path) -> Examples:
        """Serve the galleries, and return what runs the playbook."""
        paths = {
            "localai_models_path": str(work / "models"),
            "localai_backends_path": str(work / "backends"),
            "localai_backends_system_path": str(work / "system"),
        }
        it = Examples(work, paths, texts=self.texts)
        for name in ("index.yaml", "models.yaml", "base/chat.yaml"):
            self.web.pages[f"/{name}"] = it.write(f"gallery/{name}").read_bytes()
        return it


@pytest.fixture(name="company")
def _company() -> Iterator[Company]:
    with Registry() as registry, Registry() as mirror, FileServer() as web:
        yield Company(registry, mirror, web)


def said(work: Path, build: str) -> str:
    """What a backend prints that is started as LocalAI starts it."""
    command = [str(work / "backends" / build / "run.sh"), "--addr", "127.0.0.1:1"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def test_the_playbook_installs_the_backends_and_models_of_the_galleries(company: Company, tmp_path: Path) -> None:
    examples = company.examples(tmp_path)
    examples.play("own-gallery.yml", localai_capability="nvidia-cuda-12").expect(changed=2)
    assert said(tmp_path, "cuda12-our-tts") == "cuda12 v1 --addr 127.0.0.1:1"
    assert said(tmp_path, "our-ocr") == "ocr v1 --addr 127.0.0.1:1"
    assert (tmp_path / "backends" / "llama-cpp").exists()
    configuration = yaml.safe_load((tmp_path / "models" / "our-chat.yaml").read_text(encoding="utf-8"))
    assert configuration == {
        "name": "our-chat",
        "backend": "llama-cpp",
        "known_usecases": ["chat"],
        "stopwords": ["<|end|>"],
        "template": {"chat": "our-chat"},
        "context_size": 8192,
        "parameters": {"model": "our-chat/weights.gguf"},
    }
    assert (tmp_path / "models" / "our-chat.tmpl").read_text() == "{{.Input}}\n"
    for path, content in {"our-chat/weights.gguf": "/our-chat-v1.gguf", "our-voice.onnx": "/our-voice-v1.onnx"}.items():
        assert (tmp_path / "models" / path).read_bytes() == WEIGHTS[content]
    examples.play("own-gallery.yml", localai_capability="nvidia-cuda-12").expect(changed=0)


@pytest.mark.long
def test_a_host_without_a_gpu_gets_the_other_build_from_the_mirror(company: Company, tmp_path: Path) -> None:
    examples = company.examples(tmp_path)
    # The registry lost the image, which the mirror of the entry still has.
    company.registry.forget_manifest("ai/our-tts", "v1-cpu")
    examples.play("own-gallery.yml", localai_models=["our-voice"], localai_capability="default").expect(changed=2)
    assert said(tmp_path, "cpu-our-tts") == "cpu v1 --addr 127.0.0.1:1"


@pytest.mark.long
def test_the_galleries_can_be_files_and_artifacts(company: Company, tmp_path: Path) -> None:
    examples = company.examples(tmp_path)
    folder = tmp_path / "examples" / "gallery"
    files = {"index.yaml": folder / "models.yaml", "base/chat.yaml": folder / "base" / "chat.yaml"}
    content = artifact({name: path.read_bytes() for name, path in files.items()})
    company.registry.put("ai/gallery", "models", content)
    company.web.pages.clear()
    company.web.pages.update(WEIGHTS)
    galleries = [{"name": "company", "url": str(folder / "index.yaml")}]
    models = [{"name": "company", "url": f"oci://{company.registry.host}/ai/gallery:models"}]
    variables: dict[str, Any] = {"localai_galleries": galleries, "localai_models_galleries": models}
    # The gallery on this host has no llama-cpp, so only the voice can have its backend installed.
    check = examples.play("own-gallery.yml", "--check", localai_models=["our-chat", "company@our-voice"], **variables)
    assert "llama-cpp is in no gallery" in check.text
    examples.play("own-gallery.yml", localai_models=["our-voice"], localai_backends=[], **variables).expect(changed=2)
