# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A gallery from its URL to its entries, and from a name to the concrete backend."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path
from typing import Any, Mapping

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    GalleryError,
    LocalAIError,
    MissingLibrary,
    TransportError,
)
from ansible_collections.localai.core.plugins.module_utils._http.client import Answer
from ansible_collections.localai.core.plugins.module_utils._localai.capability import Match
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry, Index
from ansible_collections.localai.core.plugins.module_utils._request import GallerySource
from ansible_collections.localai.core.plugins.module_utils._resolver.galleries import parse_index
from ansible_collections.localai.core.tests.support.galleries import Galleries
from ansible_collections.localai.core.tests.support.hostile import hostile

# The shapes of LocalAI's own gallery: anchors, merge keys, metas, builds for all hardware, names that are there twice.
REAL = b"""---
## metas
- &llamacpp
  name: "llama-cpp"
  alias: "llama-cpp"
  license: mit
  icon: https://user-images.example/llama.png
  description: |
    LLM inference in C/C++
  urls:
    - https://github.com/ggerganov/llama.cpp
  tags:
    - text-to-text
    - LLM
  capabilities:
    default: "cpu-llama-cpp"
    nvidia: "cuda12-llama-cpp"
    intel: "intel-sycl-f16-llama-cpp"
    amd: "rocm-llama-cpp"
    metal: "metal-llama-cpp"
    vulkan: "vulkan-llama-cpp"
    nvidia-l4t: "nvidia-l4t-arm64-llama-cpp"
    darwin-x86: "darwin-x86-llama-cpp"
- &vllm
  name: "vllm"
  license: apache-2.0
  alias: "vllm"
  capabilities:
    nvidia: "cuda12-vllm"
    amd: "rocm-vllm"
    intel: "intel-vllm"
- &piper
  name: "piper"
  uri: "quay.io/go-skynet/local-ai-backends:latest-piper"
  license: MIT
  mirrors:
    - localai/localai-backends:latest-piper
## builds
- !!merge <<: *llamacpp
  name: "llama-cpp-development"
  capabilities:
    default: "cpu-llama-cpp-development"
- !!merge <<: *llamacpp
  name: "cpu-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-cpu-llama-cpp"
  mirrors:
    - localai/localai-backends:latest-cpu-llama-cpp
- !!merge <<: *llamacpp
  name: "cuda12-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-llama-cpp"
- !!merge <<: *llamacpp
  name: "intel-sycl-f16-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-intel-sycl-f16-llama-cpp"
- !!merge <<: *llamacpp
  name: "rocm-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-rocm-hipblas-llama-cpp"
- !!merge <<: *llamacpp
  name: "metal-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-metal-darwin-arm64-llama-cpp"
- !!merge <<: *llamacpp
  name: "darwin-x86-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-darwin-x86-llama-cpp"
- !!merge <<: *llamacpp
  name: "vulkan-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-vulkan-llama-cpp"
- !!merge <<: *llamacpp
  name: "nvidia-l4t-arm64-llama-cpp"
  uri: "quay.io/go-skynet/local-ai-backends:latest-nvidia-l4t-arm64-llama-cpp"
- !!merge <<: *vllm
  name: "cuda12-vllm"
  uri: "quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-vllm"
- !!merge <<: *vllm
  name: "cuda12-vllm"
  uri: "quay.io/go-skynet/local-ai-backends:the-second-of-two"
- !!merge <<: *piper
  name: "Piper"
  uri: "quay.io/go-skynet/local-ai-backends:the-second-of-two"
"""


class Web:
    """Stands in for Http: C(pages) by URL; what is not there is a 404, and an exception is raised."""

    def __init__(self, pages: Mapping[str, bytes | Exception] | None = None) -> None:
        self.pages = dict(pages or {})
        self.asked: list[str] = []

    def authorization(self, url: str) -> dict[str, str]:
        return {"Authorization": f"for {url}"}

    def fetch(self, url: str, *, headers: Mapping[str, str], limit: int, decode: bool) -> Answer:
        assert headers == self.authorization(url)
        assert decode
        self.asked.append(url)
        page = self.pages.get(url, TransportError(f"GET {url}: 404 Not Found", 404))
        if isinstance(page, Exception):
            raise page
        if len(page) > limit:
            raise TransportError(f"{url} sent more than {limit} bytes, which is not believable here.")
        return Answer(url, 200, {}, page)


