# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation that both modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of C(_options.HOST_SPEC), and the attributes of the modules."""

    DOCUMENTATION = r"""
options:
  backends_path:
    description:
      - The directory that LocalAI reads its backends from, the variable E(LOCALAI_BACKENDS_PATH) of its service.
    type: path
    default: /var/lib/local-ai/backends
  backends_system_path:
    description:
      - The directory of backends that come with the operating system, the variable E(LOCALAI_BACKENDS_SYSTEM_PATH)
        of LocalAI's service. What is in it is listed and never changed.
      - It is refused when it is the same directory as O(backends_path).
    type: path
    default: /usr/share/localai/backends
  galleries:
    description:
      - The indexes in which names are looked up, in this order. They are read only when a name needs them.
      - Where two galleries have a name, the first one counts, unless the name is written as V(gallery@name).
    type: list
    elements: dict
    default:
      - name: localai
        url: https://index.localai.io/backends
        mirrors:
          - github:mudler/LocalAI/backend/index.yaml@master
    suboptions:
      name:
        description: The name of the gallery, as it stands before the C(@) in V(gallery@name).
        type: str
        required: true
      url:
        description:
          - Where the index is. V(https://), V(http://), V(file://), the path of a file on the host, or
            V(github:organisation/repository/path@branch).
          - A URL that ends in V(.ref) is a file that names the index beside it.
        type: str
        required: true
      mirrors:
        description: Other places of the same index, tried in this order when O(galleries[].url) fails.
        type: list
        elements: str
        default: []
      sha256:
        description: The SHA-256 of the index. A source that delivers anything else counts as failed.
        type: str
  capability:
    description:
      - What this host can run, for example V(nvidia-cuda-12), V(amd), V(intel), V(vulkan), V(metal) or V(default).
      - When it is not given, it is what E(LOCALAI_FORCE_META_BACKEND_CAPABILITY) of the module's environment or the
        file C(/run/localai/capability) say, and otherwise it is detected as LocalAI does.
      - The memory of GPUs is read from the kernel (C(mem_info_vram_total) of an AMD GPU), else from C(nvidia-smi),
        C(rocm-smi), C(xpu-smi) and C(vulkaninfo). These tools are looked for in E(PATH), C(/opt/rocm/bin),
        C(/usr/lib/wsl/lib), C(/usr/local/bin) and C(/usr/local/cuda/bin). A tool is stopped after 120 seconds.
      - Where a GPU is present and its memory cannot be read, the builds that are installed for its vendor stay, with a
        warning. If its compute driver (C(nvidia) or C(amdgpu)) is in use, the capability is unknown, and a meta backend
        of which no build is installed is an error, unless it has the same build with and without the GPU. Set this
        option to install it. Other drivers, such as C(nouveau) and C(i915), make it a host without a GPU.
      - V(disable) switches the check off that a backend is built for this kind of host.
      - It does not change what a running LocalAI detects. Set E(LOCALAI_FORCE_META_BACKEND_CAPABILITY) for its
        service too, because LocalAI chooses between backends with the same alias by its own capability.
    type: str
  platform:
    description:
      - The platform to take from an image for several, as V(os/architecture), for example V(linux/arm64).
      - The default is the one of the host.
    type: str
  endpoints:
    description: Settings for single hosts, whether they serve images, galleries or archives.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description:
          - The host that the settings are for, as V(name) or V(name:port).
          - V(docker.io) means Docker Hub.
        type: str
        required: true
      username:
        description: The user to log in as. It is sent to this host and, for a registry, to its token server only.
        type: str
      password:
        description: The password of O(endpoints[].username).
        type: str
      token:
        description: A bearer token to send instead of a user and a password.
        type: str
      ca_path:
        description: A file with the certificates of the authorities to trust for this host.
        type: path
      client_cert:
        description: A file with the certificate to present to this host.
        type: path
      client_key:
        description: The file with the key of O(endpoints[].client_cert), when that does not hold it.
        type: path
      validate_certs:
        description: Whether the certificate of this host is checked. The default is O(validate_certs).
        type: bool
      plain_http:
        description:
          - Whether to use plain HTTP for this host as a registry, and to send credentials over it.
          - When it is not given, only a registry on this machine may be without TLS.
        type: bool
      mirrors:
        description:
          - Other places of the images of this host, in the order in which they are tried. The host itself is the last
            one, unless a mirror has O(endpoints[].mirrors[].resolve=true).
          - What a tag means is asked of the host, so mirrors need not be trusted, and bytes come from any mirror that
            has them. Where a mirror fails, the next place goes on at the byte where it stopped.
          - Credentials and certificates of a mirror belong into an entry of its own for the mirror's host.
        type: list
        elements: dict
        default: []
        suboptions:
          url:
            description:
              - V(https://host[:port][/prefix][?query]) of a registry. A prefix stands before the name of the
                repository, as for the proxy projects of Harbor. The query is added to every request; of V(?ns), as
                containerd has it, the value is the host that is mirrored unless another one is given.
              - V(ocilayout:/path) of a directory with an OCI image layout. Digests are looked up in it, and tags as
                ref names, either V(host/repository:tag) or V(tag) alone.
            type: str
            required: true
          resolve:
            description: Whether this mirror says what a tag means too. Then the host itself is never contacted.
            type: bool
            default: false
  ca_path:
    description:
      - A file with the certificates of the authorities to trust for all hosts.
      - The default is what Python's C(requests) trusts there. E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE) do not count.
    type: path
  client_cert:
    description: A file with the certificate to present to all hosts.
    type: path
  client_key:
    description: The file with the key of O(client_cert), when that does not hold it.
    type: path
  validate_certs:
    description: Whether the certificates of hosts are checked.
    type: bool
    default: true
  use_proxy:
    description: Whether the variables E(http_proxy), E(https_proxy) and E(no_proxy) are heeded.
    type: bool
    default: true
  auth_file:
    description:
      - A C(config.json) of docker with logins for registries. Only its C(auths) are used, no credential helpers and no
        identity tokens, as C(az acr login) writes them.
      - The default is the file of the user that the module runs as, if there is one. O(endpoints) goes first.
    type: path
  timeout:
    description:
      - The time in seconds to wait for a connection, and for the next byte from a server.
      - A transfer may take as long as it likes while bytes arrive.
    type: int
    default: 30
  retries:
    description:
      - How often a request is tried again after a passing fault, with growing pauses or as long as the server asks
        for, at most 120 seconds. It counts anew whenever bytes have arrived, and a transfer goes on at the byte where
        it stopped.
      - A host that refused connections, or stayed silent until its tries were used up, is not asked again in this run.
    type: int
    default: 5
notes:
  - Passwords and tokens in O(endpoints) are never shown. Every address is shown without user, password, query and
    fragment, also among the options that Ansible shows at C(-v) and writes to the syslog of the host. Ansible itself
    shows the value of a C(loop). Set C(label) in C(loop_control), or C(no_log=true), where that has a signed address in
    it.
  - Ansible puts what C(environment) gives to a task into a command line and shows it. A password of a proxy belongs
    into the environment of the host, or of Ansible.
requirements:
  - python >= 3.8
  - requests, when something has to be fetched over HTTP or from a registry
  - PyYAML, when a gallery has to be read
attributes:
  action_group:
    description: Use C(group/localai.core.localai) in C(module_defaults) to set options for both modules.
    support: full
    membership:
      - localai.core.localai
  check_mode:
    description: Predicts in C(check_mode) what would change, without changing anything.
  diff_mode:
    description: Returns what changes, or in C(check_mode) would change.
  idempotent:
    description: A second run with the same arguments changes nothing.
  platform:
    description: The operating systems that it works on.
    support: full
    platforms: posix
"""
