# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sign what is in a registry, as `cosign sign --recursive` does: an index, and each image in it.

As a program: `HOST:PORT/REPOSITORY:TAG`. The signatures are under the fallback tags, whose lists are written anew. With
`--trusted-root` it also writes the file that a verifier needs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Callable, Mapping

from ..images import OCI_INDEX, Artifact, Image, Index, Platform, digest
from ..push import Pusher, add_options, target
from .attach import old_referrer, put_fallback, referrer
from .identities import Identity, workflow
from .instance import Instance

Form = Callable[[Instance, Identity, Artifact], Image]


def _bundle(instance: Instance, identity: Identity, subject: Artifact) -> Image:
    return referrer(subject, instance.sign_image(subject.digest, instance.certificate(identity)))


def _old(instance: Instance, identity: Identity, subject: Artifact) -> Image:
    return old_referrer(subject, [instance.sign_image_old(subject.digest, instance.certificate(identity))])


FORMS: Mapping[str, Form] = {"bundle": _bundle, "old": _old}


def subjects(pusher: Pusher, repository: str, name: str) -> list[Artifact]:
    """The image or index of that name, and the images in it; without their blobs."""
    media_type, manifest = pusher.manifest(repository, name)
    rows = json.loads(manifest).get("manifests", [])
    children = [item for row in rows for item in subjects(pusher, repository, row["digest"])]
    if media_type == OCI_INDEX:
        return [Index(manifest, media_type, digest(manifest), ()), *children]
    return [Image(manifest, media_type, digest(manifest), b"", (), Platform()), *children]


def main() -> None:
    """Sign one image or index."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    parser.add_argument("--sigstore", default="sigstore.test", help="its name, which decides about all keys")
    parser.add_argument("--form", choices=[*FORMS], nargs="+", default=["bundle"])
    parser.add_argument("--ref", default="refs/heads/master", help="on which the workflow ran")
    parser.add_argument("--workflow", default="backend_merge.yml", help="the file that signed")
    parser.add_argument("--trusted-root", type=Path, metavar="FILE")
    parser.add_argument("reference", help="HOST:PORT/REPOSITORY:TAG")
    options = parser.parse_args()
    host, _slash, path = options.reference.partition("/")
    repository, _colon, tag = path.partition(":")
    instance, identity = Instance(options.sigstore), workflow(options.ref, options.workflow)
    pusher = Pusher(target(host, options))
    for subject in subjects(pusher, repository, tag):
        signed = [FORMS[form](instance, identity, subject) for form in options.form]
        put_fallback(pusher.push, repository, subject, signed)
        print(subject.digest)
    if options.trusted_root:
        options.trusted_root.write_text(json.dumps(instance.trusted_root(), indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
