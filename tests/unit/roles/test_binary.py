# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role installs the LocalAI binary on two hosts, which are directories here, from a release server or a file."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.localai.core.tests.support.faults import Cut
from ansible_collections.localai.core.tests.support.files import FileServer, Page
from ansible_collections.localai.core.tests.support.role_binary import RoleHosts

NEW, OTHER = b"#!/bin/sh\necho the release\n", b"#!/bin/sh\necho another build\n"
RELEASE = "/releases/download/v4.11.0"
ASSET = f"{RELEASE}/local-ai-v4.11.0-linux-amd64"
SUMS = f"{RELEASE}/LocalAI-v4.11.0-checksums.txt"


def sha256(content: bytes) -> str:
    """The checksum of a file."""
    return hashlib.sha256(content).hexdigest()


def release(version: str, **contents: bytes) -> dict[str, bytes | Page]:
    """The pages of a release, by architecture."""
    names = {f"local-ai-{version}-linux-{architecture}": content for architecture, content in contents.items()}
    sums = "".join(f"{sha256(content)}  {name}\n" for name, content in names.items())
    below = f"/releases/download/{version}"
    return {
        **{f"{below}/{name}": content for name, content in names.items()},
        f"{below}/LocalAI-{version}-checksums.txt": sums.encode(),
    }


@pytest.fixture(name="server")
def _server() -> Iterator[FileServer]:
    with FileServer(release("v4.11.0", amd64=NEW, arm64=OTHER)) as server:
        yield server


@pytest.fixture(name="hosts")
def _hosts(tmp_path: Path, server: FileServer) -> RoleHosts:
    return RoleHosts(tmp_path, localai_version="v4.11.0", localai_release_url=f"{server.url}/releases/download")


def paths(server: FileServer) -> list[str]:
    """The paths that were requested, in order."""
    return [request.path for request in server.requests]


def test_a_release_is_predicted_and_installed_and_then_nothing_changes(hosts: RoleHosts, server: FileServer) -> None:
    h1 = hosts.host("h1")
    before = h1.tree()
    predicted = hosts.run("--check", "--diff")
    assert f"Would download {server.url}{ASSET} to {h1.binaries}/local-ai-v4.11.0." in predicted.output
    assert predicted.changed == {"h1": True, "h2": True}
    assert h1.tree() == before
    assert {request.method for request in server.requests} == {"GET"}
    assert {request.headers.get("range") for request in server.requests if request.path == ASSET} == {"bytes=0-0"}

    assert hosts.run().changed == {"h1": True, "h2": True}
    binary = h1.binaries / "local-ai-v4.11.0"
    assert (binary.read_bytes(), binary.stat().st_mode & 0o777) == (NEW, 0o755)
    assert (h1.binaries / "local-ai-v4.11.0.sha256").read_text() == sha256(NEW) + "\n"
    assert h1.link.readlink() == binary
    assert sorted(path.name for path in h1.binaries.iterdir()) == ["local-ai-v4.11.0", "local-ai-v4.11.0.sha256"]

    server.requests.clear()
    again = hosts.run()
    assert again.changed == {"h1": False, "h2": False}
    assert again.tasks == ["Resolve", "Assert the rules", "Warn", "Install", "Link", "Start", "Forget"]
    assert server.requests == []


MISSING = {
    "version": (SUMS, "v4.11.0 could not be downloaded from .*: HTTP Error 404: Not Found .*checksums.txt"),
    "file": (ASSET, "v4.11.0 could not be downloaded from .*: HTTP Error 404: Not Found .*linux-amd64"),
}


@pytest.mark.parametrize("mode", ["--check", "--diff"])
@pytest.mark.parametrize("download_on", ["host", "controller"])
@pytest.mark.parametrize("missing", MISSING)
def test_check_mode_fails_where_the_run_would(
    hosts: RoleHosts, server: FileServer, missing: str, download_on: str, mode: str
) -> None:
    path, message = MISSING[missing]
    del server.pages[path]
    outcome = hosts.run(mode, localai_binary_download_on=download_on)
    assert outcome.failed == {"h1": True, "h2": True}
    assert re.search(message, outcome.output)
    assert "The service was not touched." in outcome.output
    assert not [path for path in hosts.host("h1").tree() if "local-ai-v4.11.0'" in path + "'"]


