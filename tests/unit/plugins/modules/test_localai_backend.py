# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a task runs it: check mode predicts, the run changes, the next run finds nothing to do."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import json
import os
import pwd
import re
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.auth import Basic
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.faults import Corrupt, Delay, Status
from ansible_collections.localai.core.tests.support.files import Page
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    directory_of_ordinary_user,
    ordinary_user,
    snapshot,
    umask,
)
from ansible_collections.localai.core.tests.support.proof import actions, foreseen, installed, prove
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.world import Host

# present and absent


@pytest.mark.parametrize(
    ("name", "directories"),
    [
        ("piper", ["piper"]),
        ("llama-cpp", ["cpu-llama-cpp", "llama-cpp"]),
        ("kokoro", ["Kokoro"]),
        ("LLAMA-CPP", ["cpu-llama-cpp", "llama-cpp"]),
        ("test@piper", ["piper"]),
        ("docker-types", ["docker-types"]),
        ("layered", ["layered"]),
        ("two-platforms", ["two-platforms"]),
        ("mirrored", ["mirrored"]),
        ("archived", ["archived"]),
        ("archived-xz", ["archived-xz"]),
        ("archived-bz2", ["archived-bz2"]),
        ("archived-zip", ["archived-zip"]),
        ("from-directory", ["from-directory"]),
    ],
)
def test_a_backend_comes_and_goes(host, name, directories):
    result = prove(host, name, action="install")
    assert (host.names, result["restart_required"], result["removed"]) == (directories, True, [])
    assert [row["after_header"] for row in result["diff"]] == directories
    row = result["backends"][0]
    assert row["run_file"] == str(host.path / row["backend"] / "run.sh")
    assert os.access(row["run_file"], os.X_OK)
    result = prove(host, name, action="remove", state="absent")
    assert (host.names, result["restart_required"]) == ([], True)
    assert [entry["after"] for entry in result["diff"]] == [{}] * len(directories)


def test_what_was_installed_is_recorded_as_localai_records_it(host):
    host.install("llama-cpp", "archived", "from-directory")
    reference = f"{host.world.repository}:latest-cpu-llama-cpp"
    concrete, meta = host.metadata("cpu-llama-cpp"), host.metadata("llama-cpp")
    for document in (concrete, meta):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document.pop("installed_at"))
    url = {"gallery_url": host.world.gallery}
    digest = host.world.content.images["latest-cpu-llama-cpp"].digest
    assert concrete == {"alias": "llama-cpp", "name": "cpu-llama-cpp", **url, "uri": reference, "digest": digest}
    assert meta == {"meta_backend_for": "cpu-llama-cpp", "name": "llama-cpp", **url}
    assert "digest" not in host.metadata("archived")
    assert host.metadata("from-directory")["uri"].endswith("/sources/from-directory")


def test_the_result_tells_where_the_bytes_came_from(host):
    result = host.install("mirrored", "archived", "from-directory")
    rows = {row["name"]: row for row in result["backends"]}
    digest = host.world.content.images["latest-piper"].digest
    assert rows["mirrored"]["served_by"] == f"{host.world.repository}@{digest}"
    assert rows["mirrored"]["uri"] == f"{host.world.repository}:latest-piper"
    assert rows["archived"]["served_by"] == f"{host.world.files.url}/archived.tar.gz"
    assert rows["archived"]["version"] == "1"
    assert rows["from-directory"]["served_by"].endswith("sources/from-directory")
    assert [rows[name]["bytes_transferred"] > 0 for name in rows] == [True, True, False]
    assert all(row["elapsed"] >= 0 for row in rows.values())


def test_several_names_are_one_run_and_each_gallery_is_read_once(host):
    galleries = [{"name": "web", "url": host.world.files.url + "/index.yaml"}]
    host.world.files.pages["/index.yaml"] = Path(host.world.gallery).read_bytes()
    result = host.install("silero-vad", "piper", "llama-cpp", "whisper", galleries=galleries)
    assert [row["name"] for row in result["backends"]] == ["silero-vad", "piper", "llama-cpp", "whisper"]
    assert len([request for request in host.world.files.requests if request.path == "/index.yaml"]) == 1
    assert host.names == ["cpu-llama-cpp", "cpu-whisper", "llama-cpp", "piper", "silero-vad", "whisper"]
    removed = host.install("piper", "missing", state="absent")
    assert actions(removed) == {"piper": "remove", "missing": "none"}


