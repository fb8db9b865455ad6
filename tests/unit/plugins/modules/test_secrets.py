# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is secret in an address is never in what the modules return, wherever the address comes from.

It comes from an option, a gallery, a redirect, what a server sends back, or what is recorded of a backend.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.tests.support.archives import tar_archive
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.faults import Rate, Redirect, Status
from ansible_collections.localai.core.tests.support.files import FileServer, Page
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY

SECRET = "S3cret+4b/x="
SENT = "S3cret%2B4b%2Fx%3D"
QUERY = f"X-Amz-Expires=3600&X-Amz-Signature={SENT}"
ARCHIVE = tar_archive(backend_entries("signed"))
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture
def files():
    with FileServer({"/x.tar.gz": ARCHIVE, "/y.tar.gz": ARCHIVE}) as server:
        yield server


@pytest.fixture
def signed(files):
    return f"{files.url}/x.tar.gz?{QUERY}"


def write_gallery(host: Any, tmp_path: Path, *entries: dict[str, Any], **options: Any) -> None:
    """Let the host have one gallery, of these entries."""
    (tmp_path / "signed.yaml").write_text(json.dumps(entries), encoding="utf-8")
    host.options["galleries"] = [{"name": "g", "url": str(tmp_path / "signed.yaml"), **options}]


def shown(result: dict[str, Any]) -> str:
    """What is returned, without secrets: they would start like this."""
    text = json.dumps(result)
    assert "S3cret" not in text
    assert "X-Amz" not in text
    return text


# --- recorded addresses


@pytest.mark.parametrize("check", [True, False])
def test_a_recorded_address_is_redacted_where_it_is_the_reason_for_another_uri(host, files, signed, check):
    host.install("piper", uri=signed)
    assert host.metadata("piper")["uri"] == signed
    result = host.backend("piper", uri=f"{files.url}/y.tar.gz?{QUERY}", check=check)
    shown(result)
    (row,) = result["backends"]
    assert (row["action"], row["reason"]) == ("replace", f"it was installed from {files.url}/x.tar.gz")
    assert row["uri"] == f"{files.url}/y.tar.gz"
    (diff,) = result["diff"]
    assert (diff["before"]["uri"], diff["after"]["uri"]) == (f"{files.url}/x.tar.gz", f"{files.url}/y.tar.gz")


@pytest.mark.parametrize("check", [True, False])
def test_a_recorded_address_is_redacted_where_it_is_of_no_release(host, world, signed, check):
    host.install("piper", uri=signed)
    world.registry.put(REPOSITORY, "v9-piper", world.content.images["latest-piper"])
    result = host.backend("piper", release="v9", check=check)
    assert f"it was installed from {signed.partition('?')[0]}, which is not of release v9" in shown(result)


def test_a_recorded_address_of_a_registry_that_has_user_and_query_is_redacted(host, files):
    uri = f"me:{SECRET}@quay.io/x/y:tag?{QUERY}"
    host.place("piper", {"name": "piper", "uri": uri, "gallery_url": f"https://me:{SENT}@h/i.yaml?{QUERY}"})
    result = host.backend("piper", uri=f"{files.url}/y.tar.gz", check=True)
    shown(result)
    (row,) = result["backends"]
    assert row["reason"] == "it was installed from quay.io/x/y:tag"
    (found,) = host.info()["backends"]
    assert found["metadata"] == {"name": "piper", "uri": "quay.io/x/y:tag", "gallery_url": "https://h/i.yaml"}


def test_previous_versions_are_shown_and_restored_without_what_is_secret(host, files, signed):
    host.install("piper", uri=signed)
    shown(host.install("piper", uri=f"{files.url}/y.tar.gz", keep_previous=1))
    (kept,) = host.info()["previous"]
    assert kept["uri"] == f"{files.url}/x.tar.gz"
    result = host.install("piper", uri=signed)
    shown(result)
    assert result["backends"][0]["action"] == "restore"
    assert host.metadata("piper")["uri"] == signed


def test_the_diffs_of_removals_and_repairs_are_redacted(host, signed):
    host.install("piper", uri=signed)
    (host.path / "piper" / "run.sh").unlink()
    shown(host.install("piper", uri=signed))
    shown(host.install("piper", uri=signed, alias="b"))
    shown(host.install("piper", uri=signed, force=True))
    removal = host.install("piper", state="absent")
    assert signed.partition("?")[0] in shown(removal)


# --- errors and warnings


