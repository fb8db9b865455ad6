# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions of this collection. `_module.runner` reports all of them with `fail_json`.

::

    LocalAIError
    |-- OptionError             the options contradict each other, or one is not valid
    |   `-- UnusableFile        a file of certificates or keys that an option names cannot be used
    |-- NameRefused             a name that is not valid for a directory
    |-- MissingLibrary          a Python library is not installed on this host
    |-- HostError               a path, permissions, disk space or metadata on this host
    |   |-- LockTimeout         another run holds the lock of the backends path
    |   `-- PartlyChanged       owner, group or mode of some files could not be changed
    |-- GalleryError            an index cannot be read, or a name cannot be resolved
    |   |-- UnknownNameError    no gallery has the name
    |   `-- UnknownGalleryError the task has no gallery with the name
    |-- ReleaseError            there is no image of a backend for the requested release
    |-- CombinedError           the errors of several names of a task
    |-- SourceError             a URI cannot be fetched, or does not contain a backend
    |   `-- IntegrityError      a digest or a size does not match
    |-- SignatureError          a signature is missing or not valid, or is that of another signer
    |-- TransportError          a server does not answer, or answers with an error
    `-- ServerError             the LocalAI server on this host is not as a task needs it
"""

from __future__ import annotations

import typing as t


class LocalAIError(Exception):
    """An error for the operator: what failed and where, what was tried and what to do next.

    It is `missing` if every origin answered that it does not have the object. `warnings` has the warnings of a plan
    that the error prevented.
    """

    missing = False
    warnings: tuple[str, ...] = ()


class OptionError(LocalAIError):
    """The options of a task contradict each other, or one is not valid."""


class UnusableFile(OptionError):
    """A file of certificates or keys that an option names cannot be used, so no request can be made."""


class NameRefused(LocalAIError):
    """A name, an alias or a target of a backend is not valid as the name of a directory."""


class MissingLibrary(LocalAIError):
    """A Python library that this run needs is not installed on this host."""

    def __init__(self, library: str, traceback: str) -> None:
        super().__init__(library)
        self.library = library
        self.traceback = traceback


class HostError(LocalAIError):
    """A path, permissions, disk space or metadata on this host prevent the run."""


class LockTimeout(HostError):
    """Another run held the lock of the backends path for longer than `lock_timeout`."""


class PartlyChanged(HostError):
    """The owner, group or mode of some files were changed, and those of others could not be changed."""


class GalleryError(LocalAIError):
    """A gallery cannot be read, or a name cannot be resolved on this host."""


class UnknownNameError(GalleryError):
    """No gallery has an entry for a name.

    `searched` describes the galleries that were searched, and `similar` has similar names in them.
    """

    def __init__(self, name: str, searched: str, similar: t.Sequence[str] = ()) -> None:
        hint = f" Similar names: {', '.join(similar)}." if similar else ""
        super().__init__(f"{name} is in no gallery; looked in {searched}.{hint}")
        self.name = name
        self.searched = searched
        self.similar = tuple(similar)


class UnknownGalleryError(GalleryError):
    """A task requests a name from a gallery that it does not have; `galleries` has the names of those it has."""

    def __init__(self, requested: str, galleries: t.Sequence[str]) -> None:
        selected = requested.rpartition("@")[0]
        names = ", ".join(galleries) or "none"
        super().__init__(f"{requested}: there is no gallery {selected!r}. The galleries of this task: {names}.")
        self.requested = requested
        self.galleries = tuple(galleries)


class ReleaseError(LocalAIError):
    """There is no image of a backend for the option `release`.

    `image` is the image with the tag of the release, or of the gallery if that tag cannot have a release. `problem` is
    the reason. It is `missing` if the registry answered that it has no such image, and not if it could not be reached.
    """

    def __init__(self, backend: str, image: str, problem: str, missing: bool, release: str) -> None:
        super().__init__(f"{backend} has no image for the release. {problem}")
        self.release = release
        self.backend = backend
        self.image = image
        self.problem = problem
        self.missing = missing


class CombinedError(LocalAIError):
    """The errors of several names of a task."""


class SourceError(LocalAIError):
    """A URI cannot be fetched, or does not contain a backend."""

    def __init__(self, message: str, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


class IntegrityError(SourceError):
    """A digest or a size does not match."""


class SignatureError(LocalAIError):
    """A signature is missing or not valid, or the signer is not the one that a policy demands."""


class TransportError(LocalAIError):
    """An HTTP request failed; `status` is the HTTP status of the last answer, or None if there was none.

    The answer came from `elsewhere` if it is not that of the requested server, but of one that it redirects to.
    """

    def __init__(
        self, message: str, status: int | None = None, missing: bool = False, *, elsewhere: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.elsewhere = elsewhere
        self.missing = missing or status in (404, 410)


class ServerError(LocalAIError):
    """The LocalAI server on this host does not become ready, refuses a request, or does not do what a task needs."""