def test_no_name_is_nothing_to_do(host):
    for state in ("present", "absent"):
        assert host.install(state=state)["changed"] is False
    assert not host.path.exists()


def test_a_meta_whose_target_is_there_is_only_written(host):
    host.install("cpu-whisper")
    document = {key: value for key, value in host.metadata("cpu-whisper").items() if key != "alias"}
    (host.path / "cpu-whisper/metadata.json").write_text(json.dumps(document))
    before = snapshot(host.path / "cpu-whisper")
    host.world.registry.requests.clear()
    result = prove(host, "whisper", action="install")
    assert [row["after_header"] for row in result["diff"]] == ["whisper"]
    assert snapshot(host.path / "cpu-whisper") == before


@pytest.mark.parametrize("damage", ["no run file", "no metadata", "bad metadata", "symlink", "file", "half a meta"])
def test_what_is_damaged_is_repaired(host, tmp_path, damage):
    name = "llama-cpp" if damage == "half a meta" else "piper"
    host.install(name)
    place = host.path / "piper"
    if damage == "no run file":
        (place / "run.sh").unlink()
    elif damage == "bad metadata":
        (place / "metadata.json").write_bytes(b"\x00{")
    elif damage == "half a meta":
        shutil.rmtree(host.path / "cpu-llama-cpp")
    elif damage != "no metadata":
        place.rename(tmp_path / "away")
        place.symlink_to(tmp_path / "away") if damage == "symlink" else place.touch()
    action = {"no metadata": "none", "symlink": "install", "file": "install"}.get(damage, "repair")
    result = prove(host, name, action=action)
    assert result["restart_required"] is (damage in ("no run file", "bad metadata", "symlink", "file", "half a meta"))
    assert (host.path / result["backends"][0]["backend"] / "run.sh").is_file()
    if damage == "symlink":
        assert (tmp_path / "away/run.sh").is_file()


def test_force_installs_again(host):
    host.install("piper")
    (host.path / "piper/LICENSE").write_text("changed")
    result = prove(host, "piper", action="replace", force=True)
    assert (host.path / "piper/LICENSE").read_text() == "MIT\n"
    assert (result["restart_required"], result["unload"]) == (False, ["piper"])


def test_a_system_backend_is_left_alone(host):
    host.place("piper", top=host.system)
    for state in ("present", "absent"):
        result = prove(host, "piper", action="none", state=state)
        assert any("system" in warning for warning in result["warnings"])
    assert (host.system / "piper/run.sh").exists()


def test_a_target_that_another_meta_needs_is_not_removed(host):
    host.install("llama-cpp")
    before = snapshot(host.path)
    result = host.backend("cpu-llama-cpp", state="absent")
    assert result["failed"]
    assert "the installed meta backend llama-cpp points to it" in result["msg"]
    assert snapshot(host.path) == before
    result = prove(host, "cpu-llama-cpp", "llama-cpp", action="remove", state="absent")
    assert host.names == []


def test_a_last_resort_is_told_by_the_key_that_decided(host):
    result = host.install("whisper", capability="intel")
    assert (result["capability"], result["backends"][0]["capability"]) == ("intel", "default")
    assert result["backends"][0]["backend"] == "cpu-whisper"


@pytest.mark.parametrize("written", ["{path}/", "{path}//", "/{path}", "{path}/./", "{path}/../backends"])
def test_a_path_may_be_written_in_any_way(host, written):
    result = prove(host, "piper", action="install", backends_path=written.format(path=host.path))
    assert result["backends"][0]["run_file"] == str(host.path / "piper/run.sh")
    assert host.info("piper")["backends"][0]["run_file"] == str(host.path / "piper/run.sh")


def test_a_meta_and_its_build_are_of_the_gallery_that_has_each(host, tmp_path):
    index = yaml.safe_load(Path(host.world.gallery).read_text(encoding="utf-8"))
    galleries = []
    for name, wanted in (("metas", "llama-cpp"), ("builds", "cpu-llama-cpp")):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump([row for row in index if row["name"] == wanted]))
        galleries.append({"name": name, "url": str(tmp_path / f"{name}.yaml")})
    prove(host, "llama-cpp", action="install", galleries=galleries)
    assert host.metadata("llama-cpp")["gallery_url"] == str(tmp_path / "metas.yaml")
    assert host.metadata("cpu-llama-cpp")["gallery_url"] == str(tmp_path / "builds.yaml")


