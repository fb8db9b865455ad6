#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_model
short_description: Install, configure, upgrade, pin, repair and remove LocalAI models
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - Installs and removes models in the directory from which LocalAI reads them. A model is the file C(NAME.yaml) with
    its configuration, and the files that the configuration names.
  - Models come from galleries, or from a location of your own. The configuration is the one that LocalAI itself would
    write, with O(config) merged over it.
  - The configuration is written last, when all files are complete. It never names a file that is missing.
  - The backends that run the models are returned as RV(backends), and not installed.
  - The same task can run every night. Check mode predicts what the run does.
extends_documentation_fragment:
  - localai.core.connection
  - localai.core.models
  - localai.core.signatures
attributes:
  action_group:
    membership:
      - localai.core.localai
      - localai.core.localai_models
  check_mode:
    support: full
    details:
      - Check mode reads galleries and base files if the run would, and fails if the run would.
      - It asks the servers of files only for sizes and versions. It warns of a file that a server does not have, and
        does not fail. It does not wait for servers that do not answer, so it cannot predict that a file cannot be
        downloaded from them.
      - An O(owner) or O(group) that does not exist is a warning in check mode, because an earlier task may create it.
        See O(pending).
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - With O(force=true), every run downloads the files again.
      - With O(state=latest), a run changes nothing if nothing newer is available.
