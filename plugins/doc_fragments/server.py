# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that every module about a running server has."""

from __future__ import annotations


class ModuleDocFragment:
    """`TARGET_SPEC` of `_server/target.py`."""

    DOCUMENTATION = r"""
options:
  unit:
    description: The systemd unit of the server.
    type: str
    default: localai.service
  url:
    description:
      - The URL of the server.
      - By default, it is derived from C(LOCALAI_ADDRESS) in the environment of the main process of O(unit), with the
        loopback address in place of a wildcard. Without a process, it is V(http://127.0.0.1:8080).
      - Set it if the server gets its address from elsewhere, such as the command line or a socket unit. Proxies are
        never used.
    type: str
  api_key:
    description:
      - A key that the server accepts.
      - By default, it is the first key of C(LOCALAI_API_KEY) in the environment of the main process of O(unit), which
        only root and the user of the service may read.
    type: str
"""
