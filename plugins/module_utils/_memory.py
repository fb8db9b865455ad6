# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The builds that are remembered for repairs, as a run that writes changes them."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.localai.core.plugins.module_utils._builds import Build, builds_file
from ansible_collections.localai.core.plugins.module_utils._observe import remembered_builds


class BuildMemory:
    """What each backend of a backends path was given last; C(write) puts a new content in place of the file."""

    def __init__(self, path: str, write: t.Callable[[bytes], None]) -> None:
        self._path = path
        self._write = write

    @contextlib.contextmanager
    def remembering(self, name: str, build: Build | None) -> t.Iterator[None]:
        """Remember what a backend is being given. It is written before the tree gets its place, and undone if it fails:

        a run that is killed in between leaves a build that the next one may install by its digest, and never a tree of
        which nobody knows what it was installed for.
        """
        before = remembered_builds(self._path)
        self._change(before, {**before, name: build} if build is not None else before)
        try:
            yield
        except BaseException:
            with contextlib.suppress(OSError):
                self._change(remembered_builds(self._path), before)
            raise

    def forget(self, name: str) -> None:
        """Forget what a backend was given. Where there is no room to write that down, it is removed all the same."""
        before = remembered_builds(self._path)
        with contextlib.suppress(OSError):
            self._change(before, {known: build for known, build in before.items() if known != name})

    def _change(self, before: t.Mapping[str, Build], after: t.Mapping[str, Build]) -> None:
        if after != before:
            self._write(builds_file(after))
