# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interface to Ansible: argument specifications, the run of each module, preflight checks, apply, and the result.

The only package that uses AnsibleModule. Decisions about backends belong in `_planner`.
"""
