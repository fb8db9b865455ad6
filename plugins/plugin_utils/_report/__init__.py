# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report on a fleet: what is known about each host, what needs action, and the files of the report.

What hosts returned becomes rows in `row.py`, with the findings of `findings.py` and `host_findings.py`. `document.py`
combines the rows, and `page.py` and `table.py` write them. All of it is pure.
"""