@pytest.mark.parametrize("bearer", ["cuda12-llama-cpp", "zzz"])
def test_what_cannot_be_had_again_gives_way_to_what_goes_before_it(host, bearer):
    host.place(bearer, {"name": bearer, "alias": "llama-cpp"}, run_file=False)
    prove(host, "llama-cpp", action="repair")
    assert host.names == sorted(["cpu-llama-cpp", "llama-cpp", bearer])
    row = next(row for row in host.info("llama-cpp")["backends"] if row["name"] == "llama-cpp")
    assert (row["backend"], row["runnable"]) == ("cpu-llama-cpp", True)


def test_what_would_still_answer_in_its_place_has_to_be_removed(host):
    host.place("a-cpu-old", {"name": "a-cpu-old", "alias": "llama-cpp"}, run_file=False)
    before = snapshot(host.path)
    for check in (True, False):
        result = host.backend("llama-cpp", check=check)
        assert result["failed"]
        assert "a-cpu-old answers to llama-cpp, but cannot run" in result["msg"]
        assert "name=a-cpu-old" in result["msg"]
    assert snapshot(host.path) == before
    prove(host, "a-cpu-old", action="remove", state="absent")
    prove(host, "llama-cpp", action="install")


def test_a_meta_that_localai_named_with_its_gallery_is_found_and_removed(host):
    host.install("llama-cpp")
    document = {key: value for key, value in host.metadata("cpu-llama-cpp").items() if key != "alias"}
    (host.path / "cpu-llama-cpp/metadata.json").write_text(json.dumps(document))
    host.place("test@llama-cpp", {**host.metadata("llama-cpp"), "name": "test@llama-cpp"}, run_file=False)
    host.install("llama-cpp", state="absent")
    assert host.names == ["cpu-llama-cpp", "test@llama-cpp"]
    assert [row["name"] for row in host.info("test@llama-cpp")["backends"]] == ["test@llama-cpp"]
    prove(host, "test@llama-cpp", action="remove", state="absent")
    assert host.names == []


def test_a_pin_for_any_host_is_a_last_resort_on_one_with_a_gpu(host):
    pins = host.info("piper", "llama-cpp", pins=True)["pins"]
    result = host.install("piper", "llama-cpp", pins=pins, capability="nvidia")
    assert any(
        "llama-cpp: the set of pins has no build for this host" in warning and "'default'" in warning
        for warning in result["warnings"]
    )
    assert not any("piper" in warning for warning in result["warnings"])


# straight from a source


def test_a_backend_is_installed_from_a_uri_under_an_alias(host):
    uri = f"{host.world.repository}:latest-piper"
    result = prove(host, "mine", action="install", uri=uri, alias="voice")
    assert host.names == ["mine"]
    document = host.metadata("mine")
    assert (document["alias"], document["uri"], document["name"]) == ("voice", uri, "mine")
    assert "gallery_url" not in document
    result = prove(host, "mine", action="replace", uri=uri, alias="speech")
    assert (host.metadata("mine")["alias"], result["backends"][0]["bytes_transferred"]) == ("speech", 0)
    result = prove(host, "mine", action="replace", uri="oci://" + uri.replace("piper", "kokoro"))
    assert host.metadata("mine")["uri"].endswith("latest-kokoro")
    assert result["unload"] == ["mine"]
    prove(host, "mine", action="remove", state="absent")


def test_what_came_from_a_uri_is_repaired_from_there(host):
    host.install("mine", uri=f"{host.world.repository}:latest-piper", alias="voice")
    (host.path / "mine/run.sh").unlink()
    before = host.metadata("mine")
    prove(host, "mine", action="repair", galleries=[])
    after = host.metadata("mine")
    assert {**before, "installed_at": ""} == {**after, "installed_at": ""}


def test_a_uri_needs_no_gallery(host):
    galleries = [{"name": "dead", "url": "http://127.0.0.1:1/"}]
    host.install("mine", uri=f"{host.world.files.url}/archived.tar.gz?token=hunter2", galleries=galleries)
    assert host.names == ["mine"]


