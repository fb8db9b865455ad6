# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sigstore's formats and rules, without a network: bundles, certificates, logs, timestamps, policies.

The only user of `cryptography`, which does all arithmetic. Where signatures are stored does not belong here.
"""
