# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server that a task means: its unit, and the URL and the key with which it can be queried."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import ServerError
from .._fs import process
from .address import keys_of, parse_url, secrets_of, url_of
from .client import Client
from .redaction import Secrets
from .systemd import SECONDS, Systemd, configured_environment, environment_of
from .unit import Properties, Unit

TARGET_SPEC: dict[str, t.Any] = {
    "unit": {"type": "str", "default": "localai.service"},
    "url": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
}


@dataclass(frozen=True)
class Look:
    """A server at one moment. `is_guess` says that the environment of its process could not be read.

    `models_path` is LocalAI's directory of models, if its environment has it.
    """

    unit: Unit
    properties: Properties
    client: Client
    is_guess: bool = False
    models_path: str | None = None


class Target:
    """Looks at the server that the options `unit`, `url` and `api_key` mean."""

    def __init__(self, params: t.Mapping[str, t.Any], secrets: Secrets, systemd: Systemd | None = None) -> None:
        """Raises OptionError."""
        self.systemd = systemd or Systemd(_execute, params["unit"])
        self._url = None if params["url"] is None else parse_url(params["url"])
        self._key: str | None = params["api_key"]
        self._secrets = secrets
        secrets.add([self._key or ""])

    def look(self, seconds: float = SECONDS) -> Look:
        """Return the server as it is now; raises TimeoutError if systemd does not answer within `seconds`.

        The environment is read each time: a process that systemd has just started still has that of systemd.
        """
        properties = self.systemd.properties(seconds)
        unit = self.systemd.state(properties)
        environ = environment_of(unit.main_pid)
        known = environ or {}
        # A process that has failed has no environment any more, and may have printed it to the journal.
        for variables in (known, *configured_environment(properties)):
            self._secrets.add(secrets_of(variables))
        key = next(iter(keys_of(known)), "") if self._key is None else self._key
        is_guess = environ is None and (self._url is None or self._key is None)
        client = Client(self._url or url_of(known), key)
        return Look(unit, properties, client, is_guess, known.get("LOCALAI_MODELS_PATH"))

    def look_once(self) -> Look:
        """Return the server as it is now; raises ServerError if systemd does not answer."""
        try:
            return self.look()
        except TimeoutError:
            raise ServerError(
                f"systemctl did not answer within {SECONDS} seconds when it was asked about {self.systemd.name}. See "
                "whether systemd and D-Bus work on this host."
            ) from None


def guess_warning(look: Look) -> list[str]:
    """Return a warning if the environment of the process could not be read, which has the address and the key."""
    if not look.is_guess:
        return []
    unit, url = look.unit, look.client.url
    text = (
        f"The environment of process {unit.main_pid} of {unit.name} cannot be read by this user. The address and the "
        f"key of the server are not known, and {url} was queried. Use become, or set url and api_key."
    )
    return [text]


def _execute(command: t.Sequence[str], seconds: float) -> process.Output:
    return process.run(command, seconds, "/")
