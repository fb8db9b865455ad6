# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The artifact of this collection is made of an installed copy, and ansible-galaxy takes it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._bundle.collection import artifact_at
from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.tests.support.interpreter import environment

GALAXY = """\
namespace: some
name: thing
version: 1.2.3
readme: README.md
authors: [somebody]
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact that ansible-galaxy has built."""
    source, output = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("output")
    (source / "galaxy.yml").write_text(GALAXY)
    (source / "README.md").write_text("# Thing\n")
    (source / "plugins" / "modules").mkdir(parents=True)
    program = source / "plugins" / "modules" / "x.py"
    program.write_text("#!/usr/bin/python\n")
    program.chmod(0o755)
    galaxy("build", str(source), "--output-path", str(output))
    (artifact,) = output.iterdir()
    return artifact


def galaxy(*arguments: str) -> None:
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", *arguments]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout.decode()


def install(artifact: Path, where: Path) -> Path:
    galaxy("install", str(artifact), "--collections-path", str(where), "--offline")
    return where / "ansible_collections" / "some" / "thing"


def test_an_installed_collection_becomes_an_artifact_that_installs_the_same(built: Path, tmp_path: Path) -> None:
    installed = install(built, tmp_path / "one")
    artifact = artifact_at(str(installed))
    assert (artifact.name, artifact.version) == ("some-thing-1.2.3.tar.gz", "1.2.3")
    (tmp_path / artifact.name).write_bytes(artifact.content)
    again = install(tmp_path / artifact.name, tmp_path / "two")
    assert files_of(again) == files_of(installed)
    assert artifact_at(str(again)) == artifact


def files_of(top: Path) -> dict[str, tuple[bytes, bool]]:
    paths = [path for path in top.rglob("*") if path.is_file()]
    return {str(path.relative_to(top)): (path.read_bytes(), os.access(path, os.X_OK)) for path in paths}


def test_the_same_files_become_the_same_bytes(built: Path, tmp_path: Path) -> None:
    installed = install(built, tmp_path)
    first = artifact_at(str(installed))
    for path in installed.rglob("*"):
        os.utime(path, (1, 1))
    (installed / "stray.pyc").write_text("not listed")
    assert artifact_at(str(installed)) == first
    with tarfile.open(fileobj=io.BytesIO(first.content)) as archive:
        assert "stray.pyc" not in archive.getnames()


def test_an_artifact_is_taken_as_it_is(built: Path) -> None:
    artifact = artifact_at(str(built))
    assert (artifact.name, artifact.version, artifact.content) == (built.name, "1.2.3", built.read_bytes())


@pytest.mark.parametrize(
    "content", [b"", b"x", b"PK\3\4", "a tar file without a manifest", "a tar file with another manifest"]
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "x.tar.gz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with tarfile.open(path, "w:gz") as archive:
            member = tarfile.TarInfo("MANIFEST.json" if "another" in content else "x")
            archive.addfile(member, io.BytesIO(b""))
    with pytest.raises(OptionError, match=r"is neither an installed collection nor an artifact"):
        artifact_at(str(path))


@pytest.mark.parametrize("document", [[], {}, {"collection_info": 5}, {"collection_info": {"name": "x"}}])
def test_a_directory_of_something_else_is_refused(tmp_path: Path, document: object) -> None:
    (tmp_path / "MANIFEST.json").write_text(json.dumps(document))
    (tmp_path / "FILES.json").write_text("{}")
    with pytest.raises(OptionError, match=r"Set collection to a directory that ansible-galaxy collection install"):
        artifact_at(str(tmp_path))


def test_a_checkout_and_a_missing_path_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(OptionError, match=r"collection: .*: No such file or directory\. Set collection to"):
            artifact_at(str(path))


def test_a_listed_file_that_is_missing_is_refused(built: Path, tmp_path: Path) -> None:
    installed = install(built, tmp_path)
    (installed / "README.md").unlink()
    with pytest.raises(OptionError, match=r"README.md: No such file"):
        artifact_at(str(installed))
