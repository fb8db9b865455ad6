# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys do not get into results, warnings and errors."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import ServerError
from ansible_collections.localai.core.plugins.module_utils._module.runner import Run
from ansible_collections.localai.core.plugins.module_utils._server.redaction import Secrets, hiding


def test_everything_that_is_returned_is_without_secrets() -> None:
    secrets = Secrets()
    run = Run({}, False, ["warned of s3cret-key"])
    run.result = {"journal": ["key s3cret-key"], "unit": {"main_pid": 7}, "s3cret-key": None, "fine": ("text", True)}
    with pytest.raises(ServerError) as error, hiding(run, secrets):  # noqa: PT012 -- the secret is met meanwhile
        secrets.add(["s3cret-key", ""])
        raise ServerError("LocalAI said s3cret-key")
    assert str(error.value) == "LocalAI said (hidden)"
    assert run.warnings == ["warned of (hidden)"]
    assert run.result == {
        "journal": ["key (hidden)"],
        "unit": {"main_pid": 7},
        "(hidden)": None,
        "fine": ["text", True],
    }


def test_passwords_and_queries_in_urls_are_hidden_too() -> None:
    assert Secrets().hidden("GET http://user:pass@host/x?signature=1 failed") == "GET http://host/x failed"


def test_without_secrets_nothing_changes() -> None:
    run = Run({}, False)
    with hiding(run, Secrets()):
        run.result["answer"] = "Hello!"
    assert run.result == {"changed": False, "answer": "Hello!"}
