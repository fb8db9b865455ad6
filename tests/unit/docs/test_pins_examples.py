# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples that write pins, and the one that lists upgrades, with servers on loopback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from ansible_collections.localai.core.tests.support.examples import Examples
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY, gallery, models
from ansible_collections.localai.core.tests.support.images import Index
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.sigstore import attach
from ansible_collections.localai.core.tests.support.sigstore.instance import Instance

pytestmark = pytest.mark.long

MODELS = {"qwen3-4b": b"weights", "nomic-embed-text-v1.5": b"other weights"}
BACKENDS, MODEL = "group/localai.core.localai_backends", "group/localai.core.localai_models"


class Site:
    """A registry, and a server with galleries."""

    def __init__(self, work: Path, registry: Registry, web: FileServer) -> None:
        self.work, self.registry, self.web = work, registry, web
        self.content = self.publish("1")
        self.galleries: list[dict[str, Any]] = [{"name": "localai", "url": f"{web.url}/index.yaml"}]
        web.pages["/models.yaml"] = json.dumps(models(MODELS, web.url)).encode()
        web.pages.update({f"/{name}.gguf": content for name, content in MODELS.items()})

    def publish(self, version: str) -> Any:
        """Let the tags be of a version."""
        content = gallery(version)
        for tag, artifact in content.images.items():
            self.registry.put(REPOSITORY, tag, artifact)
        self.web.pages["/index.yaml"] = content.index(self.registry.host, self.web.url, self.work).encode()
        return content

    def examples(self, **options: Any) -> Examples:
        """What runs the examples with these galleries and more options."""
        paths = {"backends_path": str(self.work / "backends"), "backends_system_path": str(self.work / "system")}
        defaults = {
            BACKENDS: {**paths, "galleries": self.galleries, "capability": "default", **options},
            MODEL: {"galleries": [{"name": "localai", "url": f"{self.web.url}/models.yaml"}]},
        }
        return Examples(self.work, {}, defaults=defaults)


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Iterator[Site]:
    with Registry(referrers=True) as registry, FileServer() as web:
        yield Site(tmp_path, registry, web)


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def test_pins_of_backends_are_written_for_all_capabilities(site: Site, tmp_path: Path) -> None:
    pins = tmp_path / "pins.yml"
    site.examples().play("write-pins.yml", pins_file=str(pins)).expect(changed=1, host="localhost")
    builds = {(row["name"], row["capability"]): row for row in written(pins)["backends"]}
    assert set(builds) >= {
        (name, capability) for name in ("llama-cpp", "whisper") for capability in ("default", "nvidia-cuda-12", "amd")
    }
    row = builds["llama-cpp", "nvidia-cuda-12"]
    assert row["digest"] == site.content.images["latest-gpu-nvidia-cuda-12-llama-cpp"].digest


def test_pins_of_models_are_written(site: Site, tmp_path: Path) -> None:
    pins = tmp_path / "model-pins.yml"
    site.examples().play("write-model-pins.yml", pins_file=str(pins)).expect(changed=1, host="localhost")
    assert [row["name"] for row in written(pins)["models"]] == sorted(MODELS)


def test_only_signed_builds_are_pinned_with_who_signed_them(site: Site) -> None:
    sigstore = Instance()
    for image in site.content.images.values():
        if isinstance(image, Index):
            bundle = sigstore.sign_image(image.digest)
            attach.put_referrers(site.registry.put, REPOSITORY, [attach.referrer(image, bundle)])
    root = site.work / "trusted_root.json"
    root.write_text(json.dumps(sigstore.trusted_root()), encoding="utf-8")
    policy = {
        "issuer": "https://token.actions.githubusercontent.com",
        "identity_regex": r"^https://github\.com/mudler/LocalAI/",
    }
    site.galleries[0]["verification"] = policy
    examples = site.examples(trusted_root=str(root))
    examples.play("write-verified-pins.yml").expect(changed=1, host="localhost")
    rows = written(site.work / "examples" / "pins.yml")["backends"]
    assert {row["name"] for row in rows} >= {"llama-cpp", "whisper"}
    assert all("mudler/LocalAI" in json.dumps(row) for row in rows)


def test_upgrades_are_listed_with_a_reason(site: Site) -> None:
    examples = site.examples()
    install = {"hosts": "localai", "gather_facts": False, "module_defaults": examples.defaults}
    task = {"name": "Install", "localai.core.localai_backend": {"name": "piper"}}
    played = examples.play_list([{**install, "tasks": [task]}])
    played.expect(changed=1)
    site.publish("2")
    played = examples.play("upgrades.yml")
    played.expect(changed=0)
    assert re.search(r"piper: \S+", played.text), played.output
