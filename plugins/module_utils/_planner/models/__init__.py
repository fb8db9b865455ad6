# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a plan for the models of a task from a request and facts. Pure.

What LocalAI makes of a model belongs in `_localai.models`; the code that answers the questions is in `_module.models`.
"""
