# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role of the mirror on a real host, and a server that uses it; each test continues where the one before it ended.

host1 is the mirror, host2 the server. The mirror is set up by the example of the guides.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.world import World, ask, expect, touched, world_of

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

PORT = 8090
OURS = (
    *("etc/localai-mirror", "etc/nginx/conf.d/localai-mirror.conf", "etc/systemd/system/localai-mirror"),
    *("usr/local/lib/localai-mirror", "etc/systemd/system/multi-user.target.wants/localai-mirror"),
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot the hosts and start the servers."""
    with world_of("mirror", ["bookworm", "trixie"], lambda hosts: None) as it:
        it.variables.update(
            localai_mirror_address=f"{it.hosts['host1'].address}:{PORT}",
            localai_mirror_registries=[f"http://{it.site.registry}"],
            localai_mirror_files=[it.site.files.url],
        )
        write_groups(it)
        yield it


def write_groups(world: World) -> None:
    """Write the inventory of the example: a group for the mirror, and one for the server."""
    path = world.work / "inventory.json"
    servers = json.loads(path.read_text(encoding="utf-8"))["localai"]
    mirror_host = {"host1": servers["hosts"].pop("host1")}
    path.write_text(json.dumps({"localai": servers, "mirror": {"hosts": mirror_host}}), encoding="utf-8")


def mirror(world: World, *arguments: str, **extra: Any) -> Any:
    """Run the example on the host of the mirror."""
    return world.play("mirror", *arguments, limit="host1", **extra)


def get(world: World, path: str) -> bytes:
    """What the mirror answers."""
    with urllib.request.urlopen(f"http://{world.hosts['host1'].address}:{PORT}{path}", timeout=10) as answer:
        return bytes(answer.read())


def file_path(world: World, name: str) -> str:
    """The path of a file at the mirror."""
    return f"/{world.site.files.url.partition('//')[2]}/{name}"


def ours(world: World) -> list[str]:
    """The paths on the host that belong to the role."""
    return sorted(path for path in touched(world.hosts["host1"]) if path.startswith(OURS))


def test_wrong_variables_are_all_reported_and_change_nothing(world: World) -> None:
    before = touched(world.hosts["host1"])
    outcome = mirror(world, localai_mirror_address="8090", localai_mirror_files=["huggingface.co"])
    assert outcome.failed == {"host1": 1}
    assert "localai_mirror_address is 8090, but must be the host:port" in outcome.output
    assert "have huggingface.co. Write each server as a URL" in outcome.output
    assert touched(world.hosts["host1"]) == before


def test_check_mode_on_a_bare_host_passes_and_touches_nothing(world: World) -> None:
    with world.hosts["host1"].just_made():
        before = touched(world.hosts["host1"])
        outcome = mirror(world, "--check", "--diff")
        after = touched(world.hosts["host1"])
    expect(outcome, changed=True, hosts=["host1"])
    assert "+        listen" in outcome.output.replace("+    listen", "+        listen")
    assert after == before


def test_the_role_sets_up_a_mirror_of_files(world: World) -> None:
    expect(mirror(world), changed=True, hosts=["host1"])
    assert get(world, file_path(world, "gallery.yaml")) == (world.site.directory / "gallery.yaml").read_bytes()
    host = world.hosts["host1"]
    assert host.run("systemctl", "is-enabled", "docker-registry.service") == "disabled"
    assert host.run("systemctl", "is-active", "docker-registry.service") == "inactive"
    assert host.run("stat", "-c", "%U %a", "/etc/localai-mirror/gateway.environment") == "root 600"


def test_again_nothing_changes(world: World) -> None:
    expect(mirror(world, "--check", "--diff"), changed=False, hosts=["host1"])
    expect(mirror(world), changed=False, hosts=["host1"])


def test_a_server_gets_its_backends_from_the_mirror(world: World) -> None:
    url = f"http://{world.hosts['host1'].address}:{PORT}/{world.site.registry}"
    given: dict[str, Any] = {
        "localai_mirror": {"registry": {world.site.registry: url}},
        "localai_module_defaults": {"endpoints": []},
    }
    expect(world.play("provision", limit="host2", **given), changed=True, hosts=["host2"])
    assert "llama-cpp" in ask(world.hosts["host2"], "/system")["backends"]
    stored = "find /var/cache/localai-mirror/registry -path '*/blobs/sha256/*' -name data | wc -l"
    assert int(world.hosts["host1"].run("sh", "-c", stored)) > 2


def test_the_mirror_is_there_after_a_reboot(world: World) -> None:
    world.hosts["host1"].reboot()
    expect(mirror(world), changed=False, hosts=["host1"])
    assert get(world, file_path(world, "gallery.yaml"))


def test_a_registry_that_is_no_longer_declared_is_removed(world: World) -> None:
    expect(mirror(world, localai_mirror_registries=[]), changed=True, hosts=["host1"])
    assert (
        world.hosts["host1"].run("systemctl", "list-units", "--plain", "--no-legend", "localai-mirror-registry@*") == ""
    )
    expect(mirror(world, localai_mirror_registries=[]), changed=False, hosts=["host1"])


def test_absent_removes_what_the_role_made_and_keeps_the_cache_unless_told(world: World) -> None:
    expect(mirror(world, "--check", localai_mirror_state="absent"), changed=True, hosts=["host1"])
    assert ours(world) != []
    expect(mirror(world, localai_mirror_state="absent"), changed=True, hosts=["host1"])
    assert ours(world) == []
    with pytest.raises(urllib.error.URLError):
        get(world, "/v2/")
    host = world.hosts["host1"]
    assert host.run("sh", "-c", "ls /var/cache/localai-mirror").split() == ["blobs", "files", "registry"]
    gone: dict[str, Any] = {"localai_mirror_state": "absent", "localai_mirror_remove_cache": True}
    expect(mirror(world, **gone), changed=True, hosts=["host1"])
    assert host.run("sh", "-c", "ls -d /var/cache/localai-mirror 2>/dev/null; true") == ""
    expect(mirror(world, **gone), changed=False, hosts=["host1"])
