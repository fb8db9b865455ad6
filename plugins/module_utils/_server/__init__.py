# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LocalAI's running server: its systemd unit, its process, and its HTTP interface. Standard library only.

The modules localai_server_info and localai_server. What belongs to backends on the disk does not belong here.
"""
