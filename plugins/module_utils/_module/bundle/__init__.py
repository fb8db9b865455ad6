# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `localai_bundle`: what hosts want, what of it is fetched, and the directory that is filled with it.

How hosts read a bundle belongs to `_bundle` and `_resolver`.
"""
