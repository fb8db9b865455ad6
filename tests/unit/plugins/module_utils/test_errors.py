# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions form one tree, and it is the one that is drawn."""

from __future__ import annotations

import inspect
import re

from ansible_collections.localai.core.plugins.module_utils import _errors
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, MissingLibrary, TransportError


def drawn() -> dict[str, str]:
    """Return the parent of each exception as the drawing at the top of the file has it."""
    parents, above = {}, {}
    for line in (_errors.__doc__ or "").splitlines():
        found = re.match(
            r"(    [ |]*)(?:[|`]-- )?(\w+Error|NameRefused|UnusableFile|MissingLibrary|LockTimeout|PartlyChanged)\b",
            line,
        )
        if found:
            depth = line.index(found.group(2)) // 4
            above[depth] = found.group(2)
            parents[found.group(2)] = above.get(depth - 1, "Exception")
    return parents


def test_the_drawing_shows_the_tree() -> None:
    defined = {
        name: value.__bases__[0].__name__
        for name, value in vars(_errors).items()
        if inspect.isclass(value) and value.__module__ == _errors.__name__
    }
    assert drawn() == defined
    assert defined["LockTimeout"] == "HostError"


def test_every_exception_has_the_one_root_that_fail_json_waits_for() -> None:
    classes = [value for value in vars(_errors).values() if inspect.isclass(value)]
    assert all(issubclass(each, LocalAIError) for each in classes)


def test_a_missing_library_keeps_its_name_and_where_it_was_missed() -> None:
    error = MissingLibrary("PyYAML", "Traceback: …")
    assert (str(error), error.library, error.traceback) == ("PyYAML", "PyYAML", "Traceback: …")


def test_a_failed_exchange_keeps_its_status() -> None:
    assert (str(TransportError("gone", 410)), TransportError("gone", 410).status) == ("gone", 410)
    assert TransportError("no answer").status is None
