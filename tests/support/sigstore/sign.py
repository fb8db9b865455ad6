# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sign what is in a registry, as `cosign sign --recursive` does: an index, and each image in it.

As a program: `HOST:PORT/REPOSITORY:TAG`. The signatures are under the fallback tags, whose lists are replaced. With
`--trusted-root` it also writes the file that a verifier needs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Callable, Mapping

from ..images import OCI_INDEX, Artifact, Image, Index, Platform, digest
from ..push import Pusher, add_options, target
from . import damage
from .attach import old_referrer, put_fallback, referrer
from .identities import Identity, workflow
from .instance import Instance
from .moments import NOW, days

Form = Callable[[Instance, Identity, Artifact], Image]


def _bundle(instance: Instance, identity: Identity, subject: Artifact) -> Image:
    return referrer(subject, instance.sign_image(subject.digest, instance.certificate(identity)))


def _expired(instance: Instance, identity: Identity, subject: Artifact) -> Image:
    return referrer(subject, instance.sign_image(subject.digest, instance.certificate(identity, moment=NOW - days(1))))


def _replayed(instance: Instance, identity: Identity, subject: Artifact) -> Image:
    return referrer(subject, instance.sign_image(digest(b"something else"), instance.certificate(identity)))


def _forged(instance: Instance, identity: Identity, subject: Artifact) -> Image:
    bundle = instance.sign_image(subject.digest, instance.certificate(identity))
    return referrer(subject, damage.flipped(bundle, damage.SIGNATURE))


def _in_no_log(instance: Instance, identity: Identity, subject: Artifact) -> Image:
    bundle = instance.sign_image(subject.digest, instance.certificate(identity))
    return referrer(subject, damage.flipped(bundle, damage.BODY))


def _old(instance: Instance, identity: Identity, subject: Artifact) -> Image:
    return old_referrer(subject, [instance.sign_image_old(subject.digest, instance.certificate(identity))])


FORMS: Mapping[str, Form] = {"bundle": _bundle, "old": _old}
FAULTS: Mapping[str, Form] = {"expired": _expired, "replayed": _replayed, "forged": _forged, "log": _in_no_log}


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
    parser.add_argument("--fault", choices=[*FAULTS], help="a bundle that has to be refused instead")
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
        ways = [FAULTS[options.fault]] if options.fault else [FORMS[form] for form in options.form]
        signed = [way(instance, identity, subject) for way in ways]
        put_fallback(pusher.push, repository, subject, signed)
        print(subject.digest)
    if options.trusted_root:
        options.trusted_root.write_text(json.dumps(instance.trusted_root(), indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
