# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a backend after its installation: upgrades, pins, repair, purge, and the way back."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import stat

import pytest

from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.faults import Corrupt, Status
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    directory_of_ordinary_user,
    ordinary_user,
    snapshot,
)
from ansible_collections.localai.core.tests.support.images import Platform, index
from ansible_collections.localai.core.tests.support.proof import actions, installed, prove
from ansible_collections.localai.core.tests.support.world import Host

DIGEST = "sha256:" + "0" * 64
DEAD = [{"name": "dead", "url": "http://127.0.0.1:1/"}]


@pytest.fixture
def host(tmp_path, moving_world):
    moving_world.publish("1")
    yield Host(tmp_path, moving_world)
    moving_world.registry.faults.clear()


def says(host, name):
    """What the program of a backend would print."""
    return (host.path / name / "backend").read_text().split("'")[1]


# latest


@pytest.mark.parametrize(
    ("name", "backend", "why"),
    [
        ("piper", "piper", "its digest was"),
        ("llama-cpp", "cpu-llama-cpp", "its digest was"),
        ("kokoro", "Kokoro", "its digest was"),
        ("two-platforms", "two-platforms", "its digest was"),
        ("mirrored", "mirrored", "its digest was"),
        ("archived", "archived", "its version was 1, and its source has 2"),
    ],
)
def test_latest_brings_what_the_gallery_has_now(host, name, backend, why):
    prove(host, name, action="install", state="latest")
    host.world.publish("2")
    result = prove(host, name, action="upgrade", state="latest")
    assert says(host, backend).endswith(" 2")
    assert result["backends"][0]["reason"].startswith(why)
    assert (result["restart_required"], backend in result["unload"], result["removed"]) == (False, True, [])
    assert [row["after_header"] for row in result["diff"]] in ([backend], sorted([backend, name]))


def test_present_does_not_ask_whether_there_is_something_newer(host):
    host.install("piper")
    host.world.publish("2")
    prove(host, "piper", action="none")
    assert says(host, "piper") == "piper 1"


@pytest.mark.parametrize("name", ["archived-xz", "from-directory"])
def test_a_source_that_does_not_say_what_it_has_is_left_alone_with_a_warning(host, name):
    host.install(name)
    host.world.publish("2")
    result = prove(host, name, action="none", state="latest")
    assert any("states neither a digest nor a version nor a sha256" in warning for warning in result["warnings"])


def test_what_does_not_say_what_it_has_keeps_its_alias_too(host):
    host.install("from-directory")
    document = {**host.metadata("from-directory"), "alias": "mine"}
    (host.path / "from-directory/metadata.json").write_text(json.dumps(document))
    prove(host, "from-directory", action="none", state="latest")
    assert host.metadata("from-directory")["alias"] == "mine"


def test_what_came_straight_from_a_source_is_upgraded_from_there(host):
    uri = f"{host.world.repository}:latest-piper"
    host.install("mine", uri=uri, alias="voice")
    host.world.publish("2")
    result = prove(host, "voice", action="upgrade", state="latest", galleries=[])
    assert (says(host, "mine"), host.metadata("mine")["alias"]) == ("piper 2", "voice")
    assert result["unload"] == ["mine", "voice"]
    host.world.publish("1")
    prove(host, "mine", action="upgrade", state="latest", uri=uri)
    assert (says(host, "mine"), host.metadata("mine")["alias"]) == ("piper 1", "voice")


def test_other_hardware_makes_a_meta_stand_for_another_build(host):
    host.install("llama-cpp")
    result = prove(host, "llama-cpp", action="upgrade", state="latest", capability="nvidia")
    assert host.names == ["cuda12-llama-cpp", "llama-cpp"]
    assert result["removed"] == [
        {"backend": "cpu-llama-cpp", "reason": "llama-cpp points to cuda12-llama-cpp after this run"}
    ]
    assert result["restart_required"] is True
    assert host.metadata("llama-cpp")["meta_backend_for"] == "cuda12-llama-cpp"


