# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`localai_model` with hostile galleries, archives, servers and disks: each is answered, and nobody else is harmed."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.localai.core.tests.support import archives
from ansible_collections.localai.core.tests.support.faults import Cut, Status
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    directory_of_ordinary_user,
    ordinary_user,
    snapshot,
)
from ansible_collections.localai.core.tests.support.model_proof import actions, installed, prove
from ansible_collections.localai.core.tests.support.model_world import (
    OTHER,
    WEIGHTS,
    ModelHost,
    sha256,
)

BOMB = "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 50))])
# What one gets, and part of the message.
GALLERIES = {
    "empty": ("", "it is empty"),
    "null": ("null", "it is empty"),
    "a mapping": ("a: b", "it is a mapping, not a YAML list of models"),
    "text": ("hello", "it is text"),
    "HTML": ("<html>", "open the URL in a browser"),
    "no YAML": ("- name: [", "it is not valid YAML"),
    "binary": ("\0\x01", "it is not valid YAML"),
    "a merge conflict": ("<<<<<<< HEAD\n- name: one\n", "marker of a merge conflict"),
    "repeated keys": ("- name: one\n  name: two\n", "the key 'name' is repeated"),
    "deep": ("- name: one\n  overrides: " + "{a: " * 150 + "1" + "}" * 150, "nested more than 100 levels"),
    "in itself": ("- name: one\n  overrides: &a {k: *a}\n", "nested more than 100 levels"),
    "a bomb": (
        "- name: one\n  overrides:\n" + "\n".join(f"    {line}" for line in BOMB.splitlines()),
        "its aliases stand for more than",
    ),
}


def failing(host, *names, **options):
    """The message of a run that fails, in check mode too, and writes nothing."""
    before = snapshot(host.path.parent)
    predicted = host.model(*names, check=True, **options)
    result = host.model(*names, **options)
    assert (predicted["failed"], result["failed"]) == (True, True)
    assert predicted["msg"] == result["msg"]
    assert snapshot(host.path.parent) == before
    assert "Traceback" not in json.dumps(result)
    return result["msg"]


@pytest.mark.parametrize("kind", GALLERIES)
def test_a_gallery_that_is_none_is_an_error(model_host, kind):
    text, part = GALLERIES[kind]
    model_host.world.publish(text)
    message = failing(model_host, "one")
    assert message.startswith("gallery test could not be read. Tried ")
    assert part in message


# Wrong entries, each of which is skipped or an error, while the others can be installed.
ENTRIES = {
    "a file outside": ({"files": [{"filename": "../../x", "uri": "/etc/hostname"}]}, "'../../x' is not a plain path"),
    "an absolute file": ({"files": [{"filename": "/etc/x", "uri": "/etc/hostname"}]}, "is not a plain path"),
    "another configuration": ({"files": [{"filename": "one.yaml", "uri": "/x"}]}, "configuration of another model"),
    "another record": ({"files": [{"filename": "._gallery_one.yaml", "uri": "/x"}]}, "configuration of another model"),
    "our own lock": ({"files": [{"filename": ".localai-core/lock", "uri": "/x"}]}, "has a name that is reserved"),
    "a directory for a configuration": ({"files": [{"filename": "x.yaml/a", "uri": "/x"}]}, "configuration of another"),
    "a wrong digest": ({"files": [{"filename": "a", "uri": "/x", "sha256": "abc"}]}, "is not 64 hexadecimal digits"),
    "a base file outside": ({"url": "../../../etc/passwd"}, "is not a plain path in its gallery"),
    "a base file that is none": ({"url": "/etc/hostname"}, "it is not a mapping, so it is no base file"),
    "no base file": ({"url": "nosuch.yaml"}, "The base file could not be read. Tried "),
    "a model outside": ({"overrides": {"backend": "x", "mmproj": "../x"}}, 'mmproj is "../x"'),
    "a wrong type": ({"overrides": {"backend": ["x"]}}, "backend is a list"),
    "nothing at all": ({"overrides": {}}, "it has no configuration"),
    "a bomb": ({"overrides": BOMB}, "its overrides is not a mapping"),
    "an archive of another kind": (
        {"files": [{"filename": "a.rar", "uri": "/etc/hostname"}]},
        "a.rar is an archive of a kind that cannot be unpacked here",
    ),
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_hostile_entry_is_an_error_and_the_others_can_be_installed(model_host, kind):
    entry, part = ENTRIES[kind]
    hostile = {"name": "hostile", "overrides": {"backend": "x"}, **entry}
    model_host.world.publish([*model_host.world.entries(), hostile])
    assert part in failing(model_host, "hostile")
    assert model_host.install("one")["changed"]


BASES = {
    "empty": ("", "it is not a mapping"),
    "a list": ("- a", "it is not a mapping"),
    "no text": ("config_file: [x]", "its config_file is not a string"),
    "no mapping": ("config_file: |\n  - a\n", "its configuration is not a mapping"),
    "no YAML": ("config_file: 'a: ['", "its config_file: it is not valid YAML"),
    "a template outside": ("prompt_templates: [{name: ../x, content: y}]", "'../x' is not a plain path"),
    "a file outside": ("files: [{filename: ../x, uri: /a}]", "'../x' is not a plain path"),
    "a bomb": ("config_file: |\n" + "\n".join(f"  {line}" for line in BOMB.splitlines()), "its aliases stand for"),
}


# The bomb takes ten seconds here; that of a gallery is always tried.
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.long] if kind == "a bomb" else []) for kind in BASES]
)
def test_a_hostile_base_file_is_an_error(model_host, kind):
    text, part = BASES[kind]
    (model_host.world.output / "base.yaml").write_text(text)
    message = failing(model_host, "chatty")
    assert message.startswith("chatty: The base file could not be read. Tried ")
    assert part in message


