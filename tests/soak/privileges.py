# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of some backends, from the first installation to the removal, with as few privileges as possible.

An ordinary user that owns the backends path can do all of it. Where root does it for the service, nothing that the
service could see ever belongs to anybody else, at any moment. Under any umask the modes are the same.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Iterator
from unittest import mock

from ..support.files import FileServer
from ..support.host import IS_ROOT, NOBODY, directory_of_ordinary_user, ordinary_user, umask
from ..support.registry import Registry
from ..support.world import Host, World

_NAMES = ("llama-cpp", "piper", "layered", "archived", "from-directory")
Owner = tuple[int, int]
Step = Callable[[Host], dict[str, Any]]


def _damaged(host: Host) -> dict[str, Any]:
    (host.path / "piper" / "LICENSE").unlink()
    return host.backend("piper", verify=True)


def _to_other_hardware(host: Host) -> dict[str, Any]:
    return host.backend("llama-cpp", state="latest", capability="nvidia", keep_previous=1)


def _upgrade(host: Host) -> dict[str, Any]:
    host.world.publish("2")
    return host.backend(*_NAMES, state="latest", keep_previous=1)


def _back(host: Host) -> dict[str, Any]:
    (digest,) = (row["digest"] for row in host.info()["previous"] if row["backend"] == "piper")
    return host.backend("piper", digest=digest, keep_previous=1)


def _alias(name: str) -> Step:
    return lambda host: host.backend("mine", uri=f"{host.world.repository}:latest-kokoro", alias=name)


# Each of them changes something.
LIFE: dict[str, Step] = {
    "install": lambda host: host.backend(*_NAMES),
    "upgrade": _upgrade,
    "restore": _back,
    "install from a uri": _alias("one"),
    "another alias": _alias("two"),
    "repair": _damaged,
    "replace": lambda host: host.backend(*_NAMES, force=True),
    "other hardware": _to_other_hardware,
    "only some": lambda host: host.backend("piper", "mine", exclusive=True, uri=None),
}
END: dict[str, Step] = {"remove": lambda host: host.backend("piper", "mine", state="absent")}


def live(host: Host, steps: dict[str, Step], told: list[str]) -> None:
    """Take the steps, and tell of those that went wrong."""
    for name, step in steps.items():
        result = step(host)
        if result["failed"] or not result["changed"]:
            told.append(f"{name}: {result.get('msg', 'nothing was changed')}")
        informed = host.info(disk_usage=True)
        if informed["failed"] or [row for row in informed["backends"] if row["problem"]]:
            told.append(f"{name}: the info module says {informed.get('msg') or informed['backends']}")


@contextlib.contextmanager
def _host() -> Iterator[Host]:
    with directory_of_ordinary_user() as top, Registry() as registry, FileServer() as files:
        (top / "gallery").mkdir()
        host = Host(top / "host", World(registry, files, top / "gallery"))
        host.options["endpoints"] = [{"host": registry.host, "plain_http": True}]
        host.path.parent.mkdir()
        yield host


def as_ordinary_user() -> list[str]:
    """All of it as a user that owns the backends path, and nothing else."""
    told: list[str] = []
    with _host() as host, contextlib.ExitStack() as stack:
        host.path.mkdir()
        if IS_ROOT:
            os.chown(host.path, NOBODY, NOBODY)
            stack.enter_context(mock.patch.object(host.world, "publish", _as_root(host.world.publish)))
            # Libraries load parts of themselves late, from where the ordinary user may not read.
            host.backend("piper", check=True)
        with ordinary_user():
            live(host, {**LIFE, **END}, told)
    return told


def _as_root(publish: Callable[[str], None]) -> Callable[[str], None]:
    """The world is root's, whoever the host's user is at that moment."""

    def published(version: str) -> None:
        user, group = os.geteuid(), os.getegid()
        os.seteuid(0)
        os.setegid(0)
        try:
            publish(version)
        finally:
            os.setegid(group)
            os.seteuid(user)

    return published


class Watch:
    """Looks, before every call of the operating system that Python reports, at whom things belong to."""

    def __init__(self, path: Path, owner: Owner) -> None:
        self.moments = 0
        self.told: list[str] = []
        self.on = True
        self._path = path
        self._owner = owner
        self._looking = threading.Lock()

    def __call__(self, event: str, _arguments: Any) -> None:
        if not self.on or not event.startswith(("os.", "open", "ctypes.", "fcntl.")):
            return
        # What looking reports itself is not looked at, nor what another thread does meanwhile.
        if self._looking.acquire(blocking=False):
            try:
                self.look(event)
            finally:
                self._looking.release()

    def look(self, event: str) -> None:
        """Look at all that the service could see."""
        self.moments += 1
        for place in _visible(self._path):
            with contextlib.suppress(FileNotFoundError):
                status = os.lstat(place)
                if (status.st_uid, status.st_gid) != self._owner:
                    self.told.append(f"{place} belonged to {status.st_uid}:{status.st_gid} before {event}")


def _visible(path: Path) -> Iterator[str]:
    """All paths of the backends that LocalAI could list."""
    for name in os.listdir(path) if path.exists() else ():
        if name != ".localai-core":
            yield str(path / name)
            for parent, directories, files in os.walk(path / name):
                yield from (os.path.join(parent, each) for each in (*directories, *files))


def for_the_service() -> tuple[int, list[str]]:
    """All of it as root, for a service; returns at how many moments it was looked at as well."""
    with _host() as host:
        owned = functools.partial(host.backend, owner=str(NOBODY), group=str(NOBODY))
        watch = Watch(host.path, (NOBODY, NOBODY))
        sys.addaudithook(watch)
        with mock.patch.object(host, "backend", owned):
            live(host, {**LIFE, **END}, watch.told)
        watch.on = False
        return watch.moments, watch.told


def modes_under(mask: int, told: list[str]) -> dict[str, str]:
    """The modes of all that is there after a life under a umask, what is our own included."""
    with _host() as host:
        with umask(mask):
            live(host, LIFE, told)
        paths = [host.path, *host.path.rglob("*")]
        return {str(path.relative_to(host.path)): oct(stat.S_IMODE(path.lstat().st_mode)) for path in paths}


def same_modes() -> tuple[int, list[str]]:
    """Under any umask; returns the number of paths as well."""
    told: list[str] = []
    usual = modes_under(0o022, told)
    for mask in (0o000, 0o027, 0o077):
        found = modes_under(mask, told)
        differing = sorted(path for path in {*usual, *found} if usual.get(path) != found.get(path))
        told += [f"umask {mask:03o}: {path} is {found.get(path)}, not {usual.get(path)}" for path in differing]
    return len(usual), told


def main() -> None:
    """Prove all three, and print the figures."""
    wrong = as_ordinary_user()
    print(f"as an ordinary user: {len(LIFE) + len(END)} steps of a life, {len(wrong)} wrong")
    if IS_ROOT:
        moments, found = for_the_service()
        print(f"as root for a service: looked at whom things belong to at {moments} moments, {len(found)} wrong")
        wrong += found if moments else ["nobody looked"]
    else:
        print("as root for a service: left out, because it takes root to give files away")
    paths, found = same_modes()
    print(f"umask 000, 022, 027 and 077: the same modes of {paths} paths, {len(found)} wrong")
    wrong += found
    for line in dict.fromkeys(wrong[:20]):
        print(f"WRONG: {line}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
