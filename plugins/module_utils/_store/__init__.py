# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory that we manage: staging, atomic swaps, previous versions, the lock, records, verification, ownership.

Its users say what makes a tree acceptable and which files describe it. Knowledge of backends does not belong here.
"""