def galleries(*sources: GallerySource, web: Web | None = None) -> Galleries:
    made: Any = web or Web()
    return Galleries(sources, made)


def from_text(text: str | bytes) -> Galleries:
    """Return one gallery, called g, with this index."""
    data = text if isinstance(text, bytes) else text.encode()
    return galleries(
        GallerySource("g", Address("https://g.example/index.yaml")), web=Web({"https://g.example/index.yaml": data})
    )


def index(text: str | bytes) -> Index:
    return parse_index(text if isinstance(text, bytes) else text.encode(), "g", Address("u"))


def one(text: str) -> Entry:
    return next(iter(index(text).entries.values()))


def failure(work: Any, *arguments: Any) -> str:
    with pytest.raises(GalleryError) as raised:
        work(*arguments)
    return str(raised.value)


# --- where an index comes from

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
        ("ftp://g.example/index.yaml", "ftp: is no kind of gallery"),
        ("oci://quay.io/x/y", "oci: is no kind of gallery"),
        ("github:org/repo", "not of the form github:organisation/repository/path@branch"),
        ("github:org//index.yaml", "not of the form github:"),
        ("github:", "not of the form github:"),
        ("http://[::1/index.yaml", ""),
        ("https://g.example/missing.yaml", "404"),
        ("", "No such file"),
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
    [b"", b" \n", b"a\nb", b"/etc/passwd", b"../index.yaml", b"a/../../b", b"https://evil.example/x", b"\xff"],
)
def test_a_ref_file_that_leads_elsewhere_is_an_error(content: bytes) -> None:
    web = Web({"https://g.example/latest.ref": content})
    message = failure(galleries(GallerySource("g", Address("https://g.example/latest.ref")), web=web).entries)
    assert "does not name an index beside it" in message
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
        "/no/such.yaml: No such file or directory"
    )


def test_a_source_without_the_promised_sha256_counts_as_failed() -> None:
    digest = hashlib.sha256(REAL).hexdigest()
    web = Web({"https://one.example/": REAL + b"\n", "https://two.example/": REAL})
    source = GallerySource("g", Address("https://one.example/"), (Address("https://two.example/"),), digest)
    assert galleries(source, web=web).find("piper").name == "piper"
    assert web.asked == ["https://one.example/", "https://two.example/"]
    assert "sha256" in failure(
        galleries(GallerySource("g", Address("https://one.example/"), (), digest), web=web).find, "piper"
    )


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


def test_without_libyaml_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    fast = index(REAL)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert index(REAL) == fast


# --- what an index says


def test_an_index_of_localai_is_read_entry_by_entry() -> None:
    found = index(REAL)
    assert found.skipped == {}
    assert len(found.entries) == 13
    assert list(found.entries)[:4] == ["llama-cpp", "vllm", "piper", "llama-cpp-development"]
    meta, build = found.entries["llama-cpp"], found.entries["cuda12-llama-cpp"]
    assert meta.is_meta
    assert not meta.uri
    assert meta.capabilities["nvidia"] == "cuda12-llama-cpp"
    assert (meta.alias, meta.license, meta.tags) == ("llama-cpp", "mit", ("text-to-text", "LLM"))
    assert meta.description == "LLM inference in C/C++\n"
    # The merge key copies the map, but what has a uri is concrete.
    assert not build.is_meta
    assert build.capabilities == meta.capabilities
    assert (build.alias, build.gallery, build.gallery_url.text) == ("llama-cpp", "g", "u")
    assert found.entries["piper"].mirrors == (Address("localai/localai-backends:latest-piper"),)


def test_the_first_of_duplicate_names_wins_in_any_case() -> None:
    found = index(REAL)
    assert found.entries["cuda12-vllm"].uri.text.endswith(":latest-gpu-nvidia-cuda-12-vllm")
    assert found.entries["piper"].uri.text.endswith(":latest-piper")
    assert [found.find(name) for name in ("PIPER", "piper", "Piper")] == [found.entries["piper"]] * 3
    assert found.find("nobody") is None


SCALARS = [
    "1.10",
    "1.0",
    "0x10",
    "010",
    "1e3",
    "2024-01-01",
    "yes",
    "no",
    "on",
    "off",
    "true",
    "False",
    "1_000",
    "12:30",
]


