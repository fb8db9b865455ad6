# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of pins: which row counts, and what is refused; sources at a digest and of a release."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    CombinedError,
    GalleryError,
    LocalAIError,
    OptionError,
)
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._planner.pins import (
    at_digest,
    at_release,
    contradiction,
    document_of,
    with_pins,
)
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, Pin

DIGEST = "sha256:" + "ab" * 32
AMD64 = Platform("linux", "amd64")


def row(name: str = "m", capability: str = "default", backend: str = "cpu-m", **more: Any) -> dict[str, Any]:
    found = {"name": name, "capability": capability, "platform": "linux/amd64", "backend": backend}
    return {**found, "alias": None, "uri": f"quay.io/{backend}:latest", "digest": DIGEST, **more}


def document(*rows: dict[str, Any], number: int = 1) -> dict[str, Any]:
    return {"format": number, "backends": list(rows)}


def of(capability: str) -> HostCapability:
    return HostCapability(capability, Evidence(rule="forced", forced_by="option capability"))


SET = document(
    row(),
    row(capability="nvidia", backend="cuda12-m"),
    row(capability="amd", backend="rocm-m"),
    row(capability="nvidia-l4t", backend="l4t-m", platform="linux/arm64"),
    row(platform="linux/arm64", backend="arm-m"),
    row("piper", backend="piper"),
)


@pytest.mark.parametrize(
    ("name", "capability", "platform", "backend"),
    [
        ("m", "default", "linux/amd64", "cpu-m"),
        ("M", "default", "linux/amd64", "cpu-m"),
        ("g@m", "default", "linux/amd64", "cpu-m"),
        ("m", "amd", "linux/amd64", "rocm-m"),
        ("m", "nvidia", "linux/amd64", "cuda12-m"),
        ("m", "nvidia-cuda-12", "linux/amd64", "cuda12-m"),
        ("m", "vulkan", "linux/amd64", "cpu-m"),
        ("m", "default", "linux/arm64", "arm-m"),
        ("m", "nvidia-l4t-cuda-12", "linux/arm64", "l4t-m"),
        ("m", "nvidia", "linux/arm64", "arm-m"),
        ("piper", "amd", "linux/amd64", "piper"),
    ],
)
def test_the_row_for_the_capability_and_the_platform_counts(
    name: str, capability: str, platform: str, backend: str
) -> None:
    options = with_pins(BackendOptions((name,)), SET, of(capability), Platform.parse(platform), {})
    pin = options.pin(name.rpartition("@")[2])
    assert pin is not None
    assert pin.backend == backend


@pytest.mark.parametrize(
    ("names", "pins", "says"),
    [
        (("nobody",), SET, "pins: the set has no row for nobody on a host with the capability 'default'"),
        (("piper",), document(row("piper", "amd")), "Its rows for piper: amd on linux/amd64."),
        (("piper",), document(), "Its rows for piper: none."),
        (("m",), document(row(), number=3), "reads format 1 or 2, not 3"),
        (("m",), document(row(), row()), "m for default on linux/amd64 is listed twice"),
        (("m",), document(row(digest="sha256:0123")), "pins: m for default: digest: 'sha256:0123' is not a digest"),
        (("m",), document(row(digest="")), "is not a digest"),
        (("m",), document(row(backend="../x")), "pins: m for default: backend"),
        (("m",), document(row(alias=".x")), "pins: m for default: alias"),
        (("m",), document(row(), row("")), "pins: a name"),
        (("m",), document(row(platform="amd64")), "platform: 'amd64' is not of the form"),
        (("m",), document(row(uri="/srv/m")), "/srv/m is on one host only, and has no digest to pin"),
    ],
)
def test_a_set_that_cannot_be_meant_is_refused(names: tuple[str, ...], pins: dict[str, Any], says: str) -> None:
    with pytest.raises(LocalAIError) as refused:
        with_pins(BackendOptions(names), pins, of("default"), AMD64, {})
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("uri", "backend"),
    [
        ("quay.io/org/x:latest-cuda-13-x@" + DIGEST, "cpu-m"),
        ("quay.io/org/x:latest-cuda-12-x@" + DIGEST, "gpu-m"),
        ("quay.io/org/x@" + DIGEST, "gpu-m"),
    ],
)
def test_a_host_with_cuda_12_uses_no_row_for_cuda_13(uri: str, backend: str) -> None:
    pins = document(row(), row(capability="nvidia", backend="gpu-m", uri=uri))
    chosen = with_pins(BackendOptions(("m",)), pins, of("nvidia-cuda-12"), AMD64, {}).pins
    assert chosen is not None
    assert chosen["m"].backend == backend


def test_a_set_says_nothing_about_what_is_to_be_absent() -> None:
    options = BackendOptions(("nobody",), "absent")
    assert with_pins(options, SET, of("default"), AMD64, {}) == options


@pytest.mark.parametrize(
    "digest", ["", "abc", "sha256:", "sha256:" + "a" * 63, "sha256:" + "g" * 64, "md5:" + "a" * 32]
)
def test_a_malformed_digest_is_refused(digest: str) -> None:
    with pytest.raises(OptionError) as refused:
        with_pins(BackendOptions(("m",), digest=digest), None, of("default"), AMD64, {})
    assert "digest" in str(refused.value)


def test_what_is_written_down_can_be_read_again_and_is_in_order() -> None:
    pins = [
        Pin("b", "default", "linux/amd64", "b", Address("quay.io/b:1"), DIGEST),
        Pin("a", "nvidia", "linux/amd64", "cuda12-a", Address("quay.io/a:1"), DIGEST, "a"),
        Pin("a", "default", "linux/amd64", "cpu-a", Address("quay.io/a:2"), DIGEST, "a"),
    ]
    written = document_of(pins)
    assert [entry["backend"] for entry in written["backends"]] == ["cpu-a", "cuda12-a", "b"]
    assert written["backends"][2]["alias"] is None
    assert with_pins(BackendOptions(("a", "b")), written, of("nvidia"), AMD64, {}).pins == {"a": pins[1], "b": pins[0]}


