#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_bundle
short_description: Fetch all that hosts without internet need into one directory
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - Fetches the images of backends, the files of models, the needed entries of the galleries, the server and this
    collection into one directory, a I(bundle). Each thing is fetched once, however many hosts want it.
  - Hosts install from it with O(localai.core.localai_backend#module:bundle), at a path or a URL of any web server.
  - What they want is told by a survey, which the playbook C(localai.core.survey) writes, or by names,
    capabilities and platforms.
  - What is there already is not fetched again. An interrupted run is continued by the next one.
extends_documentation_fragment:
  - localai.core.connection
  - localai.core.signatures
attributes:
  action_group:
    membership:
      - localai.core.localai
  check_mode:
    description: Can run in check mode and predict the changes without making them.
    support: full
    details:
      - Reads galleries, manifests and sizes, and lists what a run would fetch.
  diff_mode:
    description: Returns what is fetched.
    support: full
  idempotent:
    description: A second run fetches only what is new.
    support: full
options:
  path:
    description: The directory of the bundle. It is created if it is missing. It must be empty, or a bundle.
    type: path
    required: true
    aliases: [dest]
  survey:
    description:
      - What the hosts want, as the path of the file of a survey or as its content. It takes the place of O(backends),
        O(models), O(capabilities), O(platforms) and O(server_versions).
      - All that it lists has to be there, else the task fails.
    type: raw
  backends:
    description:
      - Names of backends, or mappings with the keys of O(localai.core.localai_backend#module:backends).
    type: list
    elements: raw
  models:
    description:
      - Names of models, or mappings with the keys of O(localai.core.localai_model#module:models). The backends that
        they need are fetched too.
    type: list
    elements: raw
  capabilities:
    description:
      - The capabilities of the hosts, such as V(nvidia-cuda-12). The default is V(default), a host without a GPU.
      - A backend that has no build for some of them is left out there, with a warning.
    type: list
    elements: str
  platforms:
    description:
      - The platforms of the hosts, such as V(linux/arm64). The default is the architecture of this host. A capability
        that is only for one platform has that platform.
    type: list
    elements: str
  server_versions:
    description: Releases of the server, such as V(v4.11.0) or V(latest), whose binaries are fetched for the platforms.
    type: list
    elements: str
  release_url:
    description: Where the releases are, below which each version has a directory.
    type: str
    default: https://github.com/mudler/LocalAI/releases/download
  galleries:
    description:
      - The galleries of backends, as for O(localai.core.localai_backend#module:galleries). The default is those of the
        survey, else LocalAI's.
    type: list
    elements: dict
  model_galleries:
    description: The galleries of models, in the same form.
    type: list
    elements: dict
  pins:
    description:
      - A set of pins. Then exactly its builds and files are fetched. Without it, and without pins in the survey, the
        current ones are, and C(pins.yml) in the bundle pins them.
    type: dict
  collection:
    description:
      - An installed copy of this collection, or the file that C(ansible-galaxy collection build) has made, to put its
        artifact into the bundle. The default is the collection that runs, if the task runs on the controller.
    type: path
  known:
    description:
      - The C(bundle.json) of the bundle that the site has already, as a path or as its content. What it lists is not
        fetched. Copy the new files over the bundle of the site.
    type: raw
  prune:
    description:
      - Whether to remove what the bundle does not need any more. By default, earlier builds stay, so that earlier pins
        work, but for archives whose URL has another content by now.
    type: bool
    default: false
  lock_timeout:
    description: The number of seconds to wait for another run that fills the same directory.
    type: int
    default: 60
notes:
  - O(bundle) has no effect on this module.
  - A file whose server tells neither its checksum nor a version is fetched in each run. Set C(sha256) for it.
  - A run looks at the sizes of the files that are there, and not at their content. If C(sha256sum --check --quiet
    SHA256SUMS) finds a damaged one, delete it and run again.
  - The entries of galleries are stored as they are. If an address in one has a password or a token, the bundle has it.
  - Backends and files at paths of the hosts are not fetched. A warning names them.
  - The images are an OCI layout, C(images), with all documents byte for byte, and only the requested platforms.
    Signatures and other referrers of the images are in it too. Each image has its full name.
  - Requires no privileges. The directory C(.localai-core) in it is not part of the bundle.
requirements:
  - PyYAML
seealso:
  - ref: ansible_collections.localai.core.docsite.no_internet
    description: The guide, from the survey to hosts without internet.
  - module: localai.core.localai_backend
  - module: localai.core.localai_model
"""

EXAMPLES = r"""
- name: Fetch what the hosts of a survey want
  localai.core.localai_bundle:
    path: /srv/bundle
    survey: survey.yml

- name: Fetch the changes since the bundle that a site has
  localai.core.localai_bundle:
    path: /srv/changes
    survey: survey.yml
    known: /srv/site/bundle.json

- name: Fetch one backend and one model for two kinds of hosts
  localai.core.localai_bundle:
    path: /srv/bundle
    backends: [whisper]
    models: [qwen3-4b]
    capabilities: [default, nvidia-cuda-12]
    server_versions: [v4.11.0]

- name: Keep a bundle current, with verified signatures, and without what is not needed any more
  localai.core.localai_bundle:
    path: /srv/bundle
    survey: survey.yml
    signatures: enforce
    prune: true
"""

RETURN = r"""
msg:
  description: What was done, or in check mode what would be done.
  returned: success
  type: str
  sample: Fetched 5 things (8123.4 MiB).
fetched:
  description: What was missing. Of an image, the blobs that were missing.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The image, or the address of the file.
      type: str
      sample: quay.io/go-skynet/local-ai-backends:latest-cpu-llama-cpp
    kind:
      description: V(image) or V(file).
      type: str
      sample: image
    size:
      description: The bytes to fetch, null if they are unknown.
      type: int
      sample: 78123456
size:
  description: The bytes of all that was missing, as far as they are known.
  returned: success
  type: int
  sample: 8123456789
bytes_transferred:
  description: The bytes of contents that came over the network, less than RV(size) if an interrupted run was continued.
  returned: success
  type: int
  sample: 8123456789
removed:
  description: With O(prune), the files that were removed, relative to O(path).
  returned: success
  type: list
  elements: str
  sample: ["images/blobs/sha256/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]
"""

from ansible_collections.localai.core.plugins.module_utils._module.bundle.bundle import run_bundle


def main() -> None:
    """Run the module."""
    run_bundle()


if __name__ == "__main__":
    main()