@pytest.mark.parametrize("check", [True, False])
def test_a_query_is_never_shown(host, check):
    uri = f"{host.world.files.url}/archived.tar.gz?token=hunter2"
    result = host.install("mine", uri=uri, check=check)
    assert "hunter2" not in json.dumps(result)
    failed = host.backend("other", uri=uri.replace("archived", "missing"), check=check)
    assert failed["failed"]
    assert "hunter2" not in json.dumps(failed)


# how it looks


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_everybody_can_read_what_was_installed_under_any_umask(host, mask):
    with umask(mask):
        host.install("piper", directory_mode="0711")
    assert oct(stat.S_IMODE(os.stat(host.path).st_mode)) == "0o755"
    assert oct(stat.S_IMODE(os.stat(host.path / "piper").st_mode)) == "0o711"
    assert oct(stat.S_IMODE(os.stat(host.path / "piper/metadata.json").st_mode)) == "0o644"


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_a_backend_belongs_to_whom_the_task_names(host):
    owner, group = pwd.getpwuid(1).pw_name, grp.getgrgid(1).gr_name
    result = prove(host, "piper", action="install", owner=owner, group=group)
    assert (result["diff"][0]["after"]["owner"], result["diff"][0]["after"]["group"]) == (owner, group)
    assert {entry[1:3] for entry in snapshot(host.path / "piper").values()} == {(1, 1)}


def test_an_owner_that_a_task_before_will_make_is_taken_on_trust_in_check_mode_only(host):
    result = host.backend("piper", owner="not-there-yet", check=True)
    assert (result["failed"], result["diff"][0]["after"]["owner"]) == (False, "not-there-yet")
    assert any("this host has no 'not-there-yet'" in warning for warning in result["warnings"])
    result = host.backend("piper", owner="not-there-yet")
    assert "this host has no 'not-there-yet'" in result["msg"]
    assert not host.path.exists()


def test_an_ordinary_user_installs_into_their_own_directory(world):
    plain = [{"host": world.registry.host, "plain_http": True}]
    with directory_of_ordinary_user() as top, ordinary_user():
        host = Host(top, world)
        host.options.update(galleries=[], endpoints=plain)
        prove(host, "mine", action="install", uri=f"{world.repository}:latest-piper")
        prove(host, "mine", action="remove", state="absent")


# failures halfway


@pytest.mark.parametrize("kind", ["bytes", "no run file"])
def test_what_was_done_before_a_failure_is_told(host, kind):
    host.install("silero-vad")
    old = snapshot(host.path / "silero-vad")
    spoiled = host.world.content.images["latest-cpu-silero-vad"].images[0].layers[0].digest
    bad = "silero-vad" if kind == "bytes" else "without-run-file"
    if kind == "bytes":
        host.world.registry.faults = [Corrupt(f"/blobs/{spoiled}", at=100)]
    result = host.backend("piper", bad, "whisper", force=True)
    assert result["failed"]
    assert bad in result["msg"]
    assert result["changed"] is True
    assert [row["name"] for row in result["backends"]] == ["piper"]
    assert [row["after_header"] for row in result["diff"]] == ["piper"]
    assert result["restart_required"] is True
    assert result["removed"] == []
    assert host.names == ["piper", "silero-vad"]
    assert snapshot(host.path / "silero-vad") == old
    assert os.listdir(host.path / ".localai-core/staging") == []


def test_a_failure_at_the_first_step_changed_nothing(host):
    result = host.backend("without-run-file")
    assert (result["failed"], result["changed"], result["diff"]) == (True, False, [])
    assert "has no run.sh at its top" in result["msg"]
    assert result["restart_required"] is False
    assert host.names == []


def test_what_can_be_seen_before_is_an_error_before_the_first_write(host):
    for bad in ("image-missing", "archived-missing", "other-platform", "model-uri", "directory-missing", "nowhere"):
        for check in (True, False):
            result = host.backend("piper", bad, check=check)
            assert (result["failed"], result["changed"], result["diff"]) == (True, False, [])
    assert not host.path.exists()