options:
  name:
    description:
      - The names of the models on this host. The configuration of a model is the file C(NAME.yaml).
      - Without O(model), O(uri) and O(files), it is also the name of the entry in the galleries. V(gallery@name)
        selects one gallery. Such names are case-insensitive, and a model is stored with the spelling of the gallery.
      - A slash becomes two underscores, as in LocalAI. Names with a backslash, a control character or two dots in a
        row, names that start with a dot, and names of more than 240 bytes are refused.
      - O(model), O(variant), O(config), O(files), O(uri) and O(revision) are for one name. Use O(models) for several
        models with different options.
      - An empty list changes nothing.
      - One of O(name), O(models) and O(prune) is needed.
    type: list
    elements: str
  models:
    description:
      - The models as a list of mappings, in place of O(name). Each model can have its own state, source and
        configuration. They are planned together, so a mistake in one of them prevents all changes.
      - Models without O(models[].state) use O(state). The first model is installed first, and models with
        O(models[].state=absent) are removed at the end.
      - Mutually exclusive with O(name), O(model), O(variant), O(config), O(files), O(uri) and O(revision).
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the model, as for O(name).
        type: str
        required: true
      state:
        description: The desired state of the model, as for O(state). The default is O(state).
        type: str
        choices: [present, latest, absent]
      model:
        description: The entry of the galleries, as for O(model).
        type: str
      variant:
        description: The build of the entry, as for O(variant).
        type: str
      config:
        description: The configuration that is merged over that of the entry, as for O(config).
        type: dict
      files:
        description: The files of the model, as for O(files).
        type: list
        elements: dict
        suboptions:
          filename:
            description: The path of the file in O(models_path), as for O(files[].filename).
            type: str
            required: true
          uri:
            description: The origin of the file, as for O(files[].uri).
            type: str
            required: true
          sha256:
            description: The SHA-256 of the file, as for O(files[].sha256).
            type: str
      uri:
        description: The origin of the model, as for O(uri).
        type: str
      revision:
        description: The revision of O(models[].uri), as for O(revision).
        type: str
  state:
    description:
      - With V(present), each model is installed as requested. What was requested and installed is recorded, so a model
        that is installed as requested is compared with its record. This needs no network, and the gallery is not read
        again.
      - With V(present), files that are missing or have another content are downloaded again, and a configuration that
        was changed on the host is written again. See O(verify). If only O(config) changes, the new configuration is
        made from what was recorded, without network. If O(model), O(variant), O(uri), O(revision) or O(files) change,
        the source is read again. Files that the new request shares with the old one stay.
      - With V(latest), the entry of the gallery, or the YAML file in O(uri), is read again. The model is upgraded if
        its configuration or its files differ now. Files with a SHA-256 are compared by it, others by what their server
        states (its C(ETag), else date and size).
      - With V(absent), the model is removed with all files that it was installed with, except files that another
        configuration in O(models_path) mentions. This also applies to models that LocalAI installed. Names are
        case-insensitive, unless O(model) is set.
    type: str
    choices: [present, latest, absent]
    default: present
  model:
    description:
      - The entry of the galleries to install as O(name), as V(name) or V(gallery@name). The default is O(name), unless
        O(uri) or O(files) is set.
      - Mutually exclusive with O(uri) and O(pins).
    type: str
  variant:
    description:
      - The build of an entry that lists variants. It is the name of another entry, or of the entry itself. The name,
        the description and the licence remain those of the entry.
      - Without this option, the build of the entry itself is installed on every host. LocalAI would choose one by the
        memory of the host and by what the servers answer at that moment.
      - Mutually exclusive with O(uri) and O(pins).
    type: str
  config:
    description:
      - The configuration of the model, as a mapping with LocalAI's keys. It is merged over that of the entry, of O(uri)
        or of O(pins). Mappings are merged key by key, at every level. Lists, texts, numbers, V(false), V(0), V(null)
        and empty values replace the value of the entry. An empty mapping does not change a mapping that has keys.
      - Without O(model) and O(uri), and with O(files), it is the whole configuration.
      - A configuration that LocalAI would refuse is an error, and names the key. A key that LocalAI would ignore
        because it belongs elsewhere, or is misspelt, is a warning.
      - The key C(name) sets another name under which the server knows the model. By default it is O(name).
      - Templates of prompts contain braces, which Ansible would evaluate. Tag such texts with C(!unsafe).
      - If this option is removed from a task, the next run restores the configuration of the entry.
    type: dict
  files:
    description:
      - Files of the model. They are downloaded into O(models_path).
      - With O(model) or O(uri), they are added to the files of the entry. A file with the same O(files[].filename) as
        one of the entry replaces the entry's origin of it. It needs the same O(files[].sha256) if the entry states one.
      - Without O(model) and O(uri), the model is one of your own, no gallery is read, and O(config) is required. An
        empty list is a model of your own without files, whose O(config) names files that are there already, or none.
      - Archives are unpacked into their own directory, as by LocalAI, and remain. Their names end with C(.tar),
        C(.tar.gz), C(.tgz), C(.tar.bz2), C(.tbz2), C(.tar.xz), C(.txz), C(.tar.zst), C(.tzst) or C(.zip).
      - Mutually exclusive with O(pins).
    type: list
    elements: dict
    suboptions:
      filename:
        description:
          - The path of the file in O(models_path), such as V(qwen.gguf) or V(voices/amy.onnx). Directories are created.
          - It cannot be absolute or contain V(..), and cannot be a YAML file at the top of O(models_path).
          - Models can share a file of the same content. It is downloaded once, and removed with the last model that
            needs it. It is an error if two models need different contents under one path.
        type: str
        required: true
      uri:
        description: The origin of the file, in one of the forms of O(uri), except a YAML file.
        type: str
        required: true
      sha256:
        description:
          - The SHA-256 of the file, 64 hexadecimal digits with or without V(sha256:) before them. Another content is an
            error.
          - A file that is in O(models_path) already is used if it has this SHA-256, and replaced if not. Without it, an
            existing file is used if it has the size that the server states, with a warning.
        type: str
  uri:
    description:
      - The origin of a model of your own, without a gallery. A file of weights, or a YAML file with a configuration.
      - V(huggingface://owner/repository/path/file.gguf) is a file of the Hub of Hugging Face. V(hf://) and V(hf.co/)
        mean the same. See O(revision).
      - V(https://host/file.gguf) is a file of any web server, and V(github:owner/repository/path@branch) one of GitHub.
      - V(ollama://name:tag) and V(ollama://user/name:tag) are the weights of a model in the registry of Ollama.
      - V(oci://registry/repository:tag) is an artifact or image in a registry that has one file of weights as a layer.
        Tar archives are not unpacked.
      - An absolute path, or V(file:///path), is a file on the host. It is copied.
      - For a file of weights that ends with C(.gguf), and for V(ollama://) and V(oci://), the configuration is that of
        a chat model of the backend V(llama-cpp), which uses the chat template in the file. Change it with O(config).
        For other files, O(config) must name the backend.
      - A URI that ends with V(.yaml) or V(.yml) is a configuration, or a base file as the galleries use them. It can be
        at V(https://), V(http://), V(github:) or on the host. List the files that it needs in O(files).
      - The environment variables E(HF_MIRROR), E(HF) and E(HF_ENDPOINT) of the task name the server of the Hub, as for
        LocalAI. The first one that is set counts. It also replaces V(https://huggingface.co/) in URLs.
      - Mutually exclusive with O(model), O(variant) and O(pins).
    type: str
  revision:
    description:
      - The revision of the file in O(uri), for a file of the Hub. It is a commit of 40 hexadecimal digits, a branch or
        a tag. The default is V(main).
      - It becomes a part of the URL, as in V(https://huggingface.co/owner/repository/resolve/REVISION/file.gguf).
        LocalAI cannot read C(@REVISION) in a URI.
      - Requires O(uri).
    type: str
  pins:
    description:
      - A set of pinned models to install exactly as recorded, without consulting a gallery. Each row has the
        configuration, LocalAI's record of the installation, and the files with their SHA-256.
        M(localai.core.localai_model_info) returns it with O(localai.core.localai_model_info#module:pins=true).
      - It is a mapping with the format V(2). Keys that this module does not know are ignored, so one file can have the
        pins of backends and models.
      - A requested name without a row is an error. O(config) is merged over the configuration of the row. With
        O(models), only their names, states and configurations are used.
      - It cannot be used with O(state=latest). Mutually exclusive with O(model), O(variant), O(uri) and O(files).
    type: dict
  exclusive:
    description:
      - Whether to remove all models except those in O(name) or O(models), also those that LocalAI or an administrator
        installed.
      - The other models are removed after everything is installed. A YAML file that cannot be read as a configuration
        is not removed, with a warning.
      - It is an error if no model is to be installed.
    type: bool
    default: false
  prune:
    description:
      - Whether to remove what earlier models left in O(models_path) and no YAML file there mentions. These are files
        that this collection installed, files of models that LocalAI installed and that are gone, with LocalAI's record
        of them, unfinished downloads and temporary files of LocalAI that did not change for an hour, snapshots of
        LocalAI that did not change for an hour, and unfinished snapshots that did not change for 24 hours.
      - Files of unknown origin, and caches of the Hugging Face library, are never removed.
        RV(localai.core.localai_model_info#module:unused) lists them.
      - If a YAML file or a directory cannot be read, nothing that it could mention is removed.
    type: bool
    default: false
  verify:
    description:
      - Whether to read the files and snapshots of the models completely and compare their SHA-256 with the record.
        Files that differ are downloaded again.
      - Without it, a file is read only if its size or the time of its last change differs from the record. What was
        unpacked from archives, and templates, are always compared by size.
    type: bool
    default: false
  force:
    description: Whether to read the source again and download the files of installed models again.
    type: bool
    default: false
  download_only:
    description:
      - Whether to only download and verify the files that the same task without this option would install, for example
        during the day before a maintenance window. Models are not changed, and nothing is removed.
        RV(reload_required) and RV(restart_required) are false, and RV(unload) and RV(removed) are empty.
      - The next run without this option takes the downloaded files, reads them once to verify them, and transfers none
        of their bytes. It still asks the gallery and the servers of the files. A file that has another SHA-256 by then,
        or without a SHA-256 another ETag, date or size, is transferred again.
      - The files are in C(.localai-core/downloaded) of O(models_path), and those of snapshots of repositories in
        C(.artifacts/.partial), where O(prune) removes them after a day. They are removed when the model is installed
        from other files or upgraded, when other files are downloaded for it, and with O(state=absent). A repair does
        not remove them.
      - A file without a SHA-256 whose server states neither an ETag nor a date is not downloaded, with a warning. A
        file on the host is not downloaded either.
      - Cannot be used with O(state=absent), O(exclusive), O(prune) and O(force). Models with
        O(models[].state=absent) are left alone.
    type: bool
    default: false
  owner:
    description:
      - The owner of files, usually the user of the LocalAI service.
      - If it is set, it also applies to the files and snapshots of installed models and to the directories that these
        are in, without a download.
      - The default for new files is the owner of O(models_path), if the module runs as a user who may change owners.
    type: str
  group:
    description:
      - The group of files.
      - If it is set, it also applies to the files and snapshots of installed models and to the directories that these
        are in, without a download.
      - The default for new files is the group of O(models_path), if the module runs as a user who may change groups.
    type: str
  mode:
    description:
      - The mode of files, as an octal number in quotes such as V('0640'), or as a symbolic mode such as V(u=rw,g=r,o=).
        A symbolic mode is applied to V(0644).
      - If it is set, it also applies to the files of installed models.
      - The owner needs to read, and the user of the service must be able to. LocalAI itself writes weights that only
        their owner can read.
      - The default for new files is V('0644').
    type: raw
  directory_mode:
    description:
      - The mode of new directories in O(models_path), in the same form. A symbolic mode is applied to V(0755).
      - If it is set, it also applies to the directories that the files and snapshots of installed models are in, but
        not to O(models_path) itself.
      - The owner needs all permissions.
      - The default is V('0755').
    type: raw
  lock_timeout:
    description: The time in seconds to wait for another run that changes O(models_path).
    type: int
    default: 60
  pending:
    description:
      - The options whose value an earlier task of the play creates, so that it does not exist yet in check mode.
        Without this, check mode warns of an O(owner) or O(group) that does not exist, and of an O(models_path) whose
        parent directory does not exist.
      - It has no effect outside of check mode.
    type: list
    elements: str
    choices: [owner, group, models_path]
    default: []
notes:
  - A running server sees a new model at the first request that names it. It sees a changed configuration, and lists new
    models, after C(POST /models/reload). See RV(reload_required), RV(unload) and RV(restart_required).
  - A model is served by its backend. See RV(backends).
  - Repositories of the Hub that a configuration names, in C(artifacts) or as C(parameters.model) of backends such as
    V(transformers), are installed as snapshots, at the path and with the record that LocalAI uses, if the model has no
    files. Their commit is written into the configuration, as by LocalAI, so that O(state=present) does not query the
    Hub again. If the Hub cannot be queried, C(artifacts) are an error. A repository in C(parameters.model) is a
    warning, and LocalAI downloads it itself.
  - C(download_files) of a configuration are files of the model too. A server would download them only when it starts
    and at each reload.
  - If the Python that Ansible uses lacks requests or PyYAML, and a run needs them, the module runs again with a Python
    of the distribution (such as C(/usr/bin/python3)) that has both, if there is one.
  - A transfer continues after an error at the byte where it stopped. The next run continues the transfer of an
    interrupted one, unless the server has another version of the file by then, or does not state its version.
seealso:
  - module: localai.core.localai_model_info
  - module: localai.core.localai_backend
  - module: localai.core.localai_server
"""

EXAMPLES = r"""
- name: Install a model of the gallery, readable by the user of the service
  localai.core.localai_model:
    name: qwen3-4b
    owner: localai
    group: localai
  register: result

- name: Download the files of a model during the day, without a change for the running server
  localai.core.localai_model:
    name: qwen3-4b
    state: latest
    download_only: true

- name: Install the backends that the model needs
  localai.core.localai_backend:
    name: "{{ result.backends }}"
    owner: localai
    group: localai

- name: Let a running server read its models again
  ansible.builtin.uri:
    url: http://127.0.0.1:8080/models/reload
    method: POST
    headers:
      Authorization: Bearer {{ vault_localai_api_key }}
  when: result.reload_required

- name: Unload the models whose old process still answers, after the reload
  localai.core.localai_server:
    unload: "{{ result.unload }}"

- name: Restart LocalAI if it must forget a model
  ansible.builtin.service:
    name: local-ai
    state: restarted
  when: result.restart_required

- name: Install an entry under another name
  localai.core.localai_model:
    name: chat
    model: localai@qwen3-4b

- name: Install one of the variants of an entry
  localai.core.localai_model:
    name: qwen3.8-4b-q4
    variant: qwen3.8-4b-q8

- name: Change the configuration of an entry; the braces of a template must not be evaluated
  localai.core.localai_model:
    name: qwen3-4b
    config:
      context_size: 16384
      parameters:
        temperature: 0.2
      stopwords: []
      template:
        chat: !unsafe |
          {{.Input}}
          <|im_start|>assistant

- name: Install your own GGUF file from the Hub, at a fixed commit
  localai.core.localai_model:
    name: my-model
    uri: huggingface://example/my-model-GGUF/my-model-Q4_K_M.gguf
    revision: 0123456789abcdef0123456789abcdef01234567
    config:
      context_size: 8192

- name: Install a model of Ollama's registry
  localai.core.localai_model:
    name: llama3.2
    uri: ollama://llama3.2:1b

- name: Install a GGUF file that was pushed to a registry
  localai.core.localai_model:
    name: my-model
    uri: oci://registry.example.com/models/my-model:v1
    endpoints:
      - host: registry.example.com
        username: puller
        password: "{{ vault_registry_password }}"

- name: Install a model from a configuration file, with the file that it names
  localai.core.localai_model:
    name: my-model
    uri: https://git.example.com/ai/models/my-model.yaml
    files:
      - filename: my-model.gguf
        uri: https://files.example.com/my-model.gguf
        sha256: 74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117

- name: Install a model of your own with several files
  localai.core.localai_model:
    name: my-vision
    config:
      backend: llama-cpp
      context_size: 8192
      mmproj: my-vision/mmproj.gguf
      parameters:
        model: my-vision/model.gguf
      template:
        use_tokenizer_template: true
    files:
      - filename: my-vision/model.gguf
        uri: https://files.example.com/my-vision/model.gguf
        sha256: 74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
      - filename: my-vision/mmproj.gguf
        uri: https://files.example.com/my-vision/mmproj.gguf
        sha256: 6fe79103aeba3992d2109de99820a70c3a65b461151a5d8ecb52b80a4777ac00

- name: Install and remove models with different sources in one task
  localai.core.localai_model:
    models:
      - name: qwen3-4b
      - name: embeddings
        model: nomic-embed-text-v1.5
        state: latest
      - name: my-model
        uri: https://files.example.com/my-model.gguf
      - name: old-model
        state: absent

- name: Use a server of your own in place of huggingface.co, with a token for it
  localai.core.localai_model:
    name: qwen3-4b
    endpoints:
      - host: hub.example.com
        token: "{{ vault_hub_token }}"
  environment:
    HF_ENDPOINT: https://hub.example.com

- name: Download from a mirror first, and from huggingface.co with a token if the mirror fails
  localai.core.localai_model:
    name: my-model
    uri: huggingface://example/my-model-GGUF/my-model-Q4_K_M.gguf
    endpoints:
      - host: huggingface.co
        token: "{{ vault_huggingface_token }}"
        mirrors:
          - url: https://mirror.example.com/huggingface

- name: Use a gallery of your own
  localai.core.localai_model:
    name: company@my-model
    galleries:
      - name: company
        url: https://git.example.com/ai/models/index.yaml

- name: Install exactly the pinned models of the fleet, and remove all others
  localai.core.localai_model:
    name: [qwen3-4b, my-model]
    pins: "{{ lookup('ansible.builtin.file', 'pins.yml') | from_yaml }}"
    exclusive: true

- name: Upgrade models whose entry in the gallery changed, and read all files to verify them
  localai.core.localai_model:
    name: [qwen3-4b, my-model]
    state: latest
    verify: true

- name: Remove a model with its files
  localai.core.localai_model:
    name: qwen3-4b
    state: absent

- name: Remove all models except these, and what earlier models left
  localai.core.localai_model:
    name: [qwen3-4b, my-model]
    exclusive: true
    prune: true

- name: Remove only what no model needs
  localai.core.localai_model:
    prune: true
"""

RETURN = r"""
msg:
  description:
    - One line about the changes, or in check mode about the predicted changes. It has the size of each transfer, if
      that is known. More than five names with the same action are only counted.
  returned: always
  type: str
  sample: "Installed qwen3-4b (2.3 GiB); removed old-model."
models:
  description:
    - One entry for each requested name, in this order. Models that O(exclusive) removes are in RV(removed) only.
    - If a step fails, it has the models that are finished.
  returned: always
  type: list
  elements: dict
  sample:
    - name: chat
      model: qwen3-4b
      variant: null
      action: install
      reason: it is not installed
      recorded: false
      backend: llama-cpp
      config:
        backend: llama-cpp
        context_size: 16384
        name: chat
        parameters:
          model: Qwen3-4B.Q4_K_M.gguf
        template:
          use_tokenizer_template: true
      files:
        - filename: Qwen3-4B.Q4_K_M.gguf
          uri: huggingface://MaziyarPanahi/Qwen3-4B-GGUF/Qwen3-4B.Q4_K_M.gguf
          sha256: a37931937683a723ae737a0c6fc67dab7782fd8a1b9dea2ca445b7a1dbd5ca3a
          size: 2497280256
      served_by:
        - https://huggingface.co/MaziyarPanahi/Qwen3-4B-GGUF/resolve/main/Qwen3-4B.Q4_K_M.gguf
      bytes_transferred: 2497280256
      elapsed: 22.3
  contains:
    name:
      description: The name of the model on the host. A name from a gallery has the spelling of the gallery.
      type: str
    model:
      description: The entry of the galleries, as it was requested. Null for a model of your own.
      type: str
    variant:
      description: The entry whose build is installed, if O(variant) or a row of O(pins) selects another one. Else null.
      type: str
    action:
      description:
        - V(none), V(install), V(repair), V(upgrade), V(replace), V(download), V(chown) or V(remove).
        - With V(download), files are only downloaded (see O(download_only)).
        - With V(repair), files or the configuration were missing or differed from what was installed.
        - With V(upgrade), the gallery or the source has another version.
        - With V(replace), the request differs from the one that the model was installed for, or the model was installed
          in another way, for example by LocalAI.
        - With V(chown), only owner, group and mode change.
      type: str
    reason:
      description:
        - The reason for the action, or the reason why nothing is done. It is the same in check mode and in the run.
      type: str
    recorded:
      description:
        - Whether this collection's record of the model was right before this run. If a model is as requested and not
          recorded, the run only writes the record, so that later runs need not read the files again.
      type: bool
    backend:
      description: The backend in the configuration, or null.
      type: str
    config:
      description:
        - The configuration after this run, as it is in C(NAME.yaml), with redacted addresses. Null for a model that is
          removed or not installed.
      type: dict
    files:
      description:
        - The files of the model after this run. Each has C(filename), C(uri), C(sha256) and C(size). C(sha256) and
          C(size) are null if they are unknown, for example in check mode.
        - The files of snapshots are not in it.
      type: list
      elements: dict
    served_by:
      description: The full URLs or references that delivered files. Empty if nothing was transferred, or in check mode.
      type: list
      elements: str
    bytes_transferred:
      description: The bytes that were transferred over the network. Zero in check mode.
      type: int
    elapsed:
      description: The time in seconds to transfer the files. Zero in check mode.
      type: float
removed:
  description: The files and directories that are removed from O(models_path).
  returned: always
  type: list
  elements: dict
  sample:
    - path: old-model.yaml
      model: old-model
      reason: the model is removed
    - path: old-model.gguf
      model: old-model
      reason: the model is removed
  contains:
    path:
      description: The path in O(models_path).
      type: str
    model:
      description: The model that it belongs to. Null if O(prune) removes it.
      type: str
    reason:
      description: The reason for the removal.
      type: str
unload:
  description:
    - The names of models whose configuration, files or templates changed. If LocalAI has loaded them, their process
      uses the replaced content. After a reload, such a model can answer with an error until it is unloaded.
    - First reload, then pass them to O(localai.core.localai_server#module:unload).
  returned: always
  type: list
  elements: str
  sample: [chat]
reload_required:
  description:
    - Whether a configuration or a file of a model was written, so that a running LocalAI must read its models again, by
      C(POST /models/reload). It derives defaults from weights when it reads a configuration.
    - It depends only on this run, not on earlier runs.
  returned: always
  type: bool
  sample: true
restart_required:
  description:
    - Whether a model with a configuration was removed, a configuration got another C(name), or a prompt template was
      changed. A running LocalAI forgets the model, the former name or the former template only when it is restarted.
    - It depends only on this run, not on earlier runs.
  returned: always
  type: bool
  sample: false
backends:
  description:
    - The backends that the requested models need, as the galleries of backends name them. Pass them to
      O(localai.core.localai_backend#module:name).
  returned: always
  type: list
  elements: str
  sample: [llama-cpp]
previous:
  description:
    - The models as they were before this run, as a set of O(pins). Pass it to O(pins) to undo this run without network.
    - It has the changed models that this collection installed, if all of their files stay on the host. Weights are not
      kept when they are replaced. Models with secrets in addresses are not in it, either.
  returned: always
  type: dict
  sample:
    format: 2
    models:
      - name: chat
        model: qwen3-4b
        gallery: localai
        variant: null
        config:
          backend: llama-cpp
          context_size: 8192
          name: chat
          parameters:
            model: Qwen3-4B.Q4_K_M.gguf
        definition:
          name: qwen3-4b
        files:
          - filename: Qwen3-4B.Q4_K_M.gguf
            uri: huggingface://MaziyarPanahi/Qwen3-4B-GGUF/Qwen3-4B.Q4_K_M.gguf
            sha256: a37931937683a723ae737a0c6fc67dab7782fd8a1b9dea2ca445b7a1dbd5ca3a
            size: 2497280256
diff:
  description:
    - The configuration of each model before and after, and its files. A file after the run has its SHA-256 or, if it is
      unknown, V(present).
    - Owner, group and mode of files that only change these.
    - It is the same in check mode and in the run that follows.
  returned: always
  type: list
  elements: dict
  sample:
    - before_header: chat.yaml
      after_header: chat.yaml
      before: |
        backend: llama-cpp
        context_size: 8192
        name: chat
      after: |
        backend: llama-cpp
        context_size: 16384
        name: chat
"""

from ansible_collections.localai.core.plugins.module_utils._module.models.model import run_model


def main() -> None:
    """Run the module."""
    run_model()


if __name__ == "__main__":
    main()
