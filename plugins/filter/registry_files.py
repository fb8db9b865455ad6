# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images of a bundle as the files of a registry."""

from __future__ import annotations

import re
import typing as t

DOCUMENTATION = r"""
name: registry_files
short_description: List the files with which a registry has the images of a bundle
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - The registry of the distribution project, Debian's C(docker-registry), refuses an index some of whose images are
    missing, and a bundle has only the requested platforms. So the images are put into its storage directly.
  - The repositories have the paths that they have in their own registries.
positional: _input, storage
options:
  _input:
    description: The content of C(bundle.json), which M(localai.core.localai_bundle) writes.
    type: dict
    required: true
  storage:
    description: The C(rootdirectory) of the registry.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: List the blobs that a registry needs
  ansible.builtin.debug:
    msg: "{{ (contents | localai.core.registry_files('/var/lib/docker-registry')).blobs }}"
  vars:
    contents: "{{ lookup('ansible.builtin.file', 'bundle/bundle.json') | from_json }}"
"""

RETURN = r"""
_value:
  description:
    - C(blobs) has the paths of blobs, relative to the bundle, by their paths in the storage. They can be hard links.
    - C(links) has the C(path) and the C(content) of each small file in the storage, and C(directories) the C(path) of
      each directory that they are in. The links have to be written after the blobs.
  type: dict
"""

_PART = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_NAME = re.compile(
    rf"(?:[a-z]+://)?[^/@]+/(?P<repository>{_PART}(?:/{_PART})*)(?::(?P<tag>[\w.-]+))?(?:@{_DIGEST.pattern})?", re.ASCII
)


def registry_files(contents: t.Mapping[str, t.Any], storage: str) -> dict[str, t.Any]:
    """Return the blobs, the links and their directories for the images in a `bundle.json`; raises ValueError.

    The paths are those of `registry/storage/paths.go` in the distribution project.
    """
    root = f"{storage.rstrip('/')}/docker/registry/v2"
    blobs: dict[str, str] = {}
    links: dict[str, str] = {}
    others: list[str] = []
    try:
        for image in contents["images"]:
            keys = [_hex(digest) for digest in image["blobs"]]
            blobs.update((f"{root}/blobs/sha256/{key[:2]}/{key}/data", f"images/blobs/sha256/{key}") for key in keys)
            for path, digest in _links(image, root):
                if links.setdefault(path, digest) != digest:
                    others.append(image["name"])
    except (LookupError, TypeError, ValueError):
        raise ValueError(
            "registry_files needs the content of the bundle.json of a bundle that this version of the collection has "
            "written."
        ) from None
    if others:
        raise ValueError(
            f"{others[0]}: another image of the bundle has this repository and tag on another host. A registry can "
            "have only one of them. Fill one registry for each host."
        )
    directories = sorted({path.rpartition("/")[0] for path in links})
    return {
        "blobs": blobs,
        "links": [{"path": path, "content": digest} for path, digest in links.items()],
        "directories": [{"path": path} for path in directories],
    }


def _links(image: t.Mapping[str, t.Any], root: str) -> t.Iterator[tuple[str, str]]:
    """Yield the path and the content of each link in the repository of an image."""
    name = _NAME.fullmatch(image["name"])
    if name is None:
        raise ValueError(image["name"])
    repository = f"{root}/repositories/{name['repository']}"
    for digest in image["blobs"]:
        kind = "_manifests/revisions" if digest in image["manifests"] else "_layers"
        yield f"{repository}/{kind}/sha256/{_hex(digest)}/link", digest
    if name["tag"]:
        tag = f"{repository}/_manifests/tags/{name['tag']}"
        yield f"{tag}/index/sha256/{_hex(image['digest'])}/link", image["digest"]
        yield f"{tag}/current/link", image["digest"]


def _hex(digest: str) -> str:
    """Return the digits of a digest; raises ValueError."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(digest)
    return digest.partition(":")[2]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"registry_files": registry_files}