def test_a_build_that_was_asked_for_by_name_stays_when_the_meta_moves(host):
    host.install("cpu-llama-cpp")
    document = {key: value for key, value in host.metadata("cpu-llama-cpp").items() if key != "alias"}
    (host.path / "cpu-llama-cpp/metadata.json").write_text(json.dumps(document))
    host.install("llama-cpp")
    prove(host, "llama-cpp", action="upgrade", state="latest", capability="nvidia")
    assert host.names == ["cpu-llama-cpp", "cuda12-llama-cpp", "llama-cpp"]


def test_the_alias_that_the_gallery_has_now_is_only_written(host):
    host.install("llama-cpp")
    document = {**host.metadata("cpu-llama-cpp"), "alias": "old"}
    (host.path / "cpu-llama-cpp/metadata.json").write_text(json.dumps(document))
    result = prove(host, "llama-cpp", action="upgrade", state="latest")
    assert (result["backends"][0]["bytes_transferred"], result["restart_required"]) == (0, True)
    assert host.metadata("cpu-llama-cpp")["alias"] == "llama-cpp"


def test_an_upgrade_that_fails_leaves_the_old_backend(host):
    host.install("llama-cpp", "piper")
    host.world.publish("2")
    before = installed(host)
    blob = host.world.content.images["latest-cpu-llama-cpp"].images[0].layers[0].digest
    host.world.registry.faults = [Corrupt(f"/blobs/{blob}", at=100)]
    result = host.backend("llama-cpp", "piper", state="latest", keep_previous=1)
    assert (result["failed"], result["changed"], result["unload"]) == (True, False, [])
    assert installed(host) == before
    assert host.info()["previous"] == []


def test_what_was_upgraded_before_a_failure_is_told(host):
    host.install("llama-cpp", "piper")
    host.world.publish("2")
    blob = host.world.content.images["latest-piper"].images[0].layers[0].digest
    host.world.registry.faults = [Corrupt(f"/blobs/{blob}", at=100)]
    result = host.backend("llama-cpp", "piper", "kokoro", state="latest", exclusive=True)
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["unload"] == ["cpu-llama-cpp", "llama-cpp"]
    assert (result["restart_required"], result["removed"], actions(result)) == (False, [], {"llama-cpp": "upgrade"})


def test_a_system_backend_is_not_upgraded(host):
    host.place("piper", top=host.system)
    result = prove(host, "piper", action="none", state="latest", galleries=DEAD)
    assert any("system" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    ("name", "options", "match"),
    [
        ("by-hand", {}, "by-hand is in no gallery"),
        ("piper", {"galleries": DEAD}, "gallery dead could not be read"),
        ("cuda12-vllm", {}, "does not run on a host with the capability 'default'"),
    ],
)
def test_latest_fails_where_nobody_can_say_what_is_latest(host, name, options, match):
    host.place(name, {"name": name})
    before = snapshot(host.path)
    for check in (True, False):
        result = host.backend(name, state="latest", check=check, **options)
        assert match in result["msg"]
    assert snapshot(host.path) == before


def test_a_registry_that_is_away_fails_the_run_before_the_first_write(host):
    host.install("piper")
    host.world.registry.faults = [Status(f"{REPOSITORY}/manifests", status=503)]
    result = host.backend("whisper", "piper", state="latest")
    assert "503" in result["msg"]
    assert host.names == ["piper"]


# pins


def test_a_digest_goes_back_and_forth(host):
    host.install("llama-cpp")
    old = host.world.digest("cpu-llama-cpp")
    host.world.publish("2")
    new = host.world.digest("cpu-llama-cpp")
    prove(host, "llama-cpp", action="none", digest=old, galleries=DEAD)
    for digest, version in ((new, "2"), (old, "1")):
        result = prove(host, "llama-cpp", action="replace", digest=digest)
        assert says(host, "cpu-llama-cpp") == f"cpu-llama-cpp {version}"
        assert result["backends"][0]["served_by"].endswith(digest)
        assert host.metadata("cpu-llama-cpp")["digest"] == digest
    prove(host, "llama-cpp", action="upgrade", state="latest")


