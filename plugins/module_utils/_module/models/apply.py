# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applies the steps of a plan for models to the disk."""

from __future__ import annotations

import contextlib
import hashlib
import time
import typing as t
from dataclasses import dataclass, replace

from ..._errors import HostError, SourceError
from ..._fs.file_attributes import FileAttributes
from ..._fs.read import chunks_of
from ..._fs.tree import Tree
from ..._fs.utf8 import os
from ..._localai.models.archives import directory_of
from ..._localai.models.gallery import path_problem
from ..._localai.models.names import gallery_file_name, yaml_name
from ..._localai.models.record import LEFT, InstalledFile, Record, left_json
from ..._localai.models.scan import left_paths
from ..._model_request import FileSpec
from ..._planner.models.steps import Download, Install, Prune, Remove, SetAttributes, Step
from ..._resolver.config_yaml import to_yaml
from ..._resolver.models import ModelResolver
from ..._sources.file import Bytes, FileContent
from ..._sources.progress import Progress
from ..._sources.source import Delivered
from ..._store.managed_files import ManagedFiles
from ..._store.partial import Partials
from ..._store.store import Store
from ..._unpack.unpack import unpack
from .snapshots import SnapshotInstaller, sha256_of


@dataclass(frozen=True)
class Transfer:
    """The transfers for a model; `elapsed` is in seconds."""

    served_by: tuple[str, ...] = ()
    transferred: int = 0
    elapsed: float = 0.0


