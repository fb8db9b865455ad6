# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A transfer that was interrupted goes on where it stopped, with the right bytes or from the start."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import shutil
from dataclasses import dataclass, replace
from typing import NamedTuple

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    IntegrityError,
    SourceError,
    TransportError,
)
from ansible_collections.localai.core.plugins.module_utils._sources import resume
from ansible_collections.localai.core.plugins.module_utils._sources.failover import FailoverReader, Origin
from ansible_collections.localai.core.plugins.module_utils._sources.resume import Blob, Reader
from ansible_collections.localai.core.plugins.module_utils._store import partial
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file, tar_archive
from ansible_collections.localai.core.tests.support.delivery import Anything, sources
from ansible_collections.localai.core.tests.support.faults import Corrupt, Headers, IgnoreRange
from ansible_collections.localai.core.tests.support.host import failing
from ansible_collections.localai.core.tests.support.kills import killed_at
from ansible_collections.localai.core.tests.support.transfers import kept, killed, partial_files, transfer
from ansible_collections.localai.core.tests.support.trees import names, opened

MIB = 1024**2
NOISE = hashlib.shake_256(b"model").digest(16 * MIB)
OTHER_NOISE = hashlib.shake_256(b"other").digest(16 * MIB)
RUN = file("run.sh", "#!/bin/sh\n", 0o755)
ARCHIVE = tar_archive([RUN, file("noise", NOISE)])
LOWER, UPPER = images.layer([RUN, file("lower", NOISE[: 6 * MIB])]), images.layer([file("noise", NOISE)])
IMAGE = images.index([images.image([LOWER, UPPER], images.Platform("amd64"))])
# Enough has arrived to be kept: the first 4 MiB are held in memory.
SOME = 6 * MIB


class Case(NamedTuple):
    """Something to transfer: from which server and address, with which options, and its bytes.

    In the end, `NOISE` is in the file `result`.
    """

    server: object
    uri: str
    options: dict
    content: bytes
    result: str

    def transfer(self, path, **settings):
        """Transfer it; returns what was delivered."""
        delivered = transfer(path, self.uri, **self.options, **settings)
        assert partial_files(path) == []
        return delivered

    def kill(self, path, some=SOME, **headers):
        """Kill the transfer when so many bytes are kept; returns how many there are. The server is fast afterwards."""
        self.server.faults = [Slow(headers=headers)]
        killed(path, self.uri, when=lambda: kept(path) >= some, **self.options)
        self.server.faults = []
        self.server.requests.clear()
        return kept(path)

    def first_bytes(self):
        """The first bytes of the parts that were requested."""
        ranges = [request.headers["range"] for request in self.server.requests if "range" in request.headers]
        return [int(text[len("bytes=") :].partition("-")[0]) for text in ranges]


@dataclass(frozen=True)
class Slow(Headers):
    """A slow body, and other headers."""

    def answer(self, request, answer):
        return replace(super().answer(request, answer), rate=8 * MIB)


def of_file(files, *, digest=True):
    """A single file, or without a digest the same."""
    files.pages["/x"] = NOISE
    options = {"sha256": hashlib.sha256(NOISE).hexdigest() if digest else "", "is_file": True}
    return Case(files, f"{files.url}/x", options, NOISE, "file")


def of_archive(files, *, digest=True):
    """An archive, or without a digest the same."""
    files.pages["/x"] = ARCHIVE
    options = {"sha256": hashlib.sha256(ARCHIVE).hexdigest() if digest else ""}
    return Case(files, f"{files.url}/x", options, ARCHIVE, "noise")


def of_image(registry):
    """An image of two layers."""
    return Case(registry, registry.put("x/y", "tag", IMAGE), {}, LOWER.blob + UPPER.blob, "noise")


CASES = {
    "file": lambda files, _registry: of_file(files),
    "file without a digest": lambda files, _registry: of_file(files, digest=False),
    "archive": lambda files, _registry: of_archive(files),
    "archive without a digest": lambda files, _registry: of_archive(files, digest=False),
    "image": lambda _files, registry: of_image(registry),
}


