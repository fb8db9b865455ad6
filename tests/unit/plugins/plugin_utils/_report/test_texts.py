# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of hosts, as a report may have them."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._report.texts import (
    number_of,
    short_digest,
    size_text,
    text_of,
    time_of,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("cuda12-llama-cpp", "cuda12-llama-cpp"),
        (4, "4"),
        ("two\nlines\tand  spaces ", "two lines and spaces"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("half \ud800", "half \\ud800"),
        ("\U000e0001tag", "\\U000e0001tag"),
        ("größe 模型 🦙", "größe 模型 🦙"),
        ("see https://user:secret@example.com/a?token=secret.", "see https://example.com/a."),
        ("x" * 1001, "x" * 999 + "…"),
        (f"{'https://h/?sig=' + 'a' * 30000 + ' '}" * 3 + "https://user:secret@h/x", "https://h/ https://h/"),
    ],
)
def test_a_text_has_one_line_and_neither_secrets_nor_control_characters(value: object, text: str) -> None:
    assert text_of(value) == text
    assert text_of(value).isprintable()


@pytest.mark.parametrize(("value", "number"), [(5, 5), (0, 0), (True, None), ("5", None), (None, None)])
def test_a_number_of_bytes_is_a_number(value: object, number: int | None) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-11-29T20:00:00Z", "2026-11-29T20:00:00Z"),
        ("2026-11-29T20:00:00+01:00", "2026-11-29T19:00:00Z"),
        ("2026-11-29T20:00:00.123456789-02:30", "2026-11-29T22:30:00Z"),
        ("2026-11-29T20:00:00", "2026-11-29T20:00:00Z"),
        ("0001-01-01T00:00:00+14:00", ""),
        ("yesterday", ""),
        ("<b>", ""),
        (None, ""),
    ],
)
def test_a_time_is_one_or_nothing(value: object, text: str) -> None:
    assert time_of(value) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, ""),
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (4509715661, "4.2 GiB"),
        (1 << 60, "1024.0 PiB"),
    ],
)
def test_sizes_are_written_as_people_write_them(size: int | None, text: str) -> None:
    assert size_text(size) == text


def test_a_short_digest_has_twelve_digits() -> None:
    assert short_digest("sha256:74a814f29d241baf407327e0") == "74a814f29d24"
    assert short_digest("") == ""
