# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The READMEs work on Galaxy's pages, which have no files beside them, and name what the collection has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION

README = (COLLECTION / "README.md").read_text(encoding="utf-8")
GALAXY: dict[str, Any] = yaml.safe_load((COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))
READMES = [COLLECTION / "README.md", *sorted(COLLECTION.glob("roles/*/README.md"))]
GUIDES = {path.stem for path in COLLECTION.glob("docs/docsite/rst/*.rst")}


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", text)


def path_of(link: str) -> Path | None:
    """The file of this repository that an address leads to; for a page of the site, its source."""
    target, _hash, _anchor = link.partition("#")
    raw = GALAXY["repository"].replace("github.com", "raw.githubusercontent.com")
    for start in (f"{GALAXY['repository']}/blob/main/", f"{GALAXY['repository']}/tree/main/", f"{raw}/main/"):
        if target.startswith(start):
            return COLLECTION / target[len(start) :]
    page = re.fullmatch(re.escape(GALAXY["documentation"]) + r"collections/localai/core/docsite/(\w+)\.html", target)
    return COLLECTION / "docs" / "docsite" / "rst" / f"{page.group(1)}.rst" if page else None


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(COLLECTION)))
def test_links_are_absolute_and_lead_somewhere(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    found = links(text)
    assert found
    assert [link for link in found if not link.startswith(("https://", "#"))] == []
    headings = {re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in text.splitlines()}
    assert [link for link in found if link.startswith("#") and link[1:] not in headings] == []
    assert [link for link in found if (path := path_of(link)) is not None and not path.exists()] == []


def test_every_guide_is_in_the_list() -> None:
    listed = {path.stem for link in links(README) if (path := path_of(link)) is not None and path.suffix == ".rst"}
    assert listed == GUIDES
    extra: Any = yaml.safe_load((COLLECTION / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))
    assert {name for section in extra["sections"] for name in section["toctree"]} == GUIDES
    index = (COLLECTION / "docs/docsite/index.rst").read_text(encoding="utf-8")
    assert set(re.findall(r"collections/localai/core/docsite/(\w+)", index)) == GUIDES


def test_the_table_has_what_the_collection_has() -> None:
    table = README.partition("## Included content")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(?:localai\.core\.)?(\w+)`", table))
    modules = {path.stem for path in COLLECTION.glob("plugins/modules/localai_*.py")}
    roles = {path.name for path in COLLECTION.glob("roles/*")}
    playbooks = {path.stem for path in COLLECTION.glob("playbooks/*.yml")}
    assert named == modules | roles | playbooks


def test_the_first_playbook_is_an_example() -> None:
    first = next(iter(re.findall(r"```yaml\n(- name: A LocalAI server\n.*?)```", README, re.DOTALL)))
    example = yaml.safe_load((COLLECTION / "docs/examples/server.yml").read_text(encoding="utf-8"))
    assert yaml.safe_load(first) == example


def test_the_version_is_the_one_that_is_built() -> None:
    assert set(re.findall(r"localai\.core:(\d+\.\d+\.\d+)", README)) == {GALAXY["version"]}
    assert f'">={GALAXY["version"].partition(".")[0]}.0.0,' in README