@pytest.fixture(params=CASES)
def case(request, server, files):
    return CASES[request.param](files, server)


@pytest.fixture(params=["file", "archive", "archive without a digest", "image"])
def provable(request, server, files):
    """What shows that its bytes are wrong: by a digest, or because it cannot be unpacked."""
    return CASES[request.param](files, server)


@pytest.fixture(params=["file without a digest", "archive without a digest"])
def unprovable(request, server, files):
    return CASES[request.param](files, server)


def installed(path, case):
    return (path / "x" / case.result).read_bytes()


def test_a_killed_transfer_goes_on_where_it_stopped(case, path):
    length = case.kill(path)
    assert names(path) == [".localai-core"]
    delivered = case.transfer(path)
    assert installed(path, case) == NOISE
    assert delivered.transferred == len(case.content) - length
    assert delivered.served_by.startswith(case.uri.rpartition(":tag")[0] or case.uri)


@pytest.mark.parametrize("kind", ["file", "archive", "archive without a digest"])
def test_the_rest_is_all_that_is_requested(server, files, path, kind):
    case = CASES[kind](files, server)
    length = case.kill(path)
    case.transfer(path)
    # The first request is the one for the plan.
    assert "range" not in files.requests[0].headers
    assert len(case.first_bytes()) == len(files.requests) - 1
    assert min(case.first_bytes()) == length


@pytest.mark.long
def test_two_kills_cost_nothing_twice(case, path):
    case.kill(path)
    length = case.kill(path, SOME + 3 * MIB)
    assert case.transfer(path).transferred == len(case.content) - length
    assert installed(path, case) == NOISE


def test_complete_layers_are_read_from_the_disk(server, path):
    case = of_image(server)
    length = case.kill(path, len(LOWER.blob) + SOME)
    assert len(partial_files(path)) == 2
    assert case.transfer(path).transferred == len(case.content) - length
    assert installed(path, case) == NOISE
    assert [request for request in server.requests if LOWER.digest in request.path] == []
    assert min(case.first_bytes()) == length - len(LOWER.blob)


CALLS = ("open", "mkdir", "rename", "ftruncate", "fchmod", "pread", "pwrite", "fdatasync", "fsync", "unlink", "rmdir")


def test_wherever_the_transfer_of_a_file_is_killed_the_next_run_has_the_file(path, tmp_path, monkeypatch):
    monkeypatch.setattr(partial, "_SYNC_STEP", 256 * 1024)
    content = NOISE[:MIB]
    (tmp_path / "model").write_bytes(content)

    def work():
        transfer(path, str(tmp_path / "model"), sha256=hashlib.sha256(content).hexdigest(), is_file=True)

    number = 1
    while killed_at(number, work, CALLS):
        if (path / "x").exists():
            assert (path / "x/file").read_bytes() == content
        work()
        assert (path / "x/file").read_bytes() == content
        assert partial_files(path) == []
        shutil.rmtree(path)
        number += 1
    assert number > 30


# wrong bytes


def test_what_a_disk_spoils_costs_one_more_start(provable, path):
    provable.kill(path)
    with open(partial_files(path)[0], "r+b") as stream:
        stream.seek(100_000)
        stream.write(b"spoiled")
    assert provable.transfer(path).transferred == len(provable.content)
    assert installed(path, provable) == NOISE


@pytest.mark.long
def test_what_the_disk_cannot_read_costs_one_more_start(case, path, monkeypatch):
    case.kill(path)
    monkeypatch.setattr(partial.os, "pread", failing(errno.EIO))
    assert case.transfer(path).transferred == len(case.content)
    assert installed(path, case) == NOISE


