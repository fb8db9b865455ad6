# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of certificates and keys: each that cannot be used is an error before the first request, without a prompt."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.localai.core.plugins.module_utils._errors import UnusableFile
from ansible_collections.localai.core.plugins.module_utils._http.certificate_files import (
    authorities_for,
    check_files,
    client_files_for,
)
from ansible_collections.localai.core.plugins.module_utils._request import Connection, Endpoint
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.interpreter import environment

FORMATS = {
    "PKCS#8": serialization.PrivateFormat.PKCS8,
    "traditional": serialization.PrivateFormat.TraditionalOpenSSL,
}


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    """The paths of all kinds of files that a client may have, by name."""
    directory = tmp_path_factory.mktemp("client")
    certificate, key = authority.issue("client")
    content = {
        "cert": certificate.read_bytes(),
        "key": key.read_bytes(),
        "other key": authority.issue("other")[1].read_bytes(),
        "empty": b"",
        "text": b"no certificate",
        "DER": b"0\x82\x03\x01",
        "damaged": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "CRLF": certificate.read_bytes().replace(b"\n", b"\r\n"),
        "both": certificate.read_bytes() + key.read_bytes(),
    }
    private = serialization.load_pem_private_key(content["key"], None)
    for name, form in FORMATS.items():
        encryption = serialization.BestAvailableEncryption(b"passphrase")
        content[name] = private.private_bytes(serialization.Encoding.PEM, form, encryption)
        content[f"both {name}"] = content["cert"] + content[name]
    paths = {}
    for name, data in content.items():
        paths[name] = str(directory / name.replace("#", ""))
        (directory / name.replace("#", "")).write_bytes(data)
    return {**paths, "missing": str(directory / "missing.pem"), "directory": str(directory), "": None}


@pytest.mark.parametrize(
    ("cert", "key", "says"),
    [
        ("missing", "", "client_cert: {cert} cannot be read: No such file or directory on this host. Copy the file"),
        ("cert", "missing", "client_key: {key} cannot be read: No such file or directory on this host. Copy the file"),
        ("directory", "", "client_cert: {cert} cannot be read: "),
        ("empty", "key", "client_cert: {cert} contains no certificate in PEM format."),
        ("DER", "key", "client_cert: {cert} contains no certificate in PEM format."),
        ("key", "key", "client_cert: {cert} contains no certificate in PEM format."),
        ("damaged", "key", "client_cert: {cert} with the key in {key} cannot be used ("),
        ("cert", "", "client_cert: {cert} contains no private key in PEM format. Set client_key to the file"),
        ("cert", "cert", "client_key: {key} contains no private key in PEM format."),
        ("cert", "text", "client_key: {key} contains no private key in PEM format."),
        ("cert", "other key", "client_key: the key in {key} does not belong to the certificate in {cert}."),
        ("cert", "PKCS#8", "client_key: the key in {key} is encrypted"),
        ("cert", "traditional", "client_key: the key in {key} is encrypted"),
        ("both PKCS#8", "", "client_cert: the key in {cert} is encrypted"),
        ("both traditional", "", "client_cert: the key in {cert} is encrypted"),
    ],
)
@pytest.mark.parametrize("of_endpoint", [True, False])
def test_a_client_certificate_that_cannot_be_used_is_an_error(files, cert, key, says, of_endpoint):
    settings = {"client_cert": files[cert], "client_key": files[key]}
    connection = Connection(endpoints=(Endpoint("a.example", **settings),)) if of_endpoint else Connection(**settings)
    with pytest.raises(UnusableFile) as caught:
        check_files(connection)
    option, colon, rest = says.format(cert=files[cert], key=files[key]).partition(":")
    whose = " of a.example in endpoints" if of_endpoint else ""
    assert str(caught.value).startswith(f"{option}{whose}{colon}{rest}")


def test_the_error_for_an_encrypted_key_says_how_to_go_on(files):
    with pytest.raises(UnusableFile, match=r"file of mode 0600, as in: umask 077; openssl pkey -in .* -out NEW\.key\."):
        check_files(Connection(client_cert=files["cert"], client_key=files["PKCS#8"]))


@pytest.mark.parametrize(("cert", "key"), [("cert", "key"), ("both", ""), ("CRLF", "key"), ("", "")])
def test_a_client_certificate_with_its_key_is_fine(files, cert, key):
    check_files(Connection(client_cert=files[cert], client_key=files[key]))


