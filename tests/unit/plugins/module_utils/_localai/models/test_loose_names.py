# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LocalAI's rule for files that it lists as models."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.loose_names import is_listed


# Seen on a running server of LocalAI 4.9.
@pytest.mark.parametrize(
    "name",
    [
        *(".gitignore", ".x.lock", ".ansible_tmpabc", "LICENSE", "x.yaml~", "ggml-model", "a.gguf.old", "README.txt.x"),
        *("x.tar", "x.tar.bz2", "x.tgz", "x.tar.xz", "x.pth", "x.npy", "x.wav", "x.jsonl", "x.lock", "x.sha256"),
        *("x.part", "x.tmp", "README.rst", ".model-config-123", "models.yam"),
    ],
)
def test_a_file_is_listed(name: str) -> None:
    assert is_listed(name, is_directory=False, is_link=False)
    assert is_listed(name, is_directory=False, is_link=True)
    assert is_listed(name, is_directory=True, is_link=True)
    assert not is_listed(name, is_directory=True, is_link=False)


@pytest.mark.parametrize(
    "name",
    [
        *("x.tmpl", "x.keep", "x.yaml", "x.yml", "x.json", "x.txt", "x.pt", "x.onnx", "x.md", ".DS_Store", "x."),
        *(
            "x.safetensors",
            "x.bin",
            "x.gguf",
            "x.ggml",
            "x.ckpt",
            "x.zip",
            "CACHEDIR.TAG",
            "x.yaml.bak-pre",
            "x.partial",
        ),
        *("x.tar.gz", "README", "readme.MD", "Model_Card", "X.GGUF", ".gguf", "x.partial.json", "x.bakery"),
    ],
)
def test_a_file_is_not_listed(name: str) -> None:
    assert not is_listed(name, is_directory=False, is_link=False)
    assert not is_listed(name, is_directory=True, is_link=True)
