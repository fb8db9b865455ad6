# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conditions that need action: their names, as users write them, their titles, and what to do.

Their order is that of the report: what is broken comes before what is only different.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """One kind of finding. `advice` is what to do, as sentences."""

    name: str
    title: str
    advice: str


CONDITIONS = (
    Condition(
        "unreachable",
        "Unreachable",
        "Check that the host runs, and that Ansible can log in.",
    ),
    Condition(
        "unread",
        "Could not be read completely",
        "Run the playbook for this host with -vvv. Most often, the host lacks a library or the user lacks privileges.",
    ),
    Condition(
        "not_ready",
        "Not ready",
        "Read the journal of the unit on the host, and run localai.core.provision or localai.core.rollback.",
    ),
    Condition(
        "gpu",
        "A GPU is present and not usable",
        "Repair the driver or the permissions of its devices. If the GPU is not to be used, set localai_capability.",
    ),
    Condition(
        "capability",
        "Not the expected capability",
        "Repair the driver, correct localai_expected_capability, or run localai.core.provision.",
    ),
    Condition(
        "problem",
        "Problems of backends and models",
        "Run localai.core.provision, which repairs what it manages.",
    ),
    Condition(
        "missing",
        "Declared and not installed",
        "Run localai.core.provision.",
    ),
    Condition(
        "off_pins",
        "Off the pins",
        "Run localai.core.provision, which installs the pinned builds, or update the pins.",
    ),
    Condition(
        "unsigned",
        "Without a verified signature",
        "Run localai.core.provision with localai_signatures set to enforce.",
    ),
    Condition(
        "restart_pending",
        "Restart pending",
        "Run localai.core.provision, which restarts the service, or restart it.",
    ),
    Condition(
        "reload_pending",
        "Reload pending",
        "Run localai.core.provision, which registers new backends and reloads the models.",
    ),
    Condition(
        "disk",
        "Little space on the disk",
        "Remove models and backends that are not needed, or make the file system larger.",
    ),
)
NAMES = tuple(condition.name for condition in CONDITIONS)
# In localai_report_fail_on, all of them.
ANY = "any"
