# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of the operating system as sentences."""

from __future__ import annotations

import errno

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.os_errors import disk_error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "/x: No space left on device. Free some space"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "/x: Disk quota exceeded. Raise the quota"),
        (OSError(errno.EROFS, "Read-only file system"), "/x: Read-only file system. The file system is mounted"),
        (OSError(errno.EACCES, "Permission denied"), "/x: Permission denied. Run as a user"),
        (OSError(errno.EPERM, "Operation not permitted"), "/x: Operation not permitted. Run as a user"),
        (OSError(errno.EIO, "Input/output error"), "/x: Input/output error."),
        (OSError(errno.EFBIG, "File too large"), "/x: File too large. The file system does not support files this"),
        (OSError("strange"), "/x: strange."),
        (ValueError("embedded null byte"), "/x: embedded null byte."),
    ],
)
def test_an_error_of_the_disk_says_where_and_what_to_do(error, message):
    assert disk_error("/x", error).startswith(message)
