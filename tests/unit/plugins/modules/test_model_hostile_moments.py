# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Root installs models in a directory of an ordinary user, who exchanges anything at any moment of a run.

No file outside changes its owner, its mode or its content, and nothing that only root may read becomes readable.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.modules import localai_model
from ansible_collections.localai.core.tests.support.archives import file, tar_archive
from ansible_collections.localai.core.tests.support.host import IS_ROOT, NOBODY, make_empty, snapshot
from ansible_collections.localai.core.tests.support.hub import Hub, Repo
from ansible_collections.localai.core.tests.support.module import run_module
from ansible_collections.localai.core.tests.support.moments import MOMENTS

# With LOCALAI_TEST_EVERY=1, as the soak has it, something is exchanged at each moment of a run.
EVERY = int(os.environ.get("LOCALAI_TEST_EVERY", "34"))
ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
OWNED = {"owner": str(NOBODY), "group": str(NOBODY), "mode": "0640"}
KINDS = ("link to a file", "link to a directory", "hard link")
SECRET = b"only for root"


class Site:
    """A models path in a directory of the ordinary user, sources, and what must not change or leak."""

    def __init__(self, top):
        self.source = top / "source"
        self.source.mkdir()
        for version in ("1", "2"):
            for name, content in self.contents(version).items():
                (self.source / f"{version}-{name}").write_bytes(content)
            template = {"name": "chat", "content": version}
            base = {"config_file": "backend: x\n", "prompt_templates": [template]}
            (self.source / f"base-{version}.yaml").write_text(json.dumps(base))
            (self.source / f"gallery-{version}.yaml").write_text(json.dumps([self.entry(version)]))
        self.victim = top / "victim"
        self.victim.mkdir(mode=0o700)
        # Whatever it is taken for: an archive, a file of weights, a template or a YAML file.
        for name in ("file", "voice.tar.gz", "a.gguf", "chat.tmpl", "m.yaml", "m.json"):
            (self.victim / name).write_bytes(tar_archive([file("leak", SECRET)]))
            (self.victim / name).chmod(0o600)
        self.user = top / "user"
        self.user.mkdir()
        os.chown(self.user, NOBODY, NOBODY)
        self.path = self.user / "parent/models"

    @staticmethod
    def contents(version):
        voice = [file("voice/en.onnx", version * 100), file("voice/tokens", version)]
        return {"a.gguf": version.encode() * 3000, "voice.tar.gz": tar_archive(voice)}

    def entry(self, version):
        rows = [
            {"filename": f"sub/{name}", "uri": f"{self.source}/{version}-{name}"} for name in self.contents(version)
        ]
        rows[0]["sha256"] = hashlib.sha256(self.contents(version)["a.gguf"]).hexdigest()
        overrides = {"parameters": {"model": "sub/a.gguf"}, "context_size": int(version)}
        return {"name": "m", "url": f"{self.source}/base-{version}.yaml", "overrides": overrides, "files": rows}

    def outside(self):
        """What must stay as it is: types, modes, owners and contents."""
        return {name: (*entry[:3], entry[-1]) for name, entry in snapshot(self.victim).items()}

    def leaks(self):
        """The files of the user that have what only root may read; those that the user has linked do not count."""
        inodes = {place.stat().st_ino for place in self.victim.iterdir()}
        places = [place for place in self.user.rglob("*") if place.is_file() and not place.is_symlink()]
        return [place for place in places if place.stat().st_ino not in inodes and SECRET in place.read_bytes()]

    def run(self, version="1", **options):
        gallery = {"name": "g", "url": str(self.source / f"gallery-{version}.yaml")}
        common = {"name": ["m"], "galleries": [gallery], "models_path": str(self.path), "retries": 0}
        return run_module(localai_model.main, {**common, **options})

    def begin(self, case):
        """Make what a case begins with."""
        make_empty(self.user)
        if case.installed:
            result = self.run(**OWNED)
            assert not result["failed"], result
            case.spoil(self)

    def exchange(self, name, kind):
        """What the ordinary user does: put something of a kind in the place of what is there, if anything is."""
        place = Path(os.path.normpath(self.path / name))
        if "*" in name:
            place = next(self.path.glob(name), place)
        if not os.path.lexists(place):
            return
        place.rename(self.user / f"aside-{len(os.listdir(self.user))}")
        if kind == "hard link":
            os.link(self.victim / "file", place)
        else:
            place.symlink_to(self.victim / "file" if kind == "link to a file" else self.victim)


