# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role installs the LocalAI binary from a release server or a file. One run has many hosts, each with its case."""

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
from ansible_collections.localai.core.tests.support.tls import Authority

NEW, OTHER = b"#!/bin/sh\necho the release\n", b"#!/bin/sh\necho another build\n"
ASSET, SUMS = "v4.11.0/local-ai-v4.11.0-linux-amd64", "v4.11.0/LocalAI-v4.11.0-checksums.txt"
INSTALLED = ["local-ai", "opt/bin/local-ai-v4.11.0", "opt/bin/local-ai-v4.11.0.sha256"]


def sha256(content: bytes) -> str:
    """The checksum of a file."""
    return hashlib.sha256(content).hexdigest()


def release(below: str) -> dict[str, bytes | Page]:
    """The pages of version 4.11.0 below a path."""
    names = {ASSET: NEW, ASSET.replace("amd64", "arm64"): OTHER}
    sums = "".join(f"{sha256(content)}  {name.rpartition('/')[2]}\n" for name, content in names.items())
    return {f"{below}/{name}": content for name, content in {**names, SUMS: sums.encode()}.items()}


@pytest.fixture(name="server")
def _server() -> Iterator[FileServer]:
    with FileServer(release("/releases/download")) as server:
        yield server


@pytest.fixture(name="hosts")
def _hosts(tmp_path: Path, server: FileServer) -> RoleHosts:
    return RoleHosts(tmp_path, localai_version="v4.11.0", localai_release_url=f"{server.url}/releases/download/")


def paths(server: FileServer) -> list[str]:
    """The paths that were requested, in the order of the alphabet."""
    return sorted(request.path for request in server.requests)


@pytest.mark.long
def test_a_release_is_predicted_and_installed_and_then_nothing_changes(hosts: RoleHosts, server: FileServer) -> None:
    host = hosts.add("h1")
    source = f"{server.url}/releases/download/{ASSET}"
    predicted = hosts.run("--check")
    assert f"Would download {source} to {host.binary}." in predicted.output
    assert predicted.changed == {"h1"}
    assert host.names() == []
    assert [request.headers.get("range") for request in server.requests if "amd64" in request.path] == ["bytes=0-0"]

    assert hosts.run().changed == {"h1"}
    assert (host.binary.read_bytes(), host.binary.stat().st_mode & 0o777) == (NEW, 0o755)
    assert host.record("local-ai-v4.11.0").read_text() == sha256(NEW) + "\n"
    assert host.link.resolve() == host.binary
    assert host.names() == INSTALLED

    server.requests.clear()
    again = hosts.run()
    assert again.changed == set()
    assert again.tasks == ["Resolve", "Assert the rules", "Warn", "Install", "Link", "Start", "Forget"]
    assert server.requests == []


# What is wrong with the release server, and what the role says about it.
FAILURES = {
    "no_version": ({SUMS: None}, "/no_version/v4.11.0 by .*: HTTP Error 404: Not Found .*Check that localai_version"),
    "no_file": ({ASSET: None}, "/no_file/v4.11.0 by .*: HTTP Error 404: Not Found .*linux-amd64"),
    "not_listed": (
        {SUMS: b"0" * 64 + b"  local-ai-v4.11.0-linux-amd64.sig"},
        "/not_listed/v4.11.0 by .* does not list",
    ),
    "another": ({ASSET: OTHER}, "/another/v4.11.0 by .* The file there is not the one that was released."),
    "cut": ({}, "/cut/v4.11.0 by"),
}


@pytest.mark.long
@pytest.mark.parametrize("download_on", ["host", "controller"])
@pytest.mark.parametrize("mode", ["check", "run"])
def test_a_download_that_fails(hosts: RoleHosts, server: FileServer, mode: str, download_on: str) -> None:
    """Check mode fails where the run would, except for the bytes of the file, which it does not read."""
    for name, (changes, _message) in FAILURES.items():
        hosts.add(name, localai_release_url=f"{server.url}/{name}")
        server.pages.update(release(f"/{name}"))
        for path, content in changes.items():
            server.pages.pop(f"/{name}/{path}")
            if content is not None:
                server.pages[f"/{name}/{path}"] = content
    good = hosts.add("good")
    server.faults.append(Cut(f"/cut/{ASSET}", after=10))
    outcome = hosts.run(*(["--check"] if mode == "check" else []), localai_binary_download_on=download_on)
    expected = {"no_version", "no_file", "not_listed"} if mode == "check" else FAILURES.keys()
    assert outcome.failed == expected
    for name in expected:
        assert re.search(
            f"LocalAI v4.11.0 could not be downloaded from {server.url}{FAILURES[name][1]}", outcome.output
        )
    assert "The service was not touched." in outcome.output
    assert "good" in outcome.changed
    assert [name for name in FAILURES if (hosts.work / name / "opt" / "bin" / "local-ai-v4.11.0").exists()] == []
    assert good.names() == (INSTALLED if mode == "run" else [])


