# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Speak the command-line protocol of Sigstore's conformance suite (sigstore-conformance, docs/cli_protocol.md).

    python -m ansible_collections.localai.core.tests.conformance verify-bundle [--staging] --bundle FILE
        (--certificate-identity NAME --certificate-oidc-issuer URL | --key FILE) [--trusted-root FILE] FILE_OR_DIGEST

The exit status is 0 if the bundle proves that the signer signed the artifact, and 1 with a message if it does not.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from pathlib import Path

from ...plugins.module_utils._errors import SignatureError
from ...plugins.module_utils._sigstore.bundle import read_bundle
from ...plugins.module_utils._sigstore.identity import identity_of
from ...plugins.module_utils._sigstore.keys import key_from_pem
from ...plugins.module_utils._sigstore.public_root import ROOT
from ...plugins.module_utils._sigstore.trusted_root import read_trusted_root
from ...plugins.module_utils._sigstore.verify import Artifact, Signed, verify

STAGING = Path(__file__).parent / "staging_trusted_root.json"
DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="conformance")
    command = parser.add_subparsers(dest="command", required=True).add_parser("verify-bundle")
    command.add_argument("--staging", action="store_true")
    command.add_argument("--bundle", type=Path, required=True)
    command.add_argument("--certificate-identity")
    command.add_argument("--certificate-oidc-issuer")
    command.add_argument("--key", type=Path)
    command.add_argument("--trusted-root", type=Path)
    command.add_argument("artifact")
    parsed = parser.parse_args(given)
    if (parsed.certificate_identity, parsed.certificate_oidc_issuer).count(None) != (2 if parsed.key else 0):
        parser.error("either --certificate-identity and --certificate-oidc-issuer are needed, or --key")
    return parsed


def artifact(name: str) -> Artifact:
    digest = DIGEST.fullmatch(name)
    if digest and not Path(name).exists():
        return Artifact(bytes.fromhex(digest.group(1)))
    content = Path(name).read_bytes()
    return Artifact(hashlib.sha256(content).digest(), content)


def check_identity(signed: Signed, name: str, issuer: str) -> None:
    if signed.certificate is not None:
        identity = identity_of(signed.certificate)
        if (identity.name, identity.issuer) != (name, issuer):
            raise SignatureError(f"the signer is {identity.name}, for whom {identity.issuer} vouches")


def main(given: list[str]) -> int:
    asked = arguments(given)
    try:
        root = ROOT.encode()
        if asked.staging or asked.trusted_root:
            root = (asked.trusted_root or STAGING).read_bytes()
        key = key_from_pem(asked.key.read_bytes(), str(asked.key)) if asked.key else None
        bundle = read_bundle(asked.bundle.read_bytes(), asked.bundle.name)
        signed = verify(bundle, artifact(asked.artifact), read_trusted_root(root), key)
        check_identity(signed, asked.certificate_identity, asked.certificate_oidc_issuer)
    except (SignatureError, OSError) as e:
        print(f"Not verified: {e}", file=sys.stderr)
        return 1
    print("Verified.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