def test_the_digest_of_the_platform_is_a_pin_too(host):
    host.install("two-platforms")
    platform = host.world.content.images["latest-two-platforms"].images[1].digest
    prove(host, "two-platforms", action="none", digest=platform, galleries=DEAD)
    host.install("two-platforms", state="absent")
    prove(host, "two-platforms", action="install", digest=platform)


def test_an_archive_is_pinned_by_its_sha256(host):
    host.install("archived")
    digest = "sha256:" + json.loads((host.path / "archived/.localai-core.json").read_text())["sha256"]
    prove(host, "archived", action="none", digest=digest, galleries=DEAD)
    host.world.publish("2")
    assert "the gallery states the sha256" in host.backend("archived", digest=digest, force=True)["msg"]


def test_a_digest_that_the_registry_has_lost_is_an_error_before_any_write(host):
    host.install("piper")
    before = snapshot(host.path)
    for check in (True, False):
        result = host.backend("piper", digest=DIGEST, check=check)
        assert f"latest-piper@{DIGEST}" in result["msg"]
        assert "not this tag or digest" in result["msg"]
    assert snapshot(host.path) == before


def test_a_release_takes_the_place_of_latest_and_is_left_alone_then(host):
    for tag, version in (("v1.0", "1"), ("v2.0", "2")):
        host.world.registry.put(REPOSITORY, f"{tag}-cpu-llama-cpp", backend_image("cpu-llama-cpp", version))
    host.install("llama-cpp")
    prove(host, "llama-cpp", action="replace", release="v2.0")
    assert says(host, "cpu-llama-cpp") == "cpu-llama-cpp 2"
    assert host.metadata("cpu-llama-cpp")["uri"].endswith(":v2.0-cpu-llama-cpp")
    prove(host, "llama-cpp", action="none", release="v2.0", galleries=DEAD)
    prove(host, "llama-cpp", action="replace", release="v1.0", keep_previous=1)
    result = prove(host, "llama-cpp", action="restore", release="v2.0", galleries=DEAD)
    assert result["backends"][0]["uri"].endswith(":v2.0-cpu-llama-cpp")
    host.world.registry.put(REPOSITORY, "v2.0-cpu-llama-cpp", backend_image("cpu-llama-cpp", "3"))
    prove(host, "llama-cpp", action="none", release="v2.0", galleries=DEAD)
    prove(host, "llama-cpp", action="upgrade", release="v2.0", state="latest")
    assert says(host, "cpu-llama-cpp") == "cpu-llama-cpp 3"


@pytest.mark.parametrize(
    ("name", "release", "match"),
    [
        ("archived", "v1", "release replaces latest- at the beginning of a tag"),
        ("from-directory", "v1", "release replaces latest- at the beginning of a tag"),
        ("piper", "v0", "v0-piper"),
    ],
)
def test_a_release_that_is_not_there_is_an_error(host, name, release, match):
    assert match in host.backend(name, release=release)["msg"]
    assert not host.path.exists()


FLEET = ("llama-cpp", "piper", "archived")


def test_a_set_that_was_written_down_is_installed_exactly_so(host):
    pins = host.info(*FLEET, pins=True, pin_capabilities=["default", "nvidia"])["pins"]
    written = json.loads(json.dumps(pins))
    archive = host.world.content.archives["archived.tar.gz"]
    host.world.publish("2")
    host.world.files.pages["/archived.tar.gz"] = archive
    prove(host, *FLEET, action="install", pins=written, galleries=DEAD)
    assert [says(host, name) for name in ("cpu-llama-cpp", "piper", "archived")] == [
        "cpu-llama-cpp 1",
        "piper 1",
        "archived 1",
    ]
    result = prove(host, "llama-cpp", action="install", pins=written, galleries=DEAD, capability="nvidia-cuda-12")
    assert host.names == ["archived", "cuda12-llama-cpp", "llama-cpp", "piper"]
    assert [row["backend"] for row in result["removed"]] == ["cpu-llama-cpp"]
    # Without the set, the gallery counts again.
    result = prove(host, "piper", action="upgrade", state="latest")
    assert (says(host, "piper"), host.metadata("piper")["gallery_url"]) == ("piper 2", host.world.gallery)