@pytest.mark.long
def test_the_controller_downloads_each_file_once(hosts: RoleHosts, server: FileServer) -> None:
    h1, arm, h3 = hosts.add("h1"), hosts.add("arm", architecture="aarch64"), hosts.add("h3")
    predicted = hosts.run("--check", localai_binary_download_on="controller")
    assert re.search(f"Would copy http://\\S*amd64 by way of the controller to {h1.binary}.", predicted.output)
    assert not hosts.cache.exists()
    server.requests.clear()
    assert hosts.run(localai_binary_download_on="controller").changed == {"h1", "arm", "h3"}
    assert [host.binary.read_bytes() for host in (h1, arm, h3)] == [NEW, OTHER, NEW]
    files = [ASSET, ASSET.replace("amd64", "arm64"), SUMS]
    assert paths(server) == sorted(f"/releases/download/{file}" for file in files)

    # A host lost its binary. The controller still has the file, and needs no network.
    server.requests.clear()
    h1.binary.unlink()
    assert hosts.run(localai_binary_download_on="controller").changed == {"h1"}
    assert server.requests == []

    # A damaged file of the controller is not copied.
    (cached,) = hosts.cache.glob("*/local-ai-v4.11.0-linux-amd64")
    cached.write_bytes(b"damaged")
    h1.binary.unlink()
    hosts.run(localai_binary_download_on="controller")
    assert h1.binary.read_bytes() == NEW
    assert paths(server) == [f"/releases/download/{ASSET}"]


@pytest.mark.long
def test_a_file_of_the_controller_is_found_as_copy_finds_it(hosts: RoleHosts, server: FileServer) -> None:
    file = hosts.work / "files" / "mine"
    file.parent.mkdir()
    file.write_bytes(OTHER)
    same, absolute = hosts.add("a", localai_binary_src="mine"), hosts.add("b", localai_binary_src=str(file))
    hosts.add("c", localai_binary_src="mine")
    hosts.add("nowhere", localai_binary_src="nowhere")
    hosts.add("wrong", localai_binary_src="mine", localai_binary_checksum=f"sha256:{sha256(NEW)}")
    downloads = hosts.add("none")
    predicted = hosts.run("--check")
    assert f"Would copy {file} from the controller to {same.binary}." in predicted.output
    outcome = hosts.run()
    assert (outcome.changed, outcome.failed) == ({"a", "b", "c", "none"}, {"nowhere", "wrong"})
    assert "localai_binary_src, nowhere, is not a readable file on the controller." in outcome.output
    assert f"mine, has the checksum sha256:{sha256(OTHER)}, and localai_binary_checksum is sha256:" in outcome.output
    assert [host.binary.read_bytes() for host in (same, absolute, downloads)] == [OTHER, OTHER, NEW]
    # Hashed once for all hosts.
    assert len(re.findall(rf"ok: \[\w+ -> localhost\] => \(item={file}\)", outcome.output)) == 1

    again = hosts.run()
    assert again.changed == set()
    assert "Copy the LocalAI binary from the controller" not in again.tasks

    # Another build of the same version is stored beside it.
    file.write_bytes(NEW)
    hosts.run()
    assert same.link.resolve() == same.binaries / f"local-ai-v4.11.0@{sha256(NEW)[:12]}"
    assert same.binary.read_bytes() == OTHER


