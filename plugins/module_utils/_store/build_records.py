# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes `builds.json`."""

from __future__ import annotations

import contextlib
import errno
import json
import typing as t

from .builds import FORMAT, Build
from .recorded_builds import recorded_builds

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class BuildRecords:
    """The last installed build of each backend in `path`; `write` replaces the content of the file."""

    def __init__(self, path: str, write: t.Callable[[bytes], None]) -> None:
        self._path = path
        self._write = write

    @contextlib.contextmanager
    def recording(self, name: str, build: Build | None) -> t.Iterator[None]:
        """Record the build of a backend while it is being installed, and restore the old record if that fails.

        The record is written before the tree becomes visible. So after a kill in between, the next run can install the
        recorded build, and there is never a tree without a record of its origin.
        """
        before = recorded_builds(self._path)
        try:
            self._change(before, {**before, name: build} if build is not None else before)
        except OSError as e:
            # A previous version can be restored on a full disk too: its own metadata tells which build it is.
            if e.errno not in NO_SPACE:
                raise
        try:
            yield
        except BaseException:
            with contextlib.suppress(OSError):
                self._change(recorded_builds(self._path), before)
            raise

    def forget(self, name: str) -> None:
        """Delete the record of a backend. A full disk does not prevent the removal of the backend itself."""
        before = recorded_builds(self._path)
        with contextlib.suppress(OSError):
            self._change(before, {backend: build for backend, build in before.items() if backend != name})

    def _change(self, before: t.Mapping[str, Build], after: t.Mapping[str, Build]) -> None:
        if after != before:
            self._write(builds_file(after))


def builds_file(builds: t.Mapping[str, Build]) -> bytes:
    """Return the content of `builds.json`."""
    rows = {name: vars(build) for name, build in sorted(builds.items())}
    return (json.dumps({"format": FORMAT, "builds": rows}, indent=2) + "\n").encode("ascii")
