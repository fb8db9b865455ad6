# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any sequence of galleries, hardware, accidents and requests: check mode predicts, and nothing else changes.

After every request LocalAI's view of the disk, by a model that shares no code with the collection, is what the module
said of it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ansible_collections.localai.core.tests.support.faults import Corrupt
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.images import Index
from ansible_collections.localai.core.tests.support.localai import listing, run_files
from ansible_collections.localai.core.tests.support.proof import foreseen
from ansible_collections.localai.core.tests.support.world import Host, World

NAMES = ["piper", "llama-cpp", "cpu-llama-cpp", "whisper", "kokoro", "archived", "from-directory"]
VERSIONS = ["1", "2"]
CAPABILITIES = ["default", "nvidia", "amd"]
BUILDS = ["piper", "cpu-llama-cpp", "cuda12-llama-cpp", "cpu-whisper", "Kokoro", "archived"]
ACCIDENTS = [
    *("run.sh", "metadata.json", "LICENSE"),  # one of its files is gone
    *("spoiled", "symlink", "file", "nothing"),
    *(".backup", ".install-backup", ".upgrade-tmp"),
]
SOME_NAMES = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(["present", "latest", "absent"]),
        "keep_previous": st.integers(0, 2),
        "exclusive": st.just(True),
        "verify": st.just(True),
        "force": st.just(True),
        "directory_mode": st.sampled_from(["0755", "0750"]),
    },
)


def trees(path):
    """A snapshot of each directory of the backends path, but for our own."""
    found = {}
    for name, entry in snapshot(path).items():
        top = name.partition("/")[0]
        if top not in ("", ".localai-core"):
            found.setdefault(top, {})[name] = entry
    return found