def test_a_set_is_for_the_platforms_that_the_capabilities_are(host):
    arm = backend_image("l4t", platforms=[Platform("arm64")])
    host.world.registry.put(REPOSITORY, "latest-nvidia-l4t-arm64-llama-cpp", arm)
    pins = host.info("llama-cpp", pins=True, pin_capabilities=["default", "nvidia-l4t"])["pins"]
    assert [(row["capability"], row["platform"].partition("/")[2], row["digest"]) for row in pins["backends"]] == [
        ("default", os.uname().machine.replace("x86_64", "amd64"), host.world.digest("cpu-llama-cpp")),
        ("nvidia-l4t", "arm64", arm.digest),
    ]


def test_a_name_that_the_set_lacks_is_an_error(host):
    pins = host.info("piper", pins=True)["pins"]
    for name, options in (("whisper", {}), ("piper", {"platform": "linux/s390x"})):
        result = host.backend(name, pins=pins, **options)
        assert "pins: the set has no row for" in result["msg"]
    assert not host.path.exists()


# exclusive


def test_exclusive_leaves_only_what_is_named_and_needed(host):
    host.install("llama-cpp", "piper", "whisper", "Kokoro")
    (host.path / "photos").mkdir()
    (host.path / "note").touch()
    (host.path / "link").symlink_to("piper")
    host.place("packaged", top=host.system)
    result = host.install("llama-cpp", exclusive=True, check=True)
    assert [row["backend"] for row in result["removed"]] == ["Kokoro", "cpu-whisper", "piper", "whisper"]
    prove(host, "llama-cpp", action="none", exclusive=True)
    assert host.names == ["cpu-llama-cpp", "link", "llama-cpp", "note", "photos"]
    assert (host.system / "packaged/run.sh").exists()


def test_nothing_is_removed_before_all_is_installed(host):
    host.install("piper")
    result = host.backend("without-run-file", exclusive=True)
    assert (result["failed"], result["removed"], host.names) == (True, [], ["piper"])


# repair


@pytest.mark.parametrize("suffix", [".backup", ".install-backup"])
@pytest.mark.parametrize("left", ["nothing", "no run file"])
def test_what_localai_moved_aside_is_the_repair(host, suffix, left):
    host.install("llama-cpp")
    place = host.path / "cpu-llama-cpp"
    place.rename(host.path / f"cpu-llama-cpp{suffix}")
    if left == "no run file":
        place.mkdir()
    assert any(f"cpu-llama-cpp{suffix}" == row["name"] for row in host.info()["problems"])
    result = prove(host, "llama-cpp", action="repair", galleries=DEAD)
    assert f"LocalAI's backup cpu-llama-cpp{suffix} could run" in result["backends"][0]["reason"]
    assert host.names == ["cpu-llama-cpp", "llama-cpp"]
    assert result["backends"][0]["bytes_transferred"] == 0


@pytest.mark.parametrize(("hours", "goes"), [(2, True), (0, False)])
def test_what_localai_was_filling_goes_once_nothing_moved_for_an_hour(host, hours, goes):
    host.install("piper")
    place = host.place("piper.install-tmp")
    if hours:
        for each in (place / "run.sh", place):
            os.utime(each, (0, 0))
    problem = next(row["problem"] for row in host.info()["problems"] if row["name"] == "piper.install-tmp")
    assert ("more than an hour ago" in problem) is goes
    result = prove(host, "piper", action="none", galleries=DEAD)
    assert [row["backend"] for row in result["removed"]] == (["piper.install-tmp"] if goes else [])
    assert place.exists() is not goes


def test_verify_sees_what_is_missing_and_repairs_it(host):
    host.install("llama-cpp", "piper")
    (host.path / "cpu-llama-cpp/lib/libggml.so.1").unlink()
    (host.path / "cpu-llama-cpp/venv/pyvenv.cfg").write_text("rewritten by LocalAI\n")
    prove(host, "llama-cpp", "piper", action="none", galleries=DEAD)
    prove(host, "piper", action="none", verify=True, galleries=DEAD)
    result = prove(host, "llama-cpp", action="repair", verify=True)
    assert "lib/libggml.so.1 is missing" in result["backends"][0]["reason"]
    assert (host.path / "cpu-llama-cpp/lib/libggml.so.1").is_symlink()


