# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bundles: how tests write them, serve them, and damage single files of them."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any, Iterator

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.localai.core.plugins.module_utils._bundle.contents import parse_contents
from ansible_collections.localai.core.plugins.module_utils._module.bundle.argspec import BUNDLE
from ansible_collections.localai.core.plugins.module_utils._module.bundle.options import BundleOptions, bundle_options
from ansible_collections.localai.core.plugins.modules import localai_backend, localai_bundle

from .faults import Status
from .host import Snapshot, snapshot
from .module import run_module
from .server import Server
from .world import Host, World

# What check mode knows already.
FORESEEN = ("failed", "changed", "fetched", "size", "removed", "diff", "warnings")


def bundle_options_of(**given: Any) -> BundleOptions:
    """The options of a task, as Ansible completes them."""
    checked = ArgumentSpecValidator(BUNDLE["argument_spec"]).validate({"path": "/srv/bundle", **given})
    assert checked.error_messages == []
    return bundle_options(checked.validated_parameters)


class BundleDirectory:
    """The directory of a bundle, and the options of the task that fills it."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.path = path
        self.options: dict[str, Any] = {"path": str(path), "timeout": 5, "retries": 0, **options}

    def run(self, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run localai_bundle."""
        return run_module(localai_bundle.main, {**self.options, **options}, check)

    def fill(self, **options: Any) -> dict[str, Any]:
        """Run localai_bundle and insist that it works."""
        result = self.run(**options)
        assert not result["failed"], result["msg"]
        return result

    @property
    def contents(self) -> Any:
        """The document `bundle.json`."""
        return json.loads((self.path / "bundle.json").read_text(encoding="ascii"))

    @property
    def files(self) -> dict[str, bytes]:
        """All files of the bundle by path; what localai_bundle keeps for itself is none of them."""
        paths = [path for path in self.path.rglob("*") if path.is_file()]
        inner = {str(path.relative_to(self.path)): path for path in paths}
        return {name: path.read_bytes() for name, path in inner.items() if not name.startswith(".localai-core/")}

    def file(self, pattern: str) -> bytes:
        """The content of the only file with a path of this pattern."""
        (path,) = self.path.glob(pattern)
        return path.read_bytes()

    @property
    def names(self) -> list[str]:
        """The names of the images."""
        return [row["name"] for row in self.contents["images"]]


def published(directory: BundleDirectory) -> Snapshot:
    """A snapshot of the bundle, without the own directory of localai_bundle."""
    return {name: entry for name, entry in snapshot(directory.path).items() if not name.startswith(".localai-core")}


def prove_fill(directory: BundleDirectory, **options: Any) -> dict[str, Any]:
    """Check, see that nothing was written, run, and see that nothing is left to do. Returns the result of the run."""
    before = snapshot(directory.path.parent)
    predicted = directory.run(check=True, **options)
    assert not predicted["failed"], predicted["msg"]
    assert snapshot(directory.path.parent) == before
    result = directory.fill(**options)
    assert {key: result[key] for key in FORESEEN} == {key: predicted[key] for key in FORESEEN}
    after = published(directory)
    for check in (True, False):
        again = directory.run(check=check, **options)
        assert (again["failed"], again["changed"], again["fetched"], again["bytes_transferred"]) == (
            False,
            False,
            [],
            0,
        )
        assert (again["msg"], again["removed"]) == ("Nothing to change.", [])
    assert published(directory) == after
    assert_sums(directory)
    return result


def assert_sums(directory: BundleDirectory) -> None:
    """Insist that SHA256SUMS has the right checksums, those of all files that the bundle lists."""
    files = directory.files
    rows = dict(line.split("  ", 1)[::-1] for line in files.pop("SHA256SUMS").decode().splitlines())
    assert rows == {name: hashlib.sha256(files[name]).hexdigest() for name in rows}
    contents = parse_contents(files["bundle.json"])
    assert set(rows) == {*contents.stored, "bundle.json", "images/oci-layout", "images/index.json"}
    # Only what was at the same URL before is not listed any more.
    assert [name for name in files if name not in rows and not name.startswith("files/")] == []


class BundledHost(Host):
    """A host with the option `bundle`, whose tasks may have `backends` in the place of names."""

    def __init__(self, top: Path, world: World, bundle: str, **options: Any) -> None:
        top.mkdir(exist_ok=True)
        super().__init__(top, world)
        self.options.update(bundle=bundle, **options)

    def backend(self, *names: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run localai_backend."""
        requested = {"name": list(names)} if names else {}
        return run_module(localai_backend.main, {**self.options, **requested, **options}, check)


@contextlib.contextmanager
def offline(*servers: Server) -> Iterator[None]:
    """Let servers answer nothing, and insist that nobody asks them."""
    for server in servers:
        server.requests.clear()
        server.faults[:] = [Status(status=503)]
    try:
        yield
        assert [f"{server.host}{request.path}" for server in servers for request in server.requests] == []
    finally:
        for server in servers:
            server.faults.clear()
