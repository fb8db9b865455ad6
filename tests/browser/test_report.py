# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the report in Chromium: with and without its script, on paper and on a phone, and with hostile names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._report.page import page_of
from ansible_collections.localai.core.plugins.plugin_utils._report.texts import text_of
from ansible_collections.localai.core.tests.support import fleets
from ansible_collections.localai.core.tests.support.browser import PHONE, Browser, browser

Open = Callable[[Any], Browser]


@pytest.fixture(name="chromium", scope="module")
def _chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(name="opened")
def _opened(chromium: Browser, tmp_path: Path) -> Open:
    """Return what opens the page of a fleet."""

    def opened(fleet: Any) -> Browser:
        page = tmp_path / "report.html"
        page.write_text(page_of(fleets.document(fleet)), encoding="utf-8")
        chromium.open(page)
        return chromium

    return opened


def test_the_page_says_first_what_needs_action(opened: Open) -> None:
    page = opened(fleets.troubled())
    assert page.driver.title == "LocalAI: 13 of 16 hosts need action"
    text = page.run("return document.body.innerText")
    assert text.index("13 of 16 need action") < text.index("Unreachable") < text.index("gpu01") < text.index("Builds")
    assert page.messages() == []


def test_hosts_are_filtered_by_words_condition_and_capability(opened: Open) -> None:
    page = opened(fleets.troubled())
    everything = page.shown()
    assert len(everything) == 16
    page.filter("GPU1 cuda12-whisper")
    assert page.shown() == ["gpu10.example.com", "gpu11.example.com", "gpu12.example.com"]
    page.choose("condition", "restart_pending")
    assert page.shown() == ["gpu11.example.com"]
    page.filter("")
    page.choose("condition", "any")
    assert len(page.shown()) == 13
    page.choose("capability", "default")
    assert page.shown() == ["cpu01.example.com"]
    assert page.run("return document.getElementById('shown').textContent") == "1 of 16 hosts"
    # A link to a host that is not shown shows it.
    page.run("location.hash = 'host-16'")
    page.run("return new Promise(resolve => setTimeout(resolve, 100))")
    assert page.shown() == everything
    assert page.messages() == []


def test_hosts_are_sorted_by_a_click_and_numbers_as_numbers(opened: Open) -> None:
    fleet = [fleets.healthy(f"host{number}", backends=number) for number in (2, 10, 1)]
    page = opened(fleet)
    click = "document.querySelectorAll('#table thead button')[arguments[0]].click()"
    page.run(click, 0)
    assert page.shown() == ["host1", "host2", "host10"]
    page.run(click, 6)
    assert page.shown() == ["host1", "host2", "host10"]
    page.run(click, 6)
    assert page.shown() == ["host10", "host2", "host1"]
    assert page.run("return document.querySelectorAll('[aria-sort]').length") == 1
    assert page.run("return document.querySelector('[aria-sort]').ariaSort") == "descending"


def test_everything_can_be_read_without_the_script(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(page_of(fleets.document(fleets.troubled())), encoding="utf-8")
    with browser() as without:
        without.disable_scripts()
        without.driver.get(page.as_uri())
        text = without.driver.find_element("tag name", "body").text
        assert "13 of 16 need action" in text
        assert "cpu04.example.com" in text
        assert not without.driver.find_element("id", "filter").is_displayed()
        details = without.driver.find_elements("css selector", "#host-16 summary")[0]
        details.click()
        assert "cpu-whisper" in without.driver.find_element("id", "host-16").text


def test_the_printed_page_has_no_controls_and_no_dark_background(opened: Open) -> None:
    page = opened(fleets.troubled())
    page.emulate(prefers_color_scheme="dark")
    dark = page.run("return getComputedStyle(document.body).backgroundColor")
    assert dark == "rgb(21, 24, 27)"
    page.filter("gpu0")
    printed = page.pdf()
    page.emulate(prefers_color_scheme="light")
    assert printed.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 4
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        style = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        assert page.run(style, "body", "backgroundColor") == "rgb(255, 255, 255)"
        assert page.run(style, "#filter", "display") == "none"
        assert page.run(style, ".more details", "display") == "none"
        assert len(page.shown()) == 9
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_a_narrow_screen_scrolls_only_the_tables(opened: Open) -> None:
    page = opened(fleets.troubled())
    page.picture(*PHONE)
    try:
        assert page.run("return document.documentElement.scrollWidth") <= PHONE[0]
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("value", fleets.HOSTILE)
def test_hostile_texts_stay_texts(opened: Open, value: str) -> None:
    seen = fleets.hostile(value, host=value)
    page = opened([seen, fleets.healthy("other")])
    assert page.shown() == [text_of(value), "other"]
    page.filter("other")
    assert page.shown() == ["other"]
    assert page.driver.title == "LocalAI: 1 of 2 hosts need action"
    assert page.run("return document.querySelectorAll('script').length") == 1
    unknown = (
        "html,head,meta,title,style,body,header,h1,h2,h3,p,time,nav,ul,li,a,b,main,section,div,table,thead,tbody,tr"
    )
    unknown += ",th,td,strong,span,code,details,summary,dl,dt,dd,form,label,input,select,option,output,button,script"
    assert page.run(f"return document.querySelectorAll(':not(:is({unknown}))').length") == 0
    attributes = (
        "Array.from(document.querySelectorAll('*'), node => Array.from(node.attributes, one => one.name)).flat()"
    )
    assert [name for name in page.run(f"return {attributes}") if name.startswith(("on", "style"))] == []
    hrefs = page.run("return Array.from(document.links, link => link.getAttribute('href'))")
    assert [href for href in hrefs if not re.fullmatch("#[a-z_0-9-]+", href)] == []
    assert page.messages() == []


def test_the_policy_of_the_page_stops_what_is_not_its_own_script(opened: Open) -> None:
    page = opened([fleets.healthy("host")])
    page.run(
        "const script = document.createElement('script'); script.textContent = 'document.title = 1';"
        "document.body.append(script); const image = new Image(); image.src = 'http://127.0.0.1:9/x';"
        "document.body.append(image);"
    )
    assert page.driver.title == "LocalAI: 0 of 1 hosts need action"
    assert len(page.messages()) >= 2


@pytest.mark.parametrize(("fleet", "headline"), [([], "The inventory has no hosts"), (None, "Nothing needs action")])
def test_the_page_of_a_fleet_without_problems_says_so(opened: Open, fleet: Any, headline: str) -> None:
    page = opened([fleets.healthy("host")] if fleet is None else fleet)
    assert headline in page.run("return document.body.innerText")
    assert page.messages() == []
