# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a run that died between the two renames of a swap, check mode says what the next run does."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.proof import foreseen


def interrupt(host, *names):
    """Leave backends where a run without an exchange has moved them before it died."""
    for name in names:
        (host.path / name).rename(host.path / ".localai-core/replaced" / name)


def predicted(host, *names, **options):
    """What a run does, once check mode has said the same and touched nothing."""
    before = snapshot(host.path.parent)
    said = host.backend(*names, check=True, **options)
    assert snapshot(host.path.parent) == before
    done = host.backend(*names, **options)
    assert (said["failed"], foreseen(said)) == (False, foreseen(done))
    return done


@pytest.mark.parametrize(
    ("name", "moved"), [("piper", ["piper"]), ("llama-cpp", ["cpu-llama-cpp"]), ("llama-cpp", ["llama-cpp"])]
)
def test_what_is_out_of_its_place_is_installed(host, name, moved):
    host.install(name)
    interrupt(host, *moved)
    host.world.registry.requests.clear()
    result = predicted(host, name)
    assert (result["changed"], result["restart_required"], host.world.requests) == (False, False, [])
    assert host.names == sorted({name, *moved, *(["cpu-llama-cpp"] if name == "llama-cpp" else [])})


def damage(host):
    (host.path / ".localai-core/replaced/piper/LICENSE").unlink()


def close(host):
    (host.path / ".localai-core/replaced/piper/metadata.json").chmod(0o600)


NEXT = {
    "another mode": ({"directory_mode": "0711"}, None, "chown"),
    "a closed file": ({}, close, "chown"),
    "damage": ({"verify": True}, damage, "repair"),
    "no damage": ({"verify": True}, None, "none"),
    "force": ({"force": True, "keep_previous": 1}, None, "replace"),
    "removal": ({"state": "absent"}, None, "remove"),
    "latest": ({"state": "latest"}, None, "none"),
}


@pytest.mark.parametrize("then", NEXT)
def test_whatever_the_next_run_is_asked_for_is_foreseen(host, then):
    options, spoil, action = NEXT[then]
    host.install("piper", "archived")
    interrupt(host, "piper", "archived")
    if spoil is not None:
        spoil(host)
    result = predicted(host, "piper", **options)
    assert [row["action"] for row in result["backends"]] == [action]
    assert predicted(host, "piper", **{**options, "force": False})["changed"] is False


def test_exclusive_counts_what_is_out_of_its_place(host):
    host.install("piper", "archived")
    interrupt(host, "archived")
    result = predicted(host, "piper", exclusive=True)
    assert [row["backend"] for row in result["removed"]] == ["archived"]


def test_what_has_its_place_again_counts_and_not_what_was_moved_away(host):
    host.install("piper")
    interrupt(host, "piper")
    host.place("piper", {"name": "piper"}, run_file=False)
    result = predicted(host, "piper")
    assert [row["action"] for row in result["backends"]] == ["repair"]


@pytest.mark.parametrize("what", ["file", "symlink", "pipe", "empty"])
def test_what_is_no_tree_is_seen_as_the_next_run_sees_it(host, tmp_path, what):
    host.install("archived")
    place = host.path / ".localai-core/replaced/piper"
    if what == "file":
        place.touch()
    elif what == "symlink":
        place.symlink_to(tmp_path)
    elif what == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    result = predicted(host, "piper")
    assert result["changed"]


@pytest.mark.parametrize("what", ["symlink", "file"])
def test_what_stands_in_the_place_of_our_directory_is_an_error_in_both(host, tmp_path, what):
    host.install("archived")
    place = host.path / ".localai-core/replaced"
    place.rmdir()
    (tmp_path / "outside/piper").mkdir(parents=True)
    if what == "symlink":
        place.symlink_to(tmp_path / "outside")
    else:
        place.touch()
    said, done = host.backend("piper", check=True), host.backend("piper")
    assert (said["failed"], said["msg"]) == (True, done["msg"])
    assert "is not a directory of this collection. Remove it." in said["msg"]
    assert os.listdir(tmp_path / "outside") == ["piper"]


def test_the_info_module_tells_of_it_as_of_a_problem(host):
    host.install("piper", "archived")
    interrupt(host, "piper")
    informed = host.info()
    assert [row["name"] for row in informed["backends"]] == ["archived"]
    assert "piper: an interrupted run moved it away. The next run puts it back." in [
        row["problem"] for row in informed["problems"]
    ]
