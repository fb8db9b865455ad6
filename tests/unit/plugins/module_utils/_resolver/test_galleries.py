# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A gallery is read from its URL, its mirrors, or what a reference file names."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import MissingLibrary, TransportError
from ansible_collections.localai.core.plugins.module_utils._request import GallerySource, Verification
from ansible_collections.localai.core.tests.support.indexes import REAL, Web, failure, from_text, galleries

PLACES = [
    # the option's url, what is asked of the web
    ("https://g.example/index.yaml", "https://g.example/index.yaml"),
    ("http://g.example:8080/index.yaml?token=x", "http://g.example:8080/index.yaml?token=x"),
    ("HTTPS://g.example/index.yaml", "HTTPS://g.example/index.yaml"),
    (
        "github:mudler/LocalAI/backend/index.yaml@master",
        "https://raw.githubusercontent.com/mudler/LocalAI/master/backend/index.yaml",
    ),
    (
        "github://mudler/LocalAI/backend/index.yaml@v4.9.0",
        "https://raw.githubusercontent.com/mudler/LocalAI/v4.9.0/backend/index.yaml",
    ),
    ("github:org/repo/index.yaml", "https://raw.githubusercontent.com/org/repo/main/index.yaml"),
    ("github:org/repo/index.yaml@", "https://raw.githubusercontent.com/org/repo/main/index.yaml"),
    ("github:org/repo/index.yaml@a/branch", "https://raw.githubusercontent.com/org/repo/a/branch/index.yaml"),
]


@pytest.mark.parametrize(("url", "asked"), PLACES)
def test_an_index_is_fetched_from_where_its_url_points(url: str, asked: str) -> None:
    web = Web({asked: REAL})
    found = galleries(GallerySource("g", Address(url)), web=web).find("piper")
    assert (found.name, found.gallery, found.gallery_url.text) == ("piper", "g", url)
    assert web.asked == [asked]


def test_an_index_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "with space.yaml").write_bytes(REAL)
    monkeypatch.setenv("HOME", str(tmp_path))
    path = str(tmp_path / "with space.yaml")
    for url in (path, f"file://{path}", f"file://{path.replace(' ', '%20')}", "~/with space.yaml"):
        assert galleries(GallerySource("g", Address(url))).find("piper").gallery_url.text == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("/no/such/index.yaml", "No such file or directory"),
        ("file:///no/such/index.yaml", "No such file or directory"),
        ("/", "Is a directory"),
        ("/etc/a\0b", "no file can have such a name"),
        ("ftp://g.example/index.yaml", "ftp: is not supported for galleries"),
        ("ocilayout:/x/y", "ocilayout: is not supported for galleries"),
        ("github:org/repo", "not of the form github:organisation/repository/path@branch"),
        ("github:org//index.yaml", "not of the form github:"),
        ("github:", "not of the form github:"),
        ("http://[::1/index.yaml", ""),
        ("https://g.example/missing.yaml", "404"),
        ("", "No such file"),
        ("/no/such.yaml", "No such file or directory on this host"),
        ("files/g.yaml", "on this host. The path of a file must be absolute"),
        ("file://tmp/g.yaml", "begins with file: and three slashes, as in file:///"),
        ("file:/tmp/g.yaml", "begins with file: and three slashes, as in file:///"),
    ],
)
def test_an_index_that_cannot_be_had_is_an_error_that_names_the_place(url: str, says: str) -> None:
    message = failure(galleries(GallerySource("mine", Address(url))).find, "piper")
    assert message.startswith("gallery mine could not be read. Tried ")
    assert says in message


def test_what_is_secret_in_a_url_is_not_printed() -> None:
    message = failure(
        galleries(GallerySource("g", Address("https://u:hunter2@g.example/i.yaml?token=hunter3"))).entries
    )
    assert "https://g.example/i.yaml" in message.partition(": GET")[0]
    assert "hunter" not in message.partition(": GET")[0]


def test_a_ref_file_names_the_index_beside_it() -> None:
    web = Web({"https://g.example/a/latest.ref": b" v2/index.yaml \n", "https://g.example/a/v2/index.yaml": REAL})
    found = galleries(GallerySource("g", Address("https://g.example/a/latest.ref")), web=web).find("piper")
    assert found.gallery_url.text == "https://g.example/a/v2/index.yaml"
    assert web.asked == ["https://g.example/a/latest.ref", "https://g.example/a/v2/index.yaml"]


def test_a_ref_file_may_be_utf_16(tmp_path: Path) -> None:
    (tmp_path / "latest.ref").write_bytes("index.yaml\r\n".encode("utf-16"))
    (tmp_path / "index.yaml").write_bytes(REAL.decode().encode("utf-16"))
    assert galleries(GallerySource("g", Address(f"{tmp_path}/latest.ref"))).find("piper").name == "piper"


def test_a_policy_for_images_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "index.yaml").write_bytes(REAL)
    policy = Verification(issuer="i", identity="x")
    source = GallerySource("g", Address(f"{tmp_path}/index.yaml"), verification=policy)
    catalog = galleries(source)
    assert [catalog.find(name).name for name in ("piper", "vllm")] == ["piper", "vllm"]
    (warning,) = catalog.warnings
    assert warning.startswith("gallery g: its policy verification is not applied, because signatures is ignore.")


