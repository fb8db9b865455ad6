# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The artifact of this collection, made of an installed copy: what `ansible-galaxy collection install` takes."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import typing as t

from .._errors import OptionError
from .._fs.read import read_file
from .._fs.utf8 import os

_MANIFEST, _FILES = "MANIFEST.json", "FILES.json"
_MOST_BYTES = 64 * 1024**2


class CollectionArtifact(t.NamedTuple):
    """The name of the artifact, the version of the collection, and the content."""

    name: str
    version: str
    content: bytes


def artifact_at(path: str) -> CollectionArtifact:
    """Return the artifact at a path, or the one that an installed collection there came from; raises OptionError.

    The same files always become the same bytes.
    """
    try:
        if os.path.isfile(path):
            return _read(path)
        manifest = json.loads(_file(path, _MANIFEST))
        info, rows = manifest["collection_info"], json.loads(_file(path, _FILES))["files"]
        name = f"{info['namespace']}-{info['name']}-{info['version']}.tar.gz"
        paths = [row["name"] + ("/" if row["ftype"] == "dir" else "") for row in rows if row["name"] != "."]
        return CollectionArtifact(name, str(info["version"]), _packed(path, [_MANIFEST, _FILES, *paths]))
    except OSError as e:
        raise OptionError(f"collection: {e.filename or path}: {e.strerror}. {_ADVICE}") from None
    except (ValueError, LookupError, TypeError, tarfile.TarError, EOFError):
        raise OptionError(f"collection: {path} is neither an installed collection nor an artifact. {_ADVICE}") from None


_ADVICE = (
    "Set collection to a directory that ansible-galaxy collection install has made, or to the file that "
    "ansible-galaxy collection build has made."
)


def _read(path: str) -> CollectionArtifact:
    content = read_file(path, _MOST_BYTES)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        member = archive.extractfile(_MANIFEST)
        info = json.loads(member.read() if member is not None else b"")["collection_info"]
    return CollectionArtifact(os.path.basename(path), str(info["version"]), content)


def _file(path: str, name: str) -> bytes:
    return read_file(os.path.join(path, name), _MOST_BYTES)


def _packed(path: str, names: t.Iterable[str]) -> bytes:
    """Return an archive of files and, with a slash at the end, of directories, which ansible-galaxy insists on."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in names:
            member, content = tarfile.TarInfo(name.rstrip("/")), b""
            if name.endswith("/"):
                member.type = tarfile.DIRTYPE
            else:
                content = _file(path, name)
            member.size = len(content)
            member.mode = 0o755 if os.access(os.path.join(path, name), os.X_OK) else 0o644
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)
