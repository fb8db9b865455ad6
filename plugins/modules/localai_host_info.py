#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_host_info
short_description: Read the facts about a host that the LocalAI role needs
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - This module is used by the role P(localai.core.localai#role), before it changes anything.
  - It changes nothing and needs no Python library. It does not read secrets into its result.
  - A value that cannot be known, for example because the user of the task may not read a file, is null or left out of a
    list.
seealso:
  - module: localai.core.localai_directory
  - module: localai.core.localai_service_files
attributes:
  check_mode:
    description: Predicts in C(check_mode) what would change, without changing anything.
    support: full
  diff_mode:
    description: Shows what changes, or in C(check_mode) would change.
    support: none
    details: The module changes nothing.
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
  platform:
    description: The operating systems that are supported.
    support: full
    platforms: [Linux]
options:
  name:
    description: The name of the systemd unit, without its suffix.
    type: str
    default: localai
  user:
    description: The user of the service.
    type: str
  group:
    description: The primary group of the user.
    type: str
  gpu_groups:
    description: Groups whose members may use GPUs. Those that this host does not have are ignored.
    type: list
    elements: str
    default: []
  home:
    description: The home directory of the user.
    type: path
  address:
    description: The address of the service, as V(host:port). An IPv6 address is in brackets.
    type: str
  paths:
    description: Paths that the service writes to. They need not exist yet.
    type: list
    elements: path
    default: []
  executable_paths:
    description: Paths below which files are executed. They need not exist yet.
    type: list
    elements: path
    default: []
  binary_link:
    description: The path that starts LocalAI, which may be a symlink to one of the installed binaries.
    type: path
  binary_directories:
    description: Directories with installed binaries, the current one first.
    type: list
    elements: path
    default: []
  files:
    description: Paths of the files of the service, such as its unit and its environment files.
    type: list
    elements: path
    default: []
  memory:
    description: The directory of the role's records.
    type: path
    default: /var/lib/localai-core
  config_path:
    description: The configuration directory of LocalAI.
    type: path
  environment_file:
    description: The environment file of the service.
    type: path
  misc_devices:
    description: Paths of devices that the service may use if they exist, such as V(/dev/nvmap).
    type: list
    elements: path
    default: []
"""

EXAMPLES = r"""
- name: Read the facts that the role needs
  localai.core.localai_host_info:
    user: localai
    group: localai
    gpu_groups: [render, video]
    home: /var/lib/local-ai
    address: 127.0.0.1:8080
    paths: [/var/lib/local-ai/data]
    executable_paths: [/opt/localai/bin, /var/lib/local-ai/backends]
    binary_link: /usr/local/bin/local-ai
    binary_directories: [/opt/localai/bin, /usr/local/lib/localai]
    files: [/etc/systemd/system/localai.service, /etc/localai/localai.env]
    config_path: /var/lib/local-ai/configuration
    environment_file: /etc/localai/localai.env
    misc_devices: [/dev/nvmap]
  register: host
"""

RETURN = r"""
python:
  description: The Python that runs the module.
  returned: success
  type: dict
  contains:
    executable:
      description: Its path.
      type: str
      returned: success
    version:
      description: Its version.
      type: str
      returned: success
    of_distribution:
      description: Whether the distribution's packages of Python libraries are for it. They are not for an environment.
      type: bool
      returned: success
    libraries:
      description:
        - Whether it has V(requests), V(yaml), V(isal), a library that decompresses zstd (V(zstd)), and V(cryptography)
          38 or newer, which verifies signatures.
      type: dict
      returned: success
    other:
      description:
        - If it lacks V(requests) or V(yaml), the path of another Python of the host that has both. Modules that need
          them run with it. Null if there is none, or if it lacks neither.
      type: str
      returned: success
  sample:
    executable: /usr/bin/python3
    version: 3.11.2
    of_distribution: true
    libraries: {requests: true, yaml: true, isal: false, zstd: false, cryptography: true}
    other: null
epel:
  description: Whether Extra Packages for Enterprise Linux, or a mirror of it, is enabled.
  returned: success
  type: bool
  sample: false
zstd:
  description: Whether the program C(zstd) is in the search path.
  returned: success
  type: bool
  sample: true
account:
  description: The account of the service.
  returned: success
  type: dict
  contains:
    user_exists:
      description: Whether O(user) exists.
      type: bool
      returned: success
    group_exists:
      description: Whether O(group) exists.
      type: bool
      returned: success
    uid:
      description: The number of O(user), null if there is no such user. Another user than root can have the number 0.
      type: int
      returned: success
    gid:
      description: The number of O(group), null if there is no such group.
      type: int
      returned: success
    groups:
      description: The O(gpu_groups) that exist.
      type: list
      elements: str
      returned: success
    is_right:
      description:
        - Whether O(user) exists with the primary group O(group) and the home directory O(home), and is in all existing
          O(gpu_groups).
      type: bool
      returned: success
  sample:
    user_exists: true
    group_exists: true
    uid: 991
    gid: 990
    groups: [render, video]
    is_right: true
user_home:
  description: The home directory that is recorded for O(user), null if there is no such user.
  returned: success
  type: str
  sample: /var/lib/local-ai
selinux:
  description:
    - The state of SELinux, V(disabled), V(permissive) or V(enforcing).
    - It is V(disabled) too where its file system is mounted read-only, as in containers.
  returned: success
  type: str
  sample: disabled
fapolicyd:
  description: Whether fapolicyd is active, which decides what may be executed.
  returned: success
  type: bool
  sample: false
noexec:
  description: The O(executable_paths) that are, or would be created, on a file system that is mounted with C(noexec).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path, as in the option.
      type: str
      returned: success
    mount_point:
      description: Where the file system is mounted.
      type: str
      returned: success
  sample: []
read_only:
  description: The O(paths) that are, or would be created, on a file system that is mounted read-only.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path, as in the option.
      type: str
      returned: success
    mount_point:
      description: Where the file system is mounted.
      type: str
      returned: success
  sample: [{path: /srv/data, mount_point: /srv}]
space:
  description: The space of the file systems where the O(paths) are, or would be created.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path, as in the option.
      type: str
      returned: success
    mount_point:
      description: Where the file system is mounted.
      type: str
      returned: success
    size:
      description: The size of the file system in bytes.
      type: int
      returned: success
    free:
      description: The bytes that a program without privileges can still write.
      type: int
      returned: success
  sample: [{path: /srv/data, mount_point: /srv, size: 107374182400, free: 64424509440}]
user_namespaces:
  description: Whether the kernel has user namespaces, and allows some.
  returned: success
  type: bool
  sample: true
lowest_port:
  description: The lowest port that a program without privileges may listen on.
  returned: success
  type: int
  sample: 1024
port:
  description: The use of O(address).
  returned: success
  type: dict
  contains:
    in_use:
      description: Whether a connection is accepted within 2 seconds. Null if the address cannot be used.
      type: bool
      returned: success
    own:
      description:
        - Whether the main process of the unit listens there. This is assumed if its environment has the same port, or
          no address.
        - Null if the user of the task may not read the environment of that process.
      type: bool
      returned: success
  sample: {in_use: true, own: true}
unit:
  description: The unit, as systemd reports it. All values are null if the host does not run systemd.
  returned: success
  type: dict
  contains:
    load_state:
      description: The load state, such as V(loaded) or V(not-found).
      type: str
      returned: success
    active_state:
      description: The active state, such as V(active).
      type: str
      returned: success
    main_pid:
      description: The main process, null if there is none.
      type: int
      returned: success
    enabled:
      description: Whether the unit is enabled.
      type: bool
      returned: success
  sample: {load_state: loaded, active_state: active, main_pid: 4711, enabled: true}
upstream_unit:
  description:
    - Whether something else than the unit O(name) has the name C(local-ai.service), such as the unit file of LocalAI's
      own installer. C(systemctl enable) would then refuse this name as an alias.
    - In C(/etc/systemd/system), a symlink counts unless it leads to the unit O(name). Those of C(systemctl mask) and
      C(systemctl link) count too. In other directories of units, only a file counts.
  returned: success
  type: bool
  sample: false
devices:
  description: The O(misc_devices) that exist, or that the unit file allows already.
  returned: success
  type: list
  elements: str
  sample: [/dev/nvmap]
link:
  description: The file at O(binary_link).
  returned: success
  type: dict
  contains:
    exists:
      description: Whether the path exists. A symlink without a target counts.
      type: bool
      returned: success
    target:
      description: The target of the symlink, null if it is none.
      type: str
      returned: success
    checksum:
      description: The SHA-256 of the file that it leads to, null if there is none.
      type: str
      returned: success
  sample: {exists: true, target: /opt/localai/bin/local-ai-v4.9.0, checksum: 2c26b46b68ffc68f}
binaries:
  description: The files C(local-ai-*) in O(binary_directories).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path.
      type: str
      returned: success
    version:
      description: The version in the name, null if there is none that can be compared.
      type: str
      returned: success
    checksum:
      description: The SHA-256.
      type: str
      returned: success
    recorded:
      description: The content of the file with the same name and C(.sha256), null if there is none.
      type: str
      returned: success
  sample:
    - {path: /opt/localai/bin/local-ai-v4.9.0, version: v4.9.0, checksum: 2c26b46b68ffc68f, recorded: 2c26b46b68ffc68f}
files:
  description:
    - The fingerprint of each of the O(files), by its path. It is the SHA-256 without blank lines and lines that begin
      with C(#) or C(;).
    - Null if there is no file, or a symlink in its place.
  returned: success
  type: dict
  sample: {/etc/systemd/system/localai.service: 2c26b46b68ffc68f}
instances:
  description: The instances of LocalAI that the role set up on the host. What cannot be read is null.
  returned: success
  type: list
  elements: dict
  contains:
    unit:
      description: The name of the unit.
      type: str
      returned: success
    user:
      description: The user of the service.
      type: str
      returned: success
    group:
      description: The group of the service.
      type: str
      returned: success
    home:
      description: The working directory of the service.
      type: str
      returned: success
    address:
      description: The address that the service listens on.
      type: str
      returned: success
    backends_path:
      description: The directory of backends.
      type: str
      returned: success
    models_path:
      description: The directory of models.
      type: str
      returned: success
    data_path:
      description: The directory of data.
      type: str
      returned: success
    config_path:
      description: The directory of configuration files.
      type: str
      returned: success
  sample:
    - unit: localai.service
      user: localai
      group: localai
      home: /var/lib/local-ai
      address: 127.0.0.1:8080
      backends_path: /var/lib/local-ai/backends
      models_path: /var/lib/local-ai/models
      data_path: /var/lib/local-ai/data
      config_path: /var/lib/local-ai/configuration
drop_ins:
  description: The fingerprint of each drop-in of the unit in C(/etc/systemd/system), by its path.
  returned: success
  type: dict
  sample: {}
started:
  description: The record C(started.json) in O(memory), empty if there is none.
  returned: success
  type: dict
  sample: {}
good:
  description: The record C(good/start.json) in O(memory), empty if there is none.
  returned: success
  type: dict
  sample: {}
previous:
  description: The record C(previous/start.json) in O(memory), empty if there is none.
  returned: success
  type: dict
  sample: {}
models:
  description: The record C(models.json) in O(memory) of changed models, empty if there is none.
  returned: success
  type: dict
  sample: {}
told_capability:
  description:
    - The capability that O(environment_file) sets, empty if it sets none.
    - Null if the file cannot be read.
  returned: success
  type: str
  sample: nvidia-cuda-13
runtime_settings:
  description: The settings that LocalAI's web page saved in O(config_path).
  returned: success
  type: dict
  contains:
    exists:
      description: Whether the file exists. Null if that cannot be known.
      type: bool
      returned: success
    valid:
      description: Whether it contains a JSON object. Null if there is no file, or it cannot be read.
      type: bool
      returned: success
    names:
      description: The names of all settings.
      type: list
      elements: str
      returned: success
    settings:
      description:
        - The values that are neither lists nor mappings, nor longer than 1000 characters.
        - Values whose key contains C(key), C(token), C(secret), C(passw) or C(credential) are left out.
      type: dict
      returned: success
  sample: {exists: true, valid: true, names: [auto_upgrade_backends], settings: {auto_upgrade_backends: true}}
external_backends:
  description: The file C(external_backends.json) in O(config_path), with which a running LocalAI learns backends.
  returned: success
  type: dict
  contains:
    exists:
      description: Whether the file exists. Null if that cannot be known.
      type: bool
      returned: success
    valid:
      description: Whether it is a JSON object of paths. Null if there is no file, or it cannot be read.
      type: bool
      returned: success
    names:
      description: The names of the backends.
      type: list
      elements: str
      returned: success
  sample: {exists: false, valid: null, names: []}
"""

from ansible_collections.localai.core.plugins.module_utils._host.host_info import run_host_info


def main() -> None:
    """Run the module."""
    run_host_info()


if __name__ == "__main__":
    main()
