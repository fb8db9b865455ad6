# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backends as LocalAI publishes them, in miniature."""

from __future__ import annotations

from typing import Iterable, Mapping

from .archives import Entry, directory, file, hardlink, symlink
from .images import Index, Platform, host_platform, image, index, layer

RUN_SH = """\
#!/bin/sh
set -e
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$here/lib:$LD_LIBRARY_PATH"
exec "$here/backend" "$@"
"""


def backend_entries(
    name: str, version: str = "1", run_sh: str | None = RUN_SH, files: Mapping[str, bytes | str] | None = None
) -> list[Entry]:
    """The tree of a backend whose run file prints its name and version; without a run file if `run_sh` is None."""
    packages = "venv/lib/python3.10/site-packages"
    entries = [
        file("backend", f"#!/bin/sh\necho '{name} {version}'\n", 0o755),
        directory("lib"),
        file("lib/libggml.so.1.2", b"\x7fELF" + version.encode() * 5000, 0o755),
        symlink("lib/libggml.so.1", "libggml.so.1.2"),
        symlink("lib/libggml.so", "libggml.so.1"),
        directory("venv"),
        file("venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.10.12\n"),
        directory("venv/bin"),
        symlink("venv/bin/python3", "/usr/bin/python3"),
        symlink("venv/bin/python", "python3"),
        directory(packages),
        file(packages + "/grpc.py", f"VERSION = '{version}'\n"),
        hardlink(packages + "/grpcio.py", packages + "/grpc.py"),
        file("LICENSE", "MIT\n"),
    ]
    entries.extend(file(path, data) for path, data in (files or {}).items())
    return entries if run_sh is None else [file("run.sh", run_sh, 0o755), *entries]


def backend_image(
    name: str = "backend",
    version: str = "1",
    *,
    run_sh: str | None = RUN_SH,
    files: Mapping[str, bytes | str] | None = None,
    platforms: Iterable[Platform] | None = None,
    docker: bool = False,
) -> Index:
    """An index of images with a single gzip layer; by default of one image, for the platform of this machine."""
    content = layer(backend_entries(name, version, run_sh, files))
    chosen = [host_platform()] if platforms is None else platforms
    return index([image([content], platform, docker) for platform in chosen], docker)
