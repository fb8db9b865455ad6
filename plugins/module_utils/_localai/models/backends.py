# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends that models need. Pure.

Follows `Aliases` in LocalAI's `pkg/model/initializers.go`, with which the server looks up the backend of a model.
"""

from __future__ import annotations

import typing as t

ALIASES = {
    "go-llama": "llama-cpp",
    "llama": "llama-cpp",
    "ik_llama": "ik-llama-cpp",
    "ik-llama": "ik-llama-cpp",
    "embedded-store": "local-store",
    "valkey": "valkey-store",
    "huggingface-embeddings": "transformers",
    "transformers-musicgen": "transformers",
    "sentencetransformers": "transformers",
    "mamba": "transformers",
    "stablediffusion": "stablediffusion-ggml",
}
# The server has these itself.
_BUILT_IN = ("pattern",)


def needed_backends(configs: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[str, ...]:
    """Return the backends that models with these configurations need, as the galleries name them, each once."""
    given = (config.get("backend") for config in configs)
    names = (name.lower() for name in given if isinstance(name, str))
    return tuple(dict.fromkeys(ALIASES.get(name, name) for name in names if name and name not in _BUILT_IN))
