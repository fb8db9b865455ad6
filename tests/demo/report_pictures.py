# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pictures of the report in the guide, from made-up fleets: `report_pictures DIRECTORY` writes them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ansible_collections.localai.core.plugins.plugin_utils._report.page import page_of

from ..support import fleets
from ..support.browser import PHONE, browser

_HEALTHY = [fleets.healthy(f"gpu{number:02d}.example.com") for number in range(1, 9)]
_WIDE = (1280, 900)
# Name: the fleet, the size of the window, and the scheme of colours.
_PICTURES = {
    "report-problems": (fleets.troubled(), (1100, 1500), "light"),
    "report-dark": (fleets.troubled(), _WIDE, "dark"),
    "report-narrow": (fleets.troubled(), PHONE, "light"),
    "report-healthy": (_HEALTHY, _WIDE, "light"),
    "report-empty": ([], (1280, 200), "light"),
}


def main() -> None:
    """Write one picture for each kind of fleet and screen."""
    with tempfile.TemporaryDirectory(prefix="localai-pictures-") as work, browser() as chromium:
        page = Path(work) / "report.html"
        for name, (fleet, size, scheme) in _PICTURES.items():
            page.write_text(page_of(fleets.document(fleet)), encoding="utf-8")
            chromium.emulate(prefers_color_scheme=scheme)
            chromium.open(page)
            Path(sys.argv[1], f"{name}.png").write_bytes(chromium.picture(*size))


if __name__ == "__main__":
    main()
