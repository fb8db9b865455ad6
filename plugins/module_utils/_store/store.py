# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only writer of a directory that we manage, such as the backends path.

::

    <path>/<backend>/                       an installed tree
    <path>/.localai-core/                   ours; LocalAI ignores it, because it has no run.sh and no metadata.json
        lock                                held by the run that writes, with a note that tells who that is
        progress                            what the run transfers at the moment, and how far it is
        file-system.json                    whether this file system keeps owners and modes
        staging/<number>/                   trees that are not finished or not deleted yet
        partial/<hash>                  contents that are in transfer, which a later run can continue
        replaced/<backend>/                 the old tree during a swap, if the file system has no atomic exchange
        kept/<backend>/<number>/            previous versions, the highest number the latest
        downloaded/<backend>/<hash>         a build that was fetched and is not installed yet, or a file of a model
        builds.json                         the last installed build of each backend, for repairs
        models/<model>.json                 the files that belong to an installed model

A tree is complete, with its owner, modes and metadata, and on the disk before one rename makes it visible. That rename
is on the disk before anything old is deleted and before success is reported.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import typing as t

from .._fs.entries import (
    after_clearing,
    closing,
    exists,
    is_replaceable,
    opened_directory,
    random_names,
    with_free_name,
)
from .._fs.file_attributes import FileAttributes
from .._fs.os_errors import errors_at
from .._fs.remove import remove
from .._fs.sync import Transaction, exchange, write_out, write_out_entries
from .._fs.tree import Tree
from .._fs.utf8 import os
from .build_records import NO_SPACE, BuildRecords
from .builds import Build
from .converge import converge
from .descent import descended
from .downloads import Downloads
from .file_system import KeptAttributes, remembered
from .layout import BUILDS, FILE_SYSTEM, OWN_DIRECTORY, OWN_NAMES, PREVIOUS, PROGRESS, REPLACED, STAGING
from .lock import open_lock, wait_for, write_note
from .managed_files import ManagedFiles, NewAttributes, StoreActions
from .numbered_trees import PreviousVersions, Staging, remove_in_place
from .own_directories import OwnDirectories, give, open_path, own_directory, staged_tree
from .ownership import numbers_of
from .partial import Partials
from .probe import Probed, answers_with, probe
from .replaced import Target, put_back
from .tree_files import TreeFiles

_MAY_BE_IN_PATH = frozenset({OWN_DIRECTORY})
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def open_store(
    path: str, owner: FileAttributes, files: TreeFiles, timeout: float, directory_mode: int = 0o755
) -> t.Iterator[Store]:
    """Lock the directory `path`, create what is missing in it, and clean up after an interrupted run.

    `owner` is the owner and group of new trees, and `directory_mode` the mode of their top. `files` are those by which
    others know a tree. If there is no space for our own directories, the store can remove backends, and nothing else.
    Raises LockTimeout after `timeout` seconds, HostError if the path cannot be written.
    """
    own_path = os.path.join(path, OWN_DIRECTORY)
    with errors_at(path), contextlib.ExitStack() as stack:
        path_fd = stack.enter_context(closing(open_path(path, _numbers_of(owner), _MAY_BE_IN_PATH)))
        is_locked = False
        own: OwnDirectories | OSError
        try:
            own_fd = stack.enter_context(closing(own_directory(OWN_DIRECTORY, path_fd, path_fd, path, OWN_NAMES)))
            lock_fd = stack.enter_context(closing(open_lock(own_fd, own_path)))
            give(lock_fd, path_fd, 0o644)
            wait_for(lock_fd, timeout, path)
            is_locked = True
            write_note(lock_fd)
            staging_fd, replaced_fd = (
                stack.enter_context(closing(own_directory(name, own_fd, path_fd, own_path)))
                for name in (STAGING, REPLACED)
            )
            staging = Staging(staging_fd, files)
            _clean_up(path_fd, own_fd, staging, replaced_fd)
            previous_fd = stack.enter_context(closing(own_directory(PREVIOUS, own_fd, path_fd, own_path)))
            own = OwnDirectories(own_fd, staging, replaced_fd, previous_fd)
        except OSError as e:
            if e.errno not in NO_SPACE:
                raise
            own = e
            if not is_locked:
                wait_for(path_fd, timeout, path)
        yield Store(path, path_fd, own, owner=owner, files=files, mode=directory_mode)


