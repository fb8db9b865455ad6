#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_server
short_description: Bring a running LocalAI server up to date without a restart
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - Registers backends at a running LocalAI server, lets it read its models again, unloads models whose backend or files
    were replaced, and tests a model, in this order. The role P(localai.core.localai#role) uses it.
  - LocalAI reads the installed backends when it starts. After that, it reads only the file C(external_backends.json) in
    its configuration directory, which this module writes. Entries that something else wrote are kept.
  - If the server does not run, only the file is written.
  - It needs no Python library besides the standard library.
extends_documentation_fragment:
  - localai.core.server
seealso:
  - module: localai.core.localai_server_info
  - module: localai.core.localai_backend
  - module: localai.core.localai_model
attributes:
  check_mode:
    description: Predicts in C(check_mode) what would change, without changing anything. The smoke test does not run.
    support: full
  diff_mode:
    description: Shows what changes in C(external_backends.json), or in C(check_mode) would change.
    support: full
  idempotent:
    description: A second run with the same options changes nothing, unless a model was loaded meanwhile.
    support: partial
    details:
      - O(reload=true) reloads in every run.
  platform:
    description: The operating systems that are supported.
    support: full
    platforms: [Linux]
options:
  config_path:
    description:
      - The configuration directory of the server (C(LOCALAI_CONFIG_DIR)). It must exist.
      - A path that is a symlink, or leads through one, is accepted only if the symlink belongs to root or to the user
        of the task.
      - Required with O(register_backends) and O(registered_backends).
    type: path
  register_backends:
    description:
      - The entries of this task in C(external_backends.json), as a mapping of the names of backends to the absolute
        paths of their run files.
      - LocalAI looks up names in lower case, and models can name a backend only by letters, digits, C(-) and C(_), so
        other names are refused.
      - It is an error if an entry that something else wrote has the same name and another run file.
      - If the server runs, the task waits until it lists the names. Loaded models whose backend gets another run file
        by this are unloaded.
      - By default, the file is not changed, unless O(registered_backends) is set.
    type: dict
  registered_backends:
    description:
      - The names of the entries that an earlier run of this task wrote. Those that are not in O(register_backends) are
        removed. All other entries are kept.
      - The file is removed with its last entry.
    type: list
    elements: str
  owner:
    description: The owner of the file, which must be the user of the service. By default, that of O(config_path).
    type: str
  group:
    description: The group of the file. By default, that of O(config_path).
    type: str
  reload:
    description:
      - Whether to let the server read its models again, by C(POST /models/reload). It then lists new models and uses
        changed configurations. Set it to RV(localai.core.localai_model#module:reload_required).
      - Models that are loaded keep their process, and can answer with an error until they are unloaded. See O(unload).
      - The server answers with an error if it cannot download something that any of its models names. It has read all
        configurations nevertheless, so this is a warning.
      - A server with E(LOCALAI_DISABLE_GALLERY_ENDPOINT) cannot reload, which is an error.
    type: bool
    default: false
  unload:
    description:
      - The names of models to unload, such as RV(localai.core.localai_model#module:unload). Models that are not loaded
        are ignored. For names of backends, use O(unload_backends).
    type: list
    elements: str
    default: []
  unload_backends:
    description:
      - The names of backends whose build was replaced, with all of their aliases and meta backends. Set it to
        RV(localai.core.localai_backend#module:unload). The loaded models that run one of them are unloaded.
      - Models that name no backend, or that the server does not know, are unloaded too, because LocalAI may have chosen
        any backend for them.
    type: list
    elements: str
    default: []
  smoke_test:
    description:
      - Load a model, and optionally let it answer. The task fails if this fails.
      - A backend that does not start takes LocalAI about 40 seconds.
    type: dict
    suboptions:
      model:
        description: The name of the model.
        type: str
        required: true
      prompt:
        description: A question, which the model has to answer with text. By default, the model is only loaded.
        type: str
      timeout:
        description: The number of seconds for the whole test.
        type: int
        default: 300
  timeout:
    description:
      - The number of seconds for reloading, and for unloading one model. LocalAI waits 30 seconds for the running
        requests of a model.
      - A model that is still busy then stays loaded, which is a warning. So is a reload that is not finished.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: Install llama-cpp
  localai.core.localai_backend:
    name: llama-cpp
    state: latest
  register: installation

- name: Unload the models that run a replaced build
  localai.core.localai_server:
    unload_backends: "{{ installation.unload }}"
  register: result

- name: Change the configuration of a model
  localai.core.localai_model:
    name: qwen3-4b
    config:
      context_size: 16384
  register: model

- name: Let the server use it, without a restart
  localai.core.localai_server:
    reload: "{{ model.reload_required }}"
    unload: "{{ model.unload }}"
  when: not model.restart_required

- name: Report the models that are still busy
  ansible.builtin.debug:
    var: result.busy

- name: Register a backend of your own, and test a model that uses it
  localai.core.localai_server:
    config_path: /var/lib/local-ai/configuration
    register_backends:
      my-backend: /opt/my-backend/run.sh
    registered_backends:
      - my-backend
    smoke_test:
      model: my-model
      prompt: Say hello.
  register: test

- name: Show the answer
  ansible.builtin.debug:
    var: test.answer
"""

RETURN = r"""
msg:
  description: A sentence about what was done, or in check mode would be done.
  returned: success
  type: str
  sample: "Registered: my-backend; unloaded: qwen3."
registered_backends:
  description:
    - The names of the entries of O(register_backends) that the file has.
    - Pass them as O(registered_backends) to the next run.
  returned: success, and failure after something may have changed
  type: list
  elements: str
  sample: [my-backend]
reloaded:
  description: Whether the server has read its models again, or in check mode would.
  returned: success, and failure after something may have changed
  type: bool
  sample: true
unloaded:
  description: The models that were unloaded, or in check mode would be.
  returned: success, and failure after something may have changed
  type: list
  elements: str
  sample: [qwen3]
busy:
  description: The models that stay loaded although they should be unloaded. There is a warning for each.
  returned: success, and failure after something may have changed
  type: list
  elements: str
  sample: []
answer:
  description: The answer of the model to the prompt of O(smoke_test), null without one.
  returned: success, and failure after something may have changed
  type: str
  sample: Hello!
"""

from ansible_collections.localai.core.plugins.module_utils._server.update import run_server


def main() -> None:
    """Run the module."""
    run_server()


if __name__ == "__main__":
    main()