ARCHIVES = {
    "a symlink": ([archives.symlink("l", "/etc/passwd")], "'l' in the source is a symlink"),
    "a hard link": ([archives.file("q"), archives.hardlink("r", "q")], "is a hard link"),
    "a path outside": ([archives.file("../../x")], "'../../x' leads out of the tree"),
    "another configuration": ([archives.file("one.yaml")], "would be the configuration of another model"),
    "another record": ([archives.file("._gallery_one.yaml")], "would be the configuration of another model"),
    "our own lock": ([archives.file(".localai-core/lock")], "has a name that is reserved"),
    "snapshots": ([archives.file(".artifacts/x")], "has a name that is reserved"),
    "a file of another model": ([archives.file("a.gguf", b"evil")], "another file of that name is in the models path"),
    "a link and its target": (
        [archives.symlink("sub", "/etc"), archives.file("sub/passwd", b"x")],
        "sub",
    ),
}


def archived(host, data):
    """Publish a model with an archive."""
    host.world.files.pages["/x.tar.bz2"] = data
    entry = {"name": "hostile", "files": [host.world.file("x.tar.bz2", data)], "overrides": {"backend": "piper"}}
    host.world.publish([*host.world.entries(), entry])


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_hostile_archive_is_refused_and_changes_nothing_of_others(model_host, kind):
    entries, part = ARCHIVES[kind]
    model_host.install("one")
    before = installed(model_host)
    archived(model_host, archives.compress(archives.tar(entries), "bzip2"))
    for _run in range(2):
        result = model_host.model("hostile")
        assert result["failed"]
        assert result["msg"].startswith("hostile: ")
        assert part in result["msg"]
        after = installed(model_host)
        assert {path: entry for path, entry in after.items() if path != "x.tar.bz2"} == before
        assert actions(model_host.install("one")) == {"one": "none"}


@pytest.mark.parametrize("data", [b"", b"garbage", archives.compress(b"garbage" * 100, "bzip2")])
def test_an_archive_that_is_none_is_an_error(model_host, data):
    archived(model_host, data)
    result = model_host.model("hostile")
    assert result["failed"]
    assert "x.tar.bz2" in result["msg"]
    assert "hostile.yaml" not in model_host.files


DISKS = {
    "a directory instead of a file": (lambda path: (path / "a.gguf").mkdir(), "is not a regular file"),
    "a symlink instead of a file": (
        lambda path: (path / "a.gguf").symlink_to("/etc/hostname"),
        "is not a regular file",
    ),
    "a FIFO instead of a file": (lambda path: os.mkfifo(path / "a.gguf"), "is not a regular file"),
    "a directory instead of a configuration": (lambda path: (path / "one.yaml").mkdir(), "one.yaml is a directory"),
    "a directory instead of a record": (lambda path: (path / "._gallery_one.yaml").mkdir(), "_one.yaml is a directory"),
}


@pytest.mark.parametrize("kind", DISKS)
def test_what_is_in_the_way_is_an_error_before_anything_is_fetched(model_host, kind):
    spoil, part = DISKS[kind]
    model_host.path.mkdir()
    spoil(model_host.path)
    assert part in failing(model_host, "one")
    assert model_host.requests == 0


