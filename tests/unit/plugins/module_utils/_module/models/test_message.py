# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message of a run about models."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.models.message import message_of


def result(*rows, removed=()):
    models = [{"name": name, "action": action} for name, action in rows]
    return {"models": models, "removed": [{"path": path, "model": model} for path, model in removed]}


@pytest.mark.parametrize(
    ("given", "past", "future"),
    [
        (result(), "Nothing to change.", "Nothing to change."),
        (result(("a", "none")), "Nothing to change.", "Nothing to change."),
        (result(("a", "install")), "Installed a (1.5 GiB).", "Would install a (1.5 GiB)."),
        (result(("b", "repair"), ("c", "repair")), "Repaired b (0.1 MiB) and c.", "Would repair b (0.1 MiB) and c."),
        (
            result(("c", "install"), ("d", "replace"), ("e", "upgrade"), ("f", "chown")),
            "Installed c; upgraded e; replaced d; changed the owner, group or mode of f.",
            "Would install c; upgrade e; replace d; change the owner, group or mode of f.",
        ),
        (
            result(("c", "remove"), removed=[("c.yaml", "c"), ("x.yaml", "x"), ("x.gguf", "x"), ("u", None)]),
            "Removed c and x; removed u.",
            "Would remove c and x; remove u.",
        ),
        (result(*((f"m{n}", "install") for n in range(6))), "Installed 6 models.", "Would install 6 models."),
        (
            result(removed=[(str(n), None) for n in range(6)]),
            "Removed 6 unused files.",
            "Would remove 6 unused files.",
        ),
    ],
)
def test_a_message_names_what_is_done(given, past, future):
    sizes = {"a": 3 * 1024**3 // 2, "b": 5, "c": 0}
    assert message_of(given, False, sizes) == past
    assert message_of(given, True, sizes) == future