@pytest.mark.parametrize("mode", ["--check", "--diff"])
@pytest.mark.parametrize("download_on", ["host", "controller"])
def test_a_release_that_does_not_list_the_binary_is_refused(
    hosts: RoleHosts, server: FileServer, download_on: str, mode: str
) -> None:
    server.pages[SUMS] = f"{sha256(NEW)}  local-ai-v4.11.0-linux-amd64.sig\n".encode()
    outcome = hosts.run(mode, localai_binary_download_on=download_on)
    assert outcome.failed == {"h1": True, "h2": True}
    assert "checksums.txt does not list local-ai-v4.11.0-linux-amd64" in outcome.output


@pytest.mark.parametrize("download_on", ["host", "controller"])
def test_another_file_than_the_released_one_is_not_installed(
    hosts: RoleHosts, server: FileServer, download_on: str
) -> None:
    server.pages[ASSET] = OTHER
    outcome = hosts.run(localai_binary_download_on=download_on)
    assert outcome.failed == {"h1": True, "h2": True}
    assert "The file there is not the one that was released." in outcome.output
    assert not (hosts.host("h1").binaries / "local-ai-v4.11.0").exists()


@pytest.mark.parametrize("download_on", ["host", "controller"])
def test_an_interrupted_download_is_no_binary(hosts: RoleHosts, server: FileServer, download_on: str) -> None:
    server.faults.append(Cut(ASSET, after=10))
    assert hosts.run(localai_binary_download_on=download_on).failed == {"h1": True, "h2": True}
    assert hosts.host("h1").rows() == []
    server.faults.clear()
    assert hosts.run(localai_binary_download_on=download_on).failed == {"h1": False, "h2": False}
    assert (hosts.host("h1").binaries / "local-ai-v4.11.0").read_bytes() == NEW


def test_the_controller_downloads_each_file_once(hosts: RoleHosts, server: FileServer) -> None:
    hosts.variables["h2"]["architecture"] = "aarch64"
    hosts.add("h3")
    predicted = hosts.run("--check", localai_binary_download_on="controller")
    assert f"Would copy {server.url}{ASSET} by way of the controller to" in predicted.output
    assert not hosts.cache.exists()
    server.requests.clear()
    outcome = hosts.run(localai_binary_download_on="controller")
    assert outcome.changed == {"h1": True, "h2": True, "h3": True}
    assert [(hosts.host(name).binaries / "local-ai-v4.11.0").read_bytes() for name in ("h1", "h2", "h3")] == [
        *(NEW, OTHER, NEW)
    ]
    arm = ASSET.replace("amd64", "arm64")
    assert sorted(paths(server)) == sorted([SUMS, ASSET, arm])

    # One host lost its binary: the controller still has it, and needs no network.
    server.requests.clear()
    (hosts.host("h1").binaries / "local-ai-v4.11.0").unlink()
    again = hosts.run(localai_binary_download_on="controller")
    assert again.changed == {"h1": True, "h2": False, "h3": False}
    assert server.requests == []

    # A damaged file of the controller is not copied.
    (cached,) = hosts.cache.glob("*/local-ai-v4.11.0-linux-amd64")
    cached.write_bytes(b"damaged")
    (hosts.host("h1").binaries / "local-ai-v4.11.0").unlink()
    hosts.run(localai_binary_download_on="controller")
    assert (hosts.host("h1").binaries / "local-ai-v4.11.0").read_bytes() == NEW
    assert paths(server) == [ASSET]


