# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends of the operating system, as servers of both kinds list them, and what a task means for them."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.tests.support.host import directory_of_ordinary_user, ordinary_user, snapshot
from ansible_collections.localai.core.tests.support.world import Host


def packaged(host, directory, alias="", run_file=True, **metadata):
    host.place(directory, {"name": directory, "alias": alias, **metadata}, run_file, host.system)


def rows(result):
    return {row["name"]: row for row in result["backends"]}


def short(result):
    """Name -> kind, backend, and `meta` for a meta backend."""
    return {
        name: " ".join((row["kind"], row["backend"], *(["meta"] if row["is_meta"] else [])))
        for name, row in rows(result).items()
    }


@pytest.fixture(name="family")
def _family(host):
    """A distribution's llama-cpp, with a build for CPUs and one for NVIDIA."""
    packaged(host, "cpu-llama-cpp", "llama-cpp")
    packaged(host, "cuda-llama-cpp", "llama-cpp")
    packaged(host, "voices", run_file=False, name="tts", meta_backend_for="cpu-tts")
    packaged(host, "cpu-tts")
    return host


def test_a_new_server_lists_aliases_and_metas_of_the_system_path(family):
    expected = {
        "cpu-llama-cpp": "system cpu-llama-cpp",
        "cuda-llama-cpp": "system cuda-llama-cpp",
        "llama-cpp": "system cuda-llama-cpp",
        "cpu-tts": "system cpu-tts",
        "tts": "system cpu-tts meta",
    }
    for version in (None, "v4.10.0", "v4.11.2", "v5.0.0"):
        result = family.info(server_version=version, capability="nvidia")
        assert short(result) == expected
    assert all(row["is_system"] and row["listed"] and row["usable"] for row in result["backends"])
    assert rows(result)["tts"]["run_file"] == str(family.system / "cpu-tts/run.sh")
    assert rows(result)["tts"]["metadata"] == {"name": "tts", "meta_backend_for": "cpu-tts"}


def test_a_server_up_to_4_9_lists_its_run_files_only(family):
    result = family.info(server_version="v4.9.12", capability="nvidia")
    assert short(result) == {name: f"system {name}" for name in ("cpu-llama-cpp", "cpu-tts", "cuda-llama-cpp")}
    assert {row["metadata"] for row in result["backends"]} == {None}


def test_an_alias_of_the_system_path_answers_to_its_name(family):
    for state in ("present", "latest", "absent"):
        for check in (True, False):
            result = family.backend("llama-cpp", state=state, check=check)
            assert (result["failed"], result["changed"]) == (False, False), result["msg"]
            assert any("llama-cpp: a system backend answers to it" in warning for warning in result["warnings"])
    assert not family.path.exists()


def test_for_a_server_up_to_4_9_the_same_name_is_installed(family):
    result = family.install("llama-cpp", server_version="v4.9.0")
    assert (result["changed"], result["restart_required"]) == (True, True)
    assert family.names == ["cpu-llama-cpp", "llama-cpp"]


def test_an_installation_makes_a_family_vanish_and_a_removal_brings_it_back(family):
    before = snapshot(family.system)
    for check in (True, False):
        result = family.backend("llama-cpp", force=True, check=check)
        assert result["restart_required"], result["msg"]
        assert any(
            "the alias llama-cpp of cpu-llama-cpp hides the system backend cuda-llama-cpp" in warning
            for warning in result["warnings"]
        )
    assert short(family.info()) == {
        "cpu-llama-cpp": "concrete cpu-llama-cpp",
        "llama-cpp": "alias cpu-llama-cpp",
        "cpu-tts": "system cpu-tts",
        "tts": "system cpu-tts meta",
    }
    assert family.backend("llama-cpp", state="absent")["restart_required"]
    assert "cuda-llama-cpp" in rows(family.info())
    assert snapshot(family.system) == before


def test_a_name_that_vanishes_with_its_family_is_installed_in_the_same_run(host):
    packaged(host, "whisper", "llama-cpp")
    for check in (True, False):
        result = host.backend("whisper", "cpu-llama-cpp", check=check)
        assert [(row["name"], row["action"]) for row in result["backends"]] == [
            ("whisper", "install"),
            ("cpu-llama-cpp", "install"),
        ]
    assert host.names == ["cpu-llama-cpp", "cpu-whisper", "whisper"]
    assert not host.install("whisper", "cpu-llama-cpp")["changed"]


def test_a_name_that_vanishes_and_that_no_gallery_has_is_an_error_before_anything_is_written(host):
    packaged(host, "of-the-system", "llama-cpp")
    for check in (True, False):
        result = host.backend("of-the-system", "cpu-llama-cpp", check=check)
        assert result["failed"]
        assert "of-the-system is in no gallery" in result["msg"]
    assert not host.path.exists()


