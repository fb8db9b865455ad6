# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A requested name resolves to one concrete backend on a host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, UnknownNameError
from ansible_collections.localai.core.plugins.module_utils._localai.capability_map import Match
from ansible_collections.localai.core.plugins.module_utils._localai.catalog import Catalog
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry, Index
from ansible_collections.localai.core.plugins.module_utils._request import GallerySource
from ansible_collections.localai.core.tests.support.galleries import Galleries
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.indexes import REAL, Web, failure, from_text, galleries

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
    assert "because galleries is empty" in failure(galleries().find, "piper")
    assert "The galleries of this task: none" in failure(galleries().find, "g@piper")


# The names of these builds do not say that they are for CUDA 13, their tags do.
TAGGED = {
    "https://one.example/": b"""
- name: x
  capabilities:
    {default: cpu-x, nvidia: cuda13-x, nvidia-l4t: l4t-x, nvidia-l4t-cuda-13: l4t-x, nvidia-cuda-13: cuda13-x}
- {name: cpu-x, uri: "quay.io/org/x:latest-cpu-x"}
- {name: cuda13-x, uri: "quay.io/org/x:latest-gpu-nvidia-cuda-13-x"}
- name: l4t-x
  uri: quay.io/org/x:latest-nvidia-l4t-cuda-13-arm64-x
  mirrors: ["org/x:latest-nvidia-l4t-cuda-13-arm64-x"]
- {name: only, capabilities: {nvidia: by-mirror, nvidia-cuda-12: by-mirror}}
- {name: by-mirror, uri: "quay.io/org/y@sha256:00", mirrors: ["org/y:cuda13"]}
""",
}


@pytest.mark.parametrize(
    ("capability", "concrete"),
    [
        ("nvidia-l4t-cuda-12", "cpu-x"),
        ("nvidia-cuda-12", "cpu-x"),
        ("nvidia-l4t-cuda-13", "l4t-x"),
        ("nvidia-cuda-13", "cuda13-x"),
        ("nvidia-l4t", "l4t-x"),
        ("nvidia", "cuda13-x"),
        ("disable", "cpu-x"),
    ],
)
def test_a_host_with_cuda_12_gets_no_image_for_cuda_13(capability: str, concrete: str) -> None:
    tagged = galleries(GallerySource("One", Address("https://one.example/")), web=Web(TAGGED))
    assert tagged.resolve("x", capability).concrete.name == concrete


def test_a_host_with_cuda_12_gets_nothing_where_all_is_for_cuda_13() -> None:
    tagged = galleries(GallerySource("One", Address("https://one.example/")), web=Web(TAGGED))
    assert "only has no build for capability 'nvidia-cuda-12'" in failure(tagged.resolve, "only", "nvidia-cuda-12")


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
        ("metal-y", "metal-y does not run on a host with the capability 'default'."),
        ("cuda12-y", "cuda12-y does not run on a host with the capability 'default'."),
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


@pytest.mark.parametrize(
    ("name", "similar"),
    [
        ("asr", ("company-asr",)),
        ("ASR", ("company-asr",)),
        ("baz-alias", ("baz (its alias is baz-alias)",)),
        ("as", ()),
        ("nothing", ()),
    ],
)
def test_similar_names_have_the_name_inside_or_as_their_alias(name: str, similar: tuple[str, ...]) -> None:
    entries = [Entry("company-asr"), Entry("baz", alias="baz-alias")]
    index = Index("g", {entry.name: entry for entry in entries}, {})
    with pytest.raises(UnknownNameError) as failed:
        Catalog(["g"], lambda _gallery: index).find(name)
    assert failed.value.similar == similar
