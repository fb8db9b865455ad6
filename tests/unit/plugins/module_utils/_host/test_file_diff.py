# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff, and what is never in it."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._host.file_diff import diff, without_secrets
from ansible_collections.localai.core.plugins.module_utils._host.file_steps import (
    CreateDirectory,
    GenerateFile,
    Remove,
    SetAttributes,
    Step,
    WriteFile,
)
from ansible_collections.localai.core.plugins.module_utils._host.path_entry import MISSING, Kind, PathEntry

WANTED = FileAttributes("root", "root", "0644")
FILE = PathEntry(Kind.FILE, WANTED, b"A=0\n")
SECRET = PathEntry(Kind.FILE, WANTED, b"hidden")
SHOWN = "owner: root\ngroup: root\nmode: 0644\n"
HIDDEN = "secrets: contents hidden\n"


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (CreateDirectory("/p", WANTED), "", f"directory\n{SHOWN}"),
        (WriteFile("/p", WANTED, b"A=1\n", FILE, False), "A=0\n", "A=1\n"),
        (WriteFile("/p", WANTED, b"hidden", FILE, True), f"(before) {HIDDEN}", HIDDEN),
        (WriteFile("/p", WANTED, b"hidden", SECRET, True), f"(before) {HIDDEN}", HIDDEN),
        (Remove("/p", FILE), "file\n", ""),
        (Remove("/p", SECRET), "file\n", ""),
    ],
)
def test_the_content_of_a_path_is_shown_unless_it_is_secret(step: Step, before: str, after: str) -> None:
    assert diff([step]) == [{"before": before, "after": after, "before_header": "/p", "after_header": "/p"}]


@pytest.mark.parametrize(
    ("step", "before"),
    [
        (WriteFile("/p", WANTED, b"hidden", MISSING, True), ""),
        (GenerateFile("/p", WANTED, "hidden", MISSING), ""),
        (GenerateFile("/p", WANTED, "hidden", PathEntry(Kind.LINK, target="x")), "link to x\n"),
        (GenerateFile("/p", WANTED, "hidden", PathEntry(Kind.OTHER)), "other\n"),
    ],
)
def test_a_new_secret_is_shown_with_its_attributes(step: Step, before: str) -> None:
    content, attributes = diff([step])
    assert (content["before"], content["after"]) == (before, HIDDEN)
    assert (attributes["before"], attributes["after"]) == ("", SHOWN)
    assert attributes["after_header"] == "/p (owner, group and mode)"


def test_attributes_are_shown_alone() -> None:
    before = PathEntry(Kind.FILE, FileAttributes("root", "root", "0600"), b"hidden")
    (attributes,) = diff([SetAttributes("/p", WANTED, before)])
    assert (attributes["before"], attributes["after"]) == (SHOWN.replace("0644", "0600"), SHOWN)


def test_a_long_or_unknown_content_is_not_shown() -> None:
    before = PathEntry(Kind.FILE, WANTED, None)
    (content,) = diff([WriteFile("/p", WANTED, b"x" * 1_000_000, before, False)])
    assert content["before"] == content["after"] == "(too long to be shown)\n"


@pytest.mark.parametrize(
    "text",
    [
        'LOCALAI_API_KEY="hidden"',
        "HF_TOKEN=hidden",
        "  token: hidden",
        'Environment="LOCALAI_API_KEY=hidden"',
        "ExecStart=/bin/local-ai run --api-keys=hidden",
        '{"a": 1, "api_key": "hidden"}',
        "LOCALAI_OIDC_CLIENT_SECRET='hidden'",
        'DB_PASSWORD="two\nlines hidden\nand \\" hidden"',
        'OPENAI_API_KEY="never closed\nhidden',
        "db_passwd = hidden",
        "HTTPS_PROXY=http://user:hidden@proxy.example.com:3128",
    ],
)
def test_values_of_secret_variables_are_hidden(text: str) -> None:
    shown = without_secrets(f"A=1\n{text}\nB=2\n")
    assert "hidden" not in shown.replace("(hidden)", "")
    assert shown.startswith("A=1\n")


def test_all_else_is_shown() -> None:
    text = '# the key is elsewhere\nKeyringMode=private\nLOCALAI_ADDRESS=":8080"\nAPI_KEY=\nB="x"\n\n[Install]\n'
    assert without_secrets(text) == text


def test_a_multi_line_secret_ends_where_its_quotes_end() -> None:
    assert without_secrets('TOKEN="a\nb"\nB=2\n') == "TOKEN=(hidden)\nB=2\n"


def test_a_line_without_an_end_takes_no_time() -> None:
    assert without_secrets("A=1\n" + "key" * 40_000) == "A=1\n(a line that is too long to be shown)"
    assert without_secrets("key" * 1000) == "key" * 1000
