# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task as frozen values. The argument specs are in `_module.argspec`.

Here and in other files that every run loads, values that are used as they are, without `replace`, are named tuples.
Python creates the class of a frozen dataclass four times more slowly, and a run that changes nothing spends most of
its time on loading code. Values with secrets are none: a tuple is easily written out item by item.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ._address import Address

LAYOUT_SCHEME = "ocilayout:"
# The schemes of sources from which LocalAI installs models only.
MODEL_SCHEMES = ("ollama", "huggingface", "hf")
State = t.Literal["present", "latest", "absent"]
SignatureMode = t.Literal["ignore", "warn", "enforce"]


class Signer(t.NamedTuple):
    """The signer of an image, as a host has verified, and the evidence. The first three fields are LocalAI's words.

    `time` is the earliest time that a service signed, in RFC 3339 notation, and `digest` is what was signed. `log` and
    `log_index` are the entry in a transparency log, and `trusted_root` names the trusted root.
    """

    identity: str
    issuer: str
    source_repository: str
    time: str
    digest: str
    log: str
    log_index: int
    trusted_root: str


@dataclass(frozen=True)
class Pin:
    """One row of the option `pins`: the build of `name` for hosts of one capability and platform.

    `gallery` is the name of the gallery that lists it, empty if that is unknown. `signer` is who signed it, as the host
    found that made the pins; None if it did not verify that.
    """

    name: str
    capability: str
    platform: str
    backend: str
    uri: Address
    digest: str
    alias: str = ""
    gallery: str = ""
    signer: Signer | None = None


@dataclass(frozen=True)
class BackendOptions:
    """The options of `localai_backend`.

    `directory_mode` is a number, or None if the option is not set. `pins` has the row for this host for each name in
    lower case, and is None if the option is not set. `spellings` maps names to their spelling in the task, if it
    differs.

    With the option `backends`, `names` are those that must be installed, and `absent` those that are removed after
    that. `single` has, by bare names in lower case, the options of the names that have their own. In these, `subject`
    is the name that they are about.
    """

    names: tuple[str, ...]
    state: State = "present"
    uri: Address | None = None
    alias: str | None = None
    force: bool = False
    owner: str | None = None
    group: str | None = None
    directory_mode: int | None = None
    lock_timeout: int = 60
    release: str | None = None
    digest: str | None = None
    pins: t.Mapping[str, Pin] | None = None
    exclusive: bool = False
    keep_previous: int | None = None
    verify: bool = False
    download_only: bool = False
    spellings: t.Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    single: t.Mapping[str, BackendOptions] = field(default_factory=dict)
    subject: str | None = None

    @property
    def mode(self) -> int:
        """The mode of the top directory of new trees."""
        return 0o755 if self.directory_mode is None else self.directory_mode

    @property
    def bare_names(self) -> tuple[str, ...]:
        """The names without their galleries."""
        return tuple(bare_name(name) for name in self.names)

    @property
    def upgraded(self) -> tuple[str, ...]:
        """The bare names with `state=latest`."""
        return tuple(name for name in self.bare_names if self.of(name).state == "latest")

    def of(self, name: str) -> BackendOptions:
        """Return the options for a bare name."""
        return self.single.get(name.lower(), self)

    def pin(self, name: str) -> Pin | None:
        """Return the row of `pins` for a bare name; only requested names have one."""
        return self.pins.get(name.lower()) if self.pins is not None else None

    def digest_of(self, name: str) -> str | None:
        """Return the pinned digest of a bare name; only requested names have one."""
        if self.digest is None:
            return None
        names = self.bare_names if self.subject is None else (self.subject,)
        return self.digest if name.lower() in map(str.lower, names) else None

    @property
    def may_restore_previous(self) -> bool:
        """Whether a previous version may be restored if it is the pinned build."""
        return self.state == "present" and not self.force


class Verification(t.NamedTuple):
    """A policy for signatures, with LocalAI's own keys: `GalleryVerification` in its `core/config/gallery.go`.

    `not_before` is a date and time in RFC 3339 notation.
    """

    issuer: str | None = None
    issuer_regex: str | None = None
    identity: str | None = None
    identity_regex: str | None = None
    source_repository: str | None = None
    not_before: str | None = None


class SignatureOptions(t.NamedTuple):
    """The options about signatures: whether to verify them, and whether one that fails is a warning or an error.

    `trusted_root` is a path or the JSON document itself, None for the one of the collection. `legacy` is whether
    signatures as cosign wrote them before version 2.6 count too.
    """

    mode: SignatureMode = "ignore"
    trusted_root: str | None = None
    legacy: bool = False


class GallerySource(t.NamedTuple):
    """One gallery of the option `galleries`.

    `verification` is the policy for its images, `artifact_verification` that for an index in a registry.
    """

    name: str
    url: Address
    mirrors: tuple[Address, ...] = ()
    sha256: str | None = None
    verification: Verification | None = None
    artifact_verification: Verification | None = None


class GalleryPolicy(t.NamedTuple):
    """The policy for the images of one gallery, None if it has none."""

    name: str
    url: Address
    policy: Verification | None


class Policies(t.NamedTuple):
    """The settings of a plan for signatures: the mode, and the policies of the galleries."""

    mode: SignatureMode = "ignore"
    galleries: tuple[GalleryPolicy, ...] = ()


class Mirror(t.NamedTuple):
    """A mirror of a registry: `http(s)://host[/prefix][?query]` or `ocilayout:/path`.

    With `resolve`, tags are resolved at the mirror too, and the registry is not contacted.
    """

    url: Address
    resolve: bool = False


@dataclass(frozen=True)
class Endpoint:
    """Settings for one host, `name` or `name:port`. Its repr has no secrets."""

    host: str
    username: str | None = None
    password: str | None = None
    token: str | None = None
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool | None = None
    plain_http: bool | None = None
    mirrors: tuple[Mirror, ...] = ()

    def __repr__(self) -> str:
        return f"Endpoint({self.host})"


@dataclass(frozen=True)
class Connection:
    """Connection settings for all hosts, and the `endpoints` for single ones.

    `timeout` is in seconds, `rate_limit` in bytes per second; `connections` is a limit for each server. `bundle` is the
    path or the URL of a bundle that is read in the place of all other servers.
    """

    endpoints: tuple[Endpoint, ...] = ()
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool = True
    use_proxy: bool = True
    auth_file: str | None = None
    timeout: int = 30
    retries: int = 5
    connections: int = 8
    rate_limit: int | None = None
    bundle: str | None = None


@dataclass(frozen=True)
class HostOptions:
    """The options that both modules have; `server_version` is None for the newest server."""

    backends_path: str
    backends_system_path: str
    galleries: tuple[GallerySource, ...] = ()
    capability: str | None = None
    platform: str | None = None
    connection: Connection = Connection()
    server_version: tuple[int, ...] | None = None
    signatures: SignatureOptions = field(default_factory=SignatureOptions)

    @property
    def policies(self) -> Policies:
        """The policies for signatures."""
        if self.signatures.mode == "ignore":
            return Policies()
        rows = (GalleryPolicy(source.name, source.url, source.verification) for source in self.galleries)
        return Policies(self.signatures.mode, tuple(rows))


def bare_name(name: str) -> str:
    """Return a name without its gallery."""
    return name.rpartition("@")[2]
