# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples that bring a bundle to hosts of a closed site, which have no route.

The role runs from a URL on host1, and from a path on host2. The other ways bring the bundle or its images to host1 and
host3 only. Each test continues where the one before it ended.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from ansible_collections.localai.core.tests.hosts.fleet import Host
from ansible_collections.localai.core.tests.hosts.releases import GOOD
from ansible_collections.localai.core.tests.hosts.test_bundle import CAPABILITIES, fill
from ansible_collections.localai.core.tests.hosts.test_role import give_gpus
from ansible_collections.localai.core.tests.hosts.world import Outcome, World, ask, expect, question, world_of
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY, gallery
from ansible_collections.localai.core.tests.support.images import Index, Platform, image, index
from ansible_collections.localai.core.tests.support.playbook import COLLECTION
from ansible_collections.localai.core.tests.support.push import Pusher, Target

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

# The image of host1, of which a bundle has only one of two platforms
SPARSE = "latest-cpu-llama-cpp"
SERVER, REGISTRY = "host1", "host3"
COPIED = ["host1", "host3"]
SSH = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot the hosts and start the servers outside."""
    with world_of("ways", ["bookworm", "trixie", "bookworm"], give_gpus) as it:
        publish(it, "1")
        yield it


@pytest.fixture(scope="module")
def bundle(world: World) -> Path:
    """The directory of the bundle on the controller."""
    return world.work / "bundle"


def publish(world: World, version: str) -> None:
    """Publish a version of the gallery in which one image has another platform."""
    world.site.publish(version)
    published = gallery(version).images[SPARSE]
    assert isinstance(published, Index)
    artifact = index([*published.images, image(published.images[0].layers, Platform("s390x"))])
    Pusher(Target(world.site.registry, plain_http=True)).push(REPOSITORY, SPARSE, artifact)


def close(world: World) -> None:
    """Write an inventory without the servers outside."""
    world.site_variables = {"localai_models": ["tiny"]}
    world.host_variables = {name: {"ansible_ssh_common_args": SSH} for name in world.hosts}
    world.write_inventory()
    inventory = json.loads((world.work / "inventory.json").read_text(encoding="utf-8"))
    inventory["localai_bundle_server"] = {"hosts": {SERVER: {}}}
    inventory["localai_registry"] = {"hosts": {REGISTRY: {}}}
    (world.work / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")


def example(world: World, name: str, **replaced: str) -> str:
    """Write an example with other texts in the place of some of its own, and return its name."""
    text = (COLLECTION / "docs" / "examples" / f"{name}.yml").read_text(encoding="utf-8")
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    (world.work / f"{name}-here.yml").write_text(text, encoding="utf-8")
    return f"{name}-here"


def first_play(world: World, name: str) -> str:
    """Write the first play of an example, which brings the bundle, without the role, and return its name."""
    (play, _role) = yaml.safe_load((COLLECTION / "docs" / "examples" / f"{name}.yml").read_text(encoding="utf-8"))
    (world.work / f"{name}-first.yml").write_text(json.dumps([play]), encoding="utf-8")
    return f"{name}-first"


@contextlib.contextmanager
def flipped_bit(bundle: Path) -> Iterator[None]:
    """As long as this lasts, the bundle on the controller has a bit that is wrong."""
    weights = weights_in(bundle)
    content = weights.read_bytes()
    weights.write_bytes(content.replace(b"w", b"W", 1))
    try:
        yield
    finally:
        weights.write_bytes(content)


def weights_in(bundle: Path) -> Path:
    return next(bundle.glob("files/*/tiny.gguf"))


def refusal(bundle: Path) -> str:
    return f"{weights_in(bundle).relative_to(bundle)}: FAILED"


def served(host: Host) -> bytes | None:
    """The list of the bundle that a host serves."""
    try:
        with urllib.request.urlopen(f"http://{host.address}:8090/bundle.json", timeout=10) as answer:
            return bytes(answer.read())
    except urllib.error.URLError:
        return None


def expect_answer(host: Host) -> None:
    content = ask(host, "/v1/chat/completions", question("hello", "tiny"))
    assert content["choices"][0]["message"]["content"]


def test_the_bundle_is_filled_outside(world: World, bundle: Path) -> None:
    wanted = {"platform": "linux/amd64", "server_version": GOOD[0], "backends": ["llama-cpp"], "models": ["tiny"]}
    survey = {
        "format": 1,
        "targets": [{**wanted, "capability": capability} for capability in CAPABILITIES.values()],
        "galleries": world.site.variables["localai_galleries"],
        "model_galleries": world.site.variables["localai_models_galleries"],
    }
    (world.work / "survey.yml").write_text(json.dumps(survey), encoding="utf-8")
    fill(world, bundle)
    close(world)


def serve(world: World, bundle: Path, *arguments: str) -> Outcome:
    return world.play(first_play(world, "bundle-web-server"), *arguments, limit=SERVER, bundle=str(bundle))


def test_a_web_server_serves_nothing_while_a_bit_is_wrong(world: World, bundle: Path) -> None:
    with flipped_bit(bundle):
        outcome = serve(world, bundle)
    assert outcome.failed == {SERVER: 1}, outcome.output[-3000:]
    assert refusal(bundle) in " ".join(outcome.output.split())
    assert served(world.hosts[SERVER]) is None


def test_a_web_server(world: World, bundle: Path) -> None:
    host = world.hosts[SERVER]
    expect(world.play("bundle-web-server", limit=SERVER, bundle=str(bundle)), changed=True, hosts=[SERVER])
    assert served(host) == (bundle / "bundle.json").read_bytes()
    expect_answer(host)
    expect(serve(world, bundle), changed=False, hosts=[SERVER])


def test_a_web_server_is_switched_to_a_new_bundle(world: World, bundle: Path) -> None:
    host = world.hosts[SERVER]
    publish(world, "2")
    fill(world, bundle)
    before = served(host)
    expect(serve(world, bundle, "--check"), changed=True, hosts=[SERVER])
    assert served(host) == before != (bundle / "bundle.json").read_bytes()
    expect(serve(world, bundle), changed=True, hosts=[SERVER])
    assert served(host) == (bundle / "bundle.json").read_bytes()
    bundles = [path for path in (host.root / "srv" / "bundles").iterdir() if not path.is_symlink()]
    assert len(bundles) == 2
    assert len({weights_in(path).stat().st_ino for path in bundles}) == 1, "it was not transferred again"


def test_a_mount(world: World, bundle: Path) -> None:
    # Containers cannot mount NFS, so another directory of the host is mounted.
    bound = {"Type=nfs": "Type=none", "Options=ro,soft,": "Options=bind,ro,"}
    name, host = example(world, "bundle-nfs", **bound), world.hosts["host2"]
    shutil.copytree(bundle, host.root / "srv" / "export")
    expect(world.play(name, limit="host2", bundle_export="/srv/export"), changed=True, hosts=["host2"])
    assert {"ro", "nosuid", "nodev"} <= set(host.run("findmnt", "-n", "-o", "OPTIONS", "/srv/bundle").split(","))
    expect_answer(host)
    expect(world.play(name, limit="host2", bundle_export="/srv/export"), changed=False, hosts=["host2"])


def copy(world: World, bundle: Path, *arguments: str) -> Outcome:
    name = first_play(world, "bundle-copy")
    return world.play(name, *arguments, limit=",".join(COPIED), bundle=str(bundle), relays=1)


def copy_on(world: World, name: str) -> Path:
    return world.hosts[name].root / "srv" / "bundle"


def test_a_copy_with_a_wrong_bit_gets_no_further(world: World, bundle: Path) -> None:
    expect(copy(world, bundle, "--check"), changed=True, hosts=COPIED)
    with flipped_bit(bundle):
        outcome = copy(world, bundle)
    assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
    assert refusal(bundle) in " ".join(outcome.output.split())
    assert not (copy_on(world, "host1") / "SHA256SUMS").exists()
    assert not copy_on(world, "host3").exists()


def test_copies_by_way_of_one_host(world: World, bundle: Path) -> None:
    outcome = copy(world, bundle)
    expect(outcome, changed=True, hosts=COPIED)
    assert "changed: [host1 -> localhost]" in outcome.output
    assert "[host3 -> localhost]" not in outcome.output, "it comes from host1"
    for name in COPIED:
        for path in ("bundle.json", "SHA256SUMS"):
            assert (copy_on(world, name) / path).read_bytes() == (bundle / path).read_bytes()
    expect(copy(world, bundle), changed=False, hosts=COPIED)


def test_only_what_changed_is_copied(world: World, bundle: Path) -> None:
    publish(world, "3")
    fill(world, bundle)
    inode = weights_in(copy_on(world, "host3")).stat().st_ino
    expect(copy(world, bundle), changed=True, hosts=COPIED)
    assert (copy_on(world, "host3") / "bundle.json").read_bytes() == (bundle / "bundle.json").read_bytes()
    assert weights_in(copy_on(world, "host3")).stat().st_ino == inode


def test_a_registry(world: World, bundle: Path) -> None:
    name = first_play(world, "bundle-registry")
    expect(world.play(name, "--check", limit=REGISTRY), changed=True, hosts=[REGISTRY])
    expect(world.play(name, limit=REGISTRY), changed=True, hosts=[REGISTRY])
    expect(world.play(name, limit=REGISTRY), changed=False, hosts=[REGISTRY])


def test_backends_from_a_registry_by_tag_and_by_pins(world: World, bundle: Path) -> None:
    """With the variables of the example, but the module in the place of the role."""
    text = (COLLECTION / "docs" / "examples" / "bundle-registry.yml").read_text(encoding="utf-8")
    # The registry outside would be queried with TLS, and does not have it.
    (_fill, install) = yaml.safe_load(text.replace("quay.io", world.site.registry))
    image = f"{world.site.registry}/{REPOSITORY}:{SPARSE}"
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.package": {"name": ["python3-requests", "python3-yaml"]}},
        {"localai.core.localai_backend": {"name": "by-tag", "uri": f"oci://{image}"}, "register": "tag"},
        {"localai.core.localai_backend": {"name": "llama-cpp", "pins": "{{ localai_pins }}"}, "register": "pin"},
        {
            "ansible.builtin.debug": {
                "msg": "{{ [tag, pin] | map(attribute='backends') | flatten | map(attribute='digest') }}"
            }
        },
    ]
    for task in tasks[1:3]:
        task["localai.core.localai_backend"].update(
            backends_path="/opt/backends", capability="default", endpoints="{{ localai_endpoints }}"
        )
    play = {**install, "vars": {**install["vars"], **install["roles"][0]["vars"]}, "tasks": tasks}
    del play["roles"]
    (world.work / "backends-here.yml").write_text(json.dumps([play]), encoding="utf-8")
    outcome = world.play("backends-here", limit=SERVER, bundle=str(bundle))
    expect(outcome, changed=True, hosts=[SERVER])
    images = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))["images"]
    (digest,) = (row["digest"] for row in images if row["name"] == image)
    assert outcome.output.count(digest) == 2