def test_a_lock_that_is_held_is_an_error(host):
    host.install("piper")
    with open(host.path / ".localai-core/lock", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = host.backend("whisper", lock_timeout=0)
        assert f"pid {os.getpid()}" in result["msg"]
        assert result["changed"] is False
        assert host.install("piper", lock_timeout=0)["changed"] is False
        assert host.install("whisper", lock_timeout=0, check=True)["changed"] is True


def test_what_another_run_removes_meanwhile_is_installed_again(host, monkeypatch):
    from ansible_collections.localai.core.plugins.module_utils._module import answers

    def overtaken(task, installed, name, **settings):
        monkeypatch.undo()
        shutil.rmtree(host.path / name)
        return answers.walk(task, installed, name, **settings)

    host.install("piper")
    monkeypatch.setattr(answers, "walk", overtaken)
    assert actions(host.install("piper", directory_mode="0750")) == {"piper": "install"}


@pytest.fixture
def killed(host):
    """What a run leaves that is killed."""
    host.install("piper", "whisper")
    own = host.path / ".localai-core"
    (own / "staging/7/deep").mkdir(parents=True)
    (own / "progress").touch()
    return own


def test_what_a_killed_run_left_goes_with_the_next_one_that_may_write(host, killed):
    before = snapshot(host.path)
    assert host.install("piper", check=True)["changed"] is False
    with open(killed / "lock", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert host.install("piper", lock_timeout=0)["changed"] is False
    assert snapshot(host.path) == before
    assert host.install("piper")["changed"] is False
    assert [list((killed / "staging").iterdir()), (killed / "progress").exists()] == [[], False]


def test_a_backend_that_a_killed_run_moved_aside_is_back_before_anything_is_decided(host, killed):
    for name in ("piper", "cpu-whisper"):
        (host.path / name).rename(killed / "replaced" / name)
    assert actions(host.install("piper", state="absent")) == {"piper": "remove"}
    assert host.names == ["cpu-whisper", "whisper"]


def test_what_another_run_did_meanwhile_is_not_done_again(host, monkeypatch):
    from ansible_collections.localai.core.plugins.module_utils._module import execute

    open_store = execute.open_store

    @contextlib.contextmanager
    def overtaken(*arguments):
        with open_store(*arguments) as opened:
            host.place("piper", {"name": "piper"})
            yield opened

    monkeypatch.setattr(execute, "open_store", overtaken)
    result = host.install("piper")
    assert (result["changed"], actions(result)) == (False, {"piper": "none"})


# missing libraries


@pytest.mark.parametrize(("library", "uri"), [("yaml", None), ("requests", "quay.io/x/y:z")])
@pytest.mark.parametrize("check", [True, False])
def test_a_missing_library_is_named(host, monkeypatch, library, uri, check):
    monkeypatch.setitem(sys.modules, library, None)
    result = host.backend("piper", check=check, uri=uri)
    assert result["failed"]
    assert {"yaml": "(PyYAML)", "requests": "(requests)"}[library] in result["msg"]
    assert not host.path.exists()


def test_a_converged_run_needs_no_library(host, monkeypatch):
    host.install("piper", "llama-cpp")
    for module in ("yaml", "requests", "urllib3"):
        monkeypatch.setitem(sys.modules, module, None)
    assert host.install("piper", "llama-cpp")["changed"] is False
    assert host.install("piper", state="absent")["changed"] is True


# bad input


def refused(host, *names, match, check_too=True, **options):
    """The task fails with a clear message and has changed nothing, in check mode too."""
    before = snapshot(host.path.parent) if check_too else installed(host)
    for check in (True, False) if check_too else (False,):
        result = host.backend(*names, check=check, **options)
        assert result["failed"], "it did not fail"
        assert match in result["msg"]
        assert "Traceback" not in json.dumps(result)
        assert (result["changed"], result["diff"]) == (False, [])
        assert (snapshot(host.path.parent) if check_too else installed(host)) == before
    return result


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("", "the name of a backend is empty"),
        ("nonsense", "nonsense is in no gallery; looked in test"),
        ("pipr", "Similar names: piper"),
        ("other@piper", "there is no gallery 'other'"),
        ("@piper", "no gallery before the @"),
        ("..", "dot"),
        (".", "dot"),
        (".hidden", "dot"),
        ("../outside", "dot"),
        ("a\\b", "separator"),
        ("a\0b", "NUL"),
        ("x" * 256, "longer than 255 bytes"),
        ("\u00e4" * 128, "longer than 255 bytes"),
        ("vllm", "vllm has no build"),
        ("cuda12-vllm", "does not run on a host with the capability 'default'"),
        ("meta-target-missing", "'nowhere'"),
        ("meta-target-meta", "not a concrete backend"),
        ("meta-target-path", "separator"),
        ("meta-target-incompatible", "has no build that runs on"),
        ("image-missing", "no such image"),
        ("other-platform", "not built for"),
        ("archived-missing", "404"),
        ("directory-missing", "no such file or directory"),
        ("model-uri", "is a source of models only"),
    ],
)
def test_a_name_that_cannot_be_installed_is_refused(host, name, match):
    refused(host, name, match=match)


