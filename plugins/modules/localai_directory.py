#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_directory
short_description: Create the directories of a LocalAI server, and delete only those
version_added: 0.2.0
author:
  - localai.core contributors (@localai-core)
description:
  - The role P(localai.core.localai#role) uses this module. For directories of your own, use
    C(ansible.builtin.file).
  - Creates directories and writes them into a record, with device and inode. Directories that exist already are used
    as they are, and are not recorded.
  - Sets owner, group and mode only on directories that are in the record.
  - Deletes only directories that are in the record and are still the same ones. It never deletes a mount point, stays
    on the file system of the directory, and follows no symlinks.
attributes:
  check_mode:
    description: Predicts in C(check_mode) what would change, without changing anything.
    support: full
  diff_mode:
    description: Shows what changes, or in C(check_mode) would change.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
  platform:
    description: The operating systems that it works on.
    support: full
    platforms: [Linux]
options:
  state:
    description:
      - Whether the directories exist.
      - With V(absent), all directories are checked before the first one is deleted. When one of them must not be
        deleted, the task fails, in check mode too, and nothing is changed.
    type: str
    choices: [present, absent]
    default: present
  directories:
    description: The directories. Missing parents are created too, and belong to root.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The absolute path.
        type: path
        required: true
      mode:
        description: The octal mode, in quotes.
        type: str
        default: "0755"
  keep:
    description: Directories that stay when a directory above them is deleted. Everything else in that one is deleted.
    type: list
    elements: path
    default: []
  owner:
    description: The owner of directories that are in the record. By default, the owner is not changed.
    type: str
  group:
    description: The group of directories that are in the record. By default, the group is not changed.
    type: str
  record:
    description:
      - The file with the record. It belongs to root.
      - It is deleted when none of the directories in it exists any more.
    type: path
    default: /var/lib/localai-core/directories.json
  adopt:
    description:
      - How to recognize a host that version 0.1 of this collection provisioned, which wrote no record. Used while there
        is no record.
      - All O(adopt.files) have to exist, and O(adopt.user) has to be a system user with O(adopt.home) as its home
        directory and without a login shell.
      - Then V(backends), V(models), V(data) and V(configuration) in O(adopt.home) are recorded, except for those that
        belong to another user, hold something of another user, are on another file system, or have something mounted.
      - O(adopt.home) itself is then deleted only if nothing else is in it.
    type: dict
    suboptions:
      files:
        description: Files that version 0.1 wrote.
        type: list
        elements: path
        required: true
      user:
        description: The user of the service.
        type: str
        required: true
      home:
        description: The home directory of the user.
        type: path
        required: true
"""

EXAMPLES = r"""
- name: Create a directory, and record it
  localai.core.localai_directory:
    directories:
      - path: /srv/localai
        mode: "0750"
    owner: localai
    group: localai

- name: Delete it, if it is the one that was created
  localai.core.localai_directory:
    state: absent
    directories:
      - path: /srv/localai
    keep:
      - /srv/localai/models
"""

RETURN = r"""
created:
  description: The paths of O(directories) that were created.
  returned: when O(state=present)
  type: list
  elements: str
  sample: [/srv/localai]
foreign:
  description: The paths of O(directories) that are not in the record, so their owner, group and mode were not touched.
  returned: when O(state=present)
  type: list
  elements: str
  sample: [/srv/models]
deleted:
  description: The directories that were deleted, or emptied of everything but O(keep).
  returned: when O(state=absent)
  type: list
  elements: str
  sample: [/srv/localai]
left:
  description: Those of O(directories) that were adopted or created as parents, and stay because something is in them.
  returned: when O(state=absent)
  type: list
  elements: str
  sample: []
recorded:
  description: The directories that are still in the record.
  returned: when O(state=absent)
  type: list
  elements: str
  sample: [/srv/localai]
"""

from ansible_collections.localai.core.plugins.module_utils._service_directories.run import run_directory


def main() -> None:
    """Run the module."""
    run_directory()


if __name__ == "__main__":
    main()
