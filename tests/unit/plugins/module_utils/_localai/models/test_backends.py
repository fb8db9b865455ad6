# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends that models need."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._localai.models.backends import needed_backends


def test_each_backend_is_named_once_in_order():
    assert needed_backends([{"backend": "whisper"}, {"backend": "llama-cpp"}, {"backend": "Whisper"}]) == (
        "whisper",
        "llama-cpp",
    )


def test_old_names_become_those_of_the_gallery():
    assert needed_backends(
        [{"backend": "stablediffusion"}, {"backend": "sentencetransformers"}, {"backend": "llama"}]
    ) == (
        "stablediffusion-ggml",
        "transformers",
        "llama-cpp",
    )


def test_models_without_a_backend_and_those_of_the_server_itself_need_none():
    assert needed_backends([{}, {"backend": ""}, {"backend": None}, {"backend": "pattern"}]) == ()