@pytest.mark.parametrize(
    ("uri", "pinned"),
    [
        ("quay.io/x/y:latest-a", f"quay.io/x/y:latest-a@{DIGEST}"),
        ("oci://h:5000/x:z", f"oci://h:5000/x:z@{DIGEST}"),
        ("x/y", f"x/y@{DIGEST}"),
        ("x/y:z@sha256:" + "0" * 64, f"x/y:z@{DIGEST}"),
        ("ocilayout:/srv/a@b/images:v1", f"ocilayout:/srv/a@b/images:v1@{DIGEST}"),
    ],
)
def test_an_image_is_pinned_with_all_its_mirrors(uri: str, pinned: str) -> None:
    entry = at_digest(Entry("a", uri=Address(uri), mirrors=(Address(uri), Address("mirror/x:y"))), DIGEST)
    assert [each.text for each in (entry.uri, *entry.mirrors)] == [pinned, pinned, f"mirror/x:y@{DIGEST}"]


def test_an_archive_is_pinned_by_its_sha256() -> None:
    entry = Entry("a", uri=Address("https://h/a.tar.gz"))
    assert at_digest(entry, DIGEST) == Entry("a", uri=Address("https://h/a.tar.gz"), sha256="ab" * 32)
    assert at_digest(Entry("a", uri=Address("https://h/a"), sha256="ab" * 32), DIGEST).sha256 == "ab" * 32


@pytest.mark.parametrize(
    ("entry", "digest", "says"),
    [
        (Entry("a", uri=Address("/srv/a")), DIGEST, "installed from /srv/a on the host, which has no digest"),
        (Entry("a", uri=Address("https://h/a"), sha256="cd" * 32), DIGEST, "the gallery states the sha256"),
        (Entry("a", uri=Address("https://h/a")), "sha512:" + "a" * 128, "is pinned by its sha256"),
    ],
)
def test_what_cannot_have_the_digest_is_an_error(entry: Entry, digest: str, says: str) -> None:
    with pytest.raises(GalleryError) as refused:
        at_digest(entry, digest)
    assert says in str(refused.value)


def test_a_release_replaces_latest_in_the_uri_and_in_those_mirrors_that_have_it() -> None:
    latest, release = Address("quay.io/x/y:latest-cpu-a"), Address("quay.io/x/y:v4.9.0-cpu-a")
    pinned = at_release(Entry("a", uri=latest, mirrors=(latest, Address("other/x:y"))), "v4.9.0")
    assert (pinned.uri, pinned.mirrors) == (release, (release,))


@pytest.mark.parametrize("uri", ["quay.io/x/y:latest", "https://h/latest-a.tar.gz"])
def test_a_uri_without_a_tag_of_latest_has_no_release(uri: str) -> None:
    with pytest.raises(GalleryError) as refused:
        at_release(Entry("a", uri=Address(uri)), "v4.9.0")
    assert f"replaces latest- at the beginning of a tag by v4.9.0-, but {uri} has no such tag" in str(refused.value)


OTHER_DIGEST = "sha256:" + "cd" * 32


def test_a_build_has_one_digest_on_hosts_of_one_platform() -> None:
    pins = [
        Pin("m", "default", "linux/amd64", "cpu-m", Address("quay.io/m"), DIGEST),
        Pin("poor", "amd", "linux/amd64", "CPU-m", Address("quay.io/m"), OTHER_DIGEST),
    ]
    assert contradiction(pins) == (
        f"m for default and poor for amd are the same build, CPU-m, but have two digests, {DIGEST} and {OTHER_DIGEST}."
    )
    assert contradiction([pins[0], replace(pins[1], platform="linux/arm64")]) == ""
    assert contradiction([pins[0], replace(pins[1], digest=DIGEST)]) == ""
    twice = document(row(), row("poor", digest=OTHER_DIGEST))
    with pytest.raises(OptionError, match="have two digests"):
        with_pins(BackendOptions(("m",)), twice, of("default"), AMD64, {})


@pytest.mark.parametrize(
    ("staying", "capability"),
    [
        ("cuda12-m", "nvidia"),
        ("cuda12-m", "default"),
        ("cpu-m", "nvidia"),
        ("l4t-m", None),
        ("other", None),
    ],
)
def test_a_build_that_stays_has_its_own_row_or_none(staying: str, capability: str | None) -> None:
    pins = with_pins(BackendOptions(("M",)), SET, of(capability or "default"), AMD64, {"m": staying}).pins
    assert pins is not None
    assert [pin.backend for pin in pins.values()] == ([] if capability is None else [staying])


def test_all_names_without_a_row_are_reported() -> None:
    with pytest.raises(CombinedError) as refused:
        with_pins(BackendOptions(("nobody", "m", "nothing")), SET, of("default"), AMD64, {})
    assert [name in str(refused.value) for name in ("for nobody on", "for nothing on", "for m on")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("name", "spelling"), [("Org__Piper", "Org/Piper"), ("M2", "M2"), ("g@Org__Piper", "Org/Piper")]
)
def test_a_name_without_a_row_is_shown_as_the_task_has_it(name: str, spelling: str) -> None:
    options = BackendOptions((name,), spellings={"Org__Piper": "Org/Piper"})
    with pytest.raises(OptionError) as refused:
        with_pins(options, SET, of("default"), AMD64, {})
    assert f"has no row for {spelling} on a host" in str(refused.value)
    assert f"Its rows for {spelling}: none" in str(refused.value)
