# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An index as LocalAI has it, and galleries that are read from made-up pages."""

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, TransportError
from ansible_collections.localai.core.plugins.module_utils._http.client import Answer
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry, Index
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, GallerySource
from ansible_collections.localai.core.plugins.module_utils._resolver.galleries import parse_index

from .galleries import Galleries

REAL = b"""---
## metas
- &llamacpp
  name: "llama-cpp"
  alias: "llama-cpp"
  license: mit
  icon: https://user-images.example/llama.png
  description: |
    LLM inference in C/C++
  urls:
    - https://github.com/ggerganov/llama.cpp
  tags:
    - text-to-text
    - LLM
  capabilities:
    default: "cpu-llama-cpp"
    nvidia: "cuda12-llama-cpp"
    intel: "intel-sycl-f16-llama-cpp"
    amd: "rocm-llama-cpp"
    metal: "metal-llama-cpp"
    vulkan: "vulkan-llama-cpp"
    nvidia-l4t: "nvidia-l4t-arm64-llama-cpp"
    darwin-x86: "darwin-x86-llama-cpp"
- &vllm
  name: "vllm"
  license: apache-2.0
  alias: "vllm"
  capabilities:
    nvidia: "cuda12-vllm"
    amd: "rocm-vllm"
    intel: "intel-vllm"
- &piper
  name: "piper"
  uri: "quay.io/go-skynet/local-ai-backends:latest-piper"
  license: MIT
  mirrors:
    - localai/localai-backends:latest-piper
## builds
- !!merge <<: *llamacpp
  name: "llama-cpp-development"
  capabilities:
    default: "cpu-llama-cpp-development"
- !!merge <<: *llamacpp
  name: "cpu-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-cpu-llama-cpp"
  mirrors:
    - localai/localai-backends:latest-cpu-llama-cpp
- !!merge <<: *llamacpp
  name: "cuda12-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-llama-cpp"
- !!merge <<: *llamacpp
  name: "intel-sycl-f16-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-intel-sycl-f16-llama-cpp"
- !!merge <<: *llamacpp
  name: "rocm-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-rocm-hipblas-llama-cpp"
- !!merge <<: *llamacpp
  name: "metal-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-metal-darwin-arm64-llama-cpp"
- !!merge <<: *llamacpp
  name: "darwin-x86-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-darwin-x86-llama-cpp"
- !!merge <<: *llamacpp
  name: "vulkan-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-vulkan-llama-cpp"
- !!merge <<: *llamacpp
  name: "nvidia-l4t-arm64-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-nvidia-l4t-arm64-llama-cpp"
- !!merge <<: *vllm
  name: "cuda12-vllm"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-vllm"
- !!merge <<: *vllm
  name: "cuda12-vllm"
  uri: "quay.io/go-skynet/local-ai-backends:the-second-of-two"
- !!merge <<: *piper
  name: "Piper"
  uri: "quay.io/go-skynet/local-ai-backends:the-second-of-two"
"""


class Web:
    """Stands in for Http: `pages` by URL; what is not there is a 404, and an exception is raised."""

    def __init__(self, pages: Mapping[str, bytes | Exception] | None = None) -> None:
        self.pages = dict(pages or {})
        self.asked: list[str] = []

    def note(self, url: str, answer: Answer) -> None:
        """Nobody records what is read."""

    def authorization(self, url: str) -> dict[str, str]:
        return {"Authorization": f"for {url}"}

    def endpoint(self, host: str, scheme: str = "") -> Endpoint:
        return Endpoint(host)

    def fetch(
        self, url: str, *, headers: Mapping[str, str], limit: int, decode: bool, accept: tuple[int, ...] = (200,)
    ) -> Answer:
        assert headers == self.authorization(url)
        assert decode
        assert accept == (200,)
        self.asked.append(url)
        page = self.pages.get(url, TransportError(f"GET {url}: 404 Not Found", 404))
        if isinstance(page, Exception):
            raise page
        if len(page) > limit:
            raise TransportError(f"{url} sent more than {limit} bytes, which is not believable here.")
        return Answer(url, 200, {}, page)


def galleries(*sources: GallerySource, web: Web | None = None) -> Galleries:
    made: Any = web or Web()
    return Galleries(sources, made)


def from_text(text: str | bytes) -> Galleries:
    """Return one gallery, called g, with this index."""
    data = text if isinstance(text, bytes) else text.encode()
    return galleries(
        GallerySource("g", Address("https://g.example/index.yaml")), web=Web({"https://g.example/index.yaml": data})
    )


def index(text: str | bytes) -> Index[Entry]:
    return parse_index(text if isinstance(text, bytes) else text.encode(), "g", Address("u"))


def one(text: str) -> Entry:
    return next(iter(index(text).entries.values()))


def failure(work: Any, *arguments: Any) -> str:
    with pytest.raises(GalleryError) as raised:
        work(*arguments)
    return str(raised.value)
