# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples with the role on this machine: what it installs. `make hosts` tests account, binary and service."""

from __future__ import annotations

import datetime as dt
import grp
import json
import os
import pwd
import shutil
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from ansible_collections.localai.core.tests.support.archives import file, write_tree
from ansible_collections.localai.core.tests.support.auth import Basic
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.connections import answering, tunnel
from ansible_collections.localai.core.tests.support.examples import Examples, Played
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.gallery import models
from ansible_collections.localai.core.tests.support.images import Index
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.sigstore import attach
from ansible_collections.localai.core.tests.support.sigstore.identities import (
    ISSUER,
    RAW_ISSUER,
    SOURCE_REPOSITORY,
    Identity,
    workflow,
)
from ansible_collections.localai.core.tests.support.sigstore.instance import How, Instance
from ansible_collections.localai.core.tests.support.sigstore.moments import NOW
from ansible_collections.localai.core.tests.support.tls import Authority

pytestmark = pytest.mark.long

IMAGES = "go-skynet/local-ai-backends"
NOT_HERE = ("requirements", "account", "directories", "binary", "service")
PASSWORD = "password of the registry"
CI_JOB = "https://gitlab.example.com/ai/tts//.gitlab-ci.yml@refs/tags/v1.2"


class Host:
    """This machine as a host with the directories of the role, and galleries in files."""

    def __init__(self, work: Path, web: FileServer) -> None:
        self.work, self.web, self.home = work, web, work / "home-of-localai"
        for name in ("models", "backends", "data", "configuration"):
            (self.home / name).mkdir(parents=True)
        weights = {"qwen3-4b": b"weights", "nomic-embed-text-v1.5": b"other weights"}
        web.pages["/models.yaml"] = json.dumps(models(weights, web.url)).encode()
        web.pages.update({f"/{name}.gguf": content for name, content in weights.items()})
        sources = {name: str(work / "sources" / name) for name in ("whisper", "llama-cpp")}
        for name, path in sources.items():
            write_tree(Path(path), [file("run.sh", f"#!/bin/sh\necho {name}\n", 0o755)])
        self.variables: dict[str, Any] = {
            "localai_home": str(self.home),
            "localai_user": pwd.getpwuid(os.geteuid()).pw_name,
            "localai_group": grp.getgrgid(os.getegid()).gr_name,
            "localai_capability": "default",
            "localai_backends_poll": 1,
            "localai_galleries": self.gallery(sources),
            "localai_models_galleries": [{"name": "here", "url": f"{web.url}/models.yaml"}],
            **{f"localai_manage_{part}": False for part in NOT_HERE},
        }

    def gallery(self, entries: dict[str, str]) -> list[dict[str, str]]:
        """Write a gallery with the URIs of some backends, and return the list of galleries."""
        rows = [{"name": name, "uri": uri} for name, uri in entries.items()]
        (self.work / "gallery.yaml").write_text(yaml.safe_dump(rows), encoding="utf-8")
        return [{"name": "here", "url": str(self.work / "gallery.yaml")}]

    def play(self, name: str, texts: dict[str, str], groups: tuple[str, ...] = ("localai",), **extra: Any) -> Played:
        """Run an example. The facts of the host are not those of this machine."""
        examples = Examples(self.work, self.variables, groups=groups, texts=texts)
        return examples.play(name, __localai_facts_directory=str(self.work / "facts.d"), **extra)

    def installed(self) -> set[str]:
        """The names of the backends and models."""
        names = {path.stem for path in self.home.glob("models/[!.]*.yaml")}
        return names | {path.parent.name for path in self.home.glob("backends/[!.]*/run.sh")}


@pytest.fixture(name="host")
def _host(tmp_path: Path) -> Iterator[Host]:
    with FileServer() as web:
        yield Host(tmp_path, web)


def test_a_server_gets_its_model_and_backends(host: Host) -> None:
    host.play("server.yml", {}).expect(changed=True)
    assert host.installed() == {"qwen3-4b", "llama-cpp", "whisper"}
    host.play("server.yml", {}).expect(changed=0)