@pytest.mark.parametrize("text", SCALARS)
def test_text_stays_the_text_that_stands_there(text: str) -> None:
    entry = one(f"- name: {text}\n  uri: {text}\n  version: {text}\n  alias: {text}\n  tags: [{text}]\n")
    assert (entry.name, entry.uri.text, entry.version, entry.alias, entry.tags) == (text, text, text, text, (text,))


@pytest.mark.parametrize("nothing", ["", " ~", " null", ' ""'])
def test_what_is_null_is_absent(nothing: str) -> None:
    keys = ("mirrors", "tags") if '"' not in nothing else ()
    keys += ("uri", "alias", "capabilities", "version", "sha256", "license", "description")
    assert one("- name: a\n" + "".join(f"  {key}:{nothing}\n" for key in keys)) == Entry("a", "g", Address("u"))


def test_what_is_only_shown_to_people_costs_no_entry_its_place() -> None:
    entry = one("- {name: a, uri: x, tags: [b, [c], {d: e}], license: [mit], description: {f: g}}")
    assert entry == Entry("a", "g", Address("u"), uri=Address("x"), tags=("b",))
    assert one("- {name: a, uri: x, tags: {b: c}}").tags == ()


def test_keys_that_nobody_knows_do_no_harm() -> None:
    assert one("- name: a\n  uri: u\n  overrides: {x: [1, {y: 2}]}\n  1: 2\n") == Entry(
        "a", "g", Address("u"), uri=Address("u")
    )


@pytest.mark.parametrize("written", ["AB" * 32, f"sha256:{'ab' * 32}", "ab" * 32, f"SHA256:{'ab' * 32}"])
def test_a_sha256_may_have_a_prefix_and_any_case(written: str) -> None:
    assert one(f"- name: a\n  uri: u\n  sha256: {written}\n").sha256 == "ab" * 32


BAD_ENTRIES = [
    ("- just text", "it is not a mapping"),
    ("- [a, b]", "it is not a mapping"),
    ("- ~", "it is not a mapping"),
    ("- uri: x", "a backend's name is empty"),
    ("- name:\n  uri: x", "a backend's name is empty"),
    ("- name: [a]\n  uri: x", "its name is not text"),
    ("- name: {a: b}\n  uri: x", "its name is not text"),
    ("- name: ../a\n  uri: x", "path separator"),
    ("- name: .a\n  uri: x", "starts with a dot"),
    ("- name: ..\n  uri: x", "starts with a dot"),
    ("- name: /\n  uri: x", "path separator"),
    ('- name: "a\\0b"\n  uri: x', "NUL"),
    ("- name: a\n  alias: ../../b\n  uri: x", "the alias of a: '../../b'"),
    ("- name: a\n  alias: [b]\n  uri: x", "its alias is not text"),
    ("- name: a\n  uri: [x]", "its uri is not text"),
    ("- name: a\n  uri: {x: y}", "its uri is not text"),
    ("- name: a\n  mirrors: x\n  uri: x", "its mirrors are not a list of texts"),
    ("- name: a\n  mirrors: [[x]]\n  uri: x", "its mirrors are not a list of texts"),
    ("- name: a\n  mirrors: {x: y}\n  uri: x", "its mirrors are not a list of texts"),
    ('- name: a\n  sha256: "sha256:"\n  uri: x', "the sha256 of a is not 64 hexadecimal digits"),
    ("- name: a\n  capabilities: x", "its capabilities are not a mapping"),
    ("- name: a\n  capabilities: [x]", "its capabilities are not a mapping"),
    ("- name: a\n  capabilities: {default: [x]}", "its default is not text"),
    ("- name: a\n  capabilities: {~: x}", "its capabilities are not a mapping"),
    ("- name: a\n  sha256: abc\n  uri: x", "the sha256 of a is not 64 hexadecimal digits"),
    (f"- name: a\n  sha256: {'g' * 64}\n  uri: x", "the sha256 of a is not 64 hexadecimal digits"),
    ("- name: a\n  version: !!binary YQ==\n  uri: x", "its version is not text"),
    ("- name: a\n  version: !!int 1\n  uri: x", "its version is not text"),
    ("- name: a\n  version: !!timestamp 2024-01-01\n  uri: x", "its version is not text"),
    ("- name: &a [*a]\n  uri: x", "its name is not text"),
]