def test_what_has_no_record_is_left_alone_by_verify(host):
    host.place("piper", {"name": "piper"})
    result = prove(host, "piper", action="none", verify=True, galleries=DEAD)
    assert "cannot be verified" in result["backends"][0]["reason"]


# ownership


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_what_is_installed_changes_hands_without_a_download(host):
    host.install("llama-cpp", "piper")
    owner, group = pwd.getpwuid(1).pw_name, grp.getgrgid(1).gr_name
    result = prove(host, "llama-cpp", action="chown", owner=owner, group=group, directory_mode="0750", galleries=DEAD)
    assert {entry[1:3] for entry in snapshot(host.path / "cpu-llama-cpp").values()} == {(1, 1)}
    assert {entry[1:3] for entry in snapshot(host.path / "llama-cpp").values()} == {(1, 1)}
    assert {entry[1:3] for entry in snapshot(host.path / "piper").values()} == {(0, 0)}
    diff = {row["after_header"]: row for row in result["diff"]}
    assert diff["cpu-llama-cpp"]["before"]["paths_to_change"] == len(snapshot(host.path / "cpu-llama-cpp"))
    assert (diff["cpu-llama-cpp"]["before"]["owner"], diff["cpu-llama-cpp"]["after"]["owner"]) == ("root", owner)
    assert (result["restart_required"], result["unload"]) == (False, [])


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_only_verify_looks_below_the_files_that_localai_needs(host):
    host.install("piper", owner="1")
    os.chown(host.path / "piper/lib", 0, 0)
    prove(host, "piper", action="none", owner="1")
    result = prove(host, "piper", action="chown", owner="1", verify=True)
    assert result["diff"][0]["before"]["paths_to_change"] == 1


@pytest.mark.parametrize(("name", "mode", "expected"), [("run.sh", 0o644, 0o755), ("metadata.json", 0o600, 0o644)])
def test_a_file_that_localai_needs_gets_its_mode_back(host, name, mode, expected):
    host.install("piper")
    (host.path / "piper" / name).chmod(mode)
    prove(host, "piper", action="chown", galleries=DEAD)
    assert stat.S_IMODE(os.stat(host.path / "piper" / name).st_mode) == expected


def test_an_owner_that_does_not_exist_yet_would_own_all_in_check_mode(host):
    host.install("piper")
    result = host.install("piper", owner="not-there-yet", check=True)
    assert actions(result) == {"piper": "chown"}
    assert result["diff"][0]["before"]["paths_to_change"] == len(snapshot(host.path / "piper"))
    assert result["diff"][0]["after"]["owner"] == "not-there-yet"


def test_a_parent_that_does_not_exist_yet_is_a_warning_in_check_mode(host, tmp_path):
    host.options["backends_path"] = str(tmp_path / "not/there/yet")
    result = host.install("piper", check=True)
    assert any("not/there does not exist yet" in warning for warning in result["warnings"])
    assert host.install("piper")["warnings"] == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_what_belongs_to_another_is_an_error_before_any_write(moving_world):
    moving_world.publish("1")
    with directory_of_ordinary_user() as top:
        host = Host(top, moving_world)
        host.install("piper", owner="0")
        before = snapshot(host.path)
        with ordinary_user():
            for check in (True, False):
                result = host.backend("piper", directory_mode="0711", galleries=DEAD, check=check)
                assert "cannot be written by user" in result["msg"]
        assert snapshot(host.path) == before


# the way back