@pytest.mark.parametrize(
    ("name", "match"), [("archived-wrong-sha256", "its sha256 is"), ("without-run-file", "has no run.sh at its top")]
)
def test_what_only_the_bytes_show_is_refused_by_the_run(host, name, match):
    host.install("piper")
    refused(host, name, match=match, check_too=False)


@pytest.mark.parametrize(
    ("page", "match"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        (b"", "it is empty"),
        (b"# nothing\n", "it is empty"),
        (b"piper: {uri: x}\n", "it is a mapping, not a YAML list"),
        (b"just text\n", "it is text, not a YAML list"),
        (b"- name: [\n", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid UTF-16"),
        (b"- 1\n- x\n", "none of its 2 entries"),
        (b"-" * 50_000_000, "more than 33554432 bytes"),
        (Page(b"", status=404), "404"),
        (Page(b"", status=503), "503"),
        (None, "404"),
    ],
    ids=[
        "HTML",
        "empty",
        "comment",
        "mapping",
        "text",
        "broken",
        "binary",
        "no entries",
        "50 MB",
        "404",
        "503",
        "none",
    ],
)
def test_a_gallery_that_is_none_is_refused(host, page, match):
    if page is not None:
        host.world.files.pages["/bad.yaml"] = page
    else:
        host.world.files.pages.pop("/bad.yaml", None)
    url = host.world.files.url + "/bad.yaml"
    result = refused(host, "piper", match=match, galleries=[{"name": "bad", "url": url + "?token=hunter2"}])
    assert f"gallery bad could not be read. Tried {url}" in result["msg"]
    assert "hunter2" not in result["msg"]


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("http://127.0.0.1:1/index.yaml", "refused"),
        ("http://[::1", "malformed"),
        ("http://me:hunter2@127.0.0.1/index.yaml", "contains a user name"),
        ("/nowhere/index.yaml", "No such file"),
        ("file:///nowhere/index.yaml", "No such file"),
        ("/etc", "directory"),
        ("/dev/zero", "not a file"),
        ("ftp://host/index.yaml", "ftp"),
        ("github:x", "github"),
    ],
)
def test_a_gallery_that_cannot_be_reached_is_refused(host, url, match):
    result = refused(host, "piper", match=match, galleries=[{"name": "bad", "url": url}])
    assert "hunter2" not in result["msg"]


def test_a_gallery_that_does_not_answer_is_refused(host):
    host.world.files.faults = [Delay("/index.yaml", seconds=30)]
    galleries = [{"name": "slow", "url": host.world.files.url + "/index.yaml"}]
    refused(host, "piper", match="gallery slow could not be read", galleries=galleries, timeout=1)


def test_the_mirror_of_a_gallery_stands_in_for_it(host):
    galleries = [{"name": "test", "url": "http://127.0.0.1:1/x", "mirrors": [host.world.gallery]}]
    host.install("piper", galleries=galleries)
    assert host.metadata("piper")["gallery_url"] == "http://127.0.0.1:1/x"


def test_wrong_credentials_are_refused_and_not_shown(host):
    with Registry(Basic("me", "right")) as locked:
        name = locked.put("x/y", "tag", backend_image())
        endpoints = [{"host": locked.host, "username": "me", "password": "hunter2"}]
        result = refused(host, "mine", match="The registry refused the login of user", uri=name, endpoints=endpoints)
        assert "hunter2" not in json.dumps(result)
        host.install("mine", uri=name, endpoints=[{**endpoints[0], "password": "right"}])
    assert host.names == ["mine"]


def test_an_image_with_another_digest_is_refused(host):
    spoiled = host.world.content.images["latest-piper"].images[0]
    host.world.registry.faults = [Corrupt(f"/manifests/{spoiled.digest}", at=30)]
    refused(host, "piper", match="the manifest has the digest")


def test_a_busy_registry_is_an_error_in_the_end(host):
    host.world.registry.faults = [Status(f"{REPOSITORY}/manifests", status=429, headers={"Retry-After": "0"})]
    refused(host, "piper", match="429", retries=1)