@pytest.fixture
def site(tmp_path, monkeypatch):
    repo = Repo(small={"config.json": b"{}"}, large={"deep/model.safetensors": b"weights" * 900})
    with Hub({"org/repo": repo}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield Site(tmp_path)


@dataclass(frozen=True)
class Case:
    """A run, and what is done to the model first so that it has something to do."""

    options: dict
    spoil: object = lambda site: None
    installed: bool = True
    names: tuple = ()


def give_to_another(site):
    for place in site.path.rglob("*"):
        if ".localai-core" not in place.parts:
            os.chown(place, 1, 1, follow_symlinks=False)


def lose_a_part(site):
    (site.path / "sub/voice/tokens").unlink()


NAMES = (
    *("sub/voice.tar.gz", "sub/a.gguf", "m.yaml", "sub", "sub/voice", "sub/voice/en.onnx", "chat.tmpl"),
    *("._gallery_m.yaml", ".localai-core", ".localai-core/models", ".localai-core/models/m.json"),
    *(f".localai-core/{name}" for name in ("lock", "staging", "replaced", "progress", "file-system.json")),
    *(f".localai-core/staging/{number}{below}" for number in (1, 2) for below in ("", "/sub", "/voice")),
)
SNAPSHOT = (
    *(".artifacts", ".artifacts/.partial", ".artifacts/.partial/*", ".artifacts/.partial/*/snapshot"),
    *(f".artifacts/.partial/*/{name}" for name in ("manifest.json", "snapshot/deep", "snapshot/*")),
    *(".artifacts/huggingface", ".artifacts/huggingface/*", *NAMES[-6:]),
)
# A path that exists is the one that the task names, even if it is a symlink.
MISSING = ("", "..")
CASES = {
    "install": Case(OWNED, installed=False),
    "upgrade": Case({"version": "2", "state": "latest", **OWNED}),
    "unpack again": Case(OWNED, lose_a_part),
    "owner": Case(OWNED, give_to_another),
    "config": Case({"config": {"f16": True}}),
    "removal": Case({"state": "absent"}),
    "snapshot": Case(
        {
            "name": ["s"],
            "files": [],
            "config": {"backend": "x", "artifacts": [{"source": {"type": "huggingface", "repo": "org/repo"}}]},
        },
        names=SNAPSHOT,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
@ONLY_ROOT
def test_whatever_is_exchanged_at_whatever_moment_nothing_outside_changes_or_leaks(site, name, kind):
    case, before = CASES[name], site.outside()
    site.begin(case)
    with MOMENTS.acting({}):
        assert site.run(**case.options)["changed"]
    names = case.names or (NAMES if case.installed else (*NAMES, *MISSING))
    for number, moment in enumerate(range(1, MOMENTS.count, EVERY)):
        changed = names[number % len(names)]
        site.begin(case)
        with MOMENTS.acting({moment: lambda changed=changed: site.exchange(changed, kind)}):
            site.run(**case.options)
        assert site.outside() == before, f"{changed} was exchanged at the moment {moment}"
        assert not site.leaks(), f"{changed} was exchanged at the moment {moment}"


@pytest.mark.parametrize("kind", KINDS)
@ONLY_ROOT
def test_an_archive_that_is_exchanged_after_its_transfer_is_not_unpacked(site, kind):
    case = CASES["install"]
    site.begin(case)
    with MOMENTS.acting({}):
        site.run(**case.options)
    seen = 0
    for moment in range(1, MOMENTS.count, min(EVERY, 6)):
        site.begin(case)
        with MOMENTS.acting({moment: lambda: site.exchange("sub/voice.tar.gz", kind)}):
            result = site.run(**case.options)
        seen += result["failed"] and "sub/voice.tar.gz" in result["msg"]
        assert not site.leaks(), f"the archive was exchanged at the moment {moment}"
    assert seen
