#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_server_info
short_description: Return the state of a LocalAI server, or wait until it is ready
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - Returns the state of the systemd unit of a LocalAI server, what the server says about itself, and which GPU devices
    the unit may open.
  - With O(wait), waits until the server is ready, and fails as soon as its unit shows that it will not become ready.
  - It needs no Python library besides the standard library.
extends_documentation_fragment:
  - localai.core.server
seealso:
  - module: localai.core.localai_server
  - module: localai.core.localai_backend_info
  - module: localai.core.localai_model_info
attributes:
  check_mode:
    description: Runs in C(check_mode) as it does otherwise, because it never changes anything.
    support: full
  diff_mode:
    description: Shows what changes, or in C(check_mode) would change.
    support: none
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
  platform:
    description: The operating systems that are supported.
    support: full
    platforms: [Linux]
options:
  wait:
    description:
      - Wait at most this number of seconds until O(unit) is active and the server is ready. With V(0), do not wait.
      - The task fails at once if the unit fails, is inactive or is about to be restarted, if systemd has restarted it
        since the task began, or if its main process was replaced. The error has the result of the unit and the last
        lines of its journal.
      - A server that downloads models when it starts is ready only after that.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Return the state of the server
  localai.core.localai_server_info:
  register: result

- name: Assert that the server is ready and may open all GPU devices
  ansible.builtin.assert:
    that:
      - result.ready
      - result.devices | rejectattr('allowed') | length == 0

- name: Restart the server
  ansible.builtin.systemd_service:
    name: localai.service
    state: restarted

- name: Wait until the server is ready
  localai.core.localai_server_info:
    wait: 120
"""

RETURN = r"""
unit:
  description: The systemd unit of the server. It is also returned on failure.
  returned: always
  type: dict
  contains:
    name:
      description: The name of the unit.
      type: str
    load_state:
      description: Whether systemd has loaded the unit. V(not-found) without such a unit, and on a host without systemd.
      type: str
    active_state:
      description: The state of the unit, such as V(active), V(activating), V(inactive) or V(failed).
      type: str
    sub_state:
      description: The state of the service, such as V(running), V(auto-restart) or V(dead).
      type: str
    result:
      description: The result of the last run of the unit, such as V(success) or V(exit-code).
      type: str
    main_pid:
      description: The main process, null without one.
      type: int
    restarts:
      description: How often systemd has restarted the unit by itself since it was started.
      type: int
    enabled:
      description: Whether the unit is started at boot.
      type: bool
    started:
      description: When the main process started (ISO 8601, UTC), null without one.
      type: str
    fragment_path:
      description: The file of the unit, null without one.
      type: str
  sample:
    name: localai.service
    load_state: loaded
    active_state: active
    sub_state: running
    result: success
    main_pid: 4711
    restarts: 0
    enabled: true
    started: "2026-11-29T20:00:00Z"
    fragment_path: /etc/systemd/system/localai.service
url:
  description: The URL that was queried. It is also returned on failure.
  returned: always
  type: str
  sample: http://127.0.0.1:8080
ready:
  description:
    - Whether the server is ready, which means that GET C(/readyz) answers with the status 200, and that O(unit) is
      active if it exists.
    - This says nothing about backends and models.
  returned: always
  type: bool
  sample: true
version:
  description: The version of the server, null if it is not known.
  returned: success
  type: str
  sample: v4.9.0
backends:
  description: The names of the backends that the server has registered, null if it cannot be queried.
  returned: success
  type: list
  elements: str
  sample: [cpu-llama-cpp, llama-cpp]
loaded_models:
  description: The names of the models that are loaded, null if the server cannot be queried.
  returned: success
  type: list
  elements: str
  sample: [qwen3]
devices:
  description:
    - The GPU devices of this host, and whether O(unit) may open them, by its C(DevicePolicy), C(DeviceAllow),
      C(PrivateDevices), user and groups. It is empty if the unit does not exist.
    - Drivers that were loaded after the unit was started count, although systemd allows their devices only from the
      next start on. Access control lists do not count.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path of the device.
      type: str
    allowed:
      description: Whether the unit may open it for reading and writing.
      type: bool
    reason:
      description: Why the unit may not open it, null if it may.
      type: str
  sample:
    - path: /dev/nvidia0
      allowed: true
      reason: null
journal:
  description: The last lines of the journal of the unit.
  returned: when the server does not become ready
  type: list
  elements: str
  sample: ["address already in use"]
"""

from ansible_collections.localai.core.plugins.module_utils._server.info import run_server_info


def main() -> None:
    """Run the module."""
    run_server_info()


if __name__ == "__main__":
    main()
