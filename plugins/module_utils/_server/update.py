# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of the module `localai_server`: registers backends, reloads and unloads models, and tests one."""

from __future__ import annotations

import time
import typing as t

from .._errors import HostError, OptionError, ServerError
from .._fs.utf8 import os
from .._module.runner import Run, run_module
from . import registration
from .answers import System, described, is_refused, system_of
from .client import Client, Outcome
from .redaction import Secrets, hiding
from .registration import Registrations
from .registration_file import RegistrationFile
from .reload import reload_models
from .smoke_test import smoke_test
from .target import TARGET_SPEC, Target, guess_warning
from .unload import models_to_unload, unload_models, view_model

# How long LocalAI may take to see the file, and how long it takes where that cannot be seen.
_LISTED_WITHIN = 5.0
_SETTLED_AFTER = 1.0
_PAUSE = 0.2
_SECONDS = 10

SERVER_SPEC: dict[str, t.Any] = {
    **TARGET_SPEC,
    "config_path": {"type": "path"},
    "register_backends": {"type": "dict"},
    "registered_backends": {"type": "list", "elements": "str"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "reload": {"type": "bool", "default": False},
    "unload": {"type": "list", "elements": "str", "default": []},
    "unload_backends": {"type": "list", "elements": "str", "default": []},
    "smoke_test": {
        "type": "dict",
        "options": {
            "model": {"type": "str", "required": True},
            "prompt": {"type": "str"},
            "timeout": {"type": "int", "default": 300},
        },
    },
    "timeout": {"type": "int", "default": 60},
}
REQUIRED_BY = {"register_backends": ["config_path"], "registered_backends": ["config_path"]}


def run_server() -> None:
    """Carry out the module `localai_server`."""
    run_module({"argument_spec": SERVER_SPEC, "required_by": REQUIRED_BY}, _carry_out)


def _carry_out(run: Run) -> None:
    secrets = Secrets()
    with hiding(run, secrets):
        _Update(run, Target(run.params, secrets)).carry_out()


class _Update:
    """One run: the options, the server as it is, and the file as it is and shall be."""

    def __init__(self, run: Run, target: Target) -> None:
        self._run = run
        self._params = run.params
        self._register = registration.check_names(self._params["register_backends"] or {})
        test = self._params["smoke_test"] or {"timeout": 1}
        if self._params["timeout"] < 1 or test["timeout"] < 1:
            raise OptionError("timeout: the number of seconds has to be at least 1.")
        self._file = self._registration_file()
        stored = self._file.read() if self._file else None
        self._before = self._after = Registrations()
        self._rewrites = False
        if self._file and stored:
            self._before = registration.parse(stored.content, self._file.path)
            registered = self._params["registered_backends"] or []
            self._after = registration.merged(self._before, self._register, registered, self._file.path)
            is_kept = self._after == self._before
            self._rewrites = not is_kept or bool(
                self._register and stored.content is not None and not self._file.is_as_requested(stored)
            )
        self._look = target.look_once()
        run.warnings += guess_warning(self._look)

    def carry_out(self) -> None:
        """Bring the server up to date, and complete the result of the module."""
        result = self._run.result
        ours = {*self._register, *(self._params["registered_backends"] or [])}
        result.update(registered_backends=registration.ours_in(self._before, ours), reloaded=False)
        result.update(unloaded=[], busy=[], answer=None)
        result["diff"] = self._diff()
        system = self._system()
        stale = {*self._params["unload_backends"], *self._moved(system)}
        if self._run.check_mode:
            unloaded, reloaded = self._to_unload(system, stale), self._reloads(system)
            result.update(changed=self._rewrites or reloaded or bool(unloaded), unloaded=unloaded, reloaded=reloaded)
            result["registered_backends"] = registration.ours_in(self._after, self._register)
        else:
            self._write(system)
            self._reload(system)
            self._unload(system, stale)
            self._test(system)
        result["msg"] = self._message()

    def _registration_file(self) -> RegistrationFile | None:
        if self._params["register_backends"] is None and self._params["registered_backends"] is None:
            return None
        path = self._params["config_path"]
        if not path.startswith("/"):
            raise OptionError(f"config_path: {path} is not an absolute path.")
        return RegistrationFile(path, self._params["owner"], self._params["group"])

    def _system(self) -> System | None:
        """Return what the server has registered and loaded; None if it does not run, or nothing needs it.

        To remove entries takes no answer, so that the role can do it before it restarts a server that gives none.
        """
        options = ("reload", "unload", "unload_backends", "smoke_test")
        if not self._register and not any(self._params[option] for option in options):
            return None
        answer = self._client.get("/system", _SECONDS)
        if is_refused(answer):
            raise ServerError(
                f"The server at {self._client.url} does not accept the key ({described(answer)}), so nothing was "
                "changed. Set api_key."
            )
        if answer.outcome is Outcome.CLOSED:
            return None
        system = system_of(answer)
        if None in (system.backends, system.loaded_models):
            self._run.warnings.append(
                f"The server at {self._client.url} did not list its backends and loaded models ({described(answer)}), "
                "so no model was reloaded or unloaded."
            )
            return None
        return system

    def _moved(self, system: System | None) -> set[str]:
        """Return the names that the server has registered, and that the file gives another run file now."""
        listed = set((system.backends if system else None) or ())
        return registration.changed_names(self._before, self._after) & listed

    def _write(self, system: System | None) -> None:
        if not self._file:
            return
        if self._rewrites:
            missing = sorted(name for name, path in self._register.items() if not os.path.isfile(path))
            if missing:
                raise HostError(
                    f"register_backends: {self._register[missing[0]]}, the run file of {missing[0]}, is not a file on "
                    "this host. Each load of such a backend would fail. Install it first."
                )
            if self._after.entries:
                self._file.write(self._after.text)
            else:
                self._file.remove()
            self._run.result["changed"] = True
        self._run.result["registered_backends"] = registration.ours_in(self._after, self._register)
        if system is not None and self._register:
            self._wait_until_listed(system)
        elif system is not None and self._rewrites:
            time.sleep(_SETTLED_AFTER)

    def _wait_until_listed(self, system: System) -> None:
        """Wait until the server has read the file; raises ServerError if it does not list a name."""
        start = time.monotonic()
        while True:
            missing = sorted(set(self._register) - set(system.backends or ()))
            passed = time.monotonic() - start
            if not missing and (passed >= _SETTLED_AFTER or not self._rewrites):
                return
            if passed >= _LISTED_WITHIN:
                break
            time.sleep(_PAUSE)
            if missing:
                system = system_of(self._client.get("/system", _SECONDS))
        raise ServerError(
            f"The server at {self._client.url} does not list {', '.join(missing)} {_LISTED_WITHIN:g} seconds after "
            f"{t.cast('RegistrationFile', self._file).path} was written. See whether config_path is its "
            "LOCALAI_CONFIG_DIR, and whether its user can read the file."
        )

    def _reloads(self, system: System | None) -> bool:
        return system is not None and self._params["reload"]

    def _reload(self, system: System | None) -> None:
        """Let the server read its models again: before models are unloaded, or they come back as they were."""
        if self._reloads(system):
            self._run.warnings += reload_models(self._client, self._params["timeout"])
            self._run.result.update(reloaded=True, changed=True)

    def _to_unload(self, system: System | None, stale: set[str]) -> list[str]:
        if system is None or system.loaded_models is None:
            return []
        seconds = min(self._params["timeout"], _SECONDS)
        return models_to_unload(
            system.loaded_models, lambda name: view_model(self._client, name, seconds), stale, self._params["unload"]
        )

    def _unload(self, system: System | None, stale: set[str]) -> None:
        done = unload_models(self._client, self._to_unload(system, stale), self._params["timeout"])
        self._run.warnings += done.warnings
        self._run.result.update(unloaded=list(done.unloaded), busy=list(done.busy))
        self._run.result["changed"] = self._run.result["changed"] or bool(done.unloaded)

    def _test(self, system: System | None) -> None:
        test = self._params["smoke_test"]
        if not test:
            return
        if system is None:
            raise ServerError(
                f"The smoke test failed: LocalAI does not answer at {self._client.url}. Start it first, or set url."
            )
        self._run.result["answer"] = smoke_test(
            self._client, test["model"], test["prompt"], test["timeout"], self._look.models_path
        )

    def _diff(self) -> dict[str, str]:
        if not self._file:
            return {"before": "", "after": ""}
        path = self._file.path
        return {"before": self._before.text, "after": self._after.text, "before_header": path, "after_header": path}

    def _message(self) -> str:
        result = self._run.result
        would = "would be " if self._run.check_mode else ""
        names = sorted(registration.changed_names(self._before, self._after))
        dropped = sorted(set(self._before.all()) - set(self._after.all()))
        parts = [
            f"{would}registered: {', '.join(names)}" if names else "",
            f"{would}no longer registered: {', '.join(dropped)}" if dropped else "",
            f"the models {would or 'were '}read again" if result["reloaded"] else "",
            f"{would}unloaded: {', '.join(result['unloaded'])}" if result["unloaded"] else "",
            f"still loaded: {', '.join(result['busy'])}" if result["busy"] else "",
            "owner or mode of the file changed" if self._rewrites and not names and not dropped else "",
        ]
        text = "; ".join(filter(None, parts)) or "nothing to change"
        answered = "; the smoke test passed" if self._params["smoke_test"] and not self._run.check_mode else ""
        return f"{text[0].upper()}{text[1:]}{answered}."

    @property
    def _client(self) -> Client:
        return self._look.client
