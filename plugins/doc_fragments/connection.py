# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that every module with connections to servers has."""

from __future__ import annotations


class ModuleDocFragment:
    """`CONNECTION_OPTIONS` of `_module/argspec.py`."""

    DOCUMENTATION = r"""
options:
  endpoints:
    description: Settings for single hosts. They apply to images, galleries, archives and files of models
      from these hosts.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description:
          - The host, as V(name) or V(name:port). Without a port, the entry is for the default port, 443 for HTTPS and
            80 for HTTP.
          - Use V(docker.io) for Docker Hub.
        type: str
        required: true
      username:
        description: The user to log in as. It is sent only to this host and, for a registry, to its token server.
        type: str
      password:
        description: The password of O(endpoints[].username).
        type: str
      token:
        description: A bearer token to send instead of a user and a password.
        type: str
      ca_path:
        description: The same as O(ca_path), for this host.
        type: path
      client_cert:
        description: A file with the client certificate for this host.
        type: path
      client_key:
        description: The same as O(client_key), for O(endpoints[].client_cert).
        type: path
      validate_certs:
        description: Whether to validate the certificate of this host. The default is O(validate_certs).
        type: bool
      plain_http:
        description:
          - Whether to use plain HTTP for this host as a registry, and to send credentials over it.
          - If it is not set, only a registry on this machine can be used without TLS.
        type: bool
      mirrors:
        description:
          - Mirrors of the images of this host, in the order in which they are tried. The host itself is tried last,
            unless a mirror has O(endpoints[].mirrors[].resolve=true).
          - They are mirrors of the files of models, galleries and base files on this host too, such as
            V(huggingface.co) with its API. The path of the file is put after that of the mirror.
            O(endpoints[].mirrors[].resolve) has no effect on these, and the host itself is always tried last. Other
            archives have mirrors of their own.
          - Put the credentials and certificates for a mirror in a separate entry for the host of the mirror.
        type: list
        elements: dict
        default: []
        suboptions:
          url:
            description:
              - V(https://host[:port][/prefix][?query]) for a registry. The prefix is put before the name of the
                repository, as for the proxy projects of Harbor. The query is added to every request. The value of
                V(?ns), which containerd uses, defaults to the host that is mirrored.
              - V(ocilayout:/path) for a directory with an OCI image layout, or V(ocilayout:https://host/path) for one
                on a web server. Content is found by digest, and tags by the name V(host/repository:tag), or by
                V(tag) if the image has no other name.
            type: str
            required: true
          resolve:
            description: Whether to resolve tags at this mirror too. The host itself is then never contacted.
            type: bool
            default: false
  ca_path:
    description:
      - A file with the CA certificates to trust for all hosts, or a directory that C(openssl rehash) prepared.
      - The files of O(ca_path), O(client_cert) and O(client_key), also those in O(endpoints), are checked before the
        first request.
      - The default is the bundle that Python's C(requests) uses. E(REQUESTS_CA_BUNDLE) and E(CURL_CA_BUNDLE) are
        ignored.
    type: path
  client_cert:
    description:
      - A file with the client certificate for all hosts.
      - An image can name another host for a layer that its registry does not have. Such a host gets a client
        certificate only from its entry in O(endpoints).
    type: path
  client_key:
    description:
      - A file with the key of O(client_cert), if the certificate file does not contain it.
      - The key must not be encrypted, because nobody can enter its passphrase during a run.
    type: path
  validate_certs:
    description: Whether to validate the certificates of hosts.
    type: bool
    default: true
  use_proxy:
    description:
      - Whether to honour the environment variables E(http_proxy), E(https_proxy), E(all_proxy) and E(no_proxy).
      - E(no_proxy) is read as by Docker and LocalAI. Its entries are host names, which match their subdomains
        too, V(.domain) or V(*.domain) for subdomains only, addresses, networks such as V(10.0.0.0/8) and V(fd00::/8),
        or V(*). Names and addresses can have a port. V(localhost) and loopback addresses need an entry too.
    type: bool
    default: true
  auth_file:
    description:
      - A Docker C(config.json) with credentials for registries. Only its C(auths) are used. Credential helpers
        (C(credsStore), C(credHelpers)) and identity tokens, which C(az acr login) writes, are not supported.
      - The default is the file of the user that the module runs as, if it exists. O(endpoints) takes precedence.
    type: path
  timeout:
    description:
      - The time in seconds to wait for a connection, and for the next byte from a server.
      - The duration of a whole transfer is not limited.
    type: int
    default: 30
  retries:
    description:
      - The number of retries after a transient error. These are connections that are refused, time out, are reset or
        are cut off, also during the TLS handshake; networks that cannot be reached; temporary failures of DNS;
        servers that send nothing; and the HTTP statuses 408, 425, 429, 499, 500, 502 to 504, 520 to 524, 527, 529,
        530, 598 and 599, also if a proxy sends them. A name that does not exist, a refused certificate and refused
        credentials are not retried.
      - The pause before a retry grows from 1 to 30 seconds, or is the one that the server requests with
        C(Retry-After), up to 120 seconds. The count starts again whenever bytes have arrived, and a transfer
        continues at the byte where it stopped.
      - A server that cannot be reached until all retries are used is not contacted again in the same run. With the
        defaults, a server that refuses connections costs at most 31 seconds, before a mirror is used. Attempts
        without a connection take at most about 10 seconds for each retry, so that a server that does not answer at
        all costs about one minute. One retry is made in any case, unless this option is V(0).
    type: int
    default: 5
  connections:
    description:
      - The maximum number of connections to one server over which one file or layer is transferred in parts. V(1) turns
        this off.
      - A transfer starts with one connection. More are opened only while this host waits for the server and the rate
        grows with them, and not above O(rate_limit). After the statuses 429 and 503, a reset or a stalled connection,
        the transfer continues with the connections that work.
      - One connection is used if the server does not support range requests, or if no digest, C(ETag), date or checksum
        proves that all parts belong to the same version.
    type: int
    default: 8
    version_added: 1.0.0
  rate_limit:
    description:
      - The maximum number of bytes per second that one task receives on one host, over all its connections, such as
        V(10M) for 10 MiB, at least V(1K). The default is no limit.
      - Data in the buffers of the network can exceed it for a moment.
    type: str
    version_added: 1.0.0
  bundle:
    description:
      - A bundle that M(localai.core.localai_bundle) has filled, as an absolute path on the host or as the URL of its
        directory on any web server. Then nothing else is contacted, and the galleries are those of the bundle.
      - O(endpoints), O(ca_path) and the other options of connections are for the web server of the bundle only.
      - Everything is verified by the digests in C(bundle.json). Use HTTPS, or verify C(SHA256SUMS) where the bundle is
        served, because nothing verifies that file itself.
      - In check mode, a bundle on the host that is not there yet is a warning, because an earlier task may put it
        there.
    type: str
    version_added: 1.0.0
notes:
  - Passwords and tokens in O(endpoints) are never shown. Every address is shown without user, password, query and
    fragment, even in the options that Ansible shows with C(-v) and writes to the syslog of the host. Ansible itself
    shows the items of a C(loop). If an item contains a signed URL, set C(label) in C(loop_control), or C(no_log=true).
  - Ansible shows the C(environment) of a task as part of a command line. Set the password of a proxy in the environment
    of the host or of Ansible instead.
requirements:
  - requests, to download over HTTP or from a registry
attributes:
  action_group:
    description:
      - Use C(group/localai.core.localai), C(group/localai.core.localai_backends) and
        C(group/localai.core.localai_models) in C(module_defaults).
    support: full
"""
