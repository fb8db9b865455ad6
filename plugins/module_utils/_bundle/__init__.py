# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bundle: one directory with everything that hosts without internet need.

The format of bundles belongs here, and so does what reads them in the place of the network. What a bundle has to hold
is decided in `_module/bundle`, which also fills it.
"""
