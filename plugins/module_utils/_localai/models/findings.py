# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The problems in the models path, each with advice. Pure.

Each rule was seen on running servers of LocalAI 4.9 and of the commit 82c191afa, which became 4.10.
"""

from __future__ import annotations

import typing as t

from .contents import Finding, Listing, Reader
from .file_findings import leftovers, loose_files, unreadable_weights
from .mentions import Document
from .model_findings import model_findings
from .names import of_gallery_file
from .unused import files_of_document
from .yaml_findings import configurations_of, yaml_findings

Check = t.Callable[[t.Mapping[str, t.Any]], str]


def findings_of(
    listing: Listing, documents: t.Sequence[Document], check: Check, now: float, reader: Reader | None = None
) -> list[Finding]:
    """Return what is wrong in the models path, in the order of the listing.

    `check` returns why LocalAI refuses a configuration; empty if it accepts it. `now` is the time in seconds since
    1970. `reader` is the user of the service; None if it is unknown.
    """
    entries = listing.entries
    configurations = configurations_of(documents)
    models = {model.model_file for model in configurations if model.model_file}
    # LocalAI lists the archive of a voice too, beside the voice. It belongs to the model, so nothing is to be done.
    models |= {file for document in documents if of_gallery_file(document.path) for file in files_of_document(document)}
    findings = [
        *yaml_findings(entries, documents, reader),
        *model_findings(listing, configurations, check),
        *loose_files(entries, models),
        *(unreadable_weights(entries, reader) if reader else ()),
        *leftovers(entries, now),
    ]
    order = {entry.path: number for number, entry in enumerate(entries)}
    return sorted(findings, key=lambda finding: order.get(finding.path, len(order)))