@pytest.mark.parametrize(("text", "says"), BAD_ENTRIES)
def test_one_bad_entry_is_skipped_and_told_and_hides_no_other(text: str, says: str) -> None:
    found = from_text(f"- name: first\n  uri: x\n{text}\n- name: last\n  uri: x\n")
    assert [entry.name for entry in found.entries()] == ["first", "last"]
    (warning,) = found.warnings
    assert warning.startswith("gallery g: its entry 2 is skipped: ")
    assert says in warning


def test_a_name_whose_entry_is_skipped_is_an_error_that_says_why() -> None:
    found = from_text("- name: A\n  uri: [x]\n- name: b\n  uri: x\n")
    assert failure(found.find, "a") == "a: the gallery g has it, but its entry 1 is skipped: its uri is not text"


@pytest.mark.parametrize(("text", "says"), BAD_ENTRIES)
def test_an_index_of_bad_entries_only_is_an_error(text: str, says: str) -> None:
    message = failure(index, text)
    assert message.startswith("none of its 1 entries describes a backend")
    assert says in message


def test_an_empty_list_is_a_gallery_without_entries() -> None:
    assert index("[]") == Index("g", {}, {})
    assert "looked in g (0 entries)" in failure(from_text("[]").find, "piper")


NO_INDEX = [
    (b"", "it is empty"),
    (b"\n# only a comment\n", "it is empty"),
    (b"---\n", "it is empty"),
    (b"null", "it is empty"),
    (b"<!DOCTYPE html>\n<html>", "it is an HTML or XML page"),
    (b" \r\n <html>", "it is an HTML or XML page"),
    (b"<?xml version='1.0'?>", "it is an HTML or XML page"),
    (b"name: llama-cpp\nuri: x\n", "it is a mapping, not a YAML list of backends"),
    (b'{"errors": [{"code": "DENIED"}]}', "it is a mapping, not a YAML list of backends"),
    (b"Not Found", "it is text, not a YAML list of backends"),
    (b"404: Not Found", "it is a mapping"),
    (b"- a: [", "it is not valid YAML"),
    (b"- a\n b: c\n- d", "it is not valid YAML"),
    (b"\t- a", "it is not valid YAML"),
    (b"- *nowhere", "it is not valid YAML"),
    (b"- \xff\xfe", "it is not valid YAML"),
    (b"\x1f\x8b\x08\0\0", "it is not valid YAML"),
    (b"- \0", "it is not valid YAML"),
    (b"- !!python/object/apply:os.system [id]", "it is not valid YAML"),
    (b"- !unknown x", "it is not valid YAML"),
    (b"- name: !!int x", "it is not valid YAML"),
    (b"- name: !!int ''", "it is not valid YAML"),
    (b"- name: !!float ''", "it is not valid YAML"),
    (b"- name: !!timestamp x", "it is not valid YAML"),
    (b"- name: !!timestamp 2024-13-01", "it is not valid YAML"),
    (b"- name: !!bool x", "it is not valid YAML"),
    (b"- <<: x\n  name: a", "it is not valid YAML"),
    (b"- <<: [x]\n  name: a", "it is not valid YAML"),
    (b"- {[a]: b}", "it is not valid YAML"),
    (b"- ? {a: b}\n  : c", "it is not valid YAML"),
]


@pytest.mark.parametrize(("data", "says"), NO_INDEX)
def test_a_page_that_is_no_list_of_entries_is_an_error_that_says_what_came_back(data: bytes, says: str) -> None:
    message = failure(index, data)
    assert says in message
    assert len(message) < 500


def test_an_index_may_begin_with_a_byte_order_mark() -> None:
    assert index("\ufeff- name: a\n  uri: x\n").entries["a"].uri.text == "x"


def test_a_gallery_of_fifty_megabytes_is_not_believed(tmp_path: Path) -> None:
    with (tmp_path / "index.yaml").open("wb") as stream:
        stream.truncate(50 * 1024**2)
    message = failure(galleries(GallerySource("g", Address(str(tmp_path / "index.yaml")))).entries)
    assert "it is larger than 33554432 bytes" in message
    assert "it is not a file" in failure(galleries(GallerySource("g", Address("/dev/zero"))).entries)


@pytest.mark.parametrize("end", ["---\n", "---\n- name: other\n  uri: x/other\n", "...\n", "---\n{ not: [even\n"])
def test_of_several_documents_the_first_counts(end: str) -> None:
    assert [entry.name for entry in index("- name: piper\n  uri: x/piper\n" + end).entries.values()] == ["piper"]