def _clean_up(path_fd: int, own_fd: int, staging: Staging, replaced_fd: int) -> None:
    """Clean up after an interrupted run: a tree that it was about to replace gets its name back."""
    replaced, staged = os.listdir(replaced_fd), os.listdir(staging.fd)
    if replaced or staged:
        # The moves of that run may not be on the disk yet.
        write_out(path_fd)
    for name in replaced:
        put_back(name, replaced_fd, path_fd, staging.discard)
    for name in staged:
        remove(name, dir_fd=staging.fd)
    remove(PROGRESS, dir_fd=own_fd)


class Store:
    """A managed directory, locked by this run; see `open_store`. `owner` is given to new trees."""

    def __init__(
        self, path: str, fd: int, own: OwnDirectories | OSError, *, owner: FileAttributes, files: TreeFiles, mode: int
    ) -> None:
        self.path = path
        self.owner = owner
        self._path_fd = fd
        self._own_or_error = own
        self._files = files
        self._directory_mode = mode
        self._own_path = os.path.join(path, OWN_DIRECTORY)
        self._builds = BuildRecords(path, functools.partial(self._write_own, BUILDS))

    @property
    def keeps(self) -> KeptAttributes:
        """The attributes that the file system keeps; it is probed once, and the answer recorded."""
        return self._probed.keeps

    @contextlib.contextmanager
    def stage(self) -> t.Iterator[Tree]:
        """Give an empty tree; if it is not published when the context ends, it is deleted."""
        path = os.path.join(self._own_path, STAGING)
        with errors_at(path):
            staging, probed = self._own.staging, self._probed
            mode = 0o700 if probed.keeps.modes else 0o755  # it can possibly not be changed later
            create = functools.partial(os.mkdir, mode=mode, dir_fd=staging.fd)
            name, _none = staging.with_free_number(create)
            try:
                with staged_tree(os.path.join(path, name), staging.fd, _numbers_of(self.owner), probed) as tree:
                    yield tree
            finally:
                remove(name, dir_fd=staging.fd)

    def files(self, mode: int, directory_mode: int) -> ManagedFiles:
        """Return what installs single files with these modes and the owner of the store."""
        actions = StoreActions(
            self.stage, lambda: self._own, lambda: self.keeps, self._replace, self._discard, self._write_own
        )
        attributes = NewAttributes(*_numbers_of(self.owner), mode, directory_mode)
        return ManagedFiles(self.path, self._path_fd, actions, attributes)

    @property
    def partials(self) -> Partials:
        """The contents in transfer; raises HostError if there is no space for our own directories."""
        with errors_at(self._own_path):
            return Partials(self._own.own, self._path_fd, self._own_path, self._probed)

    def partials_for(self, name: str) -> Partials:
        """Return the contents in transfer, of which complete files become downloads for the model `name`."""
        with errors_at(self._own_path):
            return Partials(self._own.own, self._path_fd, self._own_path, self._probed, name)

    @property
    def downloads(self) -> Downloads:
        """The downloads ahead of their installation."""
        own = None if isinstance(self._own_or_error, OSError) else self._own_or_error
        return Downloads(own, self._path_fd, self._own_path, self._discard)

    def keep(self, tree: Tree, name: str, key: str) -> None:
        """Keep a staged tree as the downloaded build of a backend, under the `key` of its content."""
        tree.finish(self._directory_mode)
        self.downloads.discard(name)
        self.downloads.keep(tree, name, key)

    def retain_partials(self, identities: t.Iterable[str] = ()) -> None:
        """Remove what interrupted runs left of contents other than these."""
        if not isinstance(self._own_or_error, OSError):
            self.partials.retain(identities)

    @contextlib.contextmanager
    def progress(self) -> t.Iterator[t.Callable[[bytes], int]]:
        """Give a function that writes the progress file; the file is locked by this process, and removed at the end."""
        with errors_at(os.path.join(self._own_path, PROGRESS)):
            own_fd = self._own.own
            fd = after_clearing(
                lambda: remove(PROGRESS, dir_fd=own_fd), lambda: os.open(PROGRESS, _CREATE, 0o644, dir_fd=own_fd)
            )
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                give(fd, self._path_fd, 0o644)
                yield lambda content: os.pwrite(fd, content, 0)
            finally:
                remove(PROGRESS, dir_fd=own_fd)
                os.close(fd)

    def publish(self, tree: Tree, name: str, keep: int = 0, build: Build | None = None) -> None:
        """Install a finished tree as the backend `name` in one step; the latest `keep` previous versions stay.

        Anything that has the name is replaced; a symlink is not followed. `build` is recorded.
        """
        tree.finish(self._directory_mode)
        with errors_at(os.path.join(self.path, name)):
            new = os.path.basename(tree.path)
            self._install(new, self._own.staging.fd, tree.fd, name, keep=keep, build=build)

    def restore(
        self, location: str, name: str, requested: FileAttributes, keep: int = 0, build: Build | None = None
    ) -> None:
        """Install the tree at `location`, relative to the managed directory, as the backend `name` again.

        It gets the requested owner, group and mode. The other parameters are those of `publish`.
        """
        path = os.path.join(self.path, location)
        with errors_at(path), descended(self._path_fd, self.path, location) as (*_above, parent_fd, tree_fd):
            converge(tree_fd, path, requested, self._files, self.keeps.modes)
            self._install(os.path.basename(path), parent_fd, tree_fd, name, keep=keep, build=build)

    def converge(self, name: str, requested: FileAttributes) -> None:
        """Give the tree of a backend the requested owner, group and mode."""
        path = os.path.join(self.path, name)
        with errors_at(path), opened_directory(name, self._path_fd) as tree_fd:
            converge(tree_fd, path, requested, self._files, self.keeps.modes)
            write_out(tree_fd)

    def replace_file(self, location: str, file_name: str, content: bytes) -> None:
        """Replace a file that describes the tree at `location` in one step; it gets the mode 0644."""
        path = os.path.join(self.path, location, file_name)
        with self.stage() as tree, errors_at(path), descended(self._path_fd, self.path, location) as (
            *_above,
            backend_fd,
        ):
            tree.file(file_name, 0o644, [content])
            write_out(tree.fd)
            self._move_over(tree.fd, file_name, backend_fd, file_name)
            write_out_entries(backend_fd)

    def retire(self, name: str, keep: int) -> None:
        """Take a backend out of sight in one step, and make it a previous version; with `keep` 0, delete it.

        Its downloaded build is deleted.
        """
        self._builds.forget(name)
        with errors_at(os.path.join(self.path, name)), self._previous_versions(name, keep) as previous:
            self._put_away(name, self._path_fd, previous)
        self.downloads.discard(name)

    def remove(self, name: str) -> None:
        """Take a backend out of sight in one step, then delete it, its previous versions and its downloaded build.

        A symlink is removed, but not what it points to.
        """
        self._builds.forget(name)
        with errors_at(os.path.join(self.path, name)):
            own = self._own_or_error
            directories = [self._path_fd, *([] if isinstance(own, OSError) else [own.previous])]
            holding = [dir_fd for dir_fd in directories if exists(name, dir_fd)]
            if not self.downloads.discard(name) and not holding:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            for dir_fd in holding:
                self._discard(name, dir_fd)

    def prune(self, name: str, keep: int) -> None:
        """Delete the previous versions of a backend, except for the latest `keep`."""
        with errors_at(os.path.join(self._own_path, PREVIOUS, name)):
            with opened_directory(name, self._own.previous) as fd:
                self._delete_surplus(PreviousVersions(fd, keep))
            with contextlib.suppress(OSError):
                os.rmdir(name, dir_fd=self._own.previous)

    @property
    def _own(self) -> OwnDirectories:
        """Our own directories; raises OSError if there was no space for them."""
        if isinstance(self._own_or_error, OSError):
            raise self._own_or_error
        return self._own_or_error

    @functools.cached_property
    def _probed(self) -> Probed:
        with errors_at(os.path.join(self._own_path, STAGING)):
            try:
                probed = probe(self._own.staging.fd, *_numbers_of(self.owner))
                if remembered(self.path) != probed.keeps or not exists(FILE_SYSTEM, self._own.own):
                    # Without it, later predictions are less exact, but this run can go on.
                    with contextlib.suppress(OSError):
                        self._write_own(FILE_SYSTEM, answers_with(self.path, probed.keeps))
            except OSError as e:
                if e.errno not in NO_SPACE:
                    raise
                return Probed(remembered(self.path) or KeptAttributes(), os.geteuid())
            return probed

    def _write_own(self, name: str, content: bytes, dir_fd: int | None = None) -> None:
        """Write one of our own files in one step, by default directly into our own directory."""
        staging_fd = self._own.staging.fd
        create = functools.partial(os.open, flags=_CREATE, mode=0o644, dir_fd=staging_fd)
        new_name, fd = with_free_name(random_names("written-"), create)
        try:
            with open(fd, "wb") as stream:
                stream.write(content)
                stream.flush()
                give(fd, self._path_fd, 0o644)
                os.fsync(fd)
            self._move_over(staging_fd, new_name, self._own.own if dir_fd is None else dir_fd, name)
        finally:
            remove(new_name, dir_fd=staging_fd)

    def _install(self, new: str, dir_fd: int, tree_fd: int, name: str, *, keep: int, build: Build | None) -> None:
        """Record the build, put the tree `new` of a directory in place of a backend, and put the old tree away."""
        with self._builds.recording(name, build), self._previous_versions(name, keep) as previous:
            write_out(tree_fd)
            self._put_away(*self._swap(new, dir_fd, Target(self._path_fd, name, name)), previous)

    def _replace(self, tree: Tree, target: Target) -> None:
        """Put a complete staged tree in place of a target, and delete the old one."""
        self._discard(*self._swap(os.path.basename(tree.path), self._own.staging.fd, target))

    def _swap(self, new: str, dir_fd: int, target: Target) -> tuple[str, int]:
        """Put the tree `new` of a directory in place of a target.

        Returns the name and the directory of the old tree, if there was one. If anything fails, the old tree keeps its
        name.
        """
        target_fd, name, replaced_as = target
        replaced_fd = self._own.replaced

        def swap() -> tuple[str, int]:
            with Transaction() as transaction:
                if not exists(name, target_fd):
                    transaction.rename(dir_fd, new, target_fd, name)
                elif exchange(dir_fd, new, target_fd, name):
                    transaction.add(dir_fd, target_fd, lambda: exchange(dir_fd, new, target_fd, name))
                else:
                    transaction.rename(target_fd, name, replaced_fd, replaced_as)
                    transaction.rename(dir_fd, new, target_fd, name)
                    return replaced_as, replaced_fd
            return new, dir_fd

        return after_clearing(lambda: self._discard(replaced_as, replaced_fd), swap)

    def _move_over(self, dir_fd: int, name: str, new_fd: int, new_name: str) -> None:
        """Rename a file, and replace whatever has the new name."""
        after_clearing(
            lambda: None if is_replaceable(new_name, new_fd) else self._discard(new_name, new_fd),
            lambda: os.replace(name, new_name, src_dir_fd=dir_fd, dst_dir_fd=new_fd),
        )

    @contextlib.contextmanager
    def _previous_versions(self, name: str, keep: int) -> t.Iterator[PreviousVersions | None]:
        """Give the previous versions of a backend, None if none is to be kept.

        It is used before anything is moved, so that errors come before that.
        """
        if not keep:
            yield None
            return
        where = os.path.join(self._own_path, PREVIOUS)
        with closing(own_directory(name, self._own.previous, self._path_fd, where)) as fd:
            yield PreviousVersions(fd, keep)

    def _put_away(self, name: str, dir_fd: int, previous: PreviousVersions | None) -> None:
        """Make an old tree, if there is one, a previous version, or delete it."""
        if previous is None or not exists(name, dir_fd):
            self._discard(name, dir_fd)
            return
        try:
            previous.add(name, dir_fd)
        except OSError:
            if dir_fd == self._own.replaced:
                self._discard(name, dir_fd)
            raise
        self._delete_surplus(previous)

    def _delete_surplus(self, previous: PreviousVersions) -> None:
        for number in previous.surplus():
            self._discard(number, previous.fd)

    def _discard(self, name: str, dir_fd: int) -> None:
        if not isinstance(self._own_or_error, OSError):
            self._own_or_error.staging.discard(name, dir_fd)
        elif exists(name, dir_fd):
            remove_in_place(name, dir_fd, self._files)


def _numbers_of(owner: FileAttributes) -> tuple[int, int]:
    return numbers_of(owner.owner or None, owner.group or None)
