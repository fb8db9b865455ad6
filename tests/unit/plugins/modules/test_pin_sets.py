# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of pins: one digest for each build, read or written, and all that is installed can be pinned."""

from __future__ import annotations

import json

import pytest

from ansible_collections.localai.core.tests.support.images import host_platform
from ansible_collections.localai.core.tests.support.proof import prove
from ansible_collections.localai.core.tests.support.world import Host

PLATFORM = f"{host_platform().os}/{host_platform().architecture}"


def row(host, name, digest, **changes):
    uri = f"{host.world.repository}:latest-cpu-llama-cpp"
    both = {"capability": "default", "platform": PLATFORM, "backend": "cpu-llama-cpp", "uri": uri, "digest": digest}
    return {"name": name, **both, **changes}


@pytest.mark.parametrize("change", [{}, {"capability": "nvidia"}, {"backend": "CPU-llama-cpp"}])
def test_a_set_with_two_digests_for_one_build_is_refused_before_anything_is_done(moving_host, change):
    first = moving_host.world.digest("cpu-llama-cpp")
    moving_host.world.publish("2")
    second = moving_host.world.digest("cpu-llama-cpp")
    pins = {"format": 1, "backends": [row(moving_host, "x", first), row(moving_host, "y", second, **change)]}
    for names in (["x"], ["x", "y"]):
        for check in (True, False):
            result = moving_host.backend(*names, pins=pins, check=check)
            assert result["failed"]
            assert first in result["msg"]
            assert second in result["msg"]
    assert not moving_host.path.exists()


def test_two_platforms_may_have_two_digests(moving_host):
    first = moving_host.world.digest("cpu-llama-cpp")
    other = row(moving_host, "x", "sha256:" + "0" * 64, platform="linux/s390x")
    prove(moving_host, "x", action="install", pins={"format": 1, "backends": [row(moving_host, "x", first), other]})


def test_a_tag_that_moves_while_a_set_is_written_gives_one_digest(moving_host, tmp_path, monkeypatch):
    uri = f"{moving_host.world.repository}:latest-cpu-llama-cpp"
    metas = [{"name": name, "capabilities": {"default": "cpu-b"}} for name in "xyz"]
    index = tmp_path / "metas.yaml"
    index.write_text(json.dumps([*metas, {"name": "cpu-b", "uri": uri}]))
    registry, put = moving_host.world.registry, moving_host.world.registry._manifest

    def moving(request, repository, name):
        answer = put(request, repository, name)
        if name == "latest-cpu-llama-cpp":
            moving_host.world.publish(str(len(registry.requests)))
        return answer

    monkeypatch.setattr(registry, "_manifest", moving)
    galleries = [{"name": "metas", "url": str(index)}]
    pins = moving_host.info("x", "y", "z", pins=True, galleries=galleries)["pins"]
    assert len({pin["digest"] for pin in pins["backends"]}) == 1
    asked = [request for request in registry.requests if request.path.endswith("/manifests/latest-cpu-llama-cpp")]
    assert len(asked) == 1


def test_two_galleries_with_different_builds_of_one_name_are_not_written_down(moving_host, tmp_path):
    for gallery, tag in (("a", "piper"), ("b", "cpu-whisper")):
        uri = f"{moving_host.world.repository}:latest-{tag}"
        (tmp_path / f"{gallery}.yaml").write_text(json.dumps([{"name": "one", "uri": uri}]))
    galleries = [{"name": gallery, "url": str(tmp_path / f"{gallery}.yaml")} for gallery in "ab"]
    result = moving_host.info("a@one", "b@one", pins=True, galleries=galleries)
    assert result["failed"]
    assert "two digests" in result["msg"]


def test_without_names_all_that_is_installed_is_pinned(moving_host, tmp_path):
    uri = f"{moving_host.world.repository}:latest-piper"
    moving_host.install("llama-cpp")
    moving_host.install("from-a-uri", uri=uri, alias="voice")
    moving_host.place("by-hand")
    moving_host.place("by-hand-with-metadata", {"name": "x", "uri": uri, "digest": moving_host.world.digest("piper")})
    result = moving_host.info(pins=True)
    assert not result["failed"], result["msg"]
    pins = {pin["name"]: pin for pin in result["pins"]["backends"]}
    assert sorted(pins) == ["by-hand-with-metadata", "from-a-uri", "llama-cpp"]
    assert pins["from-a-uri"]["digest"] == moving_host.world.digest("piper")
    assert [warning for warning in result["warnings"] if "by-hand is in no gallery" in warning]
    # They install the same on another host.
    other = Host(tmp_path / "other", moving_host.world)
    other.path.parent.mkdir()
    prove(other, "llama-cpp", "from-a-uri", action="install", pins=result["pins"], galleries=[])
    assert other.metadata("from-a-uri")["alias"] == "voice"


def test_a_backend_that_came_from_a_uri_is_pinned_as_it_is_though_a_gallery_has_its_name(moving_host):
    moving_host.install("piper", uri=f"{moving_host.world.repository}:latest-cpu-whisper")
    moving_host.world.publish("2")
    (pin,) = moving_host.info(pins=True)["pins"]["backends"]
    assert pin["digest"] == moving_host.metadata("piper")["digest"]
    assert pin["uri"] == f"{moving_host.world.repository}:latest-cpu-whisper"


@pytest.mark.parametrize("names", [["a@one", "b@one"], ["a@one", "B@ONE"], ["a@one", "x", "b@one"]])
def test_one_name_from_two_galleries_is_refused(moving_host, tmp_path, names):
    for gallery, tag in (("a", "piper"), ("b", "cpu-whisper")):
        uri = f"{moving_host.world.repository}:latest-{tag}"
        (tmp_path / f"{gallery}.yaml").write_text(json.dumps([{"name": "one", "uri": uri}]))
    galleries = [{"name": gallery, "url": str(tmp_path / f"{gallery}.yaml")} for gallery in "ab"]
    for check in (True, False):
        result = moving_host.backend(*names, galleries=galleries, check=check)
        assert result["failed"]
        assert "two galleries" in result["msg"]
    assert not moving_host.path.exists()


def test_one_name_with_and_without_its_gallery_is_refused_where_they_differ(moving_host, tmp_path):
    for gallery, tag in (("a", "piper"), ("b", "cpu-whisper")):
        uri = f"{moving_host.world.repository}:latest-{tag}"
        (tmp_path / f"{gallery}.yaml").write_text(json.dumps([{"name": "one", "uri": uri}]))
    galleries = [{"name": gallery, "url": str(tmp_path / f"{gallery}.yaml")} for gallery in "ab"]
    assert "two galleries" in moving_host.backend("one", "b@one", galleries=galleries)["msg"]
    assert not moving_host.path.exists()
    moving_host.install("one", "a@one", "A@one", galleries=galleries)
    assert moving_host.metadata("one")["uri"].endswith("latest-piper")