class Lifecycle(RuleBasedStateMachine):
    """One host and the galleries around it."""

    world: World

    def __init__(self):
        super().__init__()
        self.top = Path(tempfile.mkdtemp())
        self.host = Host(self.top, self.world)
        self.host.path.mkdir()
        # Without this, each run would try TLS first.
        self.host.options["endpoints"] = [{"host": self.world.registry.host, "plain_http": True}]
        self.digests = {}
        self.programs = {}

    def teardown(self):
        self.fail()
        shutil.rmtree(self.top)

    @initialize(version=st.sampled_from(VERSIONS), capability=st.sampled_from(CAPABILITIES))
    def begin(self, version, capability):
        self.publish(version)
        self.become(capability)
        self.host.install("piper", "llama-cpp", "whisper", "archived")

    def publish(self, version):
        """The gallery moves on, or back."""
        self.world.publish(version)
        for name, tag in (("piper", "piper"), ("llama-cpp", "cpu-llama-cpp"), ("cpu-llama-cpp", "cpu-llama-cpp")):
            self.digests.setdefault(name, set()).add(self.world.digest(tag))
        for artifact in self.world.content.images.values():
            if isinstance(artifact, Index):
                self.programs[artifact.digest] = b"".join(layer.content for layer in artifact.images[0].layers)

    def become(self, capability):
        """Another GPU."""
        self.host.options["capability"] = capability

    @rule(name=st.sampled_from(BUILDS), accident=st.sampled_from(ACCIDENTS))
    def happen(self, name, accident):
        """Something happens to a tree, if it is there."""
        place = self.host.path / name
        if not place.is_dir() or place.is_symlink():
            return
        if accident.startswith("."):
            aside = self.host.path / (name + accident)
            if not aside.exists():
                # LocalAI moved it aside, or was filling it, and was killed more than an hour ago.
                place.rename(aside)
                for each in [aside, *aside.rglob("*")]:
                    os.utime(each, (0, 0), follow_symlinks=False)
        elif accident == "spoiled":
            (place / "metadata.json").write_bytes(b"\x00")
        elif accident in ("symlink", "file", "nothing"):
            shutil.rmtree(place)
            if accident == "symlink":
                place.symlink_to("/nowhere")
            elif accident == "file":
                place.touch()
        else:
            (place / accident).unlink(missing_ok=True)

    @rule(names=SOME_NAMES, options=OPTIONS, capability=st.sampled_from(CAPABILITIES))
    def ask(self, names, options, capability):
        self.become(capability)
        self.request(names, options)

    @rule(names=SOME_NAMES, version=st.sampled_from(VERSIONS), keep=st.integers(0, 2))
    def every_night(self, names, version, keep):
        self.publish(version)
        self.request(names, {"state": "latest", "keep_previous": keep, "verify": True, "directory_mode": "0750"})

    @rule(name=st.sampled_from(["piper", "llama-cpp", "cpu-llama-cpp"]), keep=st.integers(0, 2), data=st.data())
    def pin_a_digest(self, name, keep, data):
        digest = data.draw(st.sampled_from(sorted(self.digests[name])))
        self.request([name], {"digest": digest, "keep_previous": keep})

    @rule(names=st.lists(st.sampled_from(["piper", "llama-cpp", "archived"]), min_size=1, unique=True))
    def pin_a_set(self, names):
        pins = self.host.info(*names, pins=True, pin_capabilities=CAPABILITIES)["pins"]
        self.request(names, {"pins": pins, "keep_previous": 1})

    @rule()
    def pin_a_release(self):
        self.request(["piper"], {"release": "latest"})

    def fail(self):
        """The bytes are damaged on their way: what was there is there still."""
        before = trees(self.host.path)
        blob = self.world.content.images["latest-piper"].images[0].layers[0].digest
        self.world.registry.faults = [Corrupt(f"/blobs/{blob}", at=100)]
        result = self.host.backend("piper", force=True, keep_previous=1)
        self.world.registry.faults.clear()
        assert result["failed"]
        assert (result["changed"], result["diff"], result["removed"], result["unload"]) == (False, [], [], [])
        assert result["restart_required"] is False
        assert trees(self.host.path) == before

    def request(self, names, options):
        if options.get("state") == "absent":
            options = {key: value for key, value in options.items() if key != "exclusive"}
        untouched, before = snapshot(self.top), trees(self.host.path)
        known, listed = self.view(), self.listed()
        predicted = self.host.backend(*names, check=True, **options)
        assert snapshot(self.top) == untouched
        result = self.host.backend(*names, **options)
        if predicted["failed"]:
            assert (result["failed"], result["msg"]) == (True, predicted["msg"])
            assert snapshot(self.top) == untouched
            return
        assert not result["failed"], result["msg"]
        assert foreseen(result) == foreseen(predicted)
        after = trees(self.host.path)
        self.only_the_diff_changed(result, before, after)
        self.localai_sees(result, known, listed)
        self.metadata_describes_the_trees()
        for check in (True, False):
            again = self.host.backend(*names, check=check, **{**options, "force": False})
            assert (again["failed"], again["changed"], again["diff"]) == (False, False, [])
        assert trees(self.host.path) == after

    def view(self):
        return run_files(self.host.path, self.host.system, self.host.options["capability"])

    def listed(self):
        """The run file of each name with the tree that it is in, but for trees that have none."""
        found = listing(self.host.path, self.host.system, self.host.options["capability"])
        return {name: (path, Path(path).parent.stat().st_ino) for name, path in found.items() if Path(path).exists()}

    def only_the_diff_changed(self, result, before, after):
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        told = {entry["before_header"] for entry in result["diff"]}
        assert {name.partition(".")[0] for name in changed} <= {name.partition(".")[0] for name in told}
        assert {entry["backend"] for entry in result["removed"]} <= told
        assert result["changed"] is bool(result["diff"])

    def localai_sees(self, result, known, listed):
        now, now_listed = self.view(), self.listed()
        assert result["restart_required"] is (known != now)
        assert result["unload"] == sorted(
            name
            for name, (path, tree) in listed.items()
            if name in now_listed and now_listed[name][0] == path and now_listed[name][1] != tree
        )
        for row in result["backends"]:
            if now and row["run_file"]:
                assert now[row["name"]] == row["run_file"]

    def metadata_describes_the_trees(self):
        for place in self.host.path.glob("*/.localai-core.json"):
            try:
                digest = json.loads((place.parent / "metadata.json").read_bytes()).get("digest")
            except (OSError, ValueError):
                continue
            if digest in self.programs and (place.parent / "backend").exists():
                assert (place.parent / "backend").read_bytes() in self.programs[digest]


def test_any_sequence(moving_world):
    machine = type("LifecycleOfOneWorld", (Lifecycle,), {"world": moving_world})
    examples = max(settings.default.max_examples // 8, 1)
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=8))