def test_a_directory_is_filled_by_one_host_and_read_by_the_others(host: Host) -> None:
    shared = host.work / "shared"
    texts = {"/srv/models": str(shared), "/mnt/models": str(shared)}
    # The first play has the galleries of the module, which an inventory cannot set.
    play = "name: [qwen3-4b, nomic-embed-text-v1.5]"
    texts[play] = f"{play}\n        galleries: {json.dumps(host.variables['localai_models_galleries'])}"
    host.play("shared-models.yml", texts, groups=("localai", "localai_storage")).expect(changed=True)
    assert (shared / "qwen3-4b.gguf").stat().st_mode & 0o777 == 0o644
    assert host.installed() == {"llama-cpp"}, "the role installs no model, but the backend that the models need"


def test_the_registry_behind_a_proxy_is_asked_and_the_own_one_serves(host: Host) -> None:
    authority = Authority(host.work / "tls")
    outside, own = authority.server_context("outside", names=("quay.io",)), authority.server_context("own")
    with Registry(tls=outside) as quay, Registry(Basic("puller", PASSWORD), tls=own) as registry:
        image = backend_image("llama-cpp")
        quay.put(IMAGES, "latest-cpu-llama-cpp", image)
        registry.put(f"quay/{IMAGES}", "latest-cpu-llama-cpp", image)
        galleries = host.gallery({"llama-cpp": f"quay.io/{IMAGES}:latest-cpu-llama-cpp"})
        with answering(tunnel(quay.host)) as proxy:
            texts = {
                "http://proxy.example.com:3128": f"http://{proxy}",
                "registry.example.com": registry.host,
                "/etc/ssl/certs/company.pem": str(authority.ca_file),
            }
            extra: dict[str, Any] = {"vault_registry_password": PASSWORD, "localai_ca_path": str(authority.ca_file)}
            host.play("behind-a-proxy.yml", texts, localai_galleries=galleries, **extra).expect(changed=True)
        assert host.installed() == {"llama-cpp"}
        assert any("/manifests/" in request.path for request in quay.requests)
        assert not any("/blobs/" in request.path for request in quay.requests)
        assert any("/blobs/" in request.path for request in registry.requests)


class Signed:
    """A registry with signed images of LocalAI and of a company."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.sigstore = Instance(now=max(NOW, dt.datetime.now(dt.timezone.utc)))
        issuer = "https://gitlab.example.com"
        self.company = Identity(
            uri=CI_JOB, claims={RAW_ISSUER: issuer, ISSUER: issuer, SOURCE_REPOSITORY: f"{issuer}/ai/tts"}
        )

    def put(self, repository: str, tag: str, identity: Identity, version: str = "1") -> None:
        """Push an image that somebody has signed."""
        image: Index = backend_image(tag, version)
        self.registry.put(repository, tag, image)
        holder = self.sigstore.certificate(identity)
        bundle = self.sigstore.sign_image(image.digest, holder, How())
        attach.put_referrers(self.registry.put, repository, [attach.referrer(image, bundle)])


def test_only_backends_of_known_builders_are_installed(host: Host) -> None:
    with Registry(referrers=True) as registry:
        signed = Signed(registry)
        signed.put(IMAGES, "latest-cpu-llama-cpp", workflow())
        signed.put("ai/tts", "v1.2", signed.company)
        rows = {"/backends": f"quay.io/{IMAGES}:latest-cpu-llama-cpp", "/backends.yaml": f"{registry.host}/ai/tts:v1.2"}
        for (path, uri), name in zip(rows.items(), ("llama-cpp", "our-tts")):
            host.web.pages[path] = yaml.safe_dump([{"name": name, "uri": uri}]).encode()
        texts = {"https://index.localai.io": host.web.url, "https://galleries.example.com": host.web.url}
        root = host.work / "examples" / "trusted_root.json"
        root.parent.mkdir()
        root.write_text(json.dumps(signed.sigstore.trusted_root()), encoding="utf-8")
        mirror = {"url": f"http://{registry.host}", "resolve": True}
        extra: dict[str, Any] = {"localai_endpoints": [{"host": "quay.io", "mirrors": [mirror]}]}
        host.play("signed-backends.yml", texts, **extra).expect(changed=True)
        assert host.installed() == {"llama-cpp", "our-tts"}
        # A branch is not a tag, which the policy of the company demands.
        signed.put("ai/tts", "v1.2", signed.company.named(uri=CI_JOB.replace("tags/v1.2", "heads/main")), "2")
        shutil.rmtree(host.home / "backends")
        (host.home / "backends").mkdir()
        played = host.play("signed-backends.yml", texts, **extra)
        assert played.failed == {"host": 1}
        assert "our-tts: its signature is not verified" in played.text
        assert host.installed() == set()
