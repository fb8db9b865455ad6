# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a name resolves to, and whether its source has another build than the installed one."""

from __future__ import annotations

from ansible_collections.localai.core.tests.support.plans import concrete, decide, installed, want


def test_a_source_that_does_not_state_what_it_has_is_a_warning() -> None:
    decided = decide(want("from-directory", state="latest"), installed(concrete("from-directory")))
    assert "does not state what it has" in decided.warnings[0]
