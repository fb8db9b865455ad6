# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of the module `localai_server_info`."""

from __future__ import annotations

import typing as t

from .._errors import OptionError, ServerError
from .._module.runner import Run, run_module
from .answers import described, is_ok, is_refused, system_of, version_of
from .device_scan import scan_devices
from .redaction import Secrets, hiding
from .target import TARGET_SPEC, Look, Target, guess_warning
from .wait import NotReady, is_ready, journal_text, wait_until_ready

_SECONDS = 10

SERVER_INFO_SPEC: dict[str, t.Any] = {**TARGET_SPEC, "wait": {"type": "int", "default": 0}}


def run_server_info() -> None:
    """Carry out the module `localai_server_info`."""
    run_module({"argument_spec": SERVER_INFO_SPEC}, _carry_out)


def _carry_out(run: Run) -> None:
    secrets = Secrets()
    with hiding(run, secrets):
        seconds = run.params["wait"]
        if seconds < 0:
            raise OptionError("wait: the number of seconds is negative.")
        target = Target(run.params, secrets)
        look = _looked(run, target, seconds)
        run.warnings += guess_warning(look)
        ready = seconds > 0 or (is_ready(look.client) and (look.unit.is_active or not look.unit.exists))
        run.result.update(_unit(look), ready=ready, version=None, backends=None, loaded_models=None)
        run.result["devices"] = [device.row() for device in scan_devices(look.properties)] if look.unit.exists else []
        if ready:
            _query(run, look)


def _looked(run: Run, target: Target, seconds: int) -> Look:
    if not seconds:
        return target.look_once()
    try:
        return wait_until_ready(target, seconds)
    except NotReady as e:
        run.result["ready"] = False
        if e.look is not None:
            run.result.update(_unit(e.look))
            run.warnings += guess_warning(e.look)
        if e.look is not None and not e.look.unit.exists:
            raise ServerError(
                f"There is no unit {e.look.unit.name} on this host, so nothing can become ready. Check the option "
                "unit, or install LocalAI first."
            ) from None
        journal = target.systemd.journal()
        run.result["journal"] = journal
        raise ServerError(f"{e}{journal_text(journal)}") from None


def _unit(look: Look) -> dict[str, t.Any]:
    return {"unit": look.unit.row(), "url": str(look.client.url)}


def _query(run: Run, look: Look) -> None:
    """Add what a server says of itself, which takes a key if it has any."""
    version, system = look.client.get("/version", _SECONDS), look.client.get("/system", _SECONDS)
    known = system_of(system)
    run.result.update(
        version=version_of(version),
        backends=None if known.backends is None else list(known.backends),
        loaded_models=None if known.loaded_models is None else list(known.loaded_models),
    )
    if is_refused(version) or is_refused(system):
        run.warnings.append(
            f"The server at {look.client.url} does not accept the key, so its version, its backends and its loaded "
            "models are not known. Set api_key."
        )
    elif not is_ok(system):
        run.warnings.append(f"The server at {look.client.url} did not list its backends: {described(system)}.")
