# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LocalAI's models: names, galleries, configurations, and what lies in the models path.

Follows LocalAI's Go code, which each file names. Decisions about models belong in `_planner.models`.
"""
