# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content that a bundle needs, as the planner of a host finds it: images, files, documents and pins."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ..._address import Address
from ..._bundle.contents import FILES, Kind, key_of
from ..._errors import SourceError
from ..._oci.parts import Parts
from ..._request import Pin

if t.TYPE_CHECKING:
    from ..._oci.platform import Platform


class WantedImage(t.NamedTuple):
    """An image at its origins, of which the first one is to be asked first. `names` are the tags that mean it."""

    origins: tuple[Address, ...]
    digest: str
    parts: Parts
    names: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()


class WantedFile(t.NamedTuple):
    """A file at an address. `keys` are the URLs by which hosts ask for it.

    Without a sha256, `version` tells this version of it. It is put into a directory of the bundle: without a
    `directory`, into one that is named after its content.
    """

    address: Address
    name: str
    sha256: str = ""
    size: int = 0
    version: str = ""
    keys: tuple[str, ...] = ()
    directory: str = FILES

    @property
    def identity(self) -> str:
        """A value that is equal for equal content."""
        return self.sha256 or f"{key_of(self.address.text)} {self.version}"


@dataclass
class Wanted:
    """The content that was found so far.

    `entries` are the names of the entries that hosts look up, by kind and gallery. `documents` are small files that
    were read already, by path in the bundle. `pins` are those of backends, and
    `model_pins` the rows of models. `platforms` are those of all hosts.
    """

    platforms: tuple[Platform, ...] = ()
    images: dict[str, WantedImage] = field(default_factory=dict)
    files: dict[str, WantedFile] = field(default_factory=dict)
    entries: dict[tuple[Kind, str], set[str]] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    pins: dict[Pin, None] = field(default_factory=dict)
    model_pins: list[dict[str, t.Any]] = field(default_factory=list)

    def add_image(self, image: WantedImage) -> None:
        """Add an image, or more names and platforms of it; `image` has the parts for all of these platforms."""
        digests = [image.digest, *(manifest.digest for manifest in image.parts.all_documents)]
        digests += [blob.digest for blob in image.parts.blobs]
        other = next((digest for digest in digests if not digest.startswith("sha256:")), None)
        if other is not None:
            raise SourceError(f"{image.origins[0]} has the digest {other}. A bundle can only have digests of sha256.")
        known = self.images.get(image.digest)
        if known is not None:
            image = image._replace(
                origins=_union(known.origins, image.origins),
                parts=known.parts.merged(image.parts),
                names=_union(known.names, image.names),
                platforms=_union(known.platforms, image.platforms),
            )
        self.images[image.digest] = image

    def add_file(self, file: WantedFile) -> None:
        """Add a file, or more URLs of it. Who names a URL without a sha256 gets what others know of it."""
        for known in [known for known in self.files.values() if _is_same(known, file)]:
            del self.files[known.identity]
            first, second = (known, file) if known.sha256 or not file.sha256 else (file, known)
            file = first._replace(keys=_union(known.keys, file.keys), size=first.size or second.size)
        self.files[file.identity] = file

    def add_entries(self, kind: Kind, gallery: str, names: t.Iterable[str]) -> None:
        """Add entries of a gallery that hosts look up."""
        self.entries.setdefault((kind, gallery), set()).update(name.lower() for name in names if name)


def _is_same(one: WantedFile, other: WantedFile) -> bool:
    if one.sha256 and other.sha256:
        return one.sha256 == other.sha256 and one.directory == other.directory
    return bool(set(one.keys) & set(other.keys))


_Item = t.TypeVar("_Item")


def _union(one: tuple[_Item, ...], other: tuple[_Item, ...]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys((*one, *other)))
