# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Made-up fleets for the report, as modules would return them: healthy ones, and ones with every kind of problem."""

from __future__ import annotations

import copy
import hashlib
from typing import Any, Dict

from ansible_collections.localai.core.plugins.plugin_utils._report.document import document_of
from ansible_collections.localai.core.plugins.plugin_utils._report.row import row_of_host

CREATED = "2026-11-29T06:30:00Z"
GIB = 1 << 30
NAMES = [
    "llama-cpp",
    "whisper",
    "piper",
    "stablediffusion-ggml",
    "vllm",
    "transformers",
    "diffusers",
    "faster-whisper",
    "kokoro",
    "rerankers",
    "bark",
    "silero-vad",
    "coqui",
    "chatterbox",
    "exllama2",
    "mlx",
    "rfdetr",
    "kitten-tts",
    "neutts",
    "turboquant",
]
_PREFIXES = {"nvidia-cuda-12": "cuda12", "amd": "rocm", "default": "cpu"}
_VENDORS = {"nvidia-cuda-12": "nvidia", "amd": "amd"}
_RULES = {
    "nvidia-cuda-12": "GPU vendor nvidia with /usr/local/cuda-12",
    "amd": "GPU vendor amd",
    "default": "no GPU detected",
}
Seen = Dict[str, Any]


def digest(*parts: object) -> str:
    """Return a digest that depends on some values."""
    return f"sha256:{hashlib.sha256(repr(parts).encode()).hexdigest()}"


def healthy(host: str, capability: str = "nvidia-cuda-12", backends: int = 3, release: int = 0) -> Seen:
    """Return what is known about a host where everything is as it should be."""
    names = NAMES[:backends]
    model_hash = digest("model").partition(":")[2]
    wanted_pins = [
        {
            "name": name,
            "capability": capability,
            "platform": "linux/amd64",
            "backend": f"{_PREFIXES[capability]}-{name}",
            "alias": name,
            "uri": f"quay.io/go-skynet/local-ai-backends:latest-{name}",
            "digest": digest(name, capability, release),
        }
        for name in names
    ]
    rows = [row for name in names for row in _backend_rows(name, capability, release)]
    vendor = _VENDORS.get(capability)
    return {
        "host": host,
        "groups": ["localai", f"localai_{vendor or 'cpu'}"],
        "results": {
            "ansible.builtin.setup": {},
            "localai_host_info": {
                "space": [
                    {"path": "/var/lib/local-ai/backends", "mount_point": "/var", "size": 900 * GIB, "free": 412 * GIB},
                    {"path": "/srv/models", "mount_point": "/srv", "size": 3600 * GIB, "free": 1900 * GIB},
                ]
            },
            "localai_backend_info": {
                "capability": capability,
                "capability_evidence": {
                    "rule": _RULES[capability],
                    "forced_by": None,
                    "gpus": [{"vendor": vendor, "seen": "/sys/class/drm/card0/device/vendor"}] if vendor else [],
                    "vram": 24 * GIB if vendor else None,
                    "unreadable": [],
                },
                "backends": sorted(rows, key=lambda row: str(row["name"])),
                "problems": [],
            },
            "localai_model_info": {
                "models": [
                    {
                        "name": "qwen3-4b",
                        "model": "qwen3-4b",
                        "gallery": "localai",
                        "backend": "llama-cpp",
                        "installed_by": "collection",
                        "files": [{"filename": "Qwen3-4B.Q4_K_M.gguf", "sha256": model_hash}],
                        "complete": True,
                        "size": 2497280640,
                    }
                ],
                "problems": [],
            },
            "localai_server_info": {
                "unit": {
                    "name": "localai.service",
                    "load_state": "loaded",
                    "active_state": "active",
                    "sub_state": "running",
                    "result": "success",
                    "restarts": 0,
                    "started": "2026-11-28T22:14:05Z",
                },
                "url": "http://127.0.0.1:8080",
                "ready": True,
                "version": "v4.11.0",
                "loaded_models": ["qwen3-4b"],
                "devices": [{"path": "/dev/nvidia0", "allowed": True, "reason": None}] if vendor == "nvidia" else [],
            },
        },
        "variables": [],
        "wanted": {
            "state": "present",
            "is_started": True,
            "manages_service": True,
            "manages_backends": True,
            "manages_models": True,
            "backends": names,
            "own_builds": [],
            "declared_version": "v4.11.0",
            "models": ["qwen3-4b"],
            "pins": {
                "format": 2,
                "backends": wanted_pins,
                "models": [{"name": "qwen3-4b", "files": [{"filename": "Qwen3-4B.Q4_K_M.gguf", "sha256": model_hash}]}],
            },
            "signatures": "ignore",
            "capability": capability,
            "expected_capabilities": [],
            "told_capability": capability,
            "platform": "linux/amd64",
            "operating_system": "Debian 13",
            "version": "v4.11.0",
            "last_good_start": "2026-11-28T22:14:09Z",
            "restart_reasons": [],
            "names_to_register": [],
            "reload_models": False,
            "to_unload": [],
        },
    }


def _backend_rows(name: str, capability: str, release: int) -> list[dict[str, Any]]:
    build = f"{_PREFIXES[capability]}-{name}"
    metadata = {
        "name": build,
        "alias": name,
        "uri": f"quay.io/go-skynet/local-ai-backends:latest-{name}",
        "digest": digest(name, capability, release),
        "installed_at": f"2026-11-{20 + release:02d}T17:34:12Z",
    }
    common = {"backend": build, "metadata": metadata, "platform_digest": None, "signer": None, "problem": None}
    size = (1 + NAMES.index(name)) * GIB // 4
    return [
        {"name": build, "kind": "concrete", "disk_usage": size, **common},
        {"name": name, "kind": "alias", "disk_usage": size, **common},
    ]


