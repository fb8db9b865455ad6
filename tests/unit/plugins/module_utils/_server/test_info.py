# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The specification of localai_server_info; its runs are tested with the module."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._server.info import SERVER_INFO_SPEC
from ansible_collections.localai.core.plugins.module_utils._server.target import TARGET_SPEC


def test_nothing_is_required_and_the_key_is_not_logged() -> None:
    assert [name for name, option in SERVER_INFO_SPEC.items() if option.get("required")] == []
    assert SERVER_INFO_SPEC["api_key"]["no_log"] is True
    assert set(SERVER_INFO_SPEC) == {*TARGET_SPEC, "wait"}