@pytest.mark.parametrize("kind", ["file", "archive"])
def test_wrong_bytes_of_the_server_are_an_error_after_one_more_start(server, files, path, kind):
    case = CASES[kind](files, server)
    length = case.kill(path)
    files.faults = [Corrupt("/x", at=len(case.content) - 10_000)]
    with pytest.raises(SourceError, match=r"^Tried [^;]*/x: its sha256 is [0-9a-f]{64}, not [0-9a-f]{64}\.$"):
        case.transfer(path, connections=1)  # a server that a busy machine makes slow would get several
    assert partial_files(path) == []
    assert case.first_bytes() == [length]


def test_wrong_bytes_are_not_kept_for_the_next_mirror(files, path):
    case = of_file(files)
    files.pages["/y"] = NOISE
    files.faults = [Corrupt("/x", at=1000)]
    delivered = transfer(path, case.uri, f"{files.url}/y", connections=1, **case.options)
    assert (delivered.served_by, installed(path, case)) == (f"{files.url}/y", NOISE)
    assert case.first_bytes() == []


# versions


@pytest.mark.parametrize("faults", [[], [IgnoreRange()]], ids=["ranges", "no ranges"])
def test_another_version_on_the_server_is_not_mixed_with_the_first_one(unprovable, files, path, faults):
    unprovable.kill(path)
    other = OTHER_NOISE if unprovable.result == "file" else tar_archive([RUN, file("noise", OTHER_NOISE)])
    files.pages["/x"], files.faults = other, faults
    assert transfer(path, unprovable.uri, connections=1, **unprovable.options).transferred == len(other)
    assert installed(path, unprovable) == OTHER_NOISE
    assert unprovable.first_bytes() == []


def test_a_version_that_comes_right_before_the_transfer_is_not_mixed_with_the_first_one(unprovable, files, path):
    unprovable.kill(path)
    # The first request is the one for the plan.
    files.faults = [Headers(skip=1, headers={"ETag": '"another"'})]
    assert unprovable.transfer(path).transferred == len(unprovable.content)
    assert installed(path, unprovable) == NOISE


def test_a_version_that_comes_right_before_the_transfer_is_not_continued(unprovable, files, path):
    fault = {"ETag": '"another"'}
    files.faults = [replace(Slow(headers=fault), skip=1)]
    if unprovable.result == "file":
        killed(path, unprovable.uri, when=lambda: kept(path) >= SOME, **unprovable.options)
    else:
        killed(path, unprovable.uri, when=lambda: len(list(path.rglob("noise"))) == 1, **unprovable.options)
    files.faults = []
    assert transfer(path, unprovable.uri, **unprovable.options).transferred == len(unprovable.content)


@pytest.mark.parametrize("headers", [{"ETag": None}, {"ETag": 'W/"x"'}])
def test_what_nothing_tells_from_other_versions_is_not_continued(files, path, headers):
    case = of_file(files, digest=False)
    case.kill(path, **headers)
    files.faults = [Headers(headers=headers)]
    assert transfer(path, case.uri, **case.options).transferred == len(NOISE)
    assert installed(path, case) == NOISE


def test_a_date_tells_versions_apart_too(unprovable, files, path):
    dated = {"ETag": None, "Last-Modified": "Sun, 01 Nov 2026 10:00:00 GMT"}
    length = unprovable.kill(path, **dated)
    files.faults = [Headers(headers=dated)]
    assert unprovable.transfer(path).transferred == len(unprovable.content) - length


# what is worth a copy


class Disk:
    """Partial files in memory, on a disk with much space."""

    def __init__(self, free=10**15):
        self.space = free
        self.files = {}
        self.created = 0
        self.error = None

    def find(self, identity):
        return self.files.get(identity)

    def create(self, identity):
        self.created += 1
        self.files[identity] = Memory(self, identity)
        return self.files[identity]

    def free(self):
        return self.space


class Memory:
    """A partial file in memory."""

    def __init__(self, disk, identity, content=b""):
        self.content = content
        self._disk = disk
        self._identity = identity
        self.reserved = 0

    @property
    def size(self):
        return len(self.content)

    def chunks(self):
        yield self.content

    def reserve(self, size):
        self.write(b"")
        self.reserved = size

    def write(self, chunk):
        if self._disk.error:
            raise self._disk.error
        self.content += chunk

    def remove(self):
        self._disk.files.pop(self._identity, None)

    def close(self):
        pass


