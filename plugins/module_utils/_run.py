# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a run: options -> observe -> resolve -> plan -> apply -> report.

This connects the other files and is the only one that knows AnsibleModule.
"""

from __future__ import annotations

import os
import time
import typing as t
from dataclasses import asdict, dataclass, replace

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.localai.core.plugins.module_utils._capability import HostCapability, Machine, detect
from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    LocalAIError,
    MissingLibrary,
    OptionError,
    SourceError,
)
from ansible_collections.localai.core.plugins.module_utils._gallery import Entry, Galleries
from ansible_collections.localai.core.plugins.module_utils._http import Http
from ansible_collections.localai.core.plugins.module_utils._installed import (
    Installed,
    Row,
    disk_usage,
    listing,
    observe,
    problems,
    server_mapping,
)
from ansible_collections.localai.core.plugins.module_utils._metadata import METADATA, RECORD, Metadata, Record
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._options import (
    BACKEND_SPEC,
    HOST_SPEC,
    INFO_SPEC,
    BackendOptions,
    HostOptions,
    asked_name,
    backend_options,
    host_options,
)
from ansible_collections.localai.core.plugins.module_utils._plan import (
    Look,
    Outcome,
    Plan,
    Step,
    Target,
    bare_name,
    must_fetch,
    plan,
)
from ansible_collections.localai.core.plugins.module_utils._source import Delivery, Found, Sources, displayed
from ansible_collections.localai.core.plugins.module_utils._store import (
    Store,
    check_space,
    check_writable,
    ownership,
    unknown_owners,
)

_ADDRESSES = ("uri", "gallery_url")


def run_backend() -> None:
    """Carry out the module C(localai_backend)."""
    _run({**HOST_SPEC, **BACKEND_SPEC}, _backend)


def run_info() -> None:
    """Carry out the module C(localai_backend_info)."""
    _run({**HOST_SPEC, **INFO_SPEC}, _info)


@dataclass
class _Run:
    """One run of a module: what it is told, whether it may write, and what it has to say so far."""

    params: t.Mapping[str, t.Any]
    check_mode: bool
    warnings: list[str]
    result: dict[str, t.Any]


def _run(spec: dict[str, t.Any], work: t.Callable[[_Run], None]) -> None:
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    run = _Run(module.params, module.check_mode, [], {"changed": False})
    failure: dict[str, t.Any] = {}
    try:
        work(run)
    except MissingLibrary as e:
        failure = {"msg": missing_required_lib(e.library), "exception": e.traceback}
    except LocalAIError as e:
        failure = {"msg": str(e)}
    for warning in dict.fromkeys(run.warnings):
        module.warn(_encodable(warning))
    if failure:
        module.fail_json(**_encodable({**run.result, **failure}))
    module.exit_json(**_encodable(run.result))


def _encodable(value: t.Any) -> t.Any:
    """Return C(value) with what UTF-8 cannot hold, as in names on disk that are no text, written as escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(item) for item in value]
    return value


def _backend(run: _Run) -> None:
    run.result.update(backends=[], removed=[], replaced=[], restart_required=False, capability=None, diff=[])
    host, options = host_options(run.params), backend_options(run.params)
    _check_paths(host)
    capability = detect(Machine(), host.capability)
    run.result["capability"] = capability.name
    resolver = _Resolver(host, options, capability)
    look = _look(host, options, run)
    decided = _decide(host, options, resolver, look)
    if decided.steps:
        check_writable(host.backends_path, [step.backend for step in decided.steps if step.before])
        check_space(host.backends_path, resolver.size_of(decided))
    if decided.steps and not run.check_mode:
        owner = ownership(host.backends_path, options.owner, options.group)
        store = Store(host.backends_path, owner, options.directory_mode)
        with store.lock(options.lock_timeout):
            decided = _decide(host, options, resolver, look)
            run.warnings += [*resolver.galleries.warnings, *decided.warnings]
            _apply(decided, store, resolver, host, run)
    else:
        run.warnings += [*resolver.galleries.warnings, *decided.warnings]
        run.result.update(_report(decided, capability, {}))


def _check_paths(host: HostOptions) -> None:
    if os.path.realpath(host.backends_path) == os.path.realpath(host.backends_system_path):
        raise OptionError(
            f"backends_path and backends_system_path are both {host.backends_path}. LocalAI never changes what is in "
            "the system path, so give them different directories."
        )


def _decide(host: HostOptions, options: BackendOptions, resolver: _Resolver, look: Look) -> Plan:
    """Return what to do about what is on disk at this moment."""
    installed = observe(host.backends_path, host.backends_system_path)
    if not installed.readable:
        raise HostError(
            f"What is installed cannot be read: {'; '.join(installed.problems)}. Give the directory that LocalAI "
            "reads, and run as a user who may read it, for example with become."
        )
    asked = {bare_name(name): name for name in reversed(options.names)}
    targets: dict[str, Target] = {}
    while True:
        decided = plan(options, installed, resolver.capability, targets, look)
        if not decided.unresolved:
            return decided
        subject = decided.unresolved
        targets[subject] = resolver.target(asked.get(subject, subject), installed)


