# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks run as on any controller, but with nothing of the user's own settings."""

from __future__ import annotations

import os
from pathlib import Path

COLLECTION = Path(__file__).parents[2]
COLLECTIONS = COLLECTION.parents[2]


def environment(work: Path, collections: Path = COLLECTIONS) -> dict[str, str]:
    """The environment in which ansible-playbook writes only below a directory; that gets an empty configuration."""
    config = work / "ansible.cfg"
    config.touch()
    return {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "HOME": str(work / "home"),
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_HOME": str(work / "ansible"),
        # Without it, Ansible looks for results of asynchronous tasks in the home directory that passwd has.
        "ANSIBLE_ASYNC_DIR": str(work / "ansible" / "async"),
        "ANSIBLE_REMOTE_TEMP": str(work / "ansible" / "remote"),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_NOCOLOR": "true",
    }