@pytest.mark.parametrize("src", ["mine", "absolute"])
def test_a_file_of_the_controller_is_found_as_copy_finds_it(hosts: RoleHosts, src: str) -> None:
    (hosts.work / "files").mkdir()
    file = hosts.work / "files" / "mine"
    file.write_bytes(OTHER)
    variables = {"localai_binary_src": str(file) if src == "absolute" else "mine"}
    predicted = hosts.run("--check", **variables)
    assert f"Would copy {file} from the controller to {hosts.host('h1').binaries}/local-ai-v4.11.0." in predicted.output
    outcome = hosts.run(**variables)
    assert outcome.changed == {"h1": True, "h2": True}
    # Hashed for all hosts by one task of one host.
    assert len(re.findall(r"ok: \[\S+ -> localhost\] => \(item=\S*mine\)", outcome.output)) == 1
    assert (hosts.host("h2").binaries / "local-ai-v4.11.0").read_bytes() == OTHER
    again = hosts.run(**variables)
    assert again.changed == {"h1": False, "h2": False}
    assert "Copy the LocalAI binary" not in again.output

    # Another build of the same version is stored beside it.
    file.write_bytes(NEW)
    hosts.run(**variables)
    h1 = hosts.host("h1")
    assert h1.link.readlink() == h1.binaries / f"local-ai-v4.11.0@{sha256(NEW)[:12]}"
    assert (h1.binaries / "local-ai-v4.11.0").read_bytes() == OTHER


def test_a_file_that_is_not_on_the_controller_is_refused(hosts: RoleHosts) -> None:
    outcome = hosts.run(localai_binary_src="nowhere")
    assert outcome.failed == {"h1": True, "h2": True}
    assert "localai_binary_src, nowhere, is not a readable file on the controller." in outcome.output
    (hosts.work / "files").mkdir()
    (hosts.work / "files" / "mine").write_bytes(OTHER)
    outcome = hosts.run(localai_binary_src="mine", localai_binary_checksum=f"sha256:{sha256(NEW)}")
    assert f"has the checksum sha256:{sha256(OTHER)}, and localai_binary_checksum is sha256:" in outcome.output


def test_only_some_hosts_have_a_file_of_the_controller(hosts: RoleHosts, server: FileServer) -> None:
    (hosts.work / "mine").write_bytes(OTHER)
    hosts.variables["h2"]["localai_binary_src"] = "mine"
    assert hosts.run().failed == {"h1": False, "h2": False}
    contents = [(hosts.host(name).binaries / "local-ai-v4.11.0").read_bytes() for name in ("h1", "h2")]
    assert contents == [NEW, OTHER]
    assert paths(server).count(ASSET) == 1


def test_a_binary_that_was_changed_on_the_host_is_installed_again(hosts: RoleHosts) -> None:
    hosts.run()
    binary = hosts.host("h1").binaries / "local-ai-v4.11.0"
    binary.write_bytes(b"something else")
    for mode in ("--check", "--diff"):
        outcome = hosts.run(mode)
        assert outcome.changed == {"h1": True, "h2": False}
        assert f"{binary} is not the file that the role installed." in outcome.output
    assert binary.read_bytes() == NEW
    assert hosts.run().changed == {"h1": False, "h2": False}


def test_a_binary_without_a_record_gets_one_without_a_download(hosts: RoleHosts, server: FileServer) -> None:
    for name in ("h1", "h2"):
        hosts.host(name).install("local-ai-v4.11.0", OTHER)
    predicted = hosts.run("--check")
    assert f"Would record the checksum of {hosts.host('h1').binaries}/local-ai-v4.11.0." in predicted.output
    hosts.run()
    assert (hosts.host("h1").binaries / "local-ai-v4.11.0.sha256").read_text() == sha256(OTHER) + "\n"
    assert (hosts.host("h1").binaries / "local-ai-v4.11.0").read_bytes() == OTHER
    assert server.requests == []


@pytest.mark.parametrize("checksum", ["", f"sha256:{sha256(OTHER)}"])
def test_a_binary_of_an_older_role_is_moved(hosts: RoleHosts, server: FileServer, checksum: str) -> None:
    """It is copied, then the service starts, and then the old directory is removed."""
    h1 = hosts.host("h1")
    for name in ("h1", "h2"):
        hosts.host(name).install_old("local-ai-v4.11.0", OTHER)
        hosts.host(name).install_old("local-ai-v4.9.0", b"older")
    predicted = hosts.run("--check", localai_binary_checksum=checksum)
    assert f"Would copy {h1.old}/local-ai-v4.11.0 to {h1.binaries}/local-ai-v4.11.0." in predicted.output
    assert (h1.old / "local-ai-v4.11.0").exists()
    failing = hosts.run(localai_binary_checksum=checksum, starts=False)
    assert failing.failed == {"h1": True, "h2": True}
    assert (h1.old / "local-ai-v4.11.0").exists()
    h1.use(h1.old / "local-ai-v4.11.0")
    hosts.run(localai_binary_checksum=checksum)
    assert (h1.binaries / "local-ai-v4.11.0").read_bytes() == OTHER
    assert h1.link.readlink() == h1.binaries / "local-ai-v4.11.0"
    assert not h1.old.exists()
    assert server.requests == []
    assert hosts.run(localai_binary_checksum=checksum).changed == {"h1": False, "h2": False}