def test_half_of_a_surrogate_pair_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    found = index(r"""
- {name: piper, uri: x/piper, license: "\ud83d", tags: [a, "\udc80"]}
- {name: other, uri: x/other, version: "\ud83d\ude00"}
""")
    assert [(entry.name, entry.license, entry.tags) for entry in found.entries.values()] == [("piper", "", ("a",))]
    assert found.skipped == {"other": "its entry 2 is skipped: its version is not text"}


def test_a_gallery_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "index.yaml")
    assert "it is not a file" in failure(galleries(GallerySource("g", Address(str(tmp_path / "index.yaml")))).entries)


def test_a_gallery_on_the_web_is_held_to_the_same_size() -> None:
    assert "33554432" in failure(from_text(b"#" * (32 * 1024**2 + 1)).entries)


def bomb(levels: int, line: str) -> str:
    """Return anchors of which each holds the one before ten times."""
    head = "- &l0 {" + ", ".join(f"k{number}: v" for number in range(10)) + "}\n"
    return head + "".join(line.format(level=n + 1, ten=", ".join([f"*l{n}"] * 10)) for n in range(levels))


def test_merge_keys_that_multiply_are_stopped() -> None:
    start = time.monotonic()
    message = failure(index, bomb(9, "- &l{level} {{<<: [{ten}]}}\n"))
    # From 6.0.4 on, PyYAML does not let them multiply.
    assert "merge keys multiply it without bound" in message or "none of its 10 entries" in message
    assert time.monotonic() - start < 30


def test_anchors_that_multiply_take_no_room() -> None:
    text = (
        bomb(5, "- &l{level} [{ten}]\n") + "- name: *l5\n- name: good\n  uri: *l5\n- {name: a, uri: x, mirrors: *l5}\n"
    )
    found = index(text + "- name: b\n  uri: x\n")
    assert list(found.entries) == ["b"]
    assert sum(len(key) + len(reason) for key, reason in found.skipped.items()) < 5000


def test_merge_keys_may_repeat_and_the_own_key_goes_first() -> None:
    text = """
- &a {name: a, uri: x, version: "1", license: mit}
- &b {<<: *a, name: b, version: "2"}
- {<<: [*b, *a], name: c}
- {name: d, version: "3", <<: *a}
- &e {name: e, uri: x, <<: *e}
"""
    found = index(text)
    assert {name: entry.version for name, entry in found.entries.items()} == {
        "a": "1",
        "b": "2",
        "c": "2",
        "d": "3",
        "e": "",
    }
    assert {entry.license for entry in found.entries.values()} == {"mit", ""}


@pytest.mark.parametrize("opening", [b"[", b"- ", b"{a: ", b"? "])
def test_an_index_that_is_nested_too_deeply_is_an_error(opening: bytes) -> None:
    # Unbounded, PyYAML's C code overflows its stack and takes the whole process along.
    assert failure(index, opening * 200000)


def test_an_index_that_is_nested_somewhat_too_deeply_is_told_so() -> None:
    assert "levels deep" in failure(index, "[" * 500 + "]" * 500)
    assert index("- {name: a, uri: x, more: " + "[" * 20 + "]" * 20 + "}").entries["a"].uri.text == "x"


