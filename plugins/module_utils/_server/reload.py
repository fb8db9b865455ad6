# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets a server read its models again: it sees changed configurations, and lists new models.

Follows `ReloadModelsEndpoint` in LocalAI's `core/http/endpoints/localai/gallery.go`, which reads all configurations
first, and downloads what they lack then.
"""

from __future__ import annotations

from .._errors import ServerError
from .answers import described, is_ok, is_refused
from .client import Client, Outcome


def reload_models(client: Client, seconds: float) -> tuple[str, ...]:
    """Let a server read its models again, within `seconds`, and return warnings.

    A download that fails, for whichever model, is only a warning. Raises ServerError if the server did not read them.
    """
    answer = client.post("/models/reload", {}, seconds)
    if is_ok(answer):
        return ()
    if is_refused(answer):
        raise ServerError(
            f"The server at {client.url} does not accept the key ({described(answer)}), so it did not read its models "
            "again. Set api_key."
        )
    if answer.outcome is Outcome.ANSWERED and answer.status in (404, 405):
        raise ServerError(
            f"The server at {client.url} has no POST /models/reload ({described(answer)}), so it did not read "
            "its models again. LOCALAI_DISABLE_GALLERY_ENDPOINT disables this request. Restart LocalAI."
        )
    if answer.outcome is Outcome.ANSWERED and answer.status == 500:
        problem = "could not download something that one of them names"
        return (f"The server at {client.url} has read its models again, but {problem}: {described(answer)}.",)
    if answer.outcome is Outcome.SILENT:
        problem = f"was still busy with its models after {seconds:g} seconds"
        return (f"The server at {client.url} {problem}. It may be downloading something that one of them names.",)
    raise ServerError(f"The server at {client.url} did not read its models again: {described(answer)}.")