def test_a_meta_of_the_system_path_that_cannot_run_is_no_obstacle(host):
    packaged(host, "piper", run_file=False, meta_backend_for="gone")
    assert rows(host.info())["piper"]["problem"] == "gone, which it points to, is not installed or has no run.sh"
    result = host.install("piper")
    assert (result["changed"], short(host.info())) == (True, {"piper": "concrete piper"})
    assert not host.install("piper")["changed"]


def test_a_meta_of_the_system_path_that_comes_last_is_warned_of(host):
    # LocalAI uses the last directory in byte order, and a meta backend counts under the name in its metadata.
    packaged(host, "zz", run_file=False, name="piper", meta_backend_for="gone")
    for changed in (True, False):
        result = host.install("piper")
        assert result["changed"] is changed
        assert any(
            "piper is installed, but LocalAI uses the system backend zz for this name" in warning
            for warning in result["warnings"]
        )
        assert not result["restart_required"] or changed
    assert host.names == ["piper"]


def test_an_unreadable_system_directory_is_skipped_and_reported(host):
    host.place("piper", {"name": "piper"})
    host.place("broken", b"{", top=host.system)
    result = host.info()
    assert short(result) == {"piper": "concrete piper"}
    assert rows(result)["piper"]["listed"]
    assert [problem["name"] for problem in result["problems"]] == [None]
    assert str(host.system / "broken") + ": LocalAI skips it" in result["problems"][0]["problem"]
    old = host.info(server_version="v4.9.0")
    assert (set(rows(old)), old["problems"]) == ({"broken", "piper"}, [])


def test_a_directory_without_access_is_skipped_in_the_system_path_and_counts_in_the_other(world):
    with directory_of_ordinary_user() as top, ordinary_user():
        host = Host(top, world)
        host.place("piper", {"name": "piper"})
        host.place("closed", {"name": "closed"}, top=host.system).chmod(0)
        assert rows(host.info())["piper"]["listed"]
        host.place("also-closed", {"name": "also-closed"}).chmod(0)
        result = host.info()
        assert not any(row["listed"] for row in result["backends"])
        assert "LocalAI lists no backend at all" in str(result["problems"])


def test_one_unreadable_backend_makes_localai_list_none(host):
    host.place("piper", {"name": "piper"})
    host.place("broken", b"")
    assert {name: row["listed"] for name, row in rows(host.info()).items()} == {"broken": False, "piper": False}


def test_development_builds_answer_to_an_alias_if_the_server_is_told_to_prefer_them(host, monkeypatch):
    host.install("llama-cpp")
    host.place("cpu-llama-cpp-development", {"name": "cpu-llama-cpp-development", "alias": "llama-cpp"})
    assert short(host.info())["llama-cpp"] == "alias cpu-llama-cpp"
    monkeypatch.setenv("LOCALAI_PREFER_DEV_BACKENDS", "true")
    assert short(host.info())["llama-cpp"] == "alias cpu-llama-cpp-development"
    assert short(host.info(server_version="v4.9.0"))["llama-cpp"] == "alias cpu-llama-cpp"


def test_an_unusable_version_is_refused(host):
    for run in (host.info, lambda **options: host.backend("piper", **options)):
        result = run(server_version="4.9.0")
        assert result["failed"]
        assert "server_version: '4.9.0' is not a version such as v4.11.0" in result["msg"]


def test_names_that_no_model_can_use_are_reported(host):
    for name in ("Upper", "with.dot", "with space", "with@at", "good-1_x"):
        host.place(name, {"name": name})
    host.place("CPU.x", {"name": "CPU.x", "alias": "x"})
    host.place("dir", {"name": "Meta", "meta_backend_for": "good-1_x"}, run_file=False)
    (host.path / "linked").symlink_to("good-1_x")
    result = host.info()
    found = rows(result)
    assert [name for name, row in found.items() if row["usable"]] == ["good-1_x", "x"]
    # What another name leads to is no problem.
    assert {name for name, row in found.items() if row["problem"]} == {"Upper", "with.dot", "with space", "with@at"}
    assert found["Upper"]["problem"] == "no model can use it: a model names its backend with a-z, 0-9, - and _ only"
    assert [problem for problem in result["problems"] if problem["name"] == "linked"]


def test_a_name_that_no_model_can_use_is_not_created_and_can_be_removed(host):
    source = host.world.output / "sources" / "local"
    host.place("Old.One", {"name": "Old.One"})
    before = snapshot(host.path)
    for check in (True, False):
        for name, options, usable in (
            ("My.Backend", {}, "my-backend"),
            ("Mine", {"alias": "mine"}, "mine"),
            ("mine", {"alias": "My Alias"}, "my-alias"),
        ):
            result = host.backend(name, uri=str(source), check=check, **options)
            assert result["failed"]
            assert "no model could use it" in result["msg"]
            assert result["msg"].endswith(f"{usable}.")
    assert snapshot(host.path) == before
    assert not host.backend("Old.One")["failed"]
    assert host.backend("old.one", state="absent")["changed"]
    assert host.names == []
