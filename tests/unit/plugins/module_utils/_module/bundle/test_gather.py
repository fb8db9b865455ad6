# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a bundle has to have is found out for all kinds of hosts at once."""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._module.bundle.gather import gather
from ansible_collections.localai.core.tests.support.archives import tar_archive
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.bundles import bundle_options_of
from ansible_collections.localai.core.tests.support.files import FileServer

GALLERY = """
- {name: llama-cpp, uri: "%(url)s/backend.tar"}
- {name: piper, uri: "%(url)s/other.tar"}
"""
MODELS = """
- {name: m, files: [{filename: m.gguf, uri: "%(url)s/m.gguf"}], overrides: {backend: llama-cpp}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[FileServer]:
    pages: dict[str, Any] = {"/m.gguf": b"weights"}
    with FileServer(pages) as files:
        for name in ("backend", "other"):
            files.pages[f"/{name}.tar"] = tar_archive(backend_entries(name), "none")
        files.pages["/backends.yaml"] = (GALLERY % {"url": files.url}).encode()
        files.pages["/models.yaml"] = (MODELS % {"url": files.url}).encode()
        yield files


def gathered(server: FileServer, **given: Any) -> Any:
    task = {
        "galleries": [{"name": "b", "url": f"{server.url}/backends.yaml"}],
        "model_galleries": [{"name": "m", "url": f"{server.url}/models.yaml"}],
        "release_url": f"{server.url}/releases",
        "retries": 0,
        "timeout": 5,
        **given,
    }
    return gather(bundle_options_of(**task), [])


def names(found: Any) -> list[str]:
    return sorted(file.name for file in found.wanted.files.values())


def test_the_backends_of_models_are_wanted_too(server: FileServer) -> None:
    found = gathered(server, models=["m"])
    assert names(found) == ["backend.tar", "m.gguf"]
    assert set(found.recorded.galleries) == {("backends", "b"), ("models", "m")}
    assert names(gathered(server, models=["m"], backends=["llama-cpp", "piper"])) == [
        "backend.tar",
        "m.gguf",
        "other.tar",
    ]


@pytest.mark.parametrize("wants", [True, False, None])
def test_a_survey_tells_whether_they_are(server: FileServer, wants: bool | None) -> None:
    target = {"capability": "default", "platform": "linux/amd64", "models": ["m"], "models_backends": wants}
    found = gathered(server, survey={"format": 1, "targets": [target]})
    assert names(found) == (["m.gguf"] if wants is False else ["backend.tar", "m.gguf"])


def test_each_gallery_is_read_once_for_all_kinds_of_hosts(server: FileServer) -> None:
    server.requests.clear()
    gathered(server, models=["m"], capabilities=["default", "amd", "intel", "nvidia-cuda-12"])
    paths = [request.path for request in server.requests]
    assert paths.count("/models.yaml") == 1


def test_errors_of_models_backends_and_releases_are_told_together(server: FileServer) -> None:
    with pytest.raises(LocalAIError) as caught:
        gathered(server, models=["nomodel"], backends=["nobackend"], server_versions=["v9.9.9"])
    for name in ("nomodel", "nobackend", "v9.9.9"):
        assert name in str(caught.value)