class Line:
    """An origin that gives a blob in chunks of 1 MiB, and takes so many seconds for each, on a clock of its own."""

    def __init__(self, monkeypatch, seconds, first=0.0):
        self.now = 100.0
        self.seconds = seconds
        self._first = first
        monkeypatch.setattr(resume.time, "monotonic", lambda: self.now)
        self.origin = Origin("line", self._read)

    def _read(self, offset):
        self.now += self._first
        for position in range(offset, len(NOISE), MIB):
            if position > offset:
                self.now += self.seconds
            yield NOISE[position : position + MIB]


BLOB = Blob("sha256:x", len(NOISE))


def read(line, disk, blob=BLOB, size=None):
    """Read a blob to be unpacked; returns the bytes of its copy after each chunk, None for none."""
    copies = []
    came = b""
    with Reader(FailoverReader(), disk, blob.size if size is None else size) as reader:
        for chunk in reader.read(blob, [line.origin]):
            came += chunk
            copies.append(disk.files[blob.identity].size if blob.identity in disk.files else None)
            # What the reader does with a chunk takes no time of the line.
            line.now += 1000.0
    assert came == NOISE
    return copies


def test_a_copy_is_kept_of_what_takes_long(monkeypatch):
    disk = Disk()
    # 16 MiB at 1 MiB a second; the first chunk does not count.
    copies = read(Line(monkeypatch, 1.0), disk)
    assert copies == [None, None, *(count * MIB for count in range(3, 17))]
    assert disk.files["sha256:x"].content == NOISE


@pytest.mark.parametrize(("seconds", "first"), [(0.0, 0.0), (0.6, 0.0), (0.1, 3600.0)])
def test_no_copy_is_kept_of_what_takes_a_moment(monkeypatch, seconds, first):
    disk = Disk()
    assert read(Line(monkeypatch, seconds, first), disk) == [None] * 16
    assert disk.created == 0


def test_the_first_bytes_decide_on_a_line_that_is_not_very_slow(monkeypatch):
    # 4 MiB come before two seconds are over.
    assert read(Line(monkeypatch, 0.4), Disk(), replace(BLOB, size=len(NOISE) * 10))[4:6] == [5 * MIB, 6 * MIB]


def test_a_copy_is_not_kept_if_the_line_gets_fast(monkeypatch):
    monkeypatch.setattr(resume, "_CHECK_EVERY", 8 * MIB)
    line, disk = Line(monkeypatch, 1.0), Disk()
    copies = []
    with Reader(FailoverReader(), disk, len(NOISE)) as reader:
        for chunk in reader.read(BLOB, [line.origin]):
            assert chunk
            copies.append(len(disk.files))
            line.seconds = 1.0 if len(copies) < 3 else 0.0
    assert copies == [0, 0, 1, 1, 1, 1, 1, *[0] * 9]


@pytest.mark.parametrize(
    ("blob", "free"),
    [
        (BLOB, 5 * len(NOISE)),
        (replace(BLOB, identity=""), 10**15),
        (replace(BLOB, size=0), 10**15),
    ],
    ids=["no space", "nothing identifies it", "unknown size"],
)
def test_no_copy_is_kept_without_space_an_identity_or_a_size(monkeypatch, blob, free):
    disk = Disk(free)
    read(Line(monkeypatch, 1.0), disk, blob)
    assert disk.created == 0


def test_without_a_place_nothing_is_kept(monkeypatch):
    with Reader(FailoverReader(), None, len(NOISE)) as reader:
        assert b"".join(reader.read(BLOB, [Line(monkeypatch, 1.0).origin])) == NOISE
        assert reader.file(BLOB) is None


def test_a_copy_that_cannot_be_written_is_given_up(monkeypatch):
    disk = Disk()
    disk.error = HostError("No space left on device.")
    assert read(Line(monkeypatch, 1.0), disk) == [None] * 16
    assert disk.created == 1