class ModelApplier:
    """Applies steps to a locked store; `installed` has the files that this run has installed, by path."""

    def __init__(
        self, store: Store, files: ManagedFiles, resolver: t.Callable[[], ModelResolver], requested: FileAttributes
    ) -> None:
        self._store = store
        self._files = files
        self._resolver = resolver
        self._requested = requested
        self._snapshots = SnapshotInstaller(store, files, self._transfer)
        self.installed: dict[str, InstalledFile] = {}
        self.transfers: dict[str, Transfer] = {}

    def apply(self, step: Step) -> None:
        """Apply one step; raises LocalAIError."""
        if isinstance(step, Install):
            self._install(step)
        elif isinstance(step, SetAttributes):
            for path, attributes in step.after.items():
                self._files.set_attributes(path, FileAttributes(**attributes))
        elif isinstance(step, Remove):
            # What tells the files of the model comes last, so that the next run can go on after an interruption.
            for path in (yaml_name(step.name), *step.paths, gallery_file_name(step.name)):
                self._files.remove(path)
            self._files.remove_record(step.name)
            self._store.downloads.discard(step.name)
        elif isinstance(step, Download):
            self._download(step)
        elif isinstance(step, Prune):
            for path in step.paths:
                self._files.remove(path)

    def note_left(self, steps: t.Iterable[Step]) -> None:
        """Note the files that models have left because others need them, so that they can be removed some day."""
        known = left_paths(self._store.path)
        paths = known | {path for step in steps if isinstance(step, (Install, Remove)) for path in step.left}
        paths = frozenset(path for path in paths if os.path.lexists(os.path.join(self._store.path, path)))
        if paths != known:
            self._files.write_record(LEFT, left_json(paths))

    def remember(self, step: Install) -> None:
        """Write the record of a model that is as it should be."""
        self._files.write_record(step.name, self._record(step, {}, self._hashes(step.name, ())).to_json())

    def _install(self, step: Install) -> None:
        """Install a model; its YAML file is written when everything that it names is there."""
        with contextlib.ExitStack() as stack:
            self._fetch(step, stack)
        written = {path: self._unpack(step, path) for path in step.unpack}
        for template in step.templates:
            content = template.content.encode("utf-8")
            self._files.write(template.filename, content)
            written[template.filename] = {template.filename: len(content)}
        for snapshot in step.snapshots:
            self._snapshots.install(step.name, snapshot)
        documents = documents_of(step)
        sizes = {path: size for sizes in written.values() for path, size in sizes.items()}
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in documents.items()}
        record = self._record(step, sizes, {**self._hashes(step.name, hashes), **hashes})
        # If the run is killed after this, the next one writes the YAML files, and removes what is obsolete.
        self._files.write_record(step.name, replace(record, obsolete=step.obsolete).to_json())
        for name in (gallery_file_name(step.name), yaml_name(step.name)):
            if name in documents:
                self._files.write(name, documents[name])
        for path in step.obsolete:
            self._files.remove(path)
        if step.obsolete:
            self._files.write_record(step.name, record.to_json())

    def _download(self, step: Download) -> None:
        """Fetch files and snapshots for the run that installs them."""
        for file in step.fetch:
            with contextlib.ExitStack() as stack:
                self._transfer(step.name, file, stack, self._store.partials_for(step.name))
        for snapshot in step.snapshots:
            self._snapshots.download(step.name, snapshot)

    def _fetch(self, step: Install, stack: contextlib.ExitStack) -> None:
        """Install the files that a model lacks. Those that replace others come last, when all are complete."""
        staged: list[tuple[FileSpec, Tree]] = []
        for file in sorted(step.fetch, key=lambda file: file.filename in step.replaced):
            is_held = file.filename in step.replaced
            context = stack if is_held else stack.enter_context(contextlib.ExitStack())
            tree = self._deliver(step.name, file, context)
            if is_held:
                staged.append((file, tree))
            else:
                self._files.install(tree, file.filename, file.filename)
                context.close()
        for file, tree in staged:
            self._files.install(tree, file.filename, file.filename)

    def _transfer(
        self, name: str, file: FileSpec, stack: contextlib.ExitStack, partials: Partials | None = None
    ) -> tuple[Tree, Delivered]:
        """Fetch one file into a staged tree, or to where the `partials` keep it, and count it."""
        sources, artifact = self._resolver().sources, self._resolver().artifact(file)
        start = time.monotonic()
        try:
            with self._store.progress() as write:
                progress = Progress(write, name, artifact.size)
                partials = partials or self._store.partials
                delivery = sources.deliver(artifact, self._store.stage, progress.update, partials)
                tree, delivered = stack.enter_context(delivery)
        except SourceError as e:
            raise SourceError(f"{name}: {file.filename} cannot be fetched. {e}") from e
        old = self.transfers.get(name, Transfer())
        self.transfers[name] = Transfer(
            tuple(dict.fromkeys((*old.served_by, delivered.served_by))),
            old.transferred + delivered.transferred,
            round(old.elapsed + time.monotonic() - start, 3),
        )
        return tree, delivered

    def _deliver(self, name: str, file: FileSpec, stack: contextlib.ExitStack) -> Tree:
        """Fetch one file of a model into a staged tree."""
        tree, delivered = self._transfer(name, file, stack)
        content = delivered.artifact.content
        self.installed[file.filename] = InstalledFile(
            file.filename,
            file.uri,
            tree.digests.get(file.filename, file.sha256),
            tree.size,
            content.version if isinstance(content, Bytes) and not content.sha256 else "",
        )
        return tree

    def _unpack(self, step: Install, path: str) -> dict[str, int]:
        """Unpack an archive beside itself, and return the sizes of its files by path."""
        archive, directory = os.path.join(self._store.path, path), directory_of(path)
        # The owner of the directory can exchange it for any file, even one that only root may read.
        sha256 = self._installed_as(step, path).sha256
        with self._store.stage() as tree:
            try:
                with self._files.stream(path) as stream:
                    status = os.fstat(stream.fileno())
                    if not sha256 and status.st_nlink > 1:
                        raise HostError(
                            f"{archive} has several hard links, and no sha256 is known. Replace it by a copy."
                        )
                    chunks = FileContent(sha256, status.st_size, "", path).verified(chunks_of(stream))
                    unpack(chunks, tree, is_layer=False, proved=bool(sha256))
            except OSError as e:
                raise HostError(f"{archive}: {e.strerror}.") from e
            except SourceError as e:
                raise SourceError(f"{step.name}: {path} cannot be unpacked: {e}") from e
            members = _members(tree)
            sizes = {_joined(directory, member): size for member, size in members.items()}
            self._check_unpacked(step, tree, directory, members)
            try:
                self._files.merge(tree, directory)
            except SourceError as e:
                raise SourceError(f"{step.name}: {path} cannot be unpacked: {e}") from e
        return sizes

    def _check_unpacked(self, step: Install, tree: Tree, directory: str, members: t.Mapping[str, int]) -> None:
        """Raise SourceError for a file of an archive that must not be installed in a directory."""
        for member, size in members.items():
            path = _joined(directory, member)
            problem = path_problem(path)
            if problem:
                raise SourceError(f"{step.name}: its archive has a file {path!r} that {problem}.")
            where = os.path.join(self._store.path, path)
            if path in step.kept or not os.path.lexists(where):
                continue
            if os.lstat(where).st_size != size or sha256_of(where) != sha256_of(os.path.join(tree.path, member)):
                raise SourceError(
                    f"{step.name}: its archive has a file {path}, and another file of that name is in the models path "
                    "already. Remove that one first, if nothing needs it."
                )

    def _record(self, step: Install, written: t.Mapping[str, int], hashes: t.Mapping[str, str]) -> Record:
        desired, spec = step.desired, step.desired.spec
        files = (self._installed_as(step, file.filename) for file in desired.files)
        kept = {path: size for path, size in step.kept.items() if path not in step.obsolete and self._exists(path)}
        return Record(
            name=step.name,
            config=desired.config,
            parts=desired.parts,
            model=spec.model,
            gallery=desired.gallery,
            variant=desired.variant,
            source=spec.source,
            overrides_digest=spec.overrides,
            pinned=spec.pin is not None,
            yaml_sha256=hashes.get(yaml_name(step.name), ""),
            gallery_sha256=hashes.get(gallery_file_name(step.name), ""),
            files=tuple(map(self._as_on_disk, files)),
            written={**kept, **written},
            snapshots=tuple(snapshot.key for snapshot in desired.snapshots),
            request=replace(spec, pin=None),
        )

    def _exists(self, path: str) -> bool:
        return os.path.lexists(os.path.join(self._store.path, path))

    def _installed_as(self, step: Install, filename: str) -> InstalledFile:
        """Return a file of a model as this run has installed it, or as it was there."""
        return self.installed.get(filename) or next(file for file in step.present if file.filename == filename)

    def _as_on_disk(self, file: InstalledFile) -> InstalledFile:
        """Return a file with its size and its time on the disk, if they are not known yet."""
        if file.mtime:
            return file
        try:
            status = os.lstat(os.path.join(self._store.path, file.filename))
        except OSError:
            return file
        return replace(file, size=status.st_size, mtime=status.st_mtime_ns)

    def _hashes(self, name: str, written: t.Collection[str]) -> dict[str, str]:
        """Return the hashes of the YAML files of a model that are on the disk, without those that are `written`."""
        names = (file for file in (yaml_name(name), gallery_file_name(name)) if file not in written)
        return {file: sha256_of(os.path.join(self._store.path, file)) for file in names}


def documents_of(step: Install) -> dict[str, bytes]:
    """Return the YAML files that a step writes, by name."""
    definition = step.desired.parts.definition.document
    documents = {}
    if step.writes_gallery_file:
        documents[gallery_file_name(step.name)] = to_yaml(definition, in_order=True).encode("utf-8")
    if step.writes_yaml:
        documents[yaml_name(step.name)] = to_yaml(step.desired.config).encode("utf-8")
    return documents


def _members(tree: Tree) -> dict[str, int]:
    """Return the sizes of the files of a staged tree, by their path in it."""
    return {
        _joined(directory, name): content
        for directory, names in tree.contents.items()
        for name, content in names.items()
        if isinstance(content, int)
    }


def _joined(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