def test_a_ref_file_may_be_a_file_or_on_github(tmp_path: Path) -> None:
    (tmp_path / "latest.ref").write_text("index.yaml", encoding="utf-8")
    (tmp_path / "index.yaml").write_bytes(REAL)
    for prefix in ("", "file://"):
        found = galleries(GallerySource("g", Address(f"{prefix}{tmp_path}/latest.ref"))).find("piper")
        assert found.gallery_url.text == f"{prefix}{tmp_path}/index.yaml"
    raw = "https://raw.githubusercontent.com/o/r/b"
    web = Web({f"{raw}/latest.ref": b"index.yaml", f"{raw}/index.yaml": REAL})
    assert galleries(GallerySource("g", Address("github:o/r/latest.ref@b")), web=web).find("piper").name == "piper"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfea",
        b" \n",
        b"a\nb",
        b"/etc/passwd",
        b"../index.yaml",
        b"a/../../b",
        b"https://evil.example/x",
        b"\xff",
    ],
)
def test_a_ref_file_that_leads_elsewhere_is_an_error(content: bytes) -> None:
    web = Web({"https://g.example/latest.ref": content})
    message = failure(galleries(GallerySource("g", Address("https://g.example/latest.ref")), web=web).entries)
    assert "does not name an index in its own directory" in message
    assert web.asked == ["https://g.example/latest.ref"]


def test_a_ref_file_may_not_be_long() -> None:
    web = Web({"https://g.example/latest.ref": b"a" * 5000})
    assert "4096" in failure(galleries(GallerySource("g", Address("https://g.example/latest.ref")), web=web).entries)


def test_mirrors_are_tried_in_order_and_the_primary_url_is_what_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "copy.yaml").write_bytes(REAL)
    source = GallerySource(
        "g", Address("https://one.example/"), (Address("https://two.example/"), Address(str(tmp_path / "copy.yaml")))
    )
    web = Web({"https://one.example/": TransportError("refused"), "https://two.example/": b"<html>"})
    assert galleries(source, web=web).find("piper").gallery_url.text == "https://one.example/"
    assert web.asked == ["https://one.example/", "https://two.example/"]


def test_a_primary_url_that_is_a_ref_is_recorded_as_what_it_names_when_a_mirror_delivers() -> None:
    source = GallerySource("g", Address("https://one.example/latest.ref"), (Address("https://two.example/i.yaml"),))
    web = Web({"https://one.example/latest.ref": b"index.yaml", "https://two.example/i.yaml": REAL})
    assert galleries(source, web=web).find("piper").gallery_url.text == "https://one.example/index.yaml"


def test_when_every_source_fails_the_error_names_each_try() -> None:
    source = GallerySource(
        "g", Address("https://one.example/"), (Address("https://two.example/"), Address("/no/such.yaml"))
    )
    web = Web({"https://one.example/": TransportError("it is silent"), "https://two.example/": b""})
    assert failure(galleries(source, web=web).find, "piper") == (
        "gallery g could not be read. Tried https://one.example/: it is silent; https://two.example/: it is empty; "
        "/no/such.yaml: No such file or directory on this host"
    )


@pytest.mark.parametrize(("status", "has_advice"), [(None, True), (404, False), (500, False)])
def test_when_no_server_can_be_reached_the_error_has_advice(status: int | None, has_advice: bool) -> None:
    source = GallerySource("g", Address("https://one.example/"), (Address("https://two.example/"),))
    web = Web({url: TransportError("it is so.", status) for url in ("https://one.example/", "https://two.example/")})
    message = failure(galleries(source, web=web).find, "piper")
    assert ("set https_proxy for the task. Without internet, put a copy" in message) is has_advice
    assert ("it is so. If this host" in message) is has_advice
    assert ".." not in message


def test_a_source_without_the_promised_sha256_counts_as_failed() -> None:
    digest = hashlib.sha256(REAL).hexdigest()
    web = Web({"https://one.example/": REAL + b"\n", "https://two.example/": REAL})
    source = GallerySource("g", Address("https://one.example/"), (Address("https://two.example/"),), digest)
    assert galleries(source, web=web).find("piper").name == "piper"
    assert web.asked == ["https://one.example/", "https://two.example/"]
    message = failure(galleries(GallerySource("g", Address("https://one.example/"), (), digest), web=web).find, "piper")
    actual = hashlib.sha256(REAL + b"\n").hexdigest()
    assert f"its sha256 is not the one that the task sets for the gallery, but {actual}" in message


def test_twenty_names_read_each_gallery_once_and_only_when_a_name_needs_it() -> None:
    web = Web({"https://one.example/": REAL, "https://two.example/": REAL})
    both = galleries(
        GallerySource("a", Address("https://one.example/")),
        GallerySource("b", Address("https://two.example/")),
        web=web,
    )
    assert web.asked == []
    for _time in range(20):
        assert both.find("piper").gallery == "a"
    assert web.asked == ["https://one.example/"]
    assert "b" in failure(both.find, "nobody")
    assert web.asked == ["https://one.example/", "https://two.example/"]


def test_pyyaml_that_is_missing_is_not_a_fault_of_the_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingLibrary) as missing:
        from_text(REAL).find("piper")
    assert missing.value.library == "PyYAML"
    assert "ImportError" in missing.value.traceback or "ModuleNotFoundError" in missing.value.traceback


def test_a_gallery_of_fifty_megabytes_is_not_believed(tmp_path: Path) -> None:
    with (tmp_path / "index.yaml").open("wb") as stream:
        stream.truncate(50 * 1024**2)
    message = failure(galleries(GallerySource("g", Address(str(tmp_path / "index.yaml")))).entries)
    assert "it is larger than 33554432 bytes" in message
    assert "it is not a file" in failure(galleries(GallerySource("g", Address("/dev/zero"))).entries)


def test_a_gallery_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "index.yaml")
    assert "it is not a file" in failure(galleries(GallerySource("g", Address(str(tmp_path / "index.yaml")))).entries)


def test_a_gallery_on_the_web_is_held_to_the_same_size() -> None:
    assert "33554432" in failure(from_text(b"#" * (32 * 1024**2 + 1)).entries)
