#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_service_files
short_description: Write the files of a LocalAI service
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This module is used by the roles P(localai.core.localai#role) and P(localai.core.localai_mirror#role). For other
    files, use C(ansible.builtin.copy).
  - Writes all files of the service in one call, each of them atomically, with its owner, group and mode.
  - Follows no symlink in the place of a file, but replaces it. A path that leads through a symlink is accepted only if
    the symlink belongs to root or to the user of the task.
  - The steps are carried out in this order, O(directories), O(files), O(secrets), O(generated), O(absent).
  - It does not set SELinux labels.
seealso:
  - module: localai.core.localai_directory
  - module: localai.core.localai_host_info
attributes:
  check_mode:
    description: Predicts in C(check_mode) what would change, without changing anything.
    support: full
  diff_mode:
    description: Shows what changes, or in C(check_mode) would change.
    support: full
    details:
      - The contents of O(secrets) and O(generated) are never shown. In other files, values of variables whose names
        contain C(key), C(token), C(secret), C(passw) or C(credential) are hidden.
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
  platform:
    description: The operating systems that are supported.
    support: full
    platforms: [Linux]
notes:
  - In a run, an owner or group that does not exist is an error, and nothing is changed. In check mode, an earlier task
    may be about to create it, so a change is predicted.
options:
  directories:
    description: Directories. Missing directories above them are created too and belong to root.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The absolute path.
        type: path
        required: true
      owner:
        description: The owner.
        type: str
        default: root
      group:
        description: The group.
        type: str
        default: root
      mode:
        description: The octal mode, in quotes.
        type: str
        default: "0755"
  files:
    description: Files. Their content is shown in the diff.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The absolute path.
        type: path
        required: true
      content:
        description: The content. It can be empty.
        type: str
        required: true
      owner:
        description: The owner.
        type: str
        default: root
      group:
        description: The group.
        type: str
        default: root
      mode:
        description: The octal mode, in quotes.
        type: str
        default: "0644"
  secrets:
    description: Files whose content is never shown.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The absolute path.
        type: path
        required: true
      content:
        description: The content. It can be empty.
        type: str
        required: true
      owner:
        description: The owner.
        type: str
        default: root
      group:
        description: The group.
        type: str
        default: root
      mode:
        description: The octal mode, in quotes.
        type: str
        default: "0600"
  generated:
    description:
      - Files with a random token. A missing file is created. An existing one keeps its content, and gets its owner,
        group and mode.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The absolute path.
        type: path
        required: true
      template:
        description: The content, in which V({token}) is replaced by a random token of 43 characters.
        type: str
        required: true
      owner:
        description: The owner.
        type: str
        default: root
      group:
        description: The group.
        type: str
        default: root
      mode:
        description: The octal mode, in quotes.
        type: str
        default: "0600"
  absent:
    description:
      - Paths of files, symlinks or directories to remove. A directory is removed with its content.
      - A directory in which something is mounted is not removed, which is an error.
    type: list
    elements: path
    default: []
"""

EXAMPLES = r"""
- name: Write the files of a service
  localai.core.localai_service_files:
    directories:
      - path: /etc/localai
        group: localai
        mode: "0750"
    files:
      - path: /etc/localai/localai.env
        content: |
          LOCALAI_ADDRESS="127.0.0.1:8080"
        group: localai
        mode: "0640"
    secrets:
      - path: /etc/localai/secrets.env
        content: |
          HF_TOKEN="{{ vault_token }}"
        mode: "0600"
    generated:
      - path: /etc/localai/key.env
        template: |
          LOCALAI_API_KEY="{token}"
        mode: "0600"
    absent:
      - /etc/systemd/system/localai.service.d/overrides.conf
"""

RETURN = r"""
files:
  description:
    - The fingerprint of each of O(files), O(secrets) and O(generated) after the run, by its path. It is the SHA-256
      without blank lines and lines that begin with C(#) or C(;), as in M(localai.core.localai_host_info).
    - Null for a file whose token is still to be generated, which is possible in check mode only.
  returned: success
  type: dict
  sample: {/etc/localai/localai.env: 2c26b46b68ffc68f}
written:
  description: The paths of directories and files that were created, and of files whose content changed.
  returned: success
  type: list
  elements: str
  sample: [/etc/localai/localai.env]
removed:
  description: The paths of O(absent) that were removed.
  returned: success
  type: list
  elements: str
  sample: []
msg:
  description: A sentence about what was changed, or in check mode would be changed.
  returned: success
  type: str
  sample: Changed /etc/localai/localai.env.
"""

from ansible_collections.localai.core.plugins.module_utils._host.service_files import run_service_files


def main() -> None:
    """Run the module."""
    run_service_files()


if __name__ == "__main__":
    main()
