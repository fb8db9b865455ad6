# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The specification of localai_server; its runs are tested with the module."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._server.update import REQUIRED_BY, SERVER_SPEC


def test_the_file_needs_its_directory_and_the_key_is_not_logged() -> None:
    assert REQUIRED_BY == {"register_backends": ["config_path"], "registered_backends": ["config_path"]}
    assert set(REQUIRED_BY) <= set(SERVER_SPEC)
    assert SERVER_SPEC["api_key"]["no_log"] is True
