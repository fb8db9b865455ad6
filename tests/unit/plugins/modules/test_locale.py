# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's locale changes nothing: the same names become the same bytes, whatever the encoding of the locale is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.localai.core.tests.support.archives import (
    directory,
    file,
    symlink,
    tar,
    write_tree,
    zip_archive,
)
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.interpreter import environment
from ansible_collections.localai.core.tests.support.tls import Authority

# Names that are in Latin-1, in no 8-bit encoding, and in no encoding at all.
NAMES = ["größe", "日本", "raw\udcff\udce9"]
ENTRIES = [
    file("run.sh", "#!/bin/sh\n", 0o755),
    *(directory(name) for name in NAMES),
    *(file(f"{name}/{name}.txt", name.encode("utf-8", "surrogateescape")) for name in NAMES),
    *(symlink(f"to-{name}", f"{name}/{name}.txt") for name in NAMES),
]
LOCALES = {"de_DE.ISO-8859-1": ("de_DE", "ISO-8859-1"), "ja_JP.EUC-JP": ("ja_JP", "EUC-JP"), "C": None, "POSIX": None}
SAMPLE = ("de_DE.ISO-8859-1", "C")

RUN = """
import json, sys
from ansible_collections.localai.core.plugins.modules import localai_backend, localai_backend_info, localai_directory
from ansible_collections.localai.core.plugins.modules import localai_host_info, localai_service_files
from ansible_collections.localai.core.tests.support.module import run_module
module, options, check = json.load(sys.stdin)
result = run_module(globals()[module].main, options, check)
print(json.dumps({"encoding": sys.getfilesystemencoding(), "result": result}))
"""


@pytest.fixture(
    scope="module",
    params=[*SAMPLE, *(pytest.param(name, marks=pytest.mark.long) for name in LOCALES if name not in SAMPLE)],
)
def locale(request, tmp_path_factory):
    """The environment of a process with a locale, and the encoding that names have there."""
    path = tmp_path_factory.mktemp("locales")
    if LOCALES[request.param] and shutil.which("localedef"):
        language, encoding = LOCALES[request.param]
        command = ["localedef", "-i", language, "-f", encoding, str(path / request.param)]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return {
        **environment(),
        "LOCPATH": str(path),
        "LC_ALL": request.param,
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }


def run(locale, module, check=False, **options):
    command = [sys.executable, "-c", RUN]
    given = json.dumps([module, options, check]).encode("ascii")
    printed = subprocess.run(command, check=True, env=locale, input=given, stdout=subprocess.PIPE).stdout
    told = json.loads(printed)
    assert told["encoding"] != "utf-8"
    assert not told["result"]["failed"], told["result"]["msg"]
    return told["result"]


def tree(path):
    """The content of a directory by the bytes of its names."""
    found = {}
    for top, directories, names in os.walk(os.fsencode(path)):
        for name in [*directories, *names]:
            place = os.path.join(top, name)
            relative = os.path.relpath(place, os.fsencode(path))
            if os.path.islink(place):
                found[relative] = os.readlink(place)
            elif os.path.isfile(place) and name not in (b".localai-core.json", b"metadata.json"):
                found[relative] = Path(os.fsdecode(place)).read_bytes()
    return found


def expected():
    raw = {name: name.encode("utf-8", "surrogateescape") for name in NAMES}
    files = {name + b"/" + name + b".txt": name for name in raw.values()}
    links = {b"to-" + name: name + b"/" + name + b".txt" for name in raw.values()}
    return {b"run.sh": b"#!/bin/sh\n", **files, **links}


@pytest.fixture
def sources(tmp_path):
    """A gallery of three backends, below a directory with a name of all kinds of letters."""
    top = tmp_path / "größe日本"
    (top / "directory").mkdir(parents=True)
    write_tree(top / "directory", ENTRIES)
    (top / "archive.tar").write_bytes(tar(ENTRIES))
    flagged = [entry for entry in ENTRIES if "\udcff" not in entry.name]
    (top / "archive.zip").write_bytes(zip_archive(flagged))
    files = ("archive.tar", "archive.zip", "directory")
    gallery = [{"name": name.replace(".", "-"), "uri": f"file://{top}/{name}"} for name in files]
    (top / "gallery.yaml").write_text(json.dumps(gallery, ensure_ascii=False), encoding="utf-8")
    return top