def test_a_signed_archive_that_is_gone_is_an_error_without_its_query(host, files, tmp_path):
    gone = f"{files.url}/gone.tar.gz?{QUERY}"
    write_gallery(host, tmp_path, {"name": "gone", "uri": gone, "mirrors": [gone + "&again=1", gone]})
    for result in (host.backend("gone"), host.backend("gone", uri=gone), host.backend("gone", check=True)):
        assert result["failed"]
        assert f"{files.url}/gone.tar.gz" in shown(result)
        assert "404 Not Found" in result["msg"]


def test_a_release_of_a_signed_archive_is_an_error_without_its_query(host, signed, tmp_path):
    write_gallery(host, tmp_path, {"name": "piper", "uri": signed})
    result = host.backend("piper", release="v1")
    assert f"but {signed.partition('?')[0]} has no such tag" in shown(result)


def test_a_digest_for_a_signed_archive_that_differs_is_an_error_without_its_query(host, signed, tmp_path):
    write_gallery(host, tmp_path, {"name": "piper", "uri": signed})
    result = host.backend("piper", digest="sha256:" + "0" * 64)
    assert result["failed"]
    assert signed.partition("?")[0] in shown(result)


def test_a_signed_archive_without_sha256_cannot_be_pinned_and_its_query_is_not_told(host, signed, tmp_path):
    write_gallery(host, tmp_path, {"name": "piper", "uri": signed})
    result = host.info("piper", pins=True)
    assert result["failed"]
    assert f"{signed.partition('?')[0]} has no digest, so it cannot be pinned" in shown(result)


@pytest.mark.parametrize(
    "uri", [f"me:{SECRET}@127.0.0.1:1/x", f"oci://me:S3cret@127.0.0.1:1/x:a?{QUERY}", "http:/me:S3cret@h/x"]
)
def test_a_reference_with_a_secret_is_refused_without_it(host, tmp_path, uri):
    write_gallery(host, tmp_path, {"name": "piper", "uri": uri})
    for result in (host.backend("piper"), host.backend("piper", uri=uri), host.backend("piper", release="v1")):
        assert result["failed"]
        shown(result)


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_what_a_server_sends_back_of_a_signed_address_is_hidden(host, files, signed, status):
    body = f"<Error><Message>/x.tar.gz?{QUERY}</Message><Provided>{SECRET}</Provided><Sent>{SENT}</Sent></Error>"
    files.faults = [Status("/x", status=status, body=body.encode())]
    result = host.backend("piper", uri=signed)
    assert result["failed"]
    assert f"{status} " in result["msg"]
    assert "S3cret" not in json.dumps(result)


def test_upgrades_are_told_and_made_without_the_query(host, files, signed, tmp_path):
    write_gallery(host, tmp_path, {"name": "piper", "uri": signed, "version": "1"})
    host.install("piper")
    write_gallery(host, tmp_path, {"name": "piper", "uri": signed, "version": "2", "sha256": SHA256})
    assert files.url in shown(host.info("piper", upgrades=True, available=True))
    shown(host.install("piper", state="latest"))
    shown(host.backend("piper", state="latest", check=True))


# --- redirects


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("http://127.0.0.1:1/z?{query}", "127.0.0.1:1"),
        ("ftp://me:S3cret@127.0.0.1/z?{query}", "ftp://127.0.0.1/z, which is not an http:// or https:// URL"),
        ("http://me:S3cret@127.0.0.1:1/z?{query}", "http://127.0.0.1:1/z, which is not an http:// or https:// URL"),
        ("http://[::1/z?{query}", "(a malformed URL)"),
        ("{{path}}?{query}", "redirects more than"),
        ("/gone?{query}#{query}", "404"),
    ],
)
def test_a_signed_redirect_is_never_told(host, files, location, says):
    files.faults = [Redirect("/x", location=location.format(query=QUERY).replace("{{path}}", "{path}"))]
    result = host.backend("piper", uri=f"{files.url}/x.tar.gz")
    assert result["failed"]
    assert says in shown(result)


def test_what_came_by_a_signed_redirect_is_recorded_and_returned_without_it(host, files):
    files.faults = [Redirect("/x", location=f"/y.tar.gz?{QUERY}")]
    shown(host.install("piper", uri=f"{files.url}/x.tar.gz"))
    assert "S3cret" not in (host.path / "piper" / "metadata.json").read_text(encoding="utf-8")
    assert files.requests[-1].query == QUERY


