# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a library says of an error, as it may be printed."""

from __future__ import annotations

import requests

from ansible_collections.localai.core.plugins.module_utils._http.redact import why


def test_errors_of_requests_are_told_by_their_innermost_reason():
    inner = OSError("it is broken ?token=hunter2")
    assert why(requests.exceptions.ConnectionError(Exception(inner))) == "it is broken "
    assert why(requests.exceptions.ConnectionError()) == "ConnectionError"
    # As urllib3 has it: an object and a text, or a text and an exception.
    assert why(Exception(object(), "Connection to a.example timed out.")) == "Connection to a.example timed out."
    assert why(Exception("Connection aborted.", OSError(104, "reset by peer"))) == "[Errno 104] reset by peer"