def test_another_build_in_the_old_directory_is_not_used(hosts: RoleHosts) -> None:
    h1 = hosts.host("h1")
    h1.install_old("local-ai-v4.11.0", OTHER)
    hosts.run(localai_binary_checksum=f"sha256:{sha256(NEW)}")
    assert (h1.binaries / "local-ai-v4.11.0").read_bytes() == NEW


def test_the_binary_before_an_upgrade_is_kept(hosts: RoleHosts, server: FileServer) -> None:
    h1 = hosts.host("h1")
    h1.install_old("local-ai-v4.9.0", OTHER)
    hosts.run()
    assert [path.name for path in h1.old.iterdir()] == ["local-ai-v4.9.0"]
    assert hosts.run().changed == {"h1": False, "h2": False}
    server.pages.update(release("v4.12.0", amd64=b"newest"))
    hosts.run(localai_version="v4.12.0")
    assert not h1.old.exists()
    names = ["local-ai-v4.11.0", "local-ai-v4.11.0.sha256", "local-ai-v4.12.0", "local-ai-v4.12.0.sha256"]
    assert sorted(path.name for path in h1.binaries.iterdir()) == names
    server.pages.update(release("v4.13.0", amd64=b"still newer"))
    hosts.run(localai_version="v4.13.0")
    assert sorted(path.name for path in h1.binaries.iterdir()) == [
        *("local-ai-v4.12.0", "local-ai-v4.12.0.sha256", "local-ai-v4.13.0", "local-ai-v4.13.0.sha256")
    ]


def test_an_older_version_is_refused(hosts: RoleHosts) -> None:
    hosts.host("h1").install_old("local-ai-v4.12.0", OTHER)
    outcome = hosts.run()
    assert outcome.failed == {"h1": True, "h2": False}
    assert "localai_version is v4.11.0, and this host has v4.12.0, which is newer." in outcome.output
    assert hosts.run(localai_allow_downgrade=True).failed == {"h1": False, "h2": False}


LATEST = {
    "redirect of GitHub": ("/releases/download", "/releases/latest", "/releases/tag/v4.11.0"),
    "text of a mirror": ("/mirror", "/mirror/latest", None),
    "redirect of a mirror": ("/mirror", "/mirror/latest", "/mirror/v4.11.0"),
}


@pytest.mark.parametrize("case", LATEST)
def test_the_newest_release_is_looked_up_once(hosts: RoleHosts, server: FileServer, case: str) -> None:
    base, path, target = LATEST[case]
    server.pages.update({page.replace("/releases/download", base): body for page, body in server.pages.items()})
    if target:
        server.pages[path] = Page(status=302, headers={"Location": target})
        server.pages[target] = b"<html>The release</html>"
    else:
        server.pages[path] = b"v4.11.0\n"
    variables = {"localai_version": "latest", "localai_release_url": f"{server.url}{base}", "localai_batch": 1}
    predicted = hosts.run("--check", **variables)
    assert "/local-ai-v4.11.0-linux-amd64 to" in predicted.output
    assert paths(server).count(path) == 1
    hosts.run(**variables)
    assert paths(server).count(path) == 2
    assert hosts.host("h2").link.readlink().name == "local-ai-v4.11.0"
    assert hosts.run(**variables).changed == {"h1": False, "h2": False}