# --- galleries


def test_a_gallery_with_a_user_in_its_url_is_refused_without_it(host, files):
    url = files.url.replace("://", f"://me:{SENT}@") + "/index.yaml"
    for mirrors in ([], [url, f"{files.url}/gone.yaml?{QUERY}"]):
        host.options["galleries"] = [{"name": "g", "url": url, "mirrors": mirrors}]
        result = host.backend("piper")
        assert result["failed"]
        assert f"{files.url}/index.yaml" in shown(result)


@pytest.mark.parametrize(
    "url",
    [f"github:me:{SECRET}@org/repo", f"github:org/repo?{QUERY}", f"ftp://me:{SECRET}@h/x?{QUERY}", f"me:{SECRET}@h/x"],
)
def test_a_gallery_that_means_nothing_is_told_without_what_is_secret(host, url):
    host.options["galleries"] = [{"name": "g", "url": url}]
    result = host.backend("piper")
    assert result["failed"]
    shown(result)


def test_a_signed_gallery_is_read_recorded_and_never_told(host, files, signed, tmp_path):
    entries = [
        {"name": "piper", "uri": signed, "sha256": SHA256, "mirrors": [signed + "&again=1"]},
        {"name": "m", "capabilities": {"default": "piper"}},
        {"name": "bad", "uri": [signed]},
    ]
    files.pages["/index.yaml"] = json.dumps(entries).encode()
    url = f"{files.url}/index.yaml?{QUERY}"
    host.options["galleries"] = [{"name": "g", "url": f"{files.url}/gone.yaml?{QUERY}", "mirrors": [url]}]
    result = host.install("m")
    shown(result)
    assert [row["uri"] for row in result["backends"]] == [signed.partition("?")[0]]
    assert host.metadata("piper")["uri"] == signed
    assert host.metadata("m")["gallery_url"] == f"{files.url}/gone.yaml?{QUERY}"
    told = host.info(available=True, upgrades=True, pins=True)
    shown(told)
    assert {row["uri"] for row in told["available"]} == {signed.partition("?")[0], None}
    assert any("its entry 3 is skipped" in warning for warning in told["warnings"])
    shown(host.backend("m", state="latest", check=True))
    shown(host.backend("m", force=True))
    shown(host.backend("nobody"))


# --- pins


def test_pins_of_a_signed_archive_have_no_query_and_are_taken(host, files, signed, tmp_path):
    write_gallery(host, tmp_path, {"name": "piper", "uri": signed, "sha256": SHA256})
    host.install("piper")
    told = host.info("piper", pins=True)
    shown(told)
    assert ["the query of its uri is omitted" in warning for warning in told["warnings"]] == [True]
    (row,) = told["pins"]["backends"]
    assert (row["uri"], row["digest"]) == (f"{files.url}/x.tar.gz", f"sha256:{SHA256}")
    assert not host.install("piper", pins=told["pins"])["changed"]
    shown(host.install("piper", pins=told["pins"], force=True))


def test_pins_that_were_signed_by_hand_are_shown_without_it(host, signed):
    pin = {"name": "piper", "capability": "default", "platform": "linux/amd64", "backend": "piper"}
    document = {"format": 1, "backends": [{**pin, "uri": signed, "digest": "sha256:" + "0" * 64}]}
    host.options["platform"] = "linux/amd64"
    assert signed.partition("?")[0] in shown(host.backend("piper", pins=document))
    document["backends"][0]["digest"] = f"sha256:{SHA256}"
    shown(host.backend("piper", pins=document, check=True))
    shown(host.install("piper", pins=document))


# --- while a run is at work


def test_progress_shows_no_query(host, files):
    files.pages["/slow.tar.gz"] = Page(tar_archive(backend_entries("slow", files={"more": bytes(10)})) + bytes(300_000))
    files.faults = [Rate("/slow", bytes_per_second=200_000)]
    work = threading.Thread(target=host.backend, args=["piper"], kwargs={"uri": f"{files.url}/slow.tar.gz?{QUERY}"})
    work.start()
    seen = []
    while work.is_alive():
        progress = host.path / ".localai-core" / "progress"
        with contextlib.suppress(FileNotFoundError):  # not there yet, or removed at the end
            seen.append(progress.read_text(encoding="utf-8"))
        work.join(0.05)
    assert any("piper" in text for text in seen)
    assert not [text for text in seen if "S3cret" in text or "X-Amz" in text]