YAML_TAGS = [
    "!!str",
    "!!int",
    "!!float",
    "!!bool",
    "!!null",
    "!!timestamp",
    "!!binary",
    "!!set",
    "!!omap",
    "!!pairs",
    "",
]
YAML_VALUES = st.recursive(
    st.sampled_from(
        ["a", "''", "1", "-", ".", "x: y", "~", "0x", "1:1", "2024-01-01", "0001-01-01T00:00:00+23:59", "*l"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(st.sampled_from(["a", "<<", "name", "? [a]"]), inner).map(lambda pair: f"{{{pair[0]}: {pair[1]}}}"),
        st.tuples(st.sampled_from(YAML_TAGS), inner).map(" ".join),
    ),
    max_leaves=4,
)


@given(st.sampled_from(["name", "uri", "alias", "tags", "capabilities", "<<", "version", "sha256"]), YAML_VALUES)
@hostile
def test_whatever_an_entry_holds_it_is_read_or_refused(key: str, value: str) -> None:
    text = f"- &l {{name: first, uri: x}}\n- {{name: second, uri: x, {key}: {value}}}\n"
    try:
        found = index(text)
    except GalleryError:
        return
    assert found.entries["first"].uri.text == "x"
    assert all(isinstance(entry.version, str) and isinstance(entry.alias, str) for entry in found.entries.values())


@given(st.one_of(st.binary(max_size=40), st.text("-:[]{}&*!|>'\"#%@`,? \nab<~", max_size=40).map(str.encode)))
@hostile
def test_any_bytes_are_an_index_or_an_error(data: bytes) -> None:
    try:
        found = parse_index(data, "g", Address("u"))
    except GalleryError as e:
        message = str(e)
        assert len(message) < 700
        return
    assert all(entry.name.lower() == name for name, entry in found.entries.items())


# --- what a name means

TWO = {
    "https://one.example/": b"""
- {name: piper, uri: one/piper}
- {name: x, capabilities: {default: cpu-x, amd: Elsewhere, nvidia: only-two}}
- {name: cpu-x, uri: one/cpu-x}
""",
    "https://two.example/": b"""
- {name: piper, uri: two/piper}
- {name: x, capabilities: {default: cpu-x}}
- {name: cpu-x, uri: two/cpu-x}
- {name: elsewhere, uri: two/elsewhere}
- {name: only-two, uri: two/only-two}
- {name: Mixed, uri: two/mixed}
""",
}


def two() -> Galleries:
    sources = (
        GallerySource("One", Address("https://one.example/")),
        GallerySource("Two", Address("https://two.example/")),
    )
    return galleries(*sources, web=Web(TWO))


@pytest.mark.parametrize(
    ("asked", "uri"),
    [
        ("piper", "one/piper"),
        ("PIPER", "one/piper"),
        ("Two@piper", "two/piper"),
        ("two@Piper", "two/piper"),
        ("one@piper", "one/piper"),
        ("mixed", "two/mixed"),
    ],
)
def test_the_first_gallery_that_has_a_name_counts_unless_one_is_picked(asked: str, uri: str) -> None:
    assert two().find(asked).uri.text == uri


def test_all_entries_are_listed_gallery_by_gallery() -> None:
    assert [entry.uri.text for entry in two().entries() if not entry.is_meta] == [
        "one/piper",
        "one/cpu-x",
        "two/piper",
        "two/cpu-x",
        "two/elsewhere",
        "two/only-two",
        "two/mixed",
    ]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("nobody", "nobody is in no gallery; looked in One (3 entries), Two (6 entries)."),
        ("pipr", "Similar names: piper"),
        ("One@mixed", "mixed is in no gallery; looked in One (3 entries)."),
        ("three@piper", "there is no gallery 'three'. The galleries of this task: One, Two."),
    ],
)
def test_an_unknown_name_is_an_error_that_says_where_was_looked(asked: str, says: str) -> None:
    assert says in failure(two().find, asked)


def test_without_galleries_no_name_is_known() -> None:
    assert "since galleries is empty" in failure(galleries().find, "piper")
    assert "The galleries of this task: none" in failure(galleries().find, "g@piper")


RESOLVED = [
    # asked for, capability -> concrete, key
    ("llama-cpp", "default", "cpu-llama-cpp", "default"),
    ("LLaMA-cpp", "default", "cpu-llama-cpp", "default"),
    ("llama-cpp", "nvidia-cuda-13", "cuda12-llama-cpp", "nvidia"),
    ("llama-cpp", "nvidia-cuda-12", "cuda12-llama-cpp", "nvidia"),
    ("llama-cpp", "nvidia-l4t-cuda-12", "nvidia-l4t-arm64-llama-cpp", "nvidia-l4t"),
    ("llama-cpp", "amd", "rocm-llama-cpp", "amd"),
    ("llama-cpp", "intel", "intel-sycl-f16-llama-cpp", "intel"),
    ("llama-cpp", "vulkan", "vulkan-llama-cpp", "vulkan"),
    ("llama-cpp", "metal", "metal-llama-cpp", "metal"),
    ("llama-cpp", "darwin-x86", "darwin-x86-llama-cpp", "darwin-x86"),
    ("llama-cpp", "my-own", "cpu-llama-cpp", "default"),
    ("llama-cpp", "disable", "cpu-llama-cpp", "default"),
    ("vllm", "nvidia", "cuda12-vllm", "nvidia"),
    ("piper", "nvidia", "piper", None),
    ("PIPER", "default", "piper", None),
    ("cuda12-llama-cpp", "nvidia-cuda-12", "cuda12-llama-cpp", None),
    ("cuda12-llama-cpp", "disable", "cuda12-llama-cpp", None),
    ("g@llama-cpp", "default", "cpu-llama-cpp", "default"),
]


