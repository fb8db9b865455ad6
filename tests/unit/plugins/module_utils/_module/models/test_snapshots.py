# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots on the disk: they are installed in one step, and completed after an interruption."""

from __future__ import annotations

import contextlib
import hashlib
import json
from types import SimpleNamespace

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import IntegrityError
from ansible_collections.localai.core.plugins.module_utils._localai.models.artifacts import (
    Spec,
    cache_key,
    partial_path,
    resolved,
    snapshot_path,
)
from ansible_collections.localai.core.plugins.module_utils._module.models.snapshots import (
    SnapshotInstaller,
    complete_snapshot,
    sha256_of,
)
from ansible_collections.localai.core.plugins.module_utils._planner.models.desired import DesiredSnapshot
from ansible_collections.localai.core.plugins.module_utils._store.store import open_store
from ansible_collections.localai.core.plugins.module_utils._store.tree_files import TreeFiles
from ansible_collections.localai.core.tests.support.host import ANYBODY

HUB, COMMIT, SPEC = "https://huggingface.co", "a" * 40, Spec("org/repo")
PAGES = {"x.safetensors": b"weights", "sub/y.json": b"{}"}


def row(path, data, *, weights):
    sha256 = hashlib.sha256(data).hexdigest() if weights else ""
    oid = "" if weights else hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return SimpleNamespace(path=path, size=len(data), sha256=sha256, blob_oid=oid, xet_hash="", url=Address(HUB))


FILES = tuple(row(path, data, weights=path.endswith("s")) for path, data in PAGES.items())
KEY = cache_key(SPEC, HUB, COMMIT)
WANTED = DesiredSnapshot(SPEC, KEY, COMMIT, resolved(SPEC, HUB, COMMIT, list(PAGES)), FILES)


def install(path, pages=None):
    """Install a snapshot from these pages; returns what was transferred."""
    asked = []
    with open_store(str(path), ANYBODY, TreeFiles(), 5) as store:

        def transfer(name: str, spec, stack: contextlib.ExitStack):
            assert name == "m"
            file = spec.filename.partition("/snapshot/")[2]
            asked.append(file)
            tree = stack.enter_context(store.stage())
            tree.file(spec.filename, 0o644, [(pages or PAGES)[file]])
            return tree, None

        SnapshotInstaller(store, store.files(0o644, 0o755), transfer).install("m", WANTED)
    return asked


def test_a_snapshot_is_complete_when_it_is_installed(tmp_path):
    assert install(tmp_path) == list(PAGES)
    top = f"{snapshot_path(KEY)}/snapshot"
    assert complete_snapshot(str(tmp_path), KEY, verify=True) == {f"{top}/x.safetensors": 7, f"{top}/sub/y.json": 2}
    assert not (tmp_path / partial_path(KEY)).exists()


def test_what_an_interrupted_run_has_is_not_fetched_again(tmp_path):
    begun = tmp_path / partial_path(KEY) / "snapshot"
    begun.mkdir(parents=True)
    (begun / "x.safetensors").write_bytes(b"weights")
    assert install(tmp_path) == ["sub/y.json"]
    assert complete_snapshot(str(tmp_path), KEY, verify=True)


@pytest.mark.parametrize(("path", "data"), [("x.safetensors", b"WEIGHTS"), ("sub/y.json", b"[]"), ("sub/y.json", b"")])
def test_what_is_wrong_there_is_fetched_again(tmp_path, path, data):
    begun = tmp_path / partial_path(KEY) / "snapshot"
    (begun / "sub").mkdir(parents=True)
    (begun / path).write_bytes(data)
    assert install(tmp_path) == list(PAGES)


def test_another_file_than_the_listed_one_is_an_error_and_does_not_stay(tmp_path):
    with pytest.raises(IntegrityError, match=r"^m: sub/y\.json is not the file that the Hub lists\. Run again\.$"):
        install(tmp_path, {**PAGES, "sub/y.json": b"[]"})
    assert not (tmp_path / partial_path(KEY) / "snapshot/sub/y.json").exists()
    assert complete_snapshot(str(tmp_path), KEY, verify=False) is None
    assert install(tmp_path) == ["sub/y.json"]


def spoil(manifest, **changes):
    document = json.loads(manifest.read_text())
    document["files"][0].update(changes)
    manifest.write_text(json.dumps(document))


@pytest.mark.parametrize(
    "changes", [{"size": 8}, {"size": "7"}, {"path": "../manifest.json"}, {"path": "gone"}, {"path": 5}, {"sha256": 5}]
)
def test_a_snapshot_that_its_manifest_does_not_describe_is_not_complete(tmp_path, changes):
    install(tmp_path)
    spoil(tmp_path / snapshot_path(KEY) / "manifest.json", **changes)
    assert complete_snapshot(str(tmp_path), KEY, verify=True) is None


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"files": 5}', '{"files": []}', '{"files": [5]}', "[" * 9999])
def test_a_broken_manifest_describes_nothing(tmp_path, text):
    install(tmp_path)
    (tmp_path / snapshot_path(KEY) / "manifest.json").write_text(text)
    assert complete_snapshot(str(tmp_path), KEY, verify=False) is None


def test_only_verification_reads_the_files(tmp_path):
    install(tmp_path)
    (tmp_path / snapshot_path(KEY) / "snapshot/x.safetensors").write_bytes(b"WEIGHTS")
    assert complete_snapshot(str(tmp_path), KEY, verify=False)
    assert complete_snapshot(str(tmp_path), KEY, verify=True) is None


def test_a_file_that_is_gone_has_no_digest(tmp_path):
    assert sha256_of(str(tmp_path / "gone")) == ""
    (tmp_path / "x").write_bytes(b"weights")
    assert sha256_of(str(tmp_path / "x")) == hashlib.sha256(b"weights").hexdigest()
