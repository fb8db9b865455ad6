# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client for Sigstore's conformance suite, as a command: its exit status, and never a traceback."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.localai.core.tests.conformance.__main__ import main
from ansible_collections.localai.core.tests.support.sigstore.damage import flipped, without
from ansible_collections.localai.core.tests.support.sigstore.identities import GITHUB, workflow
from ansible_collections.localai.core.tests.support.sigstore.instance import How, Instance

ROOT = Path(__file__).parents[6]
SIGSTORE = Instance()
TRUSTED = SIGSTORE.trusted_root()
FILE = b"a file"
DIGEST = f"sha256:{hashlib.sha256(FILE).hexdigest()}"
HOLDER, KEYED = SIGSTORE.certificate(), SIGSTORE.key_holder()
IDENTITY = ["--certificate-identity", workflow().uri, "--certificate-oidc-issuer", GITHUB]
GOOD = SIGSTORE.sign_bytes(FILE, HOLDER)
SIGNATURE = ("messageSignature", "signature")


@pytest.fixture
def given(tmp_path):
    """Arguments of the command for a bundle, which may also be bytes."""

    def write(bundle, *signer, artifact=DIGEST, root=TRUSTED):
        names = []
        for name, document in (("bundle.json", bundle), ("root.json", root)):
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            (tmp_path / name).write_bytes(content)
            names.append(str(tmp_path / name))
        (tmp_path / "file").write_bytes(FILE)
        (tmp_path / "other").write_bytes(b"another file")
        (tmp_path / "key.pub").write_bytes(KEYED.pem)
        (tmp_path / "other.pub").write_bytes(SIGSTORE.key_holder().pem)
        paths = [str(tmp_path / name) if (tmp_path / name).exists() else name for name in (*signer, artifact)]
        return ["verify-bundle", "--bundle", names[0], "--trusted-root", names[1], *paths]

    return write


@pytest.mark.parametrize(
    ("bundle", "signer"),
    [
        (GOOD, IDENTITY),
        (SIGSTORE.sign_bytes(FILE, HOLDER, How(log="v2")), IDENTITY),
        (SIGSTORE.sign_bytes(FILE, HOLDER, How(version="0.1")), IDENTITY),
        (SIGSTORE.sign_image(DIGEST, HOLDER), IDENTITY),
        (SIGSTORE.sign_image(DIGEST, HOLDER, How(log="v2", kind="dsse")), IDENTITY),
        (SIGSTORE.sign_bytes(FILE, KEYED), ["--key", "key.pub"]),
        (SIGSTORE.sign_image(DIGEST, KEYED, How(log="v2")), ["--key", "key.pub"]),
    ],
)
@pytest.mark.parametrize("artifact", [DIGEST, "file"])
def test_good_bundles_are_verified(given, capsys, bundle, signer, artifact):
    assert main(given(bundle, *signer, artifact=artifact)) == 0
    assert capsys.readouterr() == ("Verified.\n", "")


@pytest.mark.parametrize(
    "case",
    [
        (GOOD, IDENTITY, "other", "the bundle is that of another artifact"),
        (GOOD, IDENTITY, "sha256:" + "0b" * 32, "the bundle is that of another artifact"),
        (GOOD, IDENTITY, "sha256:" + "0B" * 32, "No such file"),
        (GOOD, IDENTITY, "missing", "No such file"),
        (GOOD, ["--certificate-identity", "x", *IDENTITY[2:]], DIGEST, f"the signer is {workflow().uri}, for whom"),
        (GOOD, [*IDENTITY[:2], "--certificate-oidc-issuer", "https://x"], DIGEST, f"for whom {GITHUB} vouches"),
        (GOOD, ["--key", "key.pub"], DIGEST, "the bundle has a certificate|certificate"),
        (SIGSTORE.sign_bytes(FILE, KEYED), IDENTITY, DIGEST, "the bundle was signed with a key"),
        (
            SIGSTORE.sign_bytes(FILE, KEYED),
            ["--key", "other.pub"],
            DIGEST,
            "the signature of the artifact is not valid",
        ),
        (SIGSTORE.sign_bytes(FILE, KEYED), ["--key", "file"], DIGEST, "is not a public key in a known form"),
        (SIGSTORE.sign_bytes(FILE, KEYED), ["--key", "missing"], DIGEST, "No such file"),
        (flipped(GOOD, SIGNATURE), IDENTITY, DIGEST, "the signature of the artifact is not valid"),
        (without(GOOD, SIGNATURE), IDENTITY, DIGEST, "bundle.json.messageSignature has no signature"),
        (Instance("other.test").sign_bytes(FILE), IDENTITY, DIGEST, "the trusted root has no transparency log"),
        *(
            (content, IDENTITY, DIGEST, "bundle.json is not")
            for content in (b"", b"\xff", b"[]", b"null", b"[" * 100_000, b'{"a": NaN}', b'{"a":1,"a":1}')
        ),
        (b'{"mediaType":"\\ud800"}', IDENTITY, DIGEST, "bundle.json.mediaType is not a text"),
    ],
)
def test_other_bundles_are_refused_with_a_message(given, capsys, case):
    bundle, signer, artifact, problem = case
    assert main(given(bundle, *signer, artifact=artifact)) == 1
    output, message = capsys.readouterr()
    assert output == ""
    assert message.startswith("Not verified: ")
    assert any(part in message for part in problem.split("|"))
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("root", [b"", b"{}", b"\xff", {**SIGSTORE.trusted_root(), "ctlogs": []}])
def test_other_trusted_roots_are_refused_with_a_message(given, capsys, root):
    assert main(given(GOOD, *IDENTITY, root=root)) == 1
    assert "trusted root" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--staging"]])
def test_the_roots_of_the_collection_are_used_without_another_one(given, capsys, options):
    command, bundle, name, _root, _file, *others = given(GOOD, *IDENTITY)
    assert main([command, *options, bundle, name, *others]) == 1
    assert "the trusted root has no transparency log with the identifier" in capsys.readouterr().err


@pytest.mark.parametrize(
    "signer", [[], IDENTITY[:2], IDENTITY[2:], ["--key", "key.pub", *IDENTITY], ["--key", "key.pub", *IDENTITY[:2]]]
)
def test_a_signer_has_to_be_named(given, capsys, signer):
    with pytest.raises(SystemExit) as ended:
        main(given(GOOD, *signer))
    assert ended.value.code == 2
    assert "are needed, or --key" in capsys.readouterr().err


def test_it_is_a_command(given):
    """The suite calls a program."""
    for bundle, status, text in ((GOOD, 0, "Verified."), (b"{", 1, "Not verified: bundle.json is not valid JSON")):
        run = subprocess.run(
            [sys.executable, "-m", "ansible_collections.localai.core.tests.conformance", *given(bundle, *IDENTITY)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
        assert run.returncode == status
        assert text in run.stdout + run.stderr
        assert "Traceback" not in run.stderr
