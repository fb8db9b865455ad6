#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_directory
short_description: Create the directories of a LocalAI server, and delete only those
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This module belongs to the role P(localai.core.localai#role). For other directories, use C(ansible.builtin.file).
  - Creates directories and records their device and inode. Existing directories are used unchanged and are not
    recorded.
  - Sets owner, group and mode only for recorded directories.
  - Deletes a directory only if it is still the recorded one. Never deletes a mount point, does not leave the file
    system of the directory, and does not follow symlinks.
seealso:
  - module: localai.core.localai_service_files
  - module: localai.core.localai_host_info
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
    description: The operating systems that are supported.
    support: full
    platforms: [Linux]
options:
  state:
    description:
      - Whether the directories should exist.
      - With V(absent), all directories are checked before the first one is deleted. If one of them must not be deleted,
        the task fails, also in check mode, and nothing is changed.
    type: str
    choices: [present, absent]
    default: present
  directories:
    description: The directories. Missing parent directories are created too and belong to root.
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
      readable:
        description: Whether O(readable_by) must be able to list the directory. Otherwise it only has to enter it.
        type: bool
        default: true
      create:
        description: Whether O(create) applies to this directory. Set V(false) for one that somebody else manages.
        type: bool
        default: true
  create:
    description:
      - Whether to create missing directories, and to set owner, group and mode of recorded ones. Otherwise, a missing
        directory is an error, except in check mode, in which an earlier task may be about to create it.
    type: bool
    default: true
  keep:
    description: Directories to keep when a directory above them is deleted. Everything else in it is deleted.
    type: list
    elements: path
    default: []
  owner:
    description: The owner of recorded directories. By default, the owner is not changed.
    type: str
  group:
    description: The group of recorded directories. By default, the group is not changed.
    type: str
  readable_by:
    description:
      - The user of the service. With O(state=present), the task fails if this user cannot read and enter one of the
        existing O(directories). The user tries it, so groups, ACLs and the directories above count.
      - Check mode does not test directories that a run would create or change, and no directory if there is no such
        user yet.
    type: str
  writable:
    description: The O(directories) to which O(readable_by) must also be able to write.
    type: list
    elements: path
    default: []
  backends_path:
    description:
      - The one of O(directories) in which LocalAI looks for backends.
      - The task fails if there is a C(lost+found) in it that O(readable_by) cannot read, because LocalAI would then
        list no backend at all.
    type: path
  reserved:
    description:
      - Directories with files of the role.
      - The task fails if one of O(directories) is in one of them, also through symlinks, before anything is changed.
    type: list
    elements: path
    default: []
  record:
    description:
      - The file with the record. It belongs to root.
      - It is deleted when none of the recorded directories exists any more.
    type: path
    default: /var/lib/localai-core/directories.json
  adopt:
    description:
      - The signs of a host that was provisioned by version 0.1 of this collection, which wrote no record. They are
        used if there is no record.
      - All O(adopt.files) must exist, and O(adopt.user) must be a system user with the home directory O(adopt.home) and
        without a login shell.
      - Then V(backends), V(models), V(data) and V(configuration) in O(adopt.home) are recorded, except directories that
        belong to another user, contain files of another user, are on another file system, or contain a mount point.
      - O(adopt.home) itself is then deleted only if it contains nothing else.
    type: dict
    suboptions:
      files:
        description: Files that were written by version 0.1.
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
- name: Create and record a directory
  localai.core.localai_directory:
    directories:
      - path: /srv/localai
        mode: "0750"
    owner: localai
    group: localai
    readable_by: localai
    writable: [/srv/localai]
    reserved: [/etc/localai]

- name: Delete the directory, if it is the recorded one
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
  description: The paths of O(directories) that are not recorded, so their owner, group and mode were not changed.
  returned: when O(state=present)
  type: list
  elements: str
  sample: [/srv/models]
deleted:
  description: The directories that were deleted, or emptied except for O(keep).
  returned: when O(state=absent)
  type: list
  elements: str
  sample: [/srv/localai]
left:
  description: The adopted directories and created parent directories that were not deleted because they are not empty.
  returned: when O(state=absent)
  type: list
  elements: str
  sample: []
recorded:
  description: The directories that are still recorded.
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
