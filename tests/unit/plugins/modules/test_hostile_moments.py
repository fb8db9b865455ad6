# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Root at work in directories of an ordinary user, who exchanges anything at any moment of a run.

Whatever is put in the place of something, no file outside changes its owner, its mode or its content, and what vanishes
is no error.
"""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._sources import resume
from ansible_collections.localai.core.plugins.modules import localai_backend
from ansible_collections.localai.core.tests.support.archives import file
from ansible_collections.localai.core.tests.support.host import IS_ROOT, NOBODY, failing, make_empty, snapshot
from ansible_collections.localai.core.tests.support.images import host_platform, image, layer
from ansible_collections.localai.core.tests.support.layouts import write_oci_layout
from ansible_collections.localai.core.tests.support.module import run_module
from ansible_collections.localai.core.tests.support.moments import MOMENTS

# With LOCALAI_TEST_EVERY=1, as the soak has it, something is exchanged at each moment of a run.
EVERY = int(os.environ.get("LOCALAI_TEST_EVERY", "34"))
ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
OWNED = {"owner": str(NOBODY), "group": str(NOBODY), "directory_mode": "0750"}
KINDS = ("link to a file", "link to a directory", "hard link")


class Site:
    """A backends path in a directory of the ordinary user, a source, and what must not change."""

    def __init__(self, top):
        self.top = top
        self.source = top / "source"
        (self.source / "lib/deep").mkdir(parents=True)
        (self.source / "run.sh").write_text("#!/bin/sh\n")
        (self.source / "lib/deep/x").write_text("x")
        (self.source / "link").symlink_to("lib/deep/x")
        self.victim = top / "victim"
        self.victim.mkdir(mode=0o700)
        for name in ("file", "inside"):
            (self.victim / name).write_text("precious")
            (self.victim / name).chmod(0o600)
        self.user = top / "user"
        self.user.mkdir()
        os.chown(self.user, NOBODY, NOBODY)
        self.path = self.user / "parent/backends"

    def outside(self):
        """What must stay as it is: types, modes, owners and contents."""
        return {name: (*entry[:3], entry[-1]) for name, entry in snapshot(self.victim).items()}

    @property
    def large(self):
        """An image with more than one chunk of bytes."""
        layout = self.top / "layout"
        if not layout.exists():
            noise = file("noise", hashlib.shake_256(b"noise").digest(1_000_000))
            content = layer([file("run.sh", "#!/bin/sh\n", 0o755), noise])
            write_oci_layout(layout, {"v1": image([content], host_platform())})
        return f"ocilayout:{layout}:v1"

    def run(self, **options):
        if options.get("uri") == "large":
            options["uri"] = self.large
        paths = {"backends_path": str(self.path), "galleries": [], "capability": "default"}
        return run_module(localai_backend.main, {"name": ["x"], "uri": str(self.source), **paths, **options})

    def begin(self, case):
        """Make what a case begins with."""
        make_empty(self.user)
        if case.installed:
            result = self.run(**OWNED)
            assert not result["failed"], result
            case.spoil(self)

    def exchange(self, place, kind):
        """What the ordinary user does: put something of a kind in the place of what is there, if anything is."""
        place = next(iter(place.parent.glob(place.name)), place) if place.name == "*" else place
        if not os.path.lexists(place):
            return
        place.rename(self.user / f"aside-{len(os.listdir(self.user))}")
        if kind == "hard link":
            os.link(self.victim / "file", place)
        elif kind != "nothing":
            place.symlink_to(self.victim / "file" if kind == "link to a file" else self.victim)


@pytest.fixture
def site(tmp_path, monkeypatch):
    # All that has more than one chunk comes over a slow line.
    monkeypatch.setattr(resume, "_LONG", -1.0)
    monkeypatch.setattr(resume, "_KNOWN_BYTES", 1)
    return Site(tmp_path)


@dataclass(frozen=True)
class Case:
    """A run, what is done to the backend first so that it has something to do, and what is exchanged meanwhile."""

    options: dict
    names: tuple
    spoil: object = lambda site: None
    installed: bool = True


def give_to_another(site):
    for place in (site.path / "x", *(site.path / "x").rglob("*")):
        os.chown(place, 1, 1, follow_symlinks=False)


def close_files(site):
    for name in ("metadata.json", "run.sh"):
        (site.path / "x" / name).chmod(0o600)


OURS = (
    ".localai-core",
    *(f".localai-core/{name}" for name in ("lock", "staging", "replaced", "kept", "file-system.json", "progress")),
    *(f".localai-core/staging/{number}{below}" for number in (1, 2) for below in ("", "/lib", "/metadata.json")),
)
# Where a transfer over a slow line is kept.
PARTIAL = (".localai-core/partial", ".localai-core/partial/*")
TREE = ("x", "x/run.sh", "x/metadata.json", "x/lib", "x/lib/deep", "x/lib/deep/x", "x/link")
FILES = ("x/run.sh", "x/metadata.json", "x/lib/deep/x", "x/link")
CASES = {
    "owner": Case(OWNED, TREE, give_to_another),
    "default options": Case({}, TREE, close_files),
    "replace": Case({"force": True, "keep_previous": 1, **OWNED}, (*OURS, *TREE)),
    "install": Case(OWNED, ("", "..", *OURS), installed=False),
    "slow install": Case({**OWNED, "uri": "large"}, (*PARTIAL, *OURS), installed=False),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
@ONLY_ROOT
def test_whatever_is_exchanged_at_whatever_moment_nothing_outside_changes(site, name, kind):
    case, before = CASES[name], site.outside()
    site.begin(case)
    with MOMENTS.acting({}):
        assert site.run(**case.options)["changed"]
    for number, moment in enumerate(range(1, MOMENTS.count, EVERY)):
        place = Path(os.path.normpath(site.path / case.names[number % len(case.names)]))
        site.begin(case)
        with MOMENTS.acting({moment: lambda place=place: site.exchange(place, kind)}):
            site.run(**case.options)
        assert site.outside() == before, f"{place} was exchanged at the moment {moment}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["owner", "default options"])
@ONLY_ROOT
def test_whatever_all_files_of_a_tree_become_at_whatever_moment_nothing_outside_changes(site, name, kind):
    case, before = CASES[name], site.outside()
    places = [site.path / each for each in FILES]
    site.begin(case)
    with MOMENTS.acting({}):
        assert site.run(**case.options)["changed"]
    for moment in range(1, MOMENTS.count, EVERY):
        site.begin(case)
        with MOMENTS.acting({moment: lambda: [site.exchange(place, kind) for place in places]}):
            site.run(**case.options)
        assert site.outside() == before, f"the files were exchanged at the moment {moment}"


@pytest.mark.parametrize("name", TREE[3:])
@ONLY_ROOT
def test_what_vanishes_while_a_tree_changes_hands_is_no_error(site, name):
    case = CASES["owner"]
    site.begin(case)
    with MOMENTS.acting({}):
        site.run(**case.options)
    for moment in range(1, MOMENTS.count, EVERY):
        site.begin(case)
        with MOMENTS.acting({moment: lambda: site.exchange(site.path / name, "nothing")}):
            result = site.run(**case.options)
        assert not result["failed"], result["msg"]


@ONLY_ROOT
def test_metadata_that_is_a_hard_link_to_a_foreign_file_is_not_opened_to_all(site):
    site.begin(CASES["owner"])
    (site.path / "x/metadata.json").unlink()
    (site.victim / "file").write_text("{}")
    os.link(site.victim / "file", site.path / "x/metadata.json")
    before = site.outside()
    for options in ({}, OWNED, {"verify": True}):
        site.run(**options)
        assert site.outside() == before


def exchange_what_is_made(site, monkeypatch, names):
    """Let the user put a directory of root's in the place of each directory that is made with one of these names."""
    mkdir = os.mkdir

    def made(name, mode=0o777, *, dir_fd=None):
        mkdir(name, mode, dir_fd=dir_fd)
        if name in names and site.victim.exists():
            os.rmdir(name, dir_fd=dir_fd)
            os.rename(site.victim, name, dst_dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", made)


MADE = ["parent", "backends", ".localai-core", "staging", "replaced", "kept", "1", "lib", "deep"]


@pytest.mark.parametrize("name", MADE)
@ONLY_ROOT
def test_a_directory_that_is_exchanged_for_another_when_it_is_made_stays_as_it_is(site, monkeypatch, name):
    before, victim = site.outside(), os.open(site.victim, os.O_RDONLY)
    exchange_what_is_made(site, monkeypatch, [name])
    site.run(**OWNED)
    assert not site.victim.exists()
    site.victim = Path(os.readlink(f"/proc/self/fd/{victim}"))
    status = os.fstat(victim)
    os.close(victim)
    # What the user moves into a tree that is not used is deleted with it.
    found = site.outside() if status.st_nlink else before
    assert {each: entry for each, entry in found.items() if each in before} == before


# the report of a change that fails half-way


@pytest.fixture
def immutable(site):
    """A file of the tree that not even root can change."""
    site.begin(CASES["owner"])
    place = site.path / "x/lib/deep/x"
    if subprocess.run(["chattr", "+i", str(place)], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no immutable files")
    yield place
    subprocess.run(["chattr", "-i", str(place)], check=True)


@ONLY_ROOT
def test_a_change_of_owner_that_fails_half_way_says_what_it_did(site, immutable):
    result = site.run(**OWNED)
    assert (result["failed"], result["changed"], result["backends"]) == (True, True, [])
    assert f"{immutable}: Operation not permitted" in result["msg"]
    (diff,) = result["diff"]
    assert (diff["before"]["owner"], diff["before"]["paths_to_change"]) == ("daemon", 8)
    assert (diff["after"]["owner"], diff["after"]["paths_to_change"]) == ("daemon", 4)
    left = {place.name for place in (site.path / "x").rglob("*") if place.lstat().st_uid != NOBODY}
    assert left == {"x", "run.sh", "metadata.json"}
    again = site.run(**OWNED)
    assert (again["failed"], again["changed"], again["diff"]) == (True, False, [])


@ONLY_ROOT
def test_where_nothing_could_be_changed_nothing_is_said_to_be(site, monkeypatch):
    site.begin(CASES["owner"])
    before = snapshot(site.path / "x")
    for call in ("chown", "fchown"):
        monkeypatch.setattr(os, call, failing(5))
    result = site.run(**OWNED)
    assert (result["failed"], result["changed"], result["diff"]) == (True, False, [])
    assert snapshot(site.path / "x") == before


# through descriptors only

CHANGES = {"chmod", "chown", "lchown", "lchmod", "utime", "lutime", "fchmod", "fchown", "copymode", "copystat", "touch"}
ALLOWED = {
    # Through /proc/self/fd; and for symlinks, where that is not there, by their name in a directory held open.
    "_fs/attributes": {"chown": 2, "chmod": 1, "fchown": 1, "fchmod": 1, "utime": 1},
    # All others have the descriptor of what they opened themselves.
    "_fs/remove": {"fchown": 1, "fchmod": 2},
    "_host/file_changes": {"fchmod": 1},
    "_server/registration_file": {"fchmod": 1, "fchown": 1},
    "_service_directories/create": {"fchmod": 1, "fchown": 1},
    "_store/converge": {"fchown": 1, "fchmod": 1},
    "_store/managed_files": {"fchown": 1, "fchmod": 1},
    "_store/own_directories": {"fchown": 1, "fchmod": 1},
    "_store/probe": {"fchown": 1, "fchmod": 1},
    "_fs/tree": {"fchown": 3, "fchmod": 4, "utime": 1},
}


def name_of(node):
    """A name in the source, as C(fd) or C(self.fd)."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def test_owners_modes_and_times_are_changed_by_descriptors_only():
    found: dict = {}
    for path in sorted(PLUGINS.rglob("*.py")):
        where = "/".join(path.with_suffix("").parts[-2:])
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            # A step of a plan is no call of the system.
            if node.func.attr in CHANGES and name_of(node.func.value) != "draft":
                counts = found.setdefault(where, {})
                counts[node.func.attr] = counts.get(node.func.attr, 0) + 1
                if where != "_fs/attributes":
                    assert name_of(node.args[0]) in ("fd", "top", "self.fd"), f"{path.name}:{node.lineno}"
    assert found == ALLOWED
