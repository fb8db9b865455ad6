# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as one document: counts, what needs action, the builds of the fleet, and a row for each host."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._report.conditions import ANY, CONDITIONS, NAMES
from ansible_collections.localai.core.plugins.plugin_utils._report.findings import Row
from ansible_collections.localai.core.plugins.plugin_utils._report.texts import text_of
from ansible_collections.localai.core.plugins.plugin_utils._values import plain

FORMAT = 1
_NO_RESULT = {
    "condition": "unread",
    "text": "The run ended before the host could be read.",
    "detail": "",
    "advice": "Run the playbook again, and read what it prints for this host.",
}


def document_of(rows: t.Mapping[str, Row], hosts: t.Sequence[str], created: str) -> Row:
    """Return the report. `rows` are those of `row_of_host` by host, `hosts` all hosts, and `created` is a time."""
    known = plain(rows)
    every = [known.get(host) or _empty_row(host) for host in hosts]
    return {
        "format": FORMAT,
        "created": text_of(created),
        "counts": _counts(every),
        "action": _action(every),
        "builds": _builds(every, "backends", "build"),
        "models": _builds(every, "models", "model"),
        "versions": _number_of_hosts(row["server_version"] or "unknown" for row in every),
        "capabilities": _number_of_hosts(row["capability"] or "unknown" for row in every),
        "hosts": every,
    }


def failures(document: Row, conditions: t.Sequence[str]) -> list[str]:
    """Return a sentence for each of the conditions (`any`: all) that a host of the report meets.

    A report without hosts fails in any case: an inventory that cannot be read has none, and no settings of the group.
    """
    if not document["hosts"]:
        return ["The group localai has no hosts. Check the inventory."]
    wanted = NAMES if ANY in conditions else conditions
    return [
        f"{group['condition']} on {len(group['hosts'])} of {document['counts']['hosts']} hosts: "
        f"{_first_of(group['hosts'])}."
        for group in _by_condition(document["hosts"])
        if group["condition"] in wanted
    ]


def _first_of(names: t.Sequence[str], number: int = 5) -> str:
    more = len(names) - number
    return ", ".join(names[:number]) + (f" and {more} more" if more > 0 else "")


def _empty_row(host: str) -> Row:
    """Return the row of a host about which nothing is known, with the keys of `row_of_host`."""
    texts = ("capability", "capability_rule", "operating_system", "platform", "server_version", "unit_state")
    times = ("started", "last_good_start", "last_change")
    lists = ("groups", "gpus", "loaded_models", "space", "backends", "models")
    return {
        "host": text_of(host),
        "is_wanted": True,
        "is_reachable": None,
        "is_ready": None,
        **dict.fromkeys((*texts, *times, "gpu_memory", "restarts", "least_free_percent")),
        **{key: [] for key in lists},
        "size": 0,
        "findings": [_NO_RESULT],
    }


def _counts(rows: t.Sequence[Row]) -> Row:
    return {
        "hosts": len(rows),
        "need_action": sum(1 for row in rows if row["findings"]),
        "ready": sum(1 for row in rows if row["is_ready"]),
        "conditions": {
            name: sum(1 for row in rows if any(finding["condition"] == name for finding in row["findings"]))
            for name in NAMES
        },
    }


def _by_condition(rows: t.Sequence[Row]) -> list[Row]:
    return [
        {"condition": name, "hosts": hosts}
        for name in NAMES
        for hosts in [[row["host"] for row in rows if any(one["condition"] == name for one in row["findings"])]]
        if hosts
    ]


def _action(rows: t.Sequence[Row]) -> list[Row]:
    """Return one row for each condition that some hosts meet, with its findings; equal findings are one row.

    `advice` of a finding is empty if that of the condition fits.
    """
    findings: dict[str, dict[tuple[str, str], list[Row]]] = {name: {} for name in NAMES}
    for row in rows:
        for finding in row["findings"]:
            key = (finding["text"], finding["advice"])
            hosts = findings[finding["condition"]].setdefault(key, [])
            hosts.append({"host": row["host"], "detail": finding["detail"]})
    return [
        {
            "condition": condition.name,
            "title": condition.title,
            "advice": condition.advice,
            "hosts": len({host["host"] for hosts in findings[condition.name].values() for host in hosts}),
            "findings": [
                {"text": text, "advice": advice, "hosts": hosts}
                for (text, advice), hosts in sorted(
                    findings[condition.name].items(), key=lambda item: (-len(item[1]), item[0])
                )
            ],
        }
        for condition in CONDITIONS
        if findings[condition.name]
    ]


def _builds(rows: t.Sequence[Row], kind: str, build: str) -> list[Row]:
    """Return one row for each name and each of its builds, with the number of hosts; `build` is the key of the build.

    A name drifts if hosts have different digests of the same build.
    """
    hosts: dict[tuple[str, str], dict[tuple[str, str], list[tuple[str, bool | None]]]] = {}
    for row in rows:
        for one in row[kind]:
            builds = hosts.setdefault((one["name"], one[build]), {})
            identity = (one["digest"], one.get("version", ""))
            builds.setdefault(identity, []).append((row["host"], one["is_as_pinned"]))
    return [
        {
            "name": name,
            "build": target,
            "digest": digest,
            "version": version,
            "as_pinned": sum(1 for _host, is_as_pinned in those if is_as_pinned),
            "off_pins": sum(1 for _host, is_as_pinned in those if is_as_pinned is False),
            "drifts": len({known for known, _version in identities if known}) > 1,
            "hosts": [host for host, _is_as_pinned in those],
        }
        for (name, target), identities in sorted(hosts.items())
        for (digest, version), those in sorted(identities.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _number_of_hosts(values: t.Iterable[str]) -> Row:
    return dict(sorted(collections.Counter(values).items(), key=lambda item: (-item[1], item[0])))