@pytest.mark.parametrize(("asked", "capability", "concrete", "key"), RESOLVED)
def test_a_name_means_one_concrete_backend_on_a_host(
    asked: str, capability: str, concrete: str, key: str | None
) -> None:
    resolution = from_text(REAL).resolve(asked, capability)
    assert resolution.concrete.name == concrete
    assert resolution.match == (None if key is None else Match(key, concrete))
    assert resolution.entry.name.lower() == asked.rpartition("@")[2].lower()


def test_the_target_of_a_meta_comes_from_its_own_gallery_first() -> None:
    assert two().resolve("x", "default").concrete.uri.text == "one/cpu-x"
    assert two().resolve("two@x", "default").concrete.uri.text == "two/cpu-x"
    assert two().resolve("x", "amd").concrete.uri.text == "two/elsewhere"
    assert two().resolve("x", "nvidia").concrete.uri.text == "two/only-two"


UNRESOLVED = """
- {name: gone, capabilities: {default: nowhere}}
- {name: chain, capabilities: {default: gone}}
- {name: itself, capabilities: {default: itself}}
- {name: empty, capabilities: {default: ""}}
- {name: nothing, capabilities: {default: ~}}
- {name: bare-target, capabilities: {default: bare}}
- {name: bare}
- {name: up, capabilities: {default: ../outside}}
- {name: dots, capabilities: {default: ..}}
- {name: dot, capabilities: {default: .}}
- {name: root, capabilities: {default: /}}
- {name: other-hardware, capabilities: {default: cuda12-y, amd: rocm-y}}
- {name: vllm, capabilities: {nvidia: cuda12-y, amd: rocm-y}}
- {name: cuda12-y, uri: x}
- {name: rocm-y, uri: x}
- {name: metal-y, uri: x}
"""


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("gone", "gone: its target 'nowhere' for 'default' is in no gallery."),
        ("chain", "chain: its target 'gone' for 'default' is not a concrete backend with a uri."),
        ("itself", "itself: its target 'itself' for 'default' is not a concrete backend with a uri."),
        ("empty", "empty has no build for capability 'default'; it offers default: "),
        ("nothing", "nothing has no build for capability 'default'; it offers default: "),
        ("bare-target", "bare-target: its target 'bare' for 'default' is not a concrete backend with a uri."),
        ("bare", "bare: its gallery entry has neither a uri nor capabilities."),
        ("up", "the target of up for 'default': '../outside'"),
        ("dots", "the target of dots for 'default': '..'"),
        ("dot", "the target of dot for 'default': '.'"),
        ("root", "the target of root for 'default': '/'"),
        ("vllm", "vllm has no build for capability 'default'; it offers nvidia: cuda12-y, amd: rocm-y."),
        ("metal-y", "metal-y is not for a host of capability 'default'."),
        ("cuda12-y", "cuda12-y is not for a host of capability 'default'."),
    ],
)
def test_a_name_that_means_nothing_here_is_an_error_that_says_why(asked: str, says: str) -> None:
    assert says in failure(from_text(UNRESOLVED).resolve, asked, "default")


def test_a_target_for_other_hardware_is_an_error_with_the_map_and_the_capability() -> None:
    message = failure(from_text(UNRESOLVED).resolve, "other-hardware", "intel")
    for part in ("other-hardware", "'intel'", "'cuda12-y'", "'default'", "default: cuda12-y, amd: rocm-y"):
        assert part in message
    assert from_text(UNRESOLVED).resolve("other-hardware", "amd").concrete.name == "rocm-y"
    assert from_text(UNRESOLVED).resolve("other-hardware", "disable").concrete.name == "cuda12-y"


@given(st.text(max_size=12), st.sampled_from(["default", "nvidia", "amd", "disable"]))
@hostile
def test_any_name_is_resolved_or_an_error_of_ours(asked: str, capability: str) -> None:
    try:
        resolution = from_text("- {name: a, uri: x}\n- {name: b, capabilities: {default: a}}").resolve(
            asked, capability
        )
    except LocalAIError as e:
        message = str(e)
        assert message
        return
    assert resolution.concrete.uri
