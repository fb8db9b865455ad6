# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A URI -> an artifact -> a tree or a single file, with failover between origins.

One class per kind of source. Image specifications belong to `_oci`, archive formats to `_unpack`.
"""