def test_the_last_trees_are_kept_and_come_back_without_network(host):
    digests = []
    for version in ("1", "2", "3"):
        host.world.publish(version)
        digests.append(host.world.digest("piper"))
        host.install("piper", state="latest", keep_previous=2)
    kept = host.info()["previous"]
    assert [(row["backend"], row["digest"]) for row in kept] == [("piper", digests[1]), ("piper", digests[0])]
    assert all(stat.S_IMODE(os.stat(os.path.dirname(row["path"])).st_mode) == 0o755 for row in kept)
    assert [row["name"] for row in host.info()["backends"]] == ["piper"]
    metadata = host.metadata("piper")
    result = prove(host, "piper", action="restore", digest=digests[0], keep_previous=2, galleries=DEAD)
    assert (says(host, "piper"), host.metadata("piper")["digest"]) == ("piper 1", digests[0])
    assert (result["unload"], result["restart_required"]) == (["piper"], False)
    assert result["backends"][0]["bytes_transferred"] == 0
    assert [row["digest"] for row in host.info()["previous"]] == [digests[2], digests[1]]
    prove(host, "piper", action="restore", digest=digests[2], keep_previous=2, galleries=DEAD)
    assert host.metadata("piper") == metadata


def test_a_meta_that_moved_goes_back_too(host):
    host.install("llama-cpp")
    old = host.world.digest("cpu-llama-cpp")
    host.install("llama-cpp", state="latest", capability="nvidia", keep_previous=1)
    options = {"capability": "nvidia", "keep_previous": 1, "galleries": DEAD}
    result = prove(host, "llama-cpp", action="restore", digest=old, **options)
    assert host.names == ["cpu-llama-cpp", "llama-cpp"]
    assert [row["backend"] for row in result["removed"]] == ["cuda12-llama-cpp"]
    assert [row["backend"] for row in host.info()["previous"]] == ["cuda12-llama-cpp"]


def test_what_is_kept_is_told_by_the_names_that_it_answers_to(host):
    host.install("llama-cpp", "piper")
    host.world.publish("2")
    host.install("llama-cpp", "piper", state="latest", keep_previous=1)
    host.install("llama-cpp", state="latest", capability="nvidia", keep_previous=1)
    host.world.publish("3")
    host.install("llama-cpp", state="latest", capability="nvidia", keep_previous=1)
    builds = ["cpu-llama-cpp", "cuda12-llama-cpp"]
    assert [row["backend"] for row in host.info("LLaMA-cpp")["previous"]] == builds
    assert [row["backend"] for row in host.info("cpu-llama-cpp")["previous"]] == builds[:1]
    assert [row["backend"] for row in host.info()["previous"]] == [*builds, "piper"]
    assert host.info("whisper")["previous"] == []


def test_absent_takes_along_what_is_kept(host):
    host.install("piper")
    host.world.publish("2")
    host.install("piper", state="latest", keep_previous=1)
    result = prove(host, "piper", action="remove", state="absent")
    assert result["diff"][0]["before"]["previous"] == 1
    assert (host.info()["previous"], host.names) == ([], [])


def test_kept_trees_without_their_backend_are_absent_after_absent(host):
    host.install("piper")
    host.world.publish("2")
    host.install("piper", state="latest", keep_previous=1)
    shutil.rmtree(host.path / "piper")
    prove(host, "piper", action="remove", state="absent")
    assert host.info()["previous"] == []


# what cannot be meant


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"name": ["a", "b"], "digest": DIGEST}, "digest pins one backend, but name lists 2"),
        ({"digest": DIGEST, "state": "latest"}, "digest cannot be used with state=latest"),
        ({"digest": DIGEST, "state": "absent"}, "digest cannot be used with state=absent"),
        ({"digest": "sha256:1"}, "is not a digest"),
        ({"digest": DIGEST, "uri": "x/y"}, "Write the digest into the uri"),
        ({"digest": DIGEST, "release": "v1"}, "mutually exclusive: digest|release|pins"),
        ({"release": "v1", "pins": {"format": 1, "backends": []}}, "mutually exclusive: uri|release|pins"),
        ({"release": "v1", "uri": "x/y"}, "mutually exclusive: uri|release|pins"),
        ({"release": "v 1"}, "cannot be the beginning of a tag"),
        ({"release": ""}, "cannot be the beginning of a tag"),
        ({"pins": {"format": 1, "backends": []}, "state": "latest"}, "pins cannot be used with state=latest"),
        ({"pins": {"format": 3, "backends": []}}, "reads format 1 or 2, not 3"),
        ({"pins": {"format": 1, "backends": []}}, "pins: the set has no row for piper"),
        ({"pins": {"format": 1}}, "backends"),
        ({"pins": {"format": 1, "backends": [{"name": "piper"}]}}, "missing required arguments"),
        ({"pins": {"format": "x", "backends": []}}, "format"),
        ({"exclusive": True, "name": []}, "exclusive with an empty name would remove all backends"),
        ({"exclusive": True, "state": "absent"}, "exclusive cannot be used with state=absent"),
        ({"keep_previous": -1}, "keep_previous is -1"),
    ],
)
def test_options_that_contradict_each_other_are_refused(host, options, match):
    names = options.get("name", ["piper"])
    for check in (True, False):
        result = host.backend(*names, check=check, **{key: value for key, value in options.items() if key != "name"})
        assert result["failed"]
        assert match in result["msg"]
    assert not host.path.exists()


