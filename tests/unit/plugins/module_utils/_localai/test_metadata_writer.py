# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""metadata.json is written byte for byte as LocalAI writes it."""

from __future__ import annotations

import json
from typing import Any, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import KNOWN_KEYS, Metadata
from ansible_collections.localai.core.plugins.module_utils._localai.metadata_writer import to_json

# Written by hand as Go's json.MarshalIndent does it: two spaces, no final newline, <, > and & escaped.
CONCRETE = b"""{
  "alias": "llama-cpp",
  "name": "cpu-llama-cpp",
  "gallery_url": "https://index.localai.io/backends",
  "installed_at": "2026-08-21T09:15:02Z",
  "version": "1.10",
  "uri": "quay.io/go-skynet/local-ai-backends:latest-cpu-llama-cpp",
  "digest": "sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
}"""


META = b"""{
  "meta_backend_for": "cpu-llama-cpp",
  "name": "llama-cpp",
  "gallery_url": "github:mudler/LocalAI/backend/index.yaml@master",
  "installed_at": "2026-08-21T11:15:02.123456789+02:00"
}"""


ESCAPED = b"""{
  "name": "a \\u003cb\\u003e \\u0026 \\"c\\" \\\\ d",
  "gallery_url": "https://x.example/?a=1\\u0026b=2",
  "version": "\\t\\n\\r\\u0001\\u001f\x7f\\u2028\\u2029",
  "uri": "/srv/\xc3\xa4\xf0\x9f\x98\x80'/"
}"""


GOLDEN = [
    (b"{}", Metadata()),
    (
        CONCRETE,
        Metadata(
            alias="llama-cpp",
            name="cpu-llama-cpp",
            gallery_url=Address("https://index.localai.io/backends"),
            installed_at="2026-08-21T09:15:02Z",
            version="1.10",
            uri=Address("quay.io/go-skynet/local-ai-backends:latest-cpu-llama-cpp"),
            digest="sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        ),
    ),
    (
        META,
        Metadata(
            meta_backend_for="cpu-llama-cpp",
            name="llama-cpp",
            gallery_url=Address("github:mudler/LocalAI/backend/index.yaml@master"),
            installed_at="2026-08-21T11:15:02.123456789+02:00",
        ),
    ),
    (
        ESCAPED,
        Metadata(
            name='a <b> & "c" \\ d',
            gallery_url=Address("https://x.example/?a=1&b=2"),
            version="\t\n\r\x01\x1f\x7f\u2028\u2029",
            uri=Address("/srv/ä😀'/"),
        ),
    ),
]


KEYS = [
    "alias",
    "meta_backend_for",
    "name",
    "gallery_url",
    "installed_at",
    "version",
    "uri",
    "digest",
]


def stated(texts: Mapping[str, str]) -> Metadata:
    """Return metadata of which these keys are known."""
    fields: dict[str, Any] = {
        key: Address(text) if key in ("gallery_url", "uri") else text for key, text in texts.items()
    }
    return Metadata(**fields)


FULL = stated({key: f"the {key}" for key in KEYS})


@pytest.mark.parametrize(("data", "metadata"), GOLDEN, ids=["empty", "concrete", "meta", "escaped"])
def test_a_file_of_localai_is_read_and_written_back_byte_for_byte(data: bytes, metadata: Metadata) -> None:
    assert Metadata.parse(data) == metadata
    assert to_json(metadata) == data


def test_the_keys_stand_in_the_order_of_localai() -> None:
    assert list(KNOWN_KEYS) == KEYS
    assert list(json.loads(to_json(FULL))) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_a_key_may_be_there_alone_or_be_the_only_one_missing(key: str) -> None:
    alone = stated({key: "x"})
    assert to_json(alone) == f'{{\n  "{key}": "x"\n}}'.encode()
    assert Metadata.parse(to_json(alone)) == alone
    without = stated({other: f"the {other}" for other in KEYS if other != key})
    assert key not in json.loads(to_json(without))
    assert Metadata.parse(to_json(without)) == without


TEXTS = st.text(st.characters(blacklist_categories=("Cs",)))


@given(st.fixed_dictionaries(dict.fromkeys(KEYS, TEXTS)))
def test_what_is_written_is_read_again(texts: dict[str, str]) -> None:
    metadata = stated(texts)
    data = to_json(metadata)
    assert Metadata.parse(data) == metadata
    assert json.loads(data) == {key: text for key, text in texts.items() if text}
    assert not set(b"<>&") & set(data)
    assert not data.endswith(b"\n")


def test_unknown_keys_are_written_last_as_they_were_read() -> None:
    data = b'{"size": 1.50, "name": "a", "more": {"b" : []}}'
    assert to_json(Metadata.parse(data)) == b'{\n  "name": "a",\n  "size": 1.50,\n  "more": {"b" : []}\n}'
