# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as a page: one HTML file that needs no server, loads nothing, and can be read without its script."""

from __future__ import annotations

import base64
import hashlib
import pathlib

import jinja2

from ansible_collections.localai.core.plugins.plugin_utils._report.conditions import CONDITIONS
from ansible_collections.localai.core.plugins.plugin_utils._report.findings import Row
from ansible_collections.localai.core.plugins.plugin_utils._report.texts import minute_text, short_digest, size_text


def page_of(document: Row) -> str:
    """Return the page of a report. Everything that comes from hosts is escaped, and only our own script may run."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(pathlib.Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(size=size_text, short=short_digest, minute=minute_text)
    style, script = (environment.get_template(name).render() for name in ("page.css", "page.js"))
    return environment.get_template("page.html.j2").render(
        report=document,
        titles={condition.name: condition.title for condition in CONDITIONS},
        anchors={row["host"]: number for number, row in enumerate(document["hosts"], 1)},
        policy=f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}",
    )


def _source(text: str) -> str:
    """Return what allows a text as an inline style or script in a Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
