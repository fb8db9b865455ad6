# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that LocalAI lists as models because they lie in the models path. Pure.

Follows `ListFilesInModelPath` in LocalAI's `pkg/model/loader.go`.
"""

from __future__ import annotations

_NAMES = ("model_card", "readme", "readme.md")
_SUFFIXES = (
    *(".tmpl", ".keep", ".yaml", ".yml", ".json", ".txt", ".pt", ".onnx", ".md", ".ds_store", ".", ".safetensors"),
    *(".bin", ".gguf", ".ggml", ".ckpt", ".zip", ".tag", ".bak", ".partial", ".tar.gz"),
)
_BACKUP = ".bak"


def is_listed(name: str, is_directory: bool, is_link: bool) -> bool:
    """Return whether LocalAI lists an entry of the models path as a model, unless a configuration names the file.

    `is_directory` may also be that of the target of a link: LocalAI does not follow links, and lists all of them.
    """
    lowered = name.lower()
    if is_directory and not is_link:
        return False
    return lowered not in _NAMES and not lowered.endswith(_SUFFIXES) and _BACKUP not in lowered