def _look(host: HostOptions, options: BackendOptions, run: _Run) -> Look:
    """Return who will own new trees; in check mode, an owner that a task before this one creates is taken on trust."""
    unknown = unknown_owners(options.owner, options.group) if run.check_mode else []
    run.warnings += unknown
    known = ownership(host.backends_path, None if unknown else options.owner, None if unknown else options.group)
    return Look(
        owner=options.owner or known.owner if unknown else known.owner,
        group=options.group or known.group if unknown else known.group,
        mode=f"{options.directory_mode:04o}",
    )


class _Resolver:
    """What the galleries and the sources say about names; asks each of them once."""

    def __init__(self, host: HostOptions, options: BackendOptions, capability: HostCapability) -> None:
        http = Http(host.connection)
        machine = Machine()
        platform = (
            Platform.parse(host.platform) if host.platform else Platform(machine.system.lower(), machine.architecture)
        )
        self.capability = capability
        self.galleries = Galleries(host.galleries, http)
        self.sources = Sources(http, Registry(http, host.connection.auth_file), platform)
        self._options = options
        self._found: dict[str, Found] = {}

    def target(self, asked: str, installed: Installed) -> Target:
        """Return what a name means here, asking its source only when something has to be fetched."""
        if self._options.uri is not None:
            entry = Entry(bare_name(asked), uri=self._options.uri, alias=self._options.alias or "")
            return self._described(Target(entry.name, entry.name, alias=entry.alias), entry, installed)
        own = installed.find(asked)
        if own is not None and own.metadata and own.metadata.uri and not (own.metadata.gallery_url or own.target):
            # It came straight from a source, and comes from there again.
            recorded = own.metadata
            entry = Entry(own.name, uri=recorded.uri, alias=recorded.alias, version=recorded.version)
            target = Target(own.name, own.name, alias=entry.alias, version=entry.version)
            return self._described(target, entry, installed)
        resolution = self.galleries.resolve(asked, self.capability.name)
        target = Target(
            name=resolution.entry.name,
            backend=resolution.concrete.name,
            is_meta=resolution.match is not None,
            key=resolution.match.key if resolution.match else "",
            last_resort=resolution.match is not None and resolution.match.last_resort,
            alias=resolution.concrete.alias,
            gallery_url=resolution.entry.gallery_url,
            version=resolution.concrete.version,
        )
        return self._described(target, resolution.concrete, installed)

    def found(self, backend: str) -> Found:
        """Return what the source of a build delivers, which C(target) has found out."""
        return self._found[backend]

    def size_of(self, decided: Plan) -> int:
        """Return the bytes that a plan transfers at the least."""
        return sum(self.found(step.backend).size for step in decided.steps if step.kind == "fetch")

    def _described(self, target: Target, concrete: Entry, installed: Installed) -> Target:
        if not must_fetch(target.backend, target.is_meta, self._options, installed):
            return target
        if target.backend not in self._found:
            try:
                self._found[target.backend] = self.sources.find((concrete.uri, *concrete.mirrors), concrete.sha256)
            except SourceError as e:
                raise SourceError(f"{target.backend} cannot be fetched. {e}") from e
        found = self._found[target.backend]
        return replace(
            target,
            uri=found.uri,
            digest=found.digest,
            platform_digest=found.platform_digest,
            sha256=found.sha256,
        )


@dataclass(frozen=True)
class _Fetched:
    """What is known of a build only after it came; C(elapsed) in seconds."""

    uri: str
    served_by: str
    transferred: int
    elapsed: float


def _apply(decided: Plan, store: Store, resolver: _Resolver, host: HostOptions, run: _Run) -> None:
    """Take the steps of a plan, and report as far as they came."""
    before = server_mapping(observe(host.backends_path, host.backends_system_path), resolver.capability.name)
    fetched: dict[str, _Fetched] = {}
    for count, step in enumerate(decided.steps):
        try:
            if step.kind == "fetch":
                fetched[step.backend] = _fetch(step, store, resolver)
            elif step.kind == "meta":
                with store.stage() as tree:
                    tree.file(METADATA, 0o644, [_dated(t.cast(Metadata, step.metadata)).to_json()])
                    store.publish(tree, step.backend)
            elif step.kind == "metadata":
                store.rewrite_metadata(step.backend, t.cast(Metadata, step.metadata).to_json())
            else:
                store.remove(step.backend)
        except LocalAIError:
            after = server_mapping(observe(host.backends_path, host.backends_system_path), resolver.capability.name)
            partial = _first_steps(decided, count, restart_required=before != after)
            run.result.update(_report(partial, resolver.capability, fetched))
            raise
    run.result.update(_report(decided, resolver.capability, fetched))