@pytest.mark.parametrize("kind", ["symlink", "file"])
def test_what_is_in_the_way_of_a_directory_is_an_error_before_anything_is_fetched(model_host, kind):
    model_host.path.mkdir()
    if kind == "symlink":
        (model_host.path / "sub").symlink_to("/tmp")
    else:
        (model_host.path / "sub").write_text("x")
    assert "sub is not a directory, and sub/b.gguf has to be in it" in failing(model_host, "two")
    assert model_host.requests == 0


def test_a_directory_with_the_name_of_a_configuration_is_not_removed(model_host):
    (model_host.path / "one.yaml").mkdir(parents=True)
    (model_host.path / "one.yaml" / "mine").write_text("x")
    assert "one.yaml is a directory" in failing(model_host, "one", state="absent")
    model_host.install("two", exclusive=True)
    assert (model_host.path / "one.yaml" / "mine").exists()


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda path: path.symlink_to("/etc/hostname"), lambda path: path.symlink_to("x")]
)
def test_a_configuration_that_is_no_file_is_replaced_and_its_target_stays(model_host, make):
    model_host.path.mkdir()
    make(model_host.path / "one.yaml")
    assert actions(prove(model_host, "one")) == {"one": "replace"}
    assert not (model_host.path / "one.yaml").is_symlink()


@pytest.mark.long
def test_files_of_strangers_that_cannot_be_read_as_yaml_harm_nobody(model_host):
    model_host.path.mkdir()
    (model_host.path / "bad.yaml").write_bytes(b"\xff\xfe{")
    (model_host.path / "bomb.yaml").write_text(BOMB)
    (model_host.path / "self.yaml").write_text("a: &a\n  b: *a\n")
    (model_host.path / "fifo.yaml").touch()
    (model_host.path / "fifo.yaml").unlink()
    os.mkfifo(model_host.path / "fifo.yaml")
    (model_host.path / "link.yaml").symlink_to("/etc/hostname")
    before = installed(model_host)
    prove(model_host, "one")
    model_host.install("one", state="absent")
    model_host.install(prune=True)
    assert {path: entry[0] for path, entry in installed(model_host).items() if path in before} == {
        path: entry[0] for path, entry in before.items()
    }