def test_all_copies_are_given_up_when_the_disk_is_nearly_full(monkeypatch):
    monkeypatch.setattr(resume, "_CHECK_EVERY", 8 * MIB)
    disk, line = Disk(), Line(monkeypatch, 1.0)
    disk.files["lower"] = Memory(disk, "lower", b"x" * 100)
    with Reader(FailoverReader(), disk, len(NOISE)) as reader:
        assert b"".join(reader.read(Blob("lower", 100), [])) == b"x" * 100
        for count, _chunk in enumerate(reader.read(BLOB, [line.origin])):
            assert set(disk.files) == (set() if count > 6 else {"lower", *(["sha256:x"] if count > 1 else [])})
            disk.space = 100 if count == 5 else disk.space


def test_an_earlier_copy_makes_way_if_its_space_is_needed(monkeypatch):
    disk = Disk(3 * len(NOISE))
    disk.files["sha256:x"] = Memory(disk, "sha256:x", NOISE[:MIB])
    read(Line(monkeypatch, 0.0), disk)
    assert disk.files == {}


def test_earlier_bytes_are_none_of_the_network(monkeypatch):
    disk, seen = Disk(), []
    disk.files["sha256:x"] = Memory(disk, "sha256:x", NOISE[:MIB])
    failover = FailoverReader(lambda *told: seen.append(told))
    with Reader(failover, disk, len(NOISE)) as reader:
        assert b"".join(reader.read(BLOB, [Line(monkeypatch, 1.0).origin])) == NOISE
        assert (seen[0], seen[1]) == ((MIB, ""), (2 * MIB, "line"))
        assert failover.transferred == len(NOISE) - MIB
        assert disk.files["sha256:x"].content == NOISE
        # A broken connection is no reason to distrust them.
        assert not reader.starts_over(TransportError("silent"))
        assert disk.files != {}
        assert reader.starts_over(IntegrityError("wrong"))
        assert disk.files == {}


@pytest.mark.parametrize("kind", ["archive", "image"])
def test_nothing_is_kept_on_a_fast_line(server, files, path, monkeypatch, kind):
    case = CASES[kind](files, server)
    monkeypatch.setattr(partial.Partials, "create", failing(errno.EIO))
    assert case.transfer(path).transferred == len(case.content)
    assert installed(path, case) == NOISE


# space for single files


def test_a_file_without_space_is_an_error_before_anything_comes(files, path, monkeypatch):
    case = of_file(files)
    monkeypatch.setattr(partial, "preallocate", failing(errno.ENOSPC))
    with pytest.raises(HostError, match="No space left on device"):
        case.transfer(path)
    # The request for the plan.
    assert len(files.requests) == 1
    assert partial_files(path) == []


def test_a_file_that_fills_the_disk_leaves_nothing(files, path, monkeypatch):
    case = of_file(files)
    monkeypatch.setattr(partial.os, "pwrite", failing(errno.ENOSPC))
    with pytest.raises(HostError, match="No space left on device"):
        case.transfer(path)
    assert partial_files(path) == []


def test_an_earlier_file_stays_if_there_is_no_space_for_its_rest(files, path, monkeypatch):
    case = of_file(files)
    length = case.kill(path)
    with monkeypatch.context() as patch:
        patch.setattr(partial, "preallocate", failing(errno.ENOSPC))
        with pytest.raises(HostError, match="No space left on device"):
            case.transfer(path)
    assert kept(path) == length
    assert case.transfer(path).transferred == len(NOISE) - length


def test_a_file_that_cannot_be_published_is_transferred_again(files, path):
    case = of_file(files)
    with contextlib.suppress(ZeroDivisionError), opened(path) as store:
        kinds = sources(Anything())
        artifact = kinds.find_file([Address(case.uri)], case.options["sha256"], "file")
        with kinds.deliver(artifact, store.stage, partials=store.partials):
            raise ZeroDivisionError
    assert case.transfer(path).transferred == len(NOISE)
