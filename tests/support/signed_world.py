# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry with one signed backend, a gallery with a policy for it, and the Sigstore that signed it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .backends import backend_image
from .images import Index
from .registry import Registry
from .sigstore import attach
from .sigstore.identities import workflow
from .sigstore.instance import How, Instance

REPOSITORY = "local-ai/backends"
TAG = "latest-cpu-piper"
POLICY = {
    "issuer": "https://token.actions.githubusercontent.com",
    "identity_regex": r"^https://github\.com/mudler/LocalAI/\.github/workflows/backend_merge\.yml@refs/heads/master$",
    "source_repository": "https://github.com/mudler/LocalAI",
}
OTHER_WORKFLOW = workflow(repository="stranger/fork")


class SignedWorld:
    """The backend `piper`, whose index and image LocalAI's workflow signs when a test says so."""

    def __init__(self, registry: Registry, directory: Path) -> None:
        """Publish the first version, which nobody has signed, and write the gallery and the trusted root."""
        self.registry = registry
        self.sigstore = Instance()
        self.path = directory / "backends"
        self.image: Index = self.publish("1")
        uri = f"{registry.host}/{REPOSITORY}:{TAG}"
        self.index = directory / "index.yaml"
        self.index.write_text(f"- name: piper\n  uri: {uri}\n", encoding="utf-8")
        self.root = directory / "trusted_root.json"
        self.root.write_text(json.dumps(self.sigstore.trusted_root()), encoding="utf-8")
        self.gallery: dict[str, Any] = {"name": "own", "url": str(self.index), "verification": POLICY}

    @property
    def options(self) -> dict[str, Any]:
        """The options of a task that enforces the policy."""
        return {"galleries": [self.gallery], "signatures": "enforce", "trusted_root": str(self.root)}

    def publish(self, version: str) -> Index:
        """Let the tag be of a version without a signature."""
        self.image = backend_image("piper", version)
        self.registry.put(REPOSITORY, TAG, self.image)
        return self.image

    def bundle(self, digest: str = "", **how: Any) -> dict[str, Any]:
        """A bundle for a digest, by default that of the index."""
        return self.sigstore.sign_image(digest or self.image.digest, how=How(**how))

    def attach(self, *bundles: dict[str, Any]) -> None:
        """Store bundles about the index, in the way of this registry."""
        referrers = [attach.referrer(self.image, bundle) for bundle in bundles]
        if self.registry.referrers:
            attach.put_referrers(self.registry.put, REPOSITORY, referrers)
        else:
            attach.put_fallback(self.registry.put, REPOSITORY, self.image, referrers)

    def sign(self, **how: Any) -> None:
        """Sign the index as LocalAI's workflow does."""
        self.attach(self.bundle(**how))
