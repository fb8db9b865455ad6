# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of metadata.json that a later LocalAI adds survive when the file of an installed backend is written again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

UNKNOWN = {
    "nested": '{"deep": {"list": [1, {"name": "no name", "uri": "no uri"}, []], "Name": null}}',
    "a big number": "123456789012345678901234567890",
    "more digits than Python takes": "9" * 5000,
    "an exact number": "1.10",
    "a number out of range": "1e999",
    "a small number": "-0.1E-9",
    "unusual spacing": '[ 1 ,\t2 , { "a" :  true } ]',
    "lines": '{\n      "a": 1\n    }',
    "null": "null",
    "false": "false",
    "empty": '""',
    "escapes": r'"<a> \u0026 \u00e9 \/ \ud83d\ude00 \ud83d"',
    "text": '"ä 🦙 <&>"',
}
KEYS = [
    '"x"',
    '"Size"',
    '"k\\u0065y"',
    '"with \\"quotes\\""',
    '""',
    '"<&>"',
    '"extra"',
    '"text"',
]


def add(host: Any, name: str, *members: str, first: bool = False) -> None:
    """Write members into the metadata.json of a backend, as text, before or behind those that are there."""
    path = host.path / name / "metadata.json"
    there = path.read_text(encoding="utf-8").strip()[1:-1].strip()
    parts = [*members, there] if first else [there, *members]
    path.write_text("{" + " ,\n".join(parts) + "}\n", encoding="utf-8")


def text(host: Any, name: str) -> str:
    """What stands in metadata.json of a backend."""
    content: str = (host.path / name / "metadata.json").read_text(encoding="utf-8")
    return content


def exact(content: str) -> Any:
    """What a JSON text holds, with the numbers as they are written."""
    return json.loads(content, parse_int=Decimal, parse_float=str)


def source(host: Any) -> str:
    return str(host.world.output / "sources" / "from-directory")


@pytest.fixture
def piper(host):
    """A host with a backend from a directory."""
    host.install("piper", uri=source(host))
    return host


@pytest.mark.parametrize("value", list(UNKNOWN.values()), ids=list(UNKNOWN))
@pytest.mark.parametrize("first", [True, False])
def test_a_key_of_any_value_survives_another_alias(piper, value, first):
    add(piper, "piper", f'"later"  :   {value}', first=first)
    before = exact(text(piper, "piper"))
    assert piper.backend("piper", uri=source(piper), alias="voice")["changed"]
    after = text(piper, "piper")
    assert exact(after) == {**before, "alias": "voice"}
    assert f'"later": {value}' in after


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_any_name_survives_another_alias(piper, key):
    add(piper, "piper", f"{key}: [1]")
    assert piper.backend("piper", uri=source(piper), alias="voice")["changed"]
    assert f"{key}: [1]" in text(piper, "piper")
    assert exact(text(piper, "piper"))[json.loads(key)] == [1]


def test_of_a_key_that_is_there_twice_the_last_one_counts(piper):
    add(piper, "piper", '"later": 1', '"other": 2', '"later": {"a": 3}')
    piper.install("piper", uri=source(piper), alias="voice")
    metadata = piper.metadata("piper")
    assert (metadata["later"], metadata["other"]) == ({"a": 3}, 2)
    assert text(piper, "piper").count('"later"') == 1


def test_a_key_in_another_case_is_another_key(piper):
    add(piper, "piper", '"later": 1', '"Later": 2', '"ALIAS": "old"')
    piper.install("piper", uri=source(piper), alias="voice")
    metadata = piper.metadata("piper")
    assert (metadata["later"], metadata["Later"], metadata["alias"]) == (1, 2, "voice")
    assert "ALIAS" not in metadata


def test_rewriting_again_and_again_changes_nothing_else(piper):
    for key, value in UNKNOWN.items():
        add(piper, "piper", f'"{key}": {value}')
    for alias in ("one", "two", "three"):
        assert piper.install("piper", uri=source(piper), alias=alias)["changed"]
        assert not piper.install("piper", uri=source(piper), alias=alias)["changed"]
        after = text(piper, "piper")
        for key, value in UNKNOWN.items():
            assert f'"{key}": {value}' in after
    assert piper.info("piper")["backends"][0]["metadata"].keys() == {"alias", "name", "installed_at", "uri"}


def test_a_gallery_that_changes_an_alias_leaves_unknown_keys(host):
    host.install("llama-cpp")
    metadata = {**host.metadata("cpu-llama-cpp"), "alias": "old", "later": {"a": [1]}}
    (host.path / "cpu-llama-cpp" / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    assert host.install("llama-cpp", state="latest")["changed"]
    assert host.metadata("cpu-llama-cpp") == {**metadata, "alias": "llama-cpp"}


def test_a_meta_backend_that_moves_to_another_build_keeps_them(host):
    host.install("llama-cpp")
    add(host, "llama-cpp", *(f'"{key}": {value}' for key, value in UNKNOWN.items()))
    assert host.install("llama-cpp", state="latest", capability="nvidia")["changed"]
    after = text(host, "llama-cpp")
    assert exact(after)["meta_backend_for"] == "cuda12-llama-cpp"
    for key, value in UNKNOWN.items():
        assert f'"{key}": {value}' in after


def test_unknown_keys_alone_are_no_reason_to_write_a_meta_backend(host):
    host.install("llama-cpp")
    add(host, "llama-cpp", '"later": {"a": 1}')
    before = text(host, "llama-cpp")
    for options in ({}, {"state": "latest"}, {"force": True}):
        host.install("llama-cpp", **options)
        assert text(host, "llama-cpp") == before


def test_a_meta_backend_that_goes_back_keeps_them(host):
    host.install("llama-cpp", keep_previous=1)
    digest = host.metadata("cpu-llama-cpp")["digest"]
    host.install("llama-cpp", state="latest", capability="nvidia", keep_previous=1)
    add(host, "llama-cpp", '"later": {"a": 1}')
    result = host.install("llama-cpp", digest=digest, keep_previous=1)
    assert result["backends"][0]["action"] == "restore"
    metadata = host.metadata("llama-cpp")
    assert (metadata["meta_backend_for"], metadata["later"]) == ("cpu-llama-cpp", {"a": 1})


@pytest.mark.parametrize("options", [{"force": True}, {"state": "latest"}], ids=["again", "upgraded"])
def test_a_build_that_is_installed_in_its_place_keeps_them(host, options):
    host.install("piper")
    add(host, "piper", '"later": {"a": 1}')
    host.world.publish("2")
    try:
        assert host.install("piper", **options)["changed"]
    finally:
        host.world.publish("1")
    assert host.metadata("piper")["later"] == {"a": 1}
    assert host.install("piper", state="absent")["changed"]
    host.install("piper")
    assert "later" not in host.metadata("piper")


def test_a_backup_that_comes_back_has_its_own_keys(host):
    host.install("piper")
    add(host, "piper", '"later": {"a": 1}')
    (host.path / "piper").rename(host.path / "piper.backup")
    assert host.install("piper")["backends"][0]["action"] == "repair"
    assert host.metadata("piper")["later"] == {"a": 1}
