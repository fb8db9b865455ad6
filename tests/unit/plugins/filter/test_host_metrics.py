# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that makes metrics of the local facts, read by the parser of Prometheus' own library."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.localai.core.plugins.filter.host_metrics import FilterModule
from ansible_collections.localai.core.tests.support.fleets import HOSTILE

FACTS: dict[str, Any] = {
    "capability": "nvidia-cuda-12",
    "server_version": "v4.11.0",
    "backends": {"llama-cpp": {"backend": "cuda12-llama-cpp", "digest": "sha256:1", "runnable": False}},
    "models": ["qwen3-4b"],
    "last_good_start": "2026-11-29T20:00:00Z",
}


def samples(facts: dict[str, Any], service: str = "localai") -> dict[str, tuple[dict[str, str], float]]:
    text = FilterModule().filters()["host_metrics"](facts, service=service)
    families = list(text_string_to_metric_families(text))
    assert all(family.type == "gauge" and family.documentation for family in families)
    return {sample.name: (sample.labels, sample.value) for family in families for sample in family.samples}


def test_all_facts_are_metrics() -> None:
    backend = {"service": "second", "name": "llama-cpp"}
    build = {"backend": "cuda12-llama-cpp", "digest": "sha256:1", "capability": "nvidia-cuda-12"}
    assert samples(FACTS, "second") == {
        "localai_info": ({"service": "second", "version": "v4.11.0", "capability": "nvidia-cuda-12"}, 1),
        "localai_backend_info": ({**backend, **build}, 1),
        "localai_backend_runnable": (backend, 0),
        "localai_model_info": ({"service": "second", "name": "qwen3-4b"}, 1),
        "localai_last_good_start_timestamp_seconds": ({"service": "second"}, 1795982400),
    }


def test_what_is_not_known_is_left_out_or_empty() -> None:
    nothing = {**dict.fromkeys(FACTS), "backends": {}, "models": []}
    assert samples(nothing) == {"localai_info": ({"service": "localai", "version": "", "capability": ""}, 1)}


@pytest.mark.parametrize("value", [*HOSTILE[:9], 'quote " and \\ and \n line'])
def test_hostile_names_are_the_values_of_labels(value: str) -> None:
    facts = {**FACTS, "backends": {value: FACTS["backends"]["llama-cpp"]}, "models": [value]}
    found = samples(facts)
    assert found["localai_model_info"][0]["name"] == value
    assert found["localai_backend_info"][0]["name"] == value
    assert len(found) == 5
