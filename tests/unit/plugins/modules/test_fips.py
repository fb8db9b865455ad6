# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules work on a host in FIPS mode: it has no MD5, and SHA-1 only for what is not about security."""

from __future__ import annotations

import hashlib
import sys
from typing import Any, Callable

import pytest

from ansible_collections.localai.core.tests.support.hub import Hub, Repo
from ansible_collections.localai.core.tests.support.model_world import WEIGHTS

_NOT_ALLOWED = ("md5", "md4", "ripemd160", "blake2b", "blake2s")


class Fips:
    """The module `hashlib` of such a host, for code of the collection. `used` has the names of algorithms it used."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.used: set[str] = set()
        for name in ("new", "sha1", "sha256", *_NOT_ALLOWED):
            if hasattr(hashlib, name):
                monkeypatch.setattr(hashlib, name, self._watched(name, getattr(hashlib, name)))

    def _watched(self, function: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            caller = sys._getframe(1).f_globals.get("__name__", "")
            if ".localai.core.plugins." in caller:
                name = str(arguments[0] if function == "new" else function).lower()
                self.used.add(name)
                if name in _NOT_ALLOWED or (name == "sha1" and options.get("usedforsecurity", True)):
                    raise ValueError("[digital envelope routines] unsupported")
            return original(*arguments, **options)

        return call


@pytest.fixture(name="fips")
def _fips(monkeypatch: pytest.MonkeyPatch) -> Fips:
    return Fips(monkeypatch)


def test_the_fixture_blocks_what_fips_blocks(fips: Fips) -> None:
    scope: dict[str, Any] = {"__name__": "ansible_collections.localai.core.plugins.x", "hashlib": hashlib}
    for expression in ("hashlib.md5(b'')", "hashlib.new('md5')", "hashlib.sha1(b'')", "hashlib.new('sha1', b'')"):
        with pytest.raises(ValueError, match="unsupported"):
            eval(expression, scope)
    assert eval("hashlib.new('sha1', b'', usedforsecurity=False)", scope)
    assert fips.used == {"md5", "sha1"}


@pytest.mark.parametrize("name", ["piper", "archived"])
def test_backends_from_a_registry_and_from_an_archive(host: Any, fips: Fips, name: str) -> None:
    result = host.backend(name)
    assert (result["failed"], result["changed"]) == (False, True), result["msg"]
    assert host.backend(name)["changed"] is False
    assert fips.used == {"sha256"}


def test_a_repository_of_the_hub_whose_small_files_have_only_a_sha1(
    model_host: Any, fips: Fips, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(small={"config.json": b"{}"}, large={"model.safetensors": WEIGHTS})
    request = {"name": "m", "files": [], "config": {"backend": "transformers", "parameters": {"model": "owner/repo"}}}
    with Hub({"owner/repo": repo}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        result = model_host.model(models=[request])
        assert (result["failed"], result["changed"]) == (False, True), result["msg"]
        assert model_host.model(models=[request])["changed"] is False
    assert fips.used == {"sha1", "sha256"}