def test_backends_are_installed_verified_and_removed_by_the_bytes_of_their_names(locale, sources, tmp_path):
    names = ["archive-tar", "archive-zip", "directory"]
    path = tmp_path / "backends-größe日本"
    options = {
        "backends_path": str(path),
        "backends_system_path": str(tmp_path / "system"),
        "galleries": [{"name": "g", "url": f"file://{sources}/gallery.yaml"}],
        "capability": "default",
        "keep_previous": 1,
    }
    assert run(locale, "localai_backend", check=True, name=names, **options)["changed"]
    assert run(locale, "localai_backend", name=names, **options)["changed"]
    for name in ("archive-tar", "directory"):
        assert tree(path / name) == expected()
    assert tree(path / "archive-zip") == {name: data for name, data in expected().items() if b"\xff" not in name}
    for more in ({}, {"verify": True}, {"state": "latest"}):
        assert not run(locale, "localai_backend", name=names, **options, **more)["changed"]
    # LocalAI lists what somebody else put there, too.
    write_tree(path / "größe-日本", ENTRIES)
    info_options = {key: value for key, value in options.items() if key != "keep_previous"}
    listed = run(locale, "localai_backend_info", **info_options)
    assert sorted(backend["name"] for backend in listed["backends"]) == sorted([*names, "größe-日本"])

    damaged = path / "directory" / "größe" / "größe.txt"
    damaged.unlink()
    repaired = run(locale, "localai_backend", name=names, verify=True, **options)
    assert repaired["changed"]
    assert "größe/größe.txt is missing" in json.dumps(repaired, ensure_ascii=False)
    assert damaged.is_file()
    assert run(locale, "localai_backend", name=names, state="absent", **options)["changed"]
    assert not [place for place in path.iterdir() if place.name in names]


def test_a_tree_that_was_installed_under_another_locale_is_sound(locale, sources, tmp_path):
    options = {
        "backends_path": str(tmp_path / "backends"),
        "backends_system_path": str(tmp_path / "system"),
        "galleries": [{"name": "g", "url": f"file://{sources}/gallery.yaml"}],
        "capability": "default",
        "name": ["archive-tar", "directory"],
        "verify": True,
    }
    run(locale, "localai_backend", **options)
    given = json.dumps(["localai_backend", options, False]).encode("ascii")
    utf8 = {**environment(), "PYTHONUTF8": "1"}
    printed = subprocess.run([sys.executable, "-c", RUN], env=utf8, input=given, stdout=subprocess.PIPE, check=True)
    told = json.loads(printed.stdout)
    assert (told["encoding"], told["result"]["failed"], told["result"]["changed"]) == ("utf-8", False, False)


def test_certificates_may_be_at_any_path(locale, tmp_path):
    authority = Authority(tmp_path / "größe日本")
    certificate, key = authority.issue("日本")
    with FileServer({"/x.tar": tar(ENTRIES)}, tls=authority.server_context(client_certificates=True)) as server:
        options = {
            "backends_path": str(tmp_path / "backends"),
            "backends_system_path": str(tmp_path / "system"),
            "capability": "default",
            "ca_path": str(authority.ca_file),
            "client_cert": str(certificate),
            "client_key": str(key),
        }
        assert run(locale, "localai_backend", name=["x"], uri=f"{server.url}/x.tar", **options)["changed"]


def test_the_directories_of_the_role_may_have_any_name(locale, tmp_path):
    path, record = tmp_path / "größe日本" / "models", str(tmp_path / "directories-日本.json")
    options = {"directories": [{"path": str(path)}], "record": record}
    assert run(locale, "localai_directory", **options)["changed"]
    assert path.is_dir()
    assert not run(locale, "localai_directory", **options)["changed"]
    (path / "日本").write_text("x")
    assert run(locale, "localai_directory", **options, state="absent")["changed"]
    assert not path.parent.exists()


def test_the_files_of_the_service_may_have_any_name(locale, tmp_path):
    path = tmp_path / "größe日本"
    own = {"owner": str(os.geteuid()), "group": str(os.getegid())}
    options = {
        "directories": [{"path": str(path), **own}],
        "files": [{"path": str(path / "日本.env"), "content": "A=größe日本\n", **own}],
    }
    assert run(locale, "localai_service_files", **options)["changed"]
    (path / "größe").symlink_to("日本.env")
    assert (path / "größe").read_text(encoding="utf-8") == "A=größe日本\n"
    done = run(locale, "localai_service_files", **options)
    assert not done["changed"]
    looked = {"files": [str(path / "日本.env")], "binary_link": str(path / "größe")}
    found = run(locale, "localai_host_info", **looked)
    assert found["files"] == done["files"]
    assert found["link"]["target"] == "日本.env"
    assert run(locale, "localai_service_files", absent=[str(path)])["removed"] == [str(path)]
    assert not path.exists()
