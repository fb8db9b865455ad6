# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths of the role that are no plain paths, or that belong to the system."""

from __future__ import annotations

import posixpath
import re
import typing as t

DOCUMENTATION = r"""
name: wrong_paths
short_description: Find paths that the role cannot use
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This filter belongs to the role P(localai.core.localai#role).
  - A path must be absolute and plain, and must not be a system directory.
positional: _input
options:
  _input:
    description: The paths by the variable that contains them. Only the first error of each variable is returned.
    type: dict
    required: true
  own:
    description: The role's own directories. No path may be one of them or below one of them.
    type: list
    elements: str
    default: []
  below:
    description: The variable whose path contains the others by default. If it is wrong, these are not reported too.
    type: str
  volatile:
    description: Whether directories are allowed that do not survive a reboot, or that a service does not see.
    type: bool
    default: false
"""

EXAMPLES = r"""
# => ['localai_home is /usr, which is a system directory']
- name: Find a wrong path
  ansible.builtin.debug:
    msg: "{{ {'localai_home': '/usr'} | localai.core.wrong_paths }}"
"""

RETURN = r"""
_value:
  description: The mistakes, one text for each variable.
  type: list
  elements: str
"""

# Neither they nor anything in them can be a directory of the service.
_PROGRAMS = (
    *("/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/sbin"),
    *("/usr/bin", "/usr/include", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/libx32", "/usr/sbin"),
    *("/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/var/log", "/var/spool"),
)
# The service has a /tmp of its own, and the others are made by the kernel or are empty after a reboot.
_VOLATILE = ("/dev", "/proc", "/run", "/sys", "/tmp", "/var/run", "/var/tmp")  # noqa: S108
# Many programs share them, so only directories in them can belong to the service.
_SHARED = (
    *("/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/usr", "/usr/local", "/usr/local/share", "/usr/share"),
    *("/usr/src", "/var", "/var/cache", "/var/lib", "/var/local", "/var/opt", *_VOLATILE),
)


def wrong_paths(
    paths: t.Mapping[str, t.Any], own: t.Iterable[str] = (), below: str = "", volatile: bool = False
) -> list[str]:
    """Return the mistakes, in the order of the variables."""
    wrong = {name: _wrong(str(path), list(map(str, own)), volatile) for name, path in paths.items()}
    base = str(paths[below]).rstrip("/") + "/" if wrong.get(below) else None
    return [
        f"{name} is {str(paths[name]) or 'empty'}, which {text}"
        for name, text in wrong.items()
        if text and (name == below or not (base and str(paths[name]).startswith(base)))
    ]


def _wrong(path: str, own: list[str], volatile: bool) -> str:
    if not path.startswith("/"):
        return "is not an absolute path"
    if re.search(r"/[.][.]?(/|\Z)", path):
        return "leads through . or .."
    if not re.fullmatch(r"[A-Za-z0-9._@+/-]+", path):
        return "has characters other than letters, digits and . _ / @ + -"
    path = posixpath.normpath(re.sub("/+", "/", path))
    if path in _SHARED or any(_is_below(path, other) for other in _PROGRAMS):
        return "is a system directory"
    if any(_is_below(path, other) for other in own):
        return "belongs to the role, which keeps its own files there and removes them with LocalAI"
    if not volatile and any(_is_below(path, other) for other in _VOLATILE):
        return "does not survive a reboot, or is not visible to the service"
    return ""


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"wrong_paths": wrong_paths}
