# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions of this collection; every one of them ends in the one C(fail_json).

::

    LocalAIError
    |-- OptionError             what the task asks for contradicts itself or is malformed
    |-- NameRefused             a name that must not become a directory
    |-- MissingLibrary          a Python library that this host lacks
    |-- HostError               this host: paths, permissions, space, metadata
    |   |-- LockTimeout         another run holds the backends path
    |   `-- PartlyChanged       owner, group or mode of some files of a tree could not be changed
    |-- GalleryError            an index that cannot be read, or a name that it does not resolve
    |-- SourceError             a URI that cannot be fetched or holds no backend
    |   `-- IntegrityError      bytes that are not what was promised
    `-- TransportError          a server that does not answer, or answers with an error status
"""

from __future__ import annotations


class LocalAIError(Exception):
    """What went wrong, where, what was tried and what to do, in sentences for the operator.

    It is C(missing) when every place that was asked answered that it does not have the thing.
    """

    missing = False


class OptionError(LocalAIError):
    """The options of the task contradict each other or one is malformed."""


class NameRefused(LocalAIError):
    """A backend name, alias or target that must not be used as the name of a directory."""


class MissingLibrary(LocalAIError):
    """A Python library that this run needs is not installed on the host."""

    def __init__(self, library: str, traceback: str) -> None:
        super().__init__(library)
        self.library = library
        self.traceback = traceback


class HostError(LocalAIError):
    """Something on this host is in the way: a path, a permission, the space on a disk."""


class LockTimeout(HostError):
    """Another run kept the backends path locked for longer than C(lock_timeout)."""


class PartlyChanged(HostError):
    """Some files of a tree have another owner, group or mode now, and others could not get it."""


class GalleryError(LocalAIError):
    """A gallery that no source could deliver, or a name that it does not resolve on this host."""


class SourceError(LocalAIError):
    """A URI that cannot be fetched, or that does not hold a backend."""

    def __init__(self, message: str, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


class IntegrityError(SourceError):
    """The bytes do not have the digest or the size that was promised for them."""


class TransportError(LocalAIError):
    """An HTTP exchange that failed.

    C(status) is the HTTP status of the last answer, or None where there was none.
    """

    def __init__(self, message: str, status: int | None = None, missing: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.missing = missing or status in (404, 410)