def test_a_layer_for_another_machine_is_refused(host):
    name = host.world.registry.put("x/other", "tag", images.image([], images.Platform("s390x")))
    refused(host, "mine", match="it is for linux/s390x", uri=name)
    refused(host, "mine", match="linux/amd64", uri=name, platform="amd64")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"backends_path": "relative/backends"}, "is not an absolute path"),
        ({"backends_path": ""}, "is not an absolute path"),
        ({"backends_path": "{system}"}, "are both"),
        ({"backends_path": "{system}/../system/"}, "are both"),
        ({"backends_path": "{file}"}, "Not a directory"),
        ({"backends_path": "{file}/below"}, "ot a directory"),
        ({"backends_path": "{dangling}"}, "is not a directory"),
        ({"uri": " "}, "uri is empty"),
        ({"uri": "x/y", "alias": "../x"}, "alias"),
        ({"uri": "x/y", "name": ["a", "b"]}, "uri installs one backend, but name lists 2"),
        ({"uri": "x/y", "state": "absent"}, "uri cannot be used with state=absent"),
        ({"uri": "https://me:hunter2@host/x"}, "contains a user name"),
        ({"directory_mode": "rwx"}, "is not a mode such as"),
        ({"directory_mode": "0644"}, "The owner needs rwx"),
        ({"directory_mode": "02755"}, "no bits above 0777"),
        ({"timeout": 0}, "timeout"),
        ({"retries": -1}, "retries"),
        ({"connections": 0}, "connections is 0"),
        ({"rate_limit": "fast"}, "is not a number of bytes per second"),
        ({"lock_timeout": -1}, "lock_timeout"),
        ({"capability": " "}, "capability is empty"),
        ({"platform": "amd64"}, "platform"),
        ({"endpoints": [{"host": "https://x"}]}, "is not a host"),
        ({"endpoints": [{"host": "x", "token": "hun ter2"}]}, "token"),
        ({"galleries": [{"name": "a", "url": "x"}, {"name": "A", "url": "y"}]}, "is used twice"),
        ({"galleries": [{"name": "a", "url": "x", "sha256": "short"}]}, "64 hexadecimal digits"),
        ({"auth_file": "/nowhere", "uri": "{locked}"}, "auth_file /nowhere"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(host, tmp_path, options, match):
    host.system.mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    with Registry(Basic()) as locked:
        places = {"system": host.system, "file": tmp_path / "file", "dangling": tmp_path / "dangling"}
        places["locked"] = locked.host + "/x/y:z"
        filled = {key: value.format(**places) if isinstance(value, str) else value for key, value in options.items()}
        names = filled.pop("name", ["piper"])
        result = refused(host, *names, match=match, **filled)
    assert "hunter2" not in json.dumps(result)
    assert not host.path.exists()


def test_a_path_that_may_not_be_written_is_refused(world):
    with directory_of_ordinary_user() as top:
        host = Host(top, world)
        host.path.mkdir(mode=0o555)
        with ordinary_user():
            host.options.update(galleries=[], endpoints=[{"host": world.registry.host, "plain_http": True}])
            refused(host, "mine", match="cannot be written by user", uri=f"{world.repository}:latest-piper")


def test_a_disk_that_is_too_small_is_refused(host):
    image = json.loads(images.image([images.layer([])], images.host_platform()).manifest)
    image["layers"][0]["size"] = 2**60
    host.world.registry.put("x/huge", "other", images.image([images.layer([])], images.host_platform()))
    host.world.registry.put_manifest("x/huge", "tag", images.document(image), images.OCI_MANIFEST)
    refused(host, "mine", match="MiB of free space, but at least", uri=f"{host.world.registry.host}/x/huge:tag")


@pytest.mark.parametrize("target", ["..", ".", "/", "../x", "/etc", "a/b", ".hidden", ""])
def test_metadata_that_leads_out_is_not_followed(host, tmp_path, target):
    outside = tmp_path / "x"
    outside.mkdir()
    (outside / "run.sh").touch()
    before = snapshot(outside)
    host.place("llama-cpp", {"name": "llama-cpp", "meta_backend_for": target}, run_file=False)
    result = host.install("llama-cpp")
    assert result["changed"] is True
    assert host.metadata("llama-cpp")["meta_backend_for"] == "cpu-llama-cpp"
    (host.path / "llama-cpp/metadata.json").write_text(json.dumps({"name": "llama-cpp", "meta_backend_for": target}))
    host.install("llama-cpp", state="absent")
    assert "llama-cpp" not in host.names
    assert snapshot(outside) == before
    assert host.path.is_dir()


@pytest.mark.parametrize(
    "metadata",
    [b"", b"[]", b"\x00\xff", b"{", b'{"name": 7}', b"[" * 100_000, b"x" * 2_000_000],
    ids=["empty", "list", "binary", "broken", "no text", "deep", "long"],
)
def test_metadata_that_cannot_be_read_hides_nothing_else(host, metadata):
    host.place("broken", metadata)
    host.install("piper")
    assert host.names == ["broken", "piper"]
    assert host.install("piper")["changed"] is False
    host.install("broken", state="absent")
    assert host.names == ["piper"]


def test_metadata_that_is_no_file_hides_nothing_else(host):
    os.mkfifo(host.place("pipe") / "metadata.json")
    (host.place("directory") / "metadata.json").mkdir()
    host.install("piper")
    host.install("pipe", "directory", state="absent")
    assert host.names == ["piper"]


def test_a_name_on_disk_that_is_no_text_is_no_reason_to_fail(host):
    host.path.mkdir()
    os.mkdir(os.fsencode(host.path) + b"/broken-\xff")
    (host.path / os.fsdecode(b"broken-\xff") / "run.sh").touch()
    assert host.install("piper")["changed"] is True
    assert host.install("piper", check=True)["changed"] is False


# check mode predicts the run

NAMES = ["piper", "llama-cpp", "cpu-llama-cpp", "LLAMA-cpp", "whisper", "kokoro", "from-directory"]
PLACED = {
    "piper": {"name": "piper"},
    "cpu-llama-cpp": {"name": "cpu-llama-cpp", "alias": "llama-cpp"},
    "rocm-llama-cpp": {"name": "rocm-llama-cpp", "alias": "llama-cpp"},
    "llama-cpp": {"name": "llama-cpp", "meta_backend_for": "cpu-llama-cpp"},
    "whisper": {"name": "whisper", "meta_backend_for": "cpu-whisper"},
    "Kokoro": {"name": "Kokoro", "alias": "kokoro"},
    "kokoro": {"name": "kokoro"},
    "broken": b"[]",
}
METAS = ("llama-cpp", "whisper")
STATE = st.dictionaries(
    st.sampled_from(sorted(PLACED)), st.sampled_from(["sound", "no run file", "no metadata", "file", "symlink"])
)


OPTIONS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["present", "absent"]),
        "capability": st.sampled_from(["default", "amd", "nvidia"]),
        "force": st.booleans(),
    }
)