@pytest.mark.parametrize("base", ["/releases/download", "/mirror"])
def test_a_newest_release_that_cannot_be_looked_up_is_an_error(hosts: RoleHosts, server: FileServer, base: str) -> None:
    url = f"{server.url}{base}"
    outcome = hosts.run("--check", localai_version="latest", localai_release_url=url)
    where = f"{server.url}/releases/latest" if base == "/releases/download" else f"{url}/latest"
    assert f"The newest release of LocalAI cannot be looked up at {where}: HTTP Error 404: Not Found." in outcome.output
    assert ("put a text file with the version there" in outcome.output) == (base == "/mirror")
    server.pages["/mirror/latest"] = server.pages["/releases/latest"] = b"<html>Please log in</html>"
    outcome = hosts.run(localai_version="latest", localai_release_url=url)
    assert outcome.failed == {"h1": True, "h2": True}
    assert f"at {where}: there is no version." in outcome.output
    outcome = hosts.run(localai_version="latest", localai_release_url="http://127.0.0.1:9")
    assert "at http://127.0.0.1:9/latest: " in outcome.output
    assert "Connection refused" in outcome.output


BASIC = "Basic " + base64.b64encode(b"reader:s3cret").decode()
CREDENTIALS = {
    "login": (BASIC, {"username": "reader", "password": "s3cret"}),
    "token": ("Bearer s3cret", {"token": "s3cret\n"}),
}


@pytest.mark.parametrize("download_on", ["host", "controller"])
@pytest.mark.parametrize("case", CREDENTIALS)
def test_credentials_are_those_of_the_endpoint_and_are_never_printed(
    hosts: RoleHosts, server: FileServer, case: str, download_on: str
) -> None:
    server.authorization, credentials = CREDENTIALS[case]
    server.pages["/mirror/latest"] = b"v4.11.0"
    server.pages.update({page.replace("/releases/download", "/mirror"): body for page, body in server.pages.items()})
    variables = {
        "localai_version": "latest",
        "localai_release_url": f"{server.url}/mirror",
        "localai_binary_download_on": download_on,
    }
    outcome = hosts.run("-vvv", **variables)
    assert f"at {server.url}/mirror/latest: HTTP Error 401" in outcome.output
    outcome = hosts.run("-vvv", **{**variables, "localai_version": "v4.11.0"})
    assert f"Add credentials for {server.host} to localai_endpoints." in outcome.output
    endpoints = [{"host": "other.example", "username": "x", "password": "y"}, {"host": server.host, **credentials}]
    for mode in ("--check", "--diff"):
        outcome = hosts.run(mode, "-vvv", **variables, localai_endpoints=endpoints)
        assert outcome.failed == {"h1": False, "h2": False}
        assert "s3cret" not in outcome.output
        assert BASIC not in outcome.output
    assert (hosts.host("h2").binaries / "local-ai-v4.11.0").read_bytes() == NEW
    # With a token the tasks are not logged, but an error still says what is wrong.
    del server.pages["/mirror/v4.11.0/local-ai-v4.11.0-linux-amd64"]
    hosts.host("h1").clear()
    for cached in hosts.cache.glob("*/*"):
        cached.unlink()
    outcome = hosts.run("-vvv", **variables, localai_endpoints=endpoints)
    assert "404: Not Found" in outcome.output
    assert "s3cret" not in outcome.output


def test_credentials_are_not_sent_to_another_server(hosts: RoleHosts, server: FileServer) -> None:
    with FileServer({"/store": NEW}) as store:
        server.authorization = "Bearer s3cret"
        server.pages[ASSET] = Page(status=302, headers={"Location": f"{store.url}/store"})
        hosts.run(localai_endpoints=[{"host": server.host, "token": "s3cret"}])
        assert (hosts.host("h1").binaries / "local-ai-v4.11.0").read_bytes() == NEW
        assert [request.headers.get("authorization") for request in store.requests] == [None, None]


LABELS = """#!/bin/sh
echo "$@" >> {log}
case $2 in -n) echo Would relabel;; esac
"""


def test_labels_are_restored_where_there_is_selinux(hosts: RoleHosts) -> None:
    log, program = hosts.work / "log", hosts.work / "bin" / "restorecon"
    program.parent.mkdir()
    program.write_text(LABELS.format(log=log))
    program.chmod(0o755)
    hosts.path = program.parent
    hosts.variables["h1"]["selinux"] = "enforcing"
    hosts.run("--check")
    assert not log.exists()
    hosts.run()
    directory = hosts.host("h1").binaries
    assert log.read_text() == f"-R -v {directory}\n"
    (directory / "local-ai-v4.11.0").write_bytes(b"damaged")
    hosts.run("--check")
    assert log.read_text().splitlines()[1:] == [f"-R -v -n {directory}"]