RECORDS = {
    "a file of another model": lambda record: record["files"].append({**record["files"][0], "filename": "sub/b.gguf"}),
    "a file outside": lambda record: record["files"].append({**record["files"][0], "filename": "../x"}),
    "a snapshot outside": lambda record: record["snapshots"].append("../../../outside"),
    "a written file outside": lambda record: record["written"].update({"../outside/x": 1}),
    "no files": lambda record: record["files"].clear(),
    "a wrong type": lambda record: record.update(config={"name": ["x"], "backend": {"a": 1}}),
    "wrong sizes": lambda record: record["files"][0].update(size=-5, sha256="zz"),
    "another format": lambda record: record.update(format=99),
    "levels": lambda record: record.update(config=json.loads('{"a":' * 900 + "1" + "}" * 900)),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_hostile_record_removes_nothing_of_others(model_host, kind):
    model_host.install("one", "two")
    outside = model_host.path.parent / "outside"
    outside.mkdir()
    (outside / "x").write_text("x")
    record = model_host.record("one")
    RECORDS[kind](record)
    (model_host.path / ".localai-core" / "models" / "one.json").write_text(json.dumps(record))
    for options in ({}, {"verify": True}, {"state": "absent"}):
        result = model_host.model("one", **options)
        assert not result["failed"], result["msg"]
    assert (outside / "x").exists()
    assert model_host.files[:1] + model_host.files[-2:] == ["._gallery_two.yaml", "sub/b.gguf", "two.yaml"]
    assert actions(prove(model_host, "two")) == {"two": "none"}


def test_a_wrong_content_is_not_installed(model_host):
    model_host.world.files.pages["/a.gguf"] = b"Y" * len(WEIGHTS)
    result = model_host.model("one")
    assert result["msg"].startswith("one: a.gguf cannot be fetched. Tried ")
    assert f"not {sha256(WEIGHTS)}" in result["msg"]
    assert model_host.files == []


def test_a_missing_file_fails_the_run_and_not_check_mode(model_host):
    del model_host.world.files.pages["/a.gguf"]
    predicted = model_host.model("one", check=True)
    assert (predicted["failed"], predicted["models"][0]["files"][0]["size"]) == (False, None)
    result = model_host.model("one")
    assert "404 Not Found" in result["msg"]
    assert model_host.files == []


def test_an_unreachable_server_fails_the_run_and_not_check_mode(model_host):
    entries = model_host.world.entries()
    entries[0]["files"][0]["uri"] = "http://127.0.0.1:1/a.gguf"
    model_host.world.publish(entries)
    assert not model_host.model("one", check=True)["failed"]
    assert "127.0.0.1:1 cannot be reached: Connection refused" in model_host.model("one")["msg"]


def test_an_error_of_the_server_is_retried(model_host):
    model_host.world.files.faults.append(Status(times=2, status=503, method="GET"))
    assert not model_host.model("one", retries=3)["failed"]


def test_a_cut_transfer_is_continued(model_host):
    model_host.world.files.faults.append(Cut(times=1, after=10_000, method="GET"))
    result = model_host.model("one", retries=3)
    assert not result["failed"], result["msg"]
    assert (model_host.path / "a.gguf").read_bytes() == WEIGHTS


def test_a_run_continues_what_an_interrupted_one_has_transferred(model_host):
    data = bytes(range(256)) * 40_000
    model_host.world.files.pages["/big.gguf"] = data
    model_host.world.publish([model_host.world.entry("big", "big.gguf", data)])
    faults = [Cut(skip=1, times=1, after=8_000_000, method="GET"), Status(skip=1, status=503, method="GET")]
    model_host.world.files.faults.extend(faults)
    assert model_host.model("big", connections=1)["failed"]
    assert model_host.files == []
    model_host.world.files.faults.clear()
    result = model_host.install("big")
    assert 0 < result["models"][0]["bytes_transferred"] <= len(data) - 7_000_000
    assert (model_host.path / "big.gguf").read_bytes() == data
    assert [path for path in model_host.path.rglob("*") if "partial/" in str(path)] == []


def test_secrets_of_addresses_are_in_no_result(model_host):
    entries = model_host.world.entries()
    entries[0]["files"][0]["uri"] += "?X-Amz-Signature=SECRET"
    model_host.world.publish(entries)
    for options in ({"check": True}, {}, {"verify": True}, {"force": True}, {"state": "absent"}):
        assert "SECRET" not in json.dumps(model_host.model("one", **options))
    model_host.world.files.pages.clear()
    failed = model_host.model("one")
    assert failed["failed"]
    assert "SECRET" not in json.dumps(failed)


def test_the_second_of_two_files_cannot_be_fetched(model_host):
    entries = model_host.world.entries()
    entries[3]["files"][1]["uri"] = "http://127.0.0.1:1/x"
    model_host.world.publish(entries)
    result = model_host.model("seeing")
    assert (result["failed"], result["changed"], actions(result)) == (True, False, {})
    assert "seeing.yaml" not in model_host.files
    model_host.world.publish(model_host.world.entries())
    prove(model_host, "seeing")


@pytest.mark.skipif(not IS_ROOT, reason="another user is needed")
def test_an_ordinary_user_can_manage_their_own_models(model_world):
    model_world.reset()
    model_world.output.chmod(0o755)
    with directory_of_ordinary_user() as top:
        host = ModelHost(top, model_world)
        gallery = top / "index.yaml"
        gallery.write_text(model_world.index.read_text())
        gallery.chmod(0o644)
        host.options["galleries"] = [{"name": "test", "url": str(gallery)}]
        with ordinary_user():
            prove(host, "one")
            prove(host, "one", config={"threads": 2})
            prove(host, "one", state="absent")


@pytest.mark.skipif(not IS_ROOT, reason="another user is needed")
def test_a_path_that_this_user_may_not_write_is_an_error_before_anything_is_fetched(model_world):
    model_world.reset()
    with directory_of_ordinary_user() as top:
        host = ModelHost(top, model_world)
        gallery = top / "index.yaml"
        gallery.write_text(model_world.index.read_text())
        gallery.chmod(0o644)
        host.options["galleries"] = [{"name": "test", "url": str(gallery)}]
        host.path.mkdir(mode=0o755)
        with ordinary_user():
            for check in (True, False):
                result = host.model("one", check=check)
                assert result["failed"]
                assert str(host.path) in result["msg"]
        assert host.requests == 0


def test_another_configuration_of_the_same_file_name_in_another_case_is_another_model(model_host):
    model_host.install("one")
    own = {"files": [{"filename": "x", "uri": model_host.url("b.gguf"), "sha256": sha256(OTHER)}]}
    result = model_host.install("ONE", config={"backend": "x"}, **own)
    assert actions(result) == {"ONE": "install"}
    assert {"one.yaml", "ONE.yaml"} <= set(model_host.files)