@pytest.mark.long
def test_binaries_that_are_on_the_host(hosts: RoleHosts, server: FileServer) -> None:
    """Files that were changed, that have no record, and those that an older version of the role installed."""
    checksum = {"localai_binary_checksum": f"sha256:{sha256(OTHER)}"}
    changed = hosts.add("changed")
    changed.install("local-ai-v4.11.0", b"something else", recorded=NEW)
    unrecorded = hosts.add("unrecorded")
    unrecorded.install("local-ai-v4.11.0", OTHER)
    moved = {name: hosts.add(name, **given) for name, given in {"old": {}, "known": checksum}.items()}
    for host in moved.values():
        host.install_old("local-ai-v4.9.0", b"older")
        host.install_old("local-ai-v4.11.0", OTHER)
    another = hosts.add("another", localai_binary_checksum=f"sha256:{sha256(NEW)}")
    another.install_old("local-ai-v4.11.0", OTHER)
    refused, older = hosts.add("refused"), hosts.add("older", localai_allow_downgrade=True)
    for host in (refused, older):
        host.install_old("local-ai-v4.12.0", OTHER)
    dead = hosts.add("dead", starts=False)
    dead.install_old("local-ai-v4.11.0", OTHER)

    predicted = hosts.run("--check")
    assert predicted.changed == {"changed", "unrecorded", "old", "known", "another", "older", "dead"}
    assert f"Would record the checksum of {unrecorded.binary}." in predicted.output
    for host in moved.values():
        assert f"Would copy {host.old}/local-ai-v4.11.0 to {host.binary}." in predicted.output
        assert host.names() == ["local-ai", "old/local-ai-v4.11.0", "old/local-ai-v4.9.0"]

    server.requests.clear()
    outcome = hosts.run()
    assert (outcome.changed, outcome.failed) == (predicted.changed, {"refused", "dead"})
    for output in (predicted.output, outcome.output):
        assert f"{changed.binary} is not the file that the role installed." in output
        assert "localai_version is v4.11.0, and this host has v4.12.0, which is newer." in output
    assert changed.binary.read_bytes() == another.binary.read_bytes() == NEW
    for host in (unrecorded, *moved.values(), dead):
        assert host.binary.read_bytes() == OTHER
        assert host.record("local-ai-v4.11.0").read_text() == sha256(OTHER) + "\n"
    # The old directory is removed after a good start, unless the binary before is in it.
    assert all(host.names() == INSTALLED for host in moved.values())
    assert dead.names() == [*INSTALLED[:1], "old/local-ai-v4.11.0", *INSTALLED[1:]]
    assert older.names() == [*INSTALLED[:1], "old/local-ai-v4.12.0", *INSTALLED[1:]]
    assert paths(server).count(f"/releases/download/{ASSET}") == 3  # changed, another, older

    assert hosts.run().changed == set()


@pytest.mark.long
def test_the_binary_before_an_upgrade_is_kept(hosts: RoleHosts) -> None:
    host = hosts.add("h1")
    for version in ("v4.8.0", "v4.9.0"):
        host.install(f"local-ai-{version}", OTHER, recorded=OTHER)
    host.install_old("local-ai-v4.7.0", OTHER)
    host.use(host.binaries / "local-ai-v4.9.0")
    hosts.run()
    assert host.names() == [*INSTALLED, "opt/bin/local-ai-v4.9.0", "opt/bin/local-ai-v4.9.0.sha256"]
    assert not host.old.exists()
    assert hosts.run().changed == set()


@pytest.mark.long
def test_the_newest_release_is_looked_up_once(hosts: RoleHosts, server: FileServer) -> None:
    server.pages.update({**release("/text"), **release("/redirect"), **release("/through")})
    server.pages["/releases/latest"] = Page(status=302, headers={"Location": "/releases/tag/v4.11.0"})
    server.pages["/releases/tag/v4.11.0"] = b"<html>The release</html>"
    server.pages["/text/latest"] = b"v4.11.0\n"
    server.pages["/redirect/latest"] = Page(status=302, headers={"Location": "/redirect/v4.11.0"})
    # As a mirror answers that follows redirects itself.
    server.pages["/through/latest"] = Page(
        b"<html>v1</html>", headers={"Content-Location": f"{server.url}/tag/v4.11.0"}
    )
    server.pages["/redirect/v4.11.0"] = server.pages["/page/latest"] = b"<html>Hello</html>"
    github = [hosts.add("github1"), hosts.add("github2"), hosts.add("github3")]
    mirrors = [hosts.add(name, localai_release_url=f"{server.url}/{name}") for name in ("text", "redirect", "through")]
    failures = {
        "page": f"at {server.url}/page/latest: there is no version.",
        "missing": f"at {server.url}/missing/latest: HTTP Error 404: Not Found.",
        "refused": "at http://127.0.0.1:9/latest: ",
    }
    for name in failures:
        hosts.add(name, localai_release_url="http://127.0.0.1:9" if name == "refused" else f"{server.url}/{name}")
    for mode in (["--check"], []):
        server.requests.clear()
        # The next batch has the answers of the batch before.
        outcome = hosts.run(*mode, serial=2, localai_version="latest")
        assert outcome.failed == failures.keys()
        assert all(
            f"The newest release of LocalAI cannot be looked up {text}" in outcome.output for text in failures.values()
        )
        assert "Connection refused" in outcome.output
        assert [paths(server).count(f"/{name}/latest") for name in ("releases", "text", "redirect")] == [1, 1, 1]
    assert [host.names() for host in github + mirrors] == [INSTALLED] * 6


