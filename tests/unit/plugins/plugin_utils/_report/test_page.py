# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as a page; `tests/browser` opens it."""

from __future__ import annotations

import html.parser
import pathlib
import re

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._report.page import page_of
from ansible_collections.localai.core.plugins.plugin_utils._report.texts import text_of
from ansible_collections.localai.core.tests.support import fleets

GOLDEN = pathlib.Path(__file__).with_name("golden.html")


class Page(html.parser.HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_of_two_hosts_is_as_it_was() -> None:
    """A change of the page shows in the difference of `golden.html`, which `python -m` on this file writes again."""
    assert golden() == GOLDEN.read_text(encoding="utf-8")


def golden() -> str:
    fleet = [fleets.healthy("gpu1.example.com", backends=2), fleets.unreachable("gpu2.example.com")]
    return page_of(fleets.document(fleet)).partition("</style>")[2].partition("<script>")[0]


def test_the_page_is_one_file_that_loads_nothing() -> None:
    page = Page(page_of(fleets.document(fleets.troubled())))
    assert not {"img", "link", "iframe", "object", "embed"} & set(page.tags)
    assert not {"src", "srcset", "action", "style", "onclick"} & {name for name, _value in page.attributes}
    assert all(value and value.startswith("#") for name, value in page.attributes if name == "href")
    assert page.tags.count("script") == page.tags.count("style") == 1


def test_each_link_leads_to_one_element() -> None:
    page = Page(page_of(fleets.document(fleets.troubled())))
    identifiers = [value for name, value in page.attributes if name == "id"]
    assert len(identifiers) == len(set(identifiers))
    links = {value[1:] for name, value in page.attributes if name == "href" and value}
    assert links <= set(identifiers)


@pytest.mark.parametrize("value", fleets.HOSTILE)
def test_hostile_texts_are_texts(value: str) -> None:
    text = page_of(fleets.document([fleets.hostile(value, host=value)]))
    text.encode("utf-8")
    page = Page(text)
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert text_of(value) in page.text
    assert not any(name.startswith("on") for name, _value in page.attributes)


def test_the_policy_allows_only_the_own_script_and_style() -> None:
    policy = dict(Page(page_of(fleets.document([]))).attributes)
    text = page_of(fleets.document([]))
    found = re.search(r'content="(default-src[^"]*)"', text)
    assert found is not None
    assert policy
    assert re.fullmatch(
        r"default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;; script-src &#39;sha256-[\w+/=]+&#39;",
        found.group(1),
    )


@pytest.mark.parametrize(
    ("fleet", "headline"),
    [
        ([], "The inventory has no hosts for this report."),
        ([fleets.healthy("host")], "Nothing needs action"),
        ([fleets.unreachable("host")], "1 of 1 needs action"),
        ([fleets.unreachable("a"), fleets.unreachable("b"), fleets.healthy("c")], "2 of 3 need action"),
    ],
)
def test_the_headline_says_how_many_need_action(fleet: list[fleets.Seen], headline: str) -> None:
    assert headline in Page(page_of(fleets.document(fleet))).text


if __name__ == "__main__":
    GOLDEN.write_text(golden(), encoding="utf-8")
