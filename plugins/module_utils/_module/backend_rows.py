# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `backends`: a list of backends, each of which may have its own state, source and version."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._errors import NameRefused, OptionError
from .._request import BackendOptions, bare_name
from .build_options import refuse
from .options import backend_options, requested_names, spellings_of

Params = t.Mapping[str, t.Any]
# The options of a row that choose a build. Without one of them, the row uses the `release` and the `pins` of the task.
_BUILD = ("uri", "digest", "release")


def options_of_rows(params: Params) -> BackendOptions:
    """Return the options of a task with `backends`; raises OptionError or NameRefused."""
    # Ansible counts an option as given if its value is null.
    refuse(params["backends"] is None, "One of the options name and backends is required.")
    rows: t.Sequence[Params] = params["backends"]
    given = [row["name"] for row in rows]
    names = requested_names(given)
    singles = [_single(row, name, params) for row, name in zip(rows, names)]
    _check_repeated(names, singles)
    present = [name for name, single in zip(names, singles) if single.state != "absent"]
    refuse(
        params["exclusive"] and not present,
        "exclusive without a backend to install would remove all backends. Check the variable that backends comes "
        "from, or remove the backends by name with state=absent.",
    )
    task = {**params, "backends": None, "name": present}
    if params["state"] == "absent":
        # The rows that are installed state it themselves.
        task.update(state="present")
    whole = replace(backend_options(task), spellings=spellings_of(given, names))
    return replace(
        whole,
        absent=tuple(name for name, single in zip(names, singles) if single.state == "absent"),
        single={
            bare_name(name).lower(): replace(
                single, names=whole.names, spellings=whole.spellings, subject=bare_name(name)
            )
            for row, name, single in zip(rows, names, singles)
            if single.state not in (whole.state, "absent") or any(row[option] is not None for option in _BUILD)
        },
    )


def _single(row: Params, name: str, params: Params) -> BackendOptions:
    """Return the options of the task for one row; raises OptionError or NameRefused."""
    state = row["state"] or params["state"]
    values = {option: row[option] for option in (*_BUILD, "alias")}
    has_build = any(values[option] is not None for option in _BUILD)
    if not has_build and state != "absent":
        values["release"] = params["release"]
    pins = None if has_build or state == "absent" else params["pins"]
    # The rows to remove are left alone by a run that only downloads.
    download_only = params["download_only"] and state != "absent"
    task = {
        **params,
        **values,
        "download_only": download_only,
        "backends": None,
        "name": [row["name"]],
        "state": state,
        "pins": pins,
    }
    try:
        refuse(
            values["release"] is not None and state == "absent",
            "release cannot be used with state=absent.",
        )
        single = backend_options({**task, "exclusive": False})
        _check_digest(single.digest)
    except NameRefused:
        raise
    except OptionError as e:
        raise OptionError(f"backends: {bare_name(name)}: {e}") from e
    return single


def _check_digest(digest: str | None) -> None:
    if digest is not None:
        from .._planner.pins import check_digest

        check_digest(digest, "digest")


def _check_repeated(names: t.Sequence[str], singles: t.Sequence[BackendOptions]) -> None:
    """Raise OptionError if a name is listed twice with different options."""
    seen: dict[str, BackendOptions] = {}
    for name, single in zip(names, singles):
        bare = bare_name(name)
        alike = replace(single, names=(), spellings={})
        refuse(
            seen.setdefault(bare.lower(), alike) != alike,
            f"backends: {bare} is listed twice, with different options. Remove one of the entries.",
        )
