# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of a file server that the HTTP client is tested with."""

from __future__ import annotations

SIZE = 600_000
BODY = bytes(number * 7 % 251 for number in range(SIZE))
TEXT = b"the content of a page"
PAGES = {"/page": TEXT, "/big": BODY, "/empty": b""}
SECRET = "hunter2"