def unreachable(host: str) -> Seen:
    """Return what is known about a host that does not answer."""
    seen = healthy(host)
    failure = {"unreachable": True, "msg": "Failed to connect to the host via ssh: Connection timed out"}
    return {**seen, "results": {"ansible.builtin.setup": failure}, "wanted": {}}


def changed(seen: Seen, *path: str, **values: Any) -> Seen:
    """Return a copy of what is known with other values in the mapping at `path`."""
    copied = copy.deepcopy(seen)
    place = copied
    for key in path:
        place = place[key]
    place.update(values)
    return copied


def troubled() -> list[Seen]:
    """Return a fleet in which each condition of the report is met, besides healthy hosts."""
    hosts = [healthy(f"gpu{number:02d}.example.com") for number in range(1, 13)]
    hosts += [healthy(f"cpu{number:02d}.example.com", "default") for number in range(1, 5)]
    server, info = ("results", "localai_server_info"), ("results", "localai_backend_info")
    hosts[0] = unreachable(hosts[0]["host"])
    hosts[1] = unreachable(hosts[1]["host"])
    failed = {"failed": True, "msg": "This module needs PyYAML, which /usr/bin/python3 does not have."}
    hosts[2]["results"]["localai_model_info"] = failed
    unit = hosts[3]["results"]["localai_server_info"]["unit"]
    unit.update(active_state="failed", sub_state="failed", result="exit-code", restarts=5)
    hosts[3] = changed(hosts[3], *server, ready=False, version=None)
    gpu = {"vendor": "nvidia", "probe": "nvidia-smi"}
    output = "exit status 18: Failed to initialize NVML: Driver/library version mismatch"
    hosts[4] = changed(hosts[4], *info, "capability_evidence", unreadable=[{**gpu, "output": output}])
    hosts[4] = changed(hosts[4], *info, capability=None)
    hosts[5] = changed(hosts[5], "wanted", expected_capabilities=["nvidia-cuda-13"])
    hosts[6]["results"]["localai_backend_info"]["backends"][0]["problem"] = "it has no run.sh"
    hosts[7] = changed(hosts[7], "wanted", models=["qwen3-4b", "bert-embeddings"])
    older = healthy("", release=3)["wanted"]["pins"]
    hosts[8] = changed(hosts[8], "wanted", pins=older)
    hosts[9] = changed(hosts[9], "wanted", signatures="enforce")
    hosts[10] = changed(hosts[10], "wanted", restart_reasons=["the binary"])
    hosts[11] = changed(hosts[11], "wanted", reload_models=True)
    hosts[12]["results"]["localai_host_info"]["space"][0]["free"] = 31 * GIB
    return hosts


# Each of them would do something if it were taken for anything but text.
HOSTILE = (
    "<script>document.title = 'owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "' onmouseover='document.title=1' x='",
    "</style></script><script>document.title = 'owned'</script><!--",
    "javascript:document.title='owned'",
    "{{ 7 * 7 }}{% raw %}{# lookup('pipe', 'id') #}",
    '=HYPERLINK("http://example.com")',
    "+1+cmd|' /C calc'!A0",
    "line\nfeed\ttab\r\x00\x1b[31m\u2028",
    "\u202egnp.exe\u202c\ud800",
    "a" * 5000,
)


def hostile(value: str, host: str = "host") -> Seen:
    """Return what is known about a host on which each text is `value`; only states that decide something stay."""
    seen = healthy(host)
    kept = ("host", "groups", "wanted", "kind", "load_state", "active_state", "capability", "condition")

    def bent(item: Any, key: str = "") -> Any:
        if isinstance(item, dict):
            return {name: bent(part, name) if name not in kept else part for name, part in item.items()}
        if isinstance(item, list):
            return [bent(part, key) for part in item]
        return value if isinstance(item, str) else item

    seen["results"] = bent(seen["results"])
    info = seen["results"]["localai_backend_info"]
    info["backends"] = [{**row, "name": f"{value}{number}"} for number, row in enumerate(info["backends"])]
    info["problems"] = [{"name": value, "problem": value}]
    seen["results"]["localai_model_info"]["problems"] = [{"path": value, "problem": value, "advice": value}]
    seen["results"]["localai_server_info"].update(ready=False, loaded_models=[value])
    wanted = {"backends": [value + "x"], "expected_capabilities": [value], "restart_reasons": [value], "version": value}
    return {**changed(seen, "wanted", **wanted), "groups": [value], "host": host, "variables": [value]}


def large(hosts: int = 1000, backends: int = 20) -> list[Seen]:
    """Return a large fleet, most of it healthy: some hosts are unreachable, and some are a release behind."""
    capabilities = [("nvidia-cuda-12", "amd", "default")[number % 3] for number in range(hosts)]
    seen = [
        healthy(f"node{number:04d}.example.com", capability, backends) for number, capability in enumerate(capabilities)
    ]
    for number in range(0, hosts, 97):
        seen[number] = unreachable(seen[number]["host"])
    for number in range(5, hosts, 50):
        newer = healthy("", capabilities[number], backends, release=1)["wanted"]["pins"]
        seen[number] = changed(seen[number], "wanted", pins=newer)
    return seen


def rows(fleet: list[Seen], least_free: float = 10) -> dict[str, Any]:
    """Return the rows of a fleet by the names of the hosts."""
    return {seen["host"]: row_of_host(seen, least_free) for seen in fleet}


def document(fleet: list[Seen]) -> dict[str, Any]:
    """Return the report on a fleet."""
    return document_of(rows(fleet), [seen["host"] for seen in fleet], CREATED)
