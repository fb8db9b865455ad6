# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The package repositories of this host. `root` is the root directory, which tests replace."""

from __future__ import annotations

import contextlib
import glob
import typing as t

if t.TYPE_CHECKING:
    import configparser

# Where dnf reads repositories by default (`reposdir` in dnf.conf(5)).
_FILES = ("/etc/yum.repos.d/*.repo", "/etc/distro.repos.d/*.repo")
# `enabled` is one of these, or is not there; repositories with these suffixes hold no packages to run.
_ON = ("1", "true", "yes", "on")
_OTHER_CONTENTS = ("-debuginfo", "-source", "-testing", "-debug-rpms", "-source-rpms", "-testing-debuginfo")


def has_epel(root: str = "") -> bool:
    """Return whether Extra Packages for Enterprise Linux, or a mirror whose ID names it, is enabled."""
    for pattern in _FILES:
        for path in glob.glob(f"{glob.escape(root)}{pattern}"):
            if any(map(_is_enabled_epel, _sections(path))):
                return True
    return False


def _sections(path: str) -> t.Sequence[configparser.SectionProxy]:
    """Return the repositories in a file, none if it cannot be read."""
    # Most hosts have no such file.
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    with contextlib.suppress(configparser.Error, OSError, ValueError):
        parser.read(path, encoding="utf-8")
    return [parser[name] for name in parser.sections()]


def _is_enabled_epel(section: configparser.SectionProxy) -> bool:
    name = section.name.lower()
    return "epel" in name and not name.endswith(_OTHER_CONTENTS) and section.get("enabled", "1").lower() in _ON
