# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Platforms are read in any usual spelling, and written in OCI notation."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("linux/arm/v7", Platform("linux", "arm", "v7")),
        ("darwin/arm64", Platform("darwin", "arm64")),
        ("linux/x86_64", Platform("linux", "amd64")),
        ("linux/x86-64", Platform("linux", "amd64")),
        ("linux/aarch64", Platform("linux", "arm64")),
        ("linux/aarch64/v8", Platform("linux", "arm64")),
        ("linux/arm64/8", Platform("linux", "arm64")),
        ("linux/arm64/v8.0", Platform("linux", "arm64")),
        ("linux/arm64/v8.2", Platform("linux", "arm64", "v8.2")),
        ("linux/arm64/9", Platform("linux", "arm64", "v9")),
        ("linux/amd64/v1", Platform("linux", "amd64")),
        ("linux/x86_64/v3", Platform("linux", "amd64", "v3")),
        ("linux/arm", Platform("linux", "arm", "v7")),
        ("linux/arm/6", Platform("linux", "arm", "v6")),
        ("linux/armel", Platform("linux", "arm", "v6")),
        ("linux/armhf/v8", Platform("linux", "arm", "v7")),
        ("Linux/AMD64", Platform("linux", "amd64")),
        ("macos/aarch64", Platform("darwin", "arm64")),
        ("linux/riscv64", Platform("linux", "riscv64")),
        ("linux/armhf", Platform("linux", "arm", "v7")),
        ("linux/i386", Platform("linux", "386")),
    ],
)
def test_a_platform_is_read_and_written(text, expected):
    assert Platform.parse(text) == expected
    assert Platform.parse(str(expected)) == expected


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux amd64", "linux/amd64\n"])
def test_what_is_no_platform_is_refused(text):
    with pytest.raises(OptionError, match="linux/amd64"):
        Platform.parse(text)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, Platform("linux", "arm", "v7")),
        ({"os": "Linux", "architecture": "x86_64"}, Platform("linux", "amd64")),
        ({"os": "linux", "architecture": "aarch64", "variant": "v8"}, Platform("linux", "arm64")),
        ({"os": "linux", "architecture": "arm"}, Platform("linux", "arm", "v7")),
        ({"os": "linux", "architecture": None, "variant": ["v7"]}, Platform("linux", "")),
        ({"os": "", "architecture": ""}, Platform("", "")),
        ({}, Platform("", "")),
    ],
)
def test_a_platform_in_a_manifest_may_be_incomplete(document, expected):
    assert Platform.of(document) == expected


@pytest.mark.parametrize(
    ("host", "image", "expected"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm/v7", "linux/arm/v7", True),
        ("linux/arm64", "linux/arm64/v9", True),
        ("linux/arm64/v8.2", "linux/arm64/v8.1", True),
        ("linux/arm64/v8.2", "linux/arm64/v9", False),
        ("linux/arm/v7", "linux/arm/v6", True),
        ("linux/arm", "linux/arm/v5", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/arm/v6", "linux/arm", False),
        ("linux/arm/v7", "linux/arm/v8", False),
        ("linux/arm/v7", "linux/arm/hard", False),
        ("linux/amd64/v3", "linux/amd64/v2", True),
        ("linux/amd64/v2", "linux/amd64/v3", False),
        ("linux/amd64", "linux/arm64", False),
        ("linux/amd64", "windows/amd64", False),
    ],
)
def test_an_image_runs_on_its_own_platform(host, image, expected):
    assert Platform.parse(host).runs(Platform.parse(image)) is expected


@pytest.mark.parametrize(
    ("host", "images", "best"),
    [
        ("linux/amd64", ["linux/amd64/v3", "linux/amd64/v2", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["linux/amd64/v3", "linux/amd64/v2"], "linux/amd64/v3"),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2"], "linux/amd64/v2"),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6"),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm"], "linux/arm/v7"),
    ],
)
def test_the_nearest_variant_is_preferred_and_else_the_first(host, images, best):
    platform = Platform.parse(host)
    assert str(max(map(Platform.parse, images), key=platform.preference)) == best