@pytest.mark.parametrize("kind", ["PKCS#8", "traditional"])
def test_an_encrypted_key_is_no_reason_to_ask_at_a_terminal(files, kind):
    code = (
        "import sys; from ansible_collections.localai.core.plugins.module_utils._http.client import Http, Connection; "
    )
    code += "Http(Connection(client_cert=sys.argv[1])).fetch('https://localhost/')"
    ours, terminal = pty.openpty()
    try:
        # With a session of its own, the first terminal that it opens is its controlling one.
        command = [sys.executable, "-c", f"import os; os.open(os.ttyname(0), os.O_RDWR); {code}", files[f"both {kind}"]]
        process = subprocess.run(
            command,
            check=False,
            env=environment(),
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.PIPE,
            timeout=30,
            start_new_session=True,
        )
    finally:
        os.close(ours)
        os.close(terminal)
    assert b"is encrypted, and nobody can enter its passphrase" in process.stderr


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing", "cannot be read: No such file or directory on this host. Copy the file to the host first."),
        ("empty", "contains no certificate that can be read"),
        ("text", "contains no certificate that can be read"),
        ("DER", "contains no certificate that can be read"),
        ("damaged", "contains no certificate that can be read"),
        ("key", "contains no certificate that can be read"),
        ("directory", "contains no certificates under the names that OpenSSL looks for. Run openssl rehash"),
    ],
)
@pytest.mark.parametrize("of_endpoint", [True, False])
def test_authorities_that_cannot_be_used_are_an_error(files, name, says, of_endpoint):
    settings = {"ca_path": files[name]}
    connection = Connection(endpoints=(Endpoint("a.example", **settings),)) if of_endpoint else Connection(**settings)
    with pytest.raises(UnusableFile) as caught:
        check_files(connection)
    assert str(caught.value).startswith("ca_path of a.example in endpoints: " if of_endpoint else "ca_path: ")
    assert files[name] in str(caught.value)
    assert says in str(caught.value)


def test_authorities_may_be_a_file_or_a_directory_with_hashed_names(authority, tmp_path):
    (tmp_path / "0a1b2c3d.0").write_bytes(authority.ca_file.read_bytes())
    for path in (authority.ca_file, tmp_path):
        check_files(Connection(ca_path=str(path)))


@pytest.mark.parametrize(
    "settings", [{"ca_path": "/missing"}, {"endpoints": (Endpoint("b.example", ca_path="/missing"),)}]
)
def test_the_files_are_checked_before_the_first_request(settings):
    with FileServer({"/page": b"x"}) as server:
        with pytest.raises(UnusableFile):
            Client(**settings).fetch(server.url + "/page")
        assert server.requests == []


@pytest.mark.parametrize("option", ["ca_path", "client_cert", "client_key"])
def test_the_content_of_a_file_in_place_of_its_path_is_an_error_without_it(option):
    settings = {"client_cert": "/cert.pem", option: "-----BEGIN X-----\nhunter2\n-----END X-----\n"}
    for connection in (Connection(**settings), Connection(endpoints=(Endpoint("r.example", **settings),))):
        with pytest.raises(UnusableFile, match=f"^{option}.*: set it to the path of a file") as caught:
            check_files(connection)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "connection", "authorities", "client_files"),
    [
        ({}, {}, True, None),
        ({}, {"ca_path": "/all.pem", "client_cert": "/c.pem"}, "/all.pem", "/c.pem"),
        (
            {"ca_path": "/one.pem", "client_cert": "/o.pem"},
            {"ca_path": "/all.pem", "client_key": "/k"},
            "/one.pem",
            "/o.pem",
        ),
        ({}, {"client_cert": "/c.pem", "client_key": "/k.pem"}, True, ("/c.pem", "/k.pem")),
        ({"validate_certs": False}, {"ca_path": "/all.pem"}, False, None),
        ({"validate_certs": True}, {"validate_certs": False}, True, None),
    ],
)
def test_a_host_has_the_files_of_its_endpoint_or_else_those_for_all_hosts(
    endpoint, connection, authorities, client_files
):
    host, settings = Endpoint(host="h", **endpoint), Connection(**connection)
    assert authorities_for(host, settings) == authorities
    assert client_files_for(host, settings) == client_files