# info


def test_upgrades_are_told_and_nothing_is_changed(host):
    host.install("llama-cpp", "piper", "archived", "from-directory", "silero-vad")
    assert host.info(upgrades=True)["upgrades"] == []
    old = host.world.digest("piper")
    host.world.publish("2")
    before = snapshot(host.path)
    rows = {row["name"]: row for row in host.info(upgrades=True)["upgrades"]}
    assert sorted(rows) == ["archived", "llama-cpp", "piper", "silero-vad"]
    assert (rows["piper"]["installed"], rows["piper"]["available"]) == (old, host.world.digest("piper"))
    assert rows["archived"]["reason"] == "its version was 1, and its source has 2"
    moved = host.info("llama-cpp", upgrades=True, capability="nvidia")["upgrades"]
    assert [(row["backend"], row["available_backend"]) for row in moved] == [("cpu-llama-cpp", "cuda12-llama-cpp")]
    assert snapshot(host.path) == before


def test_what_cannot_be_told_of_one_backend_hides_no_upgrade_of_another(host):
    host.install("piper")
    host.place("by-hand", {"name": "by-hand"})
    host.place("packaged", top=host.system)
    host.world.publish("2")
    result = host.info(upgrades=True)
    assert [row["name"] for row in result["upgrades"]] == ["piper"]
    assert any("by-hand is in no gallery" in warning for warning in result["warnings"])
    assert "gallery dead could not be read" in host.info(upgrades=True, galleries=DEAD)["msg"]


def test_pins_are_for_what_is_installed_or_named(host):
    host.install("llama-cpp", "piper")
    assert {row["name"] for row in host.info(pins=True)["pins"]["backends"]} == {"llama-cpp", "piper"}
    result = host.info("vllm", "whisper", pins=True, pin_capabilities=["default", "amd", "nvidia"])
    rows = [(row["name"], row["capability"], row["backend"]) for row in result["pins"]["backends"]]
    assert rows == [
        ("vllm", "nvidia", "cuda12-vllm"),
        ("whisper", "amd", "rocm-whisper"),
        ("whisper", "default", "cpu-whisper"),
        ("whisper", "nvidia", "cuda12-whisper"),
    ]
    assert any("vllm" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("nobody", "nobody is in no gallery"),
        ("vllm", "vllm has no build"),
        ("from-directory", "has no digest, so it cannot be pinned"),
        ("archived-xz", "has no digest, so it cannot be pinned"),
        ("image-missing", "image-missing cannot be fetched"),
    ],
)
def test_what_cannot_be_pinned_is_an_error(host, name, match):
    assert match in host.info(name, pins=True)["msg"]


def test_kept_trees_are_measured(host):
    host.install("piper")
    host.world.publish("2")
    host.install("piper", state="latest", keep_previous=1)
    assert host.info("piper", disk_usage=True)["previous"][0]["disk_usage"] > 5000
    assert host.info("whisper")["previous"] == []


def test_an_index_with_more_platforms_is_something_new(host):
    host.install("piper")
    image = host.world.content.images["latest-piper"].images[0]
    other = backend_image("piper", platforms=[Platform("s390x")]).images[0]
    host.world.registry.put(REPOSITORY, "latest-piper", index([image, other]))
    prove(host, "piper", action="upgrade", state="latest")
