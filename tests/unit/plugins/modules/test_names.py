# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names as long as a file system takes them, and in all that Unicode has: of backends, and of what is in them."""

from __future__ import annotations

import os
import unicodedata

import pytest
import yaml

from ansible_collections.localai.core.tests.support.archives import file, tar_archive, write_tree
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.proof import prove

NFC, NFD = (unicodedata.normalize(form, "modèle") for form in ("NFC", "NFD"))
NAMES = ["n" * 255, "é" * 127 + "n", "🦙" * 63, NFC, NFD, "моде́ль", "模型", "a b'c\"d", "line\nfeed"]
IDS = [
    "255 bytes",
    "255 bytes in two each",
    "252 bytes in four each",
    "NFC",
    "NFD",
    "Cyrillic",
    "Han",
    "quotes",
    "line",
]


@pytest.fixture
def named(host, tmp_path):
    """A host whose gallery has a backend of each name."""
    write_tree(tmp_path / "source", backend_entries("any"))
    # With an alias that a model can use, a name that it cannot use is installed.
    source = str(tmp_path / "source")
    entries = [{"name": name, "uri": source, "alias": f"name-{number}"} for number, name in enumerate(NAMES)]
    (tmp_path / "names.yaml").write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
    host.options["galleries"] = [{"name": "names", "url": str(tmp_path / "names.yaml")}]
    return host


@pytest.mark.parametrize("name", NAMES, ids=IDS)
def test_a_backend_of_any_name_comes_and_goes(named, name):
    prove(named, name, action="install", keep_previous=1)
    prove(named, name, action="replace", keep_previous=1, force=True)
    assert named.names == [name]
    assert [row["name"] for row in named.info(name)["backends"]] == [name]
    assert [row["backend"] for row in named.info()["previous"]] == [name]
    prove(named, name, action="remove", state="absent")
    assert (named.names, named.info()["previous"]) == ([], [])


def test_names_that_only_look_the_same_are_two_backends(named):
    named.install(NFC, NFD)
    assert named.names == sorted([NFC, NFD])
    named.install(NFC, state="absent")
    assert named.names == [NFD]


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_files_of_any_name_are_installed_verified_and_repaired(host, tmp_path, suffix):
    files = [*NAMES, os.fsdecode(b"bytes-\xff\xfe"), "🦙" * 60 + "/" + "é" * 100 + "/x", "/".join(["d" * 250] * 12)]
    entries = [*backend_entries("any"), *(file(f"files/{name}", name[:9].encode("utf-8", "replace")) for name in files)]
    archive = tmp_path / f"any{suffix}"
    archive.write_bytes(tar_archive(entries, "none" if suffix == ".tar" else "gzip"))
    prove(host, "mine", action="install", uri=str(archive), verify=True)
    for name in files:
        place = host.path / "mine/files" / name
        assert place.is_file()
        place.unlink()
        result = prove(host, "mine", action="repair", uri=str(archive), verify=True, keep_previous=2)
        assert "is missing" in result["backends"][0]["reason"]
    assert host.info(disk_usage=True)["backends"][0]["disk_usage"] > 0
    prove(host, "mine", action="remove", state="absent")


def test_a_backend_whose_name_is_no_text_is_listed_and_can_be_removed(host):
    host.install("piper")
    os.rename(os.fsencode(host.path) + b"/piper", os.fsencode(host.path) + b"/bytes-\xff")
    host.install("kokoro")
    assert "bytes-\\udcff" in [row["name"] for row in host.info(disk_usage=True)["backends"]]
    result = prove(host, "kokoro", action="none", exclusive=True)
    assert [row["backend"] for row in result["removed"]] == ["bytes-\\udcff"]
    assert host.names == ["Kokoro"]
