# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tree or a directory that LocalAI runs as a backend. Follows `core/gallery/backends.go`."""

from __future__ import annotations

from .._errors import SourceError
from .._fs.tree import Tree
from .._fs.utf8 import os
from .._store.tree_files import TreeFiles
from .installed import RUN_FILE
from .metadata import METADATA

# The files by which LocalAI recognizes a backend.
BACKEND_FILES = TreeFiles(described_by=(METADATA,), executables=(RUN_FILE,))


class BackendTree:
    """Accepts a tree with `run.sh` at its top, see `_sources.artifact.Accept`."""

    def directory(self, path: str) -> None:
        """Raise SourceError unless a directory on this host is a backend."""
        if not os.path.isfile(os.path.join(path, RUN_FILE)):
            raise SourceError(f"the directory has no {RUN_FILE}, so it is not a LocalAI backend.")

    def tree(self, tree: Tree) -> None:
        """Make `run.sh` executable; raises SourceError if a tree has none, and HostError."""
        if not tree.holds_file(RUN_FILE):
            raise SourceError(f"it has no {RUN_FILE} at its top, so it is not a LocalAI backend.")
        tree.make_executable(RUN_FILE)
