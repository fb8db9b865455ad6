# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a certificate of Fulcio names: its alternative name, and the claims of the token, one extension each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Mapping, Union

from cryptography import x509

from . import der

ARC = "1.3.6.1.4.1.57264.1."
RAW_ISSUER, EVENT, RAW_COMMIT, WORKFLOW_NAME, RAW_REPOSITORY, RAW_REF = 1, 2, 3, 4, 5, 6
ISSUER, BUILD_SIGNER, RUNNER, SOURCE_REPOSITORY, COMMIT, REF, BUILD_CONFIG = 8, 9, 11, 12, 13, 14, 18

GITHUB = "https://token.actions.githubusercontent.com"
COMMIT_ID = "6f6a2b0d6d3f3d5c2a5c6a3d3f0f2c7f1b9f4e21"

Claim = Union[str, bytes]


@dataclass(frozen=True)
class Identity:
    """What a certificate says about its holder.

    `claims` are by the last number of their identifier. Text is written as Fulcio does, bytes are written as they are.
    """

    uri: str = ""
    mail: str = ""
    claims: Mapping[int, Claim] = field(default_factory=dict)

    def named(self, uri: str = "", mail: str = "") -> Identity:
        """The same with another name."""
        return replace(self, uri=uri, mail=mail)

    def claiming(self, claims: Mapping[int, Claim]) -> Identity:
        """The same with these claims added or replaced."""
        return replace(self, claims={**self.claims, **claims})

    def without(self, *numbers: int) -> Identity:
        """The same without some claims."""
        return replace(self, claims={number: item for number, item in self.claims.items() if number not in numbers})

    @property
    def names(self) -> list[x509.GeneralName]:
        """The alternative names."""
        uris: list[x509.GeneralName] = [x509.UniformResourceIdentifier(self.uri)] if self.uri else []
        return uris + ([x509.RFC822Name(self.mail)] if self.mail else [])

    @property
    def extensions(self) -> list[x509.UnrecognizedExtension]:
        """The claims as extensions."""
        return [
            x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ARC}{number}"), _encoded(number, claim))
            for number, claim in sorted(self.claims.items())
        ]


def workflow(
    ref: str = "refs/heads/master",
    file: str = "backend_merge.yml",
    repository: str = "mudler/LocalAI",
    caller: str = "backend.yml",
    issuer: str = GITHUB,
) -> Identity:
    """A job of a workflow on GitHub. LocalAI's `backend.yml` calls the file that signs, and that one is named."""
    home = f"https://github.com/{repository}"
    signer = f"{home}/.github/workflows/{file}@{ref}"
    return Identity(
        uri=signer,
        claims={
            RAW_ISSUER: issuer,
            EVENT: "push",
            RAW_COMMIT: COMMIT_ID,
            WORKFLOW_NAME: "build backend container images",
            RAW_REPOSITORY: repository,
            RAW_REF: ref,
            ISSUER: issuer,
            BUILD_SIGNER: signer,
            RUNNER: "github-hosted",
            SOURCE_REPOSITORY: home,
            COMMIT: COMMIT_ID,
            REF: ref,
            BUILD_CONFIG: f"{home}/.github/workflows/{caller}@{ref}",
        },
    )


def person(mail: str = "somebody@example.org", issuer: str = "https://accounts.example.org") -> Identity:
    """Somebody who logged in."""
    return Identity(mail=mail, claims={RAW_ISSUER: issuer, ISSUER: issuer})


def _encoded(number: int, claim: Claim) -> bytes:
    if isinstance(claim, bytes):
        return claim
    # Up to number 6 Fulcio wrote the text without a type.
    return claim.encode() if number <= RAW_REF else der.utf8(claim)
