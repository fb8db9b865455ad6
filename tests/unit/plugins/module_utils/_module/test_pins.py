# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of the option `pins` that count on this host, also while its GPU cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, OptionError
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence, Gpu, Unreadable
from ansible_collections.localai.core.plugins.module_utils._module.pins import with_pins_of
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, HostOptions
from ansible_collections.localai.core.tests.support.plans import CPU_HOST, NVIDIA_HOST
from ansible_collections.localai.core.tests.support.trees import install

AMD64 = Platform("linux", "amd64")
PROBE = Unreadable("nvidia", "nvidia-smi", "it printed nothing")
UNDECIDED = HostCapability(
    "nvidia", Evidence("GPU vendor nvidia", gpus=(Gpu("nvidia", "card0"),), unreadable=(PROBE,)), undecided=True
)


def row(capability: str, backend: str) -> dict[str, Any]:
    digest = "sha256:" + "ab" * 32
    found = {"name": "m", "capability": capability, "platform": "linux/amd64", "backend": backend, "alias": None}
    return {**found, "uri": f"quay.io/{backend}", "digest": digest}


DOCUMENT = {"format": 1, "backends": [row("default", "cpu-m"), row("nvidia", "cuda12-m")]}
REQUEST = BackendOptions(("m",))


def chosen(path: Path, host: HostCapability, document: dict[str, Any] | None = None) -> str | None:
    options = HostOptions(str(path), str(path / "system"))
    pin = with_pins_of(REQUEST, options, host, AMD64, document or DOCUMENT).pin("m")
    return pin.backend if pin is not None else None


def test_the_capability_of_the_host_decides_and_the_disk_is_not_read(tmp_path: Path) -> None:
    assert chosen(tmp_path, CPU_HOST) == "cpu-m"
    assert chosen(tmp_path / "nowhere", NVIDIA_HOST) == "cuda12-m"
    with pytest.raises(OptionError, match="the set has no row for m on a host with the capability 'default'"):
        chosen(tmp_path, CPU_HOST, {"format": 1, "backends": [row("nvidia", "cuda12-m")]})


def test_without_the_option_the_request_stays_as_it_is(tmp_path: Path) -> None:
    options = HostOptions(str(tmp_path), str(tmp_path / "system"))
    assert with_pins_of(REQUEST, options, CPU_HOST, AMD64, None) == REQUEST
    with pytest.raises(OptionError, match="'sha256:1' is not a digest"):
        with_pins_of(replace(REQUEST, digest="sha256:1"), options, CPU_HOST, AMD64, None)


def test_while_the_gpu_cannot_be_read_the_installed_build_decides(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="m: the build for this host cannot be chosen"):
        chosen(tmp_path, UNDECIDED)
    install(tmp_path, "cuda12-m")
    (tmp_path / "m").mkdir()
    (tmp_path / "m/metadata.json").write_text(json.dumps({"name": "m", "meta_backend_for": "cuda12-m"}))
    assert chosen(tmp_path, UNDECIDED) == "cuda12-m"
    # A set without a row for this build leaves it alone.
    assert chosen(tmp_path, UNDECIDED, {"format": 1, "backends": [row("default", "cpu-m")]}) is None
