# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Ansible module object, which redacts the addresses in its options before they are returned or logged."""

from __future__ import annotations

import copy
import re
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._address import HIDDEN, redacted, redacted_text
from .._errors import LocalAIError, MissingLibrary

# Options and suboptions that contain an address or a list of addresses.
_ADDRESSES = ("uri", "url", "mirrors", "host")
_OF_MAPPINGS = ("endpoints", "galleries", "pins", "backends")
# If an option takes a mapping and its value is an address, Ansible splits the address at each "=" and takes the first
# part as the name of a suboption.
_NOT_IN_OPTIONS = re.compile(r"[/?#@]")
_MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


class LocalAIModule(AnsibleModule):  # type: ignore[misc]
    """An AnsibleModule with the original options in `given` and the redacted options in `params`."""

    def __init__(self, spec: t.Mapping[str, t.Any]) -> None:
        """Read the options; `spec` is one of `argspec`."""
        self.given: dict[str, t.Any] | None = None
        self._is_validated = False
        self._unvalidated: dict[str, t.Any] = {}
        self._malformed = ""
        # AnsibleModule writes the defaults of suboptions into its arguments.
        super().__init__(**copy.deepcopy(dict(spec)), supports_check_mode=True)
        self._is_validated = True
        self._redact_params()

    def _load_params(self) -> None:
        super()._load_params()
        # Ansible leaves out what it refuses.
        self._unvalidated = {option: self.params[option] for option in _OF_MAPPINGS if option in self.params}
        if any(isinstance(value, str) for value in self._unvalidated.values()):
            self._malformed = self._read_mappings()
        if self._unvalidated.get("pins") is not None:
            from .pin_keys import without_unknown_keys

            self.params["pins"] = without_unknown_keys(self.params["pins"], self.argument_spec)

    def _log_invocation(self) -> None:
        self._redact_params()
        super()._log_invocation()

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        """End with an error. The options are redacted, even if Ansible refuses them in the constructor.

        Instead of what Ansible says of an option that is no mapping, the error is one that shows how to write it. All
        other errors of the options are reported together.
        """
        if not self._is_validated:
            from .mappings import all_errors

            msg = self._malformed or self._read_mappings() or all_errors(msg, getattr(self, "validation_result", None))
        self._redact_params()
        super().fail_json(redacted_text(msg), **result)
        raise AssertionError("fail_json ends the process")

    def _read_mappings(self) -> str:
        from .mappings import read_mappings  # few runs need it

        problem = read_mappings(self._unvalidated, self.argument_spec)
        self.params.update(self._unvalidated)
        return problem

    def _redact_params(self) -> None:
        if self.given is None:
            self.given = copy.deepcopy(self.params)
            self.params.update(_redacted_value("", self.params, self.no_log_values))


def failure_of(error: LocalAIError) -> dict[str, t.Any]:
    """Return the arguments of `fail_json` for an error."""
    if isinstance(error, MissingLibrary):
        return {"msg": missing_required_lib(error.library), "exception": error.traceback}
    return {"msg": str(error)}


def _redacted_value(option: str, value: t.Any, masked: t.Container[str]) -> t.Any:
    """Return the redacted value of an option; `masked` has the values of options with `no_log`.

    Ansible hides only complete values. It cuts values at an `@` before it writes them to syslog, so parts would remain.
    """
    if isinstance(value, dict):
        return {_redacted_key(str(key)): _redacted_value(str(key), item, masked) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted_value(option, item, masked) for item in value]
    if not isinstance(value, str):
        return value
    if "-----BEGIN" in value:
        return HIDDEN
    if value in masked:
        return _MASK
    if _NOT_IN_OPTIONS.search(option):
        return HIDDEN
    return redacted(value) if option in _ADDRESSES else redacted_text(value)


def _redacted_key(key: str) -> str:
    return redacted(key) if _NOT_IN_OPTIONS.search(key) else key