CREDENTIALS = {
    "basic": ("Basic " + base64.b64encode(b"reader:s3cret").decode(), {"username": "reader", "password": "s3cret"}),
    "token": ("Bearer s3cret", {"token": "s3cret\n"}),
}


@pytest.mark.long
@pytest.mark.parametrize("download_on", ["host", "controller"])
@pytest.mark.parametrize("case", CREDENTIALS)
def test_credentials_are_those_of_the_endpoint_and_are_never_printed(
    hosts: RoleHosts, server: FileServer, case: str, download_on: str
) -> None:
    server.authorization, credentials = CREDENTIALS[case]
    server.pages["/releases/latest"] = Page(status=302, headers={"Location": "/releases/tag/v4.11.0"})
    server.pages["/releases/tag/v4.11.0"] = b""
    endpoints = [{"host": "other.example", "username": "x", "password": "y"}, {"host": server.host, **credentials}]
    host = hosts.add("h1", localai_version="latest", localai_endpoints=endpoints)
    # A file that is not there: an error says so, although tasks with a token are not logged.
    hosts.add("missing", localai_version="v4.0.0", localai_endpoints=endpoints)
    if download_on == "host":
        hosts.add("unknown")  # without credentials
    outcome = hosts.run("-vvv", localai_binary_download_on=download_on)
    assert outcome.failed == ({"missing", "unknown"} if download_on == "host" else {"missing"})
    assert host.names() == INSTALLED
    assert "LocalAI v4.0.0 could not be downloaded" in outcome.output
    assert "HTTP Error 404: Not Found" in outcome.output
    assert (f"Add credentials for {server.host} to localai_endpoints." in outcome.output) == (download_on == "host")
    assert "s3cret" not in outcome.output
    assert CREDENTIALS["basic"][0] not in outcome.output


@pytest.mark.long
def test_credentials_are_not_sent_to_another_server(hosts: RoleHosts, server: FileServer) -> None:
    with FileServer({"/store": NEW}) as store:
        server.authorization = "Bearer s3cret"
        server.pages[f"/releases/download/{ASSET}"] = Page(status=302, headers={"Location": f"{store.url}/store"})
        host = hosts.add("h1", localai_endpoints=[{"host": server.host, "token": "s3cret"}])
        hosts.run()
        assert host.binary.read_bytes() == NEW
        assert [request.headers.get("authorization") for request in store.requests] == [None]


@pytest.mark.long
def test_the_authority_of_a_mirror_is_trusted(hosts: RoleHosts, authority: Authority) -> None:
    with FileServer(release("/mirror"), tls=authority.server_context()) as server:
        url = f"{server.url}/mirror"
        hosts.add("endpoint", localai_endpoints=[{"host": server.host.upper(), "ca_path": str(authority.ca_file)}])
        hosts.add("general", localai_ca_path=str(authority.ca_file))
        hosts.add("unknown")
        assert hosts.run(localai_release_url=url).failed == {"unknown"}


LABELS = """#!/bin/sh
echo "$@" >> {log}
case $3 in -n) echo Would relabel;; esac
"""


@pytest.mark.long
def test_labels_are_restored_where_there_is_selinux(hosts: RoleHosts) -> None:
    log = hosts.work / "log"
    hosts.programs.mkdir()
    (hosts.programs / "restorecon").write_text(LABELS.format(log=log))
    (hosts.programs / "restorecon").chmod(0o755)
    bare, damaged = hosts.add("bare", selinux="enforcing"), hosts.add("damaged", selinux="permissive")
    hosts.add("disabled")
    damaged.install("local-ai-v4.11.0", b"something else", recorded=NEW)
    hosts.run("--check")
    assert log.read_text() == f"-R -v -n {damaged.binaries}\n"
    log.unlink()
    hosts.run()
    assert sorted(log.read_text().splitlines()) == sorted(f"-R -v {host.binaries}" for host in (bare, damaged))