@settings(max_examples=max(settings.default.max_examples // 2, 1))
@given(before=STATE, names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), options=OPTIONS)
@example({"Kokoro": "sound", "kokoro": "sound"}, ["kokoro", "kokoro"], {"force": True})
@example({"cpu-llama-cpp": "no run file"}, ["LLAMA-cpp"], {})
def test_check_mode_predicts_any_run(world, before, names, options):
    with tempfile.TemporaryDirectory() as top:
        host = Host(Path(top), world)
        host.path.mkdir()
        for name, how in before.items():
            if how == "file":
                (host.path / name).touch()
            elif how == "symlink":
                (host.path / name).symlink_to("/nowhere")
            else:
                metadata = None if how == "no metadata" else PLACED[name]
                host.place(name, metadata, run_file=how != "no run file" and name not in METAS)
        untouched = snapshot(Path(top))
        predicted = host.backend(*names, check=True, **options)
        assert snapshot(Path(top)) == untouched
        result = host.backend(*names, **options)
        if predicted["failed"]:
            assert (result["failed"], result["msg"]) == (True, predicted["msg"])
            assert snapshot(Path(top)) == untouched
            return
        assert not result["failed"], result["msg"]
        assert foreseen(result) == foreseen(predicted)
        for check in (True, False):
            again = host.backend(*names, check=check, **{**options, "force": False})
            assert (again["failed"], again["changed"]) == (False, False)
        for row in result["backends"]:
            listed = {
                found["name"]: found for found in host.info(row["name"], capability=result["capability"])["backends"]
            }
            assert listed.get(row["name"], {}).get("run_file") == row["run_file"]
            assert row["name"] not in listed or listed[row["name"]]["runnable"]