def _fetch(step: Step, store: Store, resolver: _Resolver) -> _Fetched:
    """Bring a build, complete with its metadata, and put it in its place."""
    start = time.monotonic()
    try:
        with resolver.sources.deliver(resolver.found(step.backend), store.stage) as (tree, delivery):
            record = replace(t.cast(Record, step.record), size=tree.size, entries=tree.entries)
            tree.file(METADATA, 0o644, [_delivered(step, delivery).to_json()])
            tree.file(RECORD, 0o644, [record.to_json()])
            store.publish(tree, step.backend)
    except SourceError as e:
        raise SourceError(f"{step.backend} cannot be fetched. {e}") from e
    return _Fetched(delivery.found.uri, delivery.served_by, delivery.transferred, round(time.monotonic() - start, 3))


def _delivered(step: Step, delivery: Delivery) -> Metadata:
    """Return the metadata of a build with the source that it really came from."""
    return _dated(replace(t.cast(Metadata, step.metadata), uri=delivery.found.uri))


def _dated(metadata: Metadata) -> Metadata:
    return replace(metadata, installed_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))


def _first_steps(decided: Plan, count: int, restart_required: bool) -> Plan:
    """Return the part of a plan that its first C(count) steps carried out."""
    steps = decided.steps[:count]
    touched = {step.backend for step in steps}
    return replace(
        decided,
        outcomes=tuple(outcome for outcome in decided.outcomes if outcome.done_after <= count),
        steps=steps,
        removed=tuple((backend, why) for backend, why in decided.removed if backend in touched),
        replaced=(),
        restart_required=restart_required,
    )


def _report(decided: Plan, capability: HostCapability, fetched: t.Mapping[str, _Fetched]) -> dict[str, t.Any]:
    return {
        "changed": bool(decided.steps),
        "capability": capability.name,
        "backends": [_outcome_row(outcome, fetched) for outcome in decided.outcomes],
        "removed": [{"backend": backend, "reason": reason} for backend, reason in decided.removed],
        "replaced": list(decided.replaced),
        "restart_required": decided.restart_required,
        "diff": [
            {
                "before_header": step.backend,
                "after_header": step.backend,
                "before": _printable(step.before),
                "after": _printable(step.after),
            }
            for step in decided.steps
        ],
    }


def _outcome_row(outcome: Outcome, fetched: t.Mapping[str, _Fetched]) -> dict[str, t.Any]:
    came = fetched.get(outcome.backend or "") if outcome.action != "none" else None
    row = _printable({**asdict(outcome), "uri": came.uri if came else outcome.uri})
    del row["done_after"]
    row["served_by"] = came.served_by if came else None
    row["bytes_transferred"] = came.transferred if came else 0
    row["elapsed"] = came.elapsed if came else 0.0
    return row


def _printable(values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return C(values) with its addresses as they may be printed."""
    return {key: displayed(value) if key in _ADDRESSES and value else value for key, value in values.items()}


def _info(run: _Run) -> None:
    host = host_options(run.params)
    _check_paths(host)
    installed = observe(host.backends_path, host.backends_system_path)
    capability = detect(Machine(), host.capability)
    rows = listing(installed, capability.name)
    wanted = (
        None if run.params["name"] is None else {bare_name(asked_name(name)).lower() for name in run.params["name"]}
    )
    run.result.update(
        capability=capability.name,
        capability_evidence=asdict(capability.evidence),
        backends=[
            _info_row(row, installed, run.params["disk_usage"])
            for name, row in sorted(rows.items())
            if wanted is None or name.lower() in wanted
        ],
        problems=[{"name": name, "problem": problem} for name, problem in problems(installed, rows)],
    )
    if run.params["available"]:
        run.result["available"] = _available(host, capability, rows, wanted, run)


def _info_row(row: Row, installed: Installed, with_disk_usage: bool) -> dict[str, t.Any]:
    fields = {key: value for key, value in asdict(row.metadata).items() if value} if row.metadata else None
    info = {**asdict(row), "metadata": _printable(fields) if fields is not None else None}
    info["problem"] = row.problem or None
    if with_disk_usage:
        path = installed.system_path if row.kind == "system" else installed.path
        info["disk_usage"] = disk_usage(os.path.join(path, installed.home(row)))
    return info


def _available(
    host: HostOptions,
    capability: HostCapability,
    rows: t.Mapping[str, Row],
    wanted: set[str] | None,
    run: _Run,
) -> list[dict[str, t.Any]]:
    galleries = Galleries(host.galleries, Http(host.connection))
    found = []
    for entry in galleries.entries():
        if wanted is not None and entry.name.lower() not in wanted:
            continue
        try:
            resolves_to: str | None = galleries.resolve(f"{entry.gallery}@{entry.name}", capability.name).concrete.name
        except LocalAIError:
            resolves_to = None
        found.append(
            {
                "name": entry.name,
                "kind": "meta" if entry.is_meta else "concrete",
                "gallery": entry.gallery,
                "compatible": resolves_to is not None,
                "installed": entry.name in rows,
                "resolves_to": resolves_to,
                "uri": displayed(entry.uri) or None,
                "alias": entry.alias or None,
                "version": entry.version or None,
                "tags": list(entry.tags),
                "license": entry.license or None,
                "description": entry.description or None,
            }
        )
    run.warnings += galleries.warnings
    return found
