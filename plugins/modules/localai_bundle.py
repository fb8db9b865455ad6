#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_bundle
short_description: Fetch everything that hosts without internet need into one directory
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - Fetches the images of backends, the files of models, the needed entries of the galleries, the server and this
    collection into one directory, a I(bundle). Each image and file is fetched once, for any number of hosts.
  - Hosts install from it with O(localai.core.localai_backend#module:bundle), at a path or a URL of any web server.
  - The content of the bundle is determined by a survey, which the playbook C(localai.core.survey) writes, or by names,
    capabilities and platforms.
  - Images and files that are in the bundle are not fetched again. The next run continues an interrupted one.
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
    description: Returns the images and files that are fetched.
    support: full
  idempotent:
    description: A second run fetches nothing, unless a server has another version by then.
    support: full
  platform:
    description: The operating systems that are supported.
    support: full
    platforms: posix
options:
  path:
    description: The directory of the bundle. It is created if it is missing. It must be empty, or a bundle.
    type: path
    required: true
  survey:
    description:
      - The survey of a site, as the path of its file or as its content.
      - The task fails if a backend, a model or a release in it is not available for the hosts that need it.
      - Mutually exclusive with O(backends), O(models), O(capabilities), O(platforms) and O(server_versions).
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
      - If a backend has no build for one of them, it is left out for that capability, with a warning.
    type: list
    elements: str
  platforms:
    description:
      - The platforms of the hosts, such as V(linux/arm64). The default is the architecture of this host. A capability
        that exists on one platform only, such as V(nvidia-l4t), is fetched for that platform.
    type: list
    elements: str
  server_versions:
    description: Releases of the server, such as V(v4.11.0) or V(latest), whose binaries are fetched for the platforms.
    type: list
    elements: str
  release_url:
    description: The URL of the releases. Each version has a directory below it.
    type: str
    default: https://github.com/mudler/LocalAI/releases/download
  galleries:
    description:
      - The galleries of backends, as for O(localai.core.localai_backend#module:galleries). The default is the galleries
        of the survey, or LocalAI's own.
    type: list
    elements: dict
  model_galleries:
    description: The galleries of models, as for O(localai.core.localai_model#module:galleries), with the same default.
    type: list
    elements: dict
  pins:
    description:
      - A set of pins, whose builds and files are fetched. The default is the pins of the survey.
      - Without pins, the current builds and files are fetched, and C(pins.yml) in the bundle pins them.
    type: dict
  collection:
    description:
      - The collection to put into the bundle, as the directory of an installed copy of this collection, or as the file
        that C(ansible-galaxy collection build) writes. The default is the running collection, if the task runs on the
        controller.
    type: path
  known:
    description:
      - The C(bundle.json) of the bundle that the site has, as a path or as its content. Images and files in this list
        are not fetched. Copy the new files over the bundle of the site.
    type: raw
  prune:
    description:
      - Whether to remove images and files that are not needed any more. By default, earlier builds are kept, so that
        earlier pins work. An archive is replaced if its URL has another content by now.
    type: bool
    default: false
  lock_timeout:
    description: The time in seconds to wait for another run that changes O(path).
    type: int
    default: 60
notes:
  - O(bundle) has no effect on this module.
  - A file without a checksum, whose server does not state a version either, is fetched in each run. Set C(sha256) for
    it.
  - A run compares the sizes of the files in the bundle, and not their content. If C(sha256sum --check --quiet
    SHA256SUMS) finds a damaged file, delete it and run again.
  - The entries of galleries are stored unchanged. A password or a token in an address of an entry is in the bundle too.
  - Backends and files with a path on the hosts as their source are not fetched. A warning names them.
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
- name: Fetch everything that the hosts of a survey need
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

- name: Update a bundle, verify signatures, and remove images and files that are not needed any more
  localai.core.localai_bundle:
    path: /srv/bundle
    survey: survey.yml
    signatures: enforce
    prune: true
"""

RETURN = r"""
msg:
  description: A sentence about the changes, or in check mode about the predicted changes.
  returned: success
  type: str
  sample: Fetched 5 things (8123.4 MiB).
fetched:
  description: The images and files that were missing. The size of an image is that of its missing blobs.
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
  description: The bytes of everything in RV(fetched), as far as they are known.
  returned: success
  type: int
  sample: 8123456789
bytes_transferred:
  description: The bytes that were transferred over the network. Less than RV(size) if an interrupted run was continued.
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
