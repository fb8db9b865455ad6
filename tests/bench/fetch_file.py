# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetch one single file into a directory that we manage, and print as JSON what that alone took.

That is what the collection's parts for single files do, from the URL to the published file, with its sha256 verified.
What Python, Ansible and requests need to be loaded is not in it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._http.client import Http
from ansible_collections.localai.core.plugins.module_utils._oci.image import Images
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._request import Connection
from ansible_collections.localai.core.plugins.module_utils._sources.progress import Progress
from ansible_collections.localai.core.plugins.module_utils._sources.source import Sources
from ansible_collections.localai.core.plugins.module_utils._store.store import open_store
from ansible_collections.localai.core.plugins.module_utils._store.tree_files import TreeFiles

_NAME = "benchmark"


class _Anything:
    """Accepts every tree, as far as this program has any."""

    def directory(self, _path: str) -> None:
        """Accept it."""

    def tree(self, _tree: Tree) -> None:
        """Accept it."""


def main() -> None:
    """`fetch_file URL SHA256 DIRECTORY`."""
    url, sha256, directory = sys.argv[1:]
    importlib.import_module("requests")
    wall, before = time.perf_counter(), os.times()
    _fetch(url, sha256, directory)
    wall, after = time.perf_counter() - wall, os.times()
    print(json.dumps({"wall": wall, "cpu": sum(after[:4]) - sum(before[:4])}))


def _fetch(url: str, sha256: str, directory: str) -> None:
    http = Http(Connection())
    sources = Sources(http, Images(http, Registry(http)), Platform("linux", "amd64"), _Anything())
    artifact = sources.find_file([Address(url)], sha256)
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(open_store(directory, FileAttributes(), TreeFiles(), 60.0))
        progress = Progress(stack.enter_context(store.progress()), _NAME, artifact.size)
        tree, _delivered = stack.enter_context(sources.deliver(artifact, store.stage, progress.update, store.partials))
        store.publish(tree, _NAME)


if __name__ == "__main__":
    main()
