# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that accepts connections and never answers, until the file goes away into which it writes its port."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

end = time.monotonic() + 600
state = Path(sys.argv[1])
with socket.create_server(("127.0.0.1", 0)) as server:
    state.write_text(str(server.getsockname()[1]), encoding="ascii")
    while state.exists() and time.monotonic() < end:
        time.sleep(0.2)
