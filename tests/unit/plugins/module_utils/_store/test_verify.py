# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was installed is written down in few bytes, and whatever differs later is seen; what is rewritten is not."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.walk import walk
from ansible_collections.localai.core.plugins.module_utils._store.contents import parse_contents, record_file
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.plugins.module_utils._store.verify import contents_at, damage
from ansible_collections.localai.core.tests.support.archives import write_tree
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.host import directory_of_ordinary_user, ordinary_user


def contents(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return contents_at(fd, str(path), ("metadata.json",))
    finally:
        os.close(fd)


@pytest.fixture
def tree(tmp_path):
    place = tmp_path / "tree"
    write_tree(place, backend_entries("piper"))
    (place / "metadata.json").write_text("{}")
    (place / ".localai-core.json").write_text("{}")
    return place


def test_paths_types_sizes_and_targets_are_written_down(tree):
    packages = "venv/lib/python3.10/site-packages"
    assert contents(tree) == {
        "": ["4 LICENSE", "25 backend", "133 run.sh"],
        "lib": ["> libggml.so.1/libggml.so", "> libggml.so.1.2/libggml.so.1", "5004 libggml.so.1.2"],
        "venv": [],
        "venv/lib": [],
        "venv/lib/python3.10": [],
        packages: ["14 grpc.py", "14 grpcio.py"],
    }


def overwrite(path, text):
    path.unlink()
    path.write_text(text)


DAMAGE = [
    (lambda tree: (tree / "LICENSE").unlink(), "LICENSE is missing"),
    (lambda tree: (tree / "LICENSE").write_text("MIT"), "LICENSE is changed"),
    (lambda tree: shutil.rmtree(tree / "venv/lib"), "venv/lib is missing"),
    (lambda tree: overwrite(tree / "lib/libggml.so", "x"), "lib/libggml.so is changed"),
    (lambda tree: (tree / "lib").rename(tree / "bib"), "lib is missing"),
    (
        lambda tree: ((tree / "lib").rename(tree / "bib"), (tree / "lib").symlink_to("bib")),
        "lib is missing",
    ),
    (
        lambda tree: ((tree / "lib/libggml.so").unlink(), (tree / "lib/libggml.so").symlink_to("/etc/passwd")),
        "lib/libggml.so is changed",
    ),
    (lambda tree: ((tree / "run.sh").unlink(), (tree / "run.sh").mkdir()), "run.sh is missing"),
    (lambda tree: ((tree / "run.sh").unlink(), os.mkfifo(tree / "run.sh")), "run.sh is changed"),
]


@pytest.mark.parametrize(("spoil", "says"), DAMAGE)
def test_each_difference_is_seen_and_named(tree, spoil, says):
    recorded = contents(tree)
    spoil(tree)
    assert damage(recorded, contents(tree)).startswith(f"not as it was installed: {says}")


REWRITTEN = [
    lambda tree: (tree / "venv/pyvenv.cfg").write_text("home = /elsewhere\n"),
    lambda tree: ((tree / "venv/bin/python3").unlink(), (tree / "venv/bin/python3").symlink_to("../../python")),
    lambda tree: (tree / "venv/bin/pip").write_text("#!/elsewhere\n"),
    lambda tree: ((tree / "venv/lib/__pycache__").mkdir(), (tree / "venv/lib/__pycache__/a.pyc").write_text("x")),
    lambda tree: (tree / "metadata.json").write_text('{"alias": "x"}'),
    lambda tree: (tree / ".localai-core.json").unlink(),
    lambda tree: (tree / "log.txt").write_text("came later"),
]


@pytest.mark.parametrize("rewrite", REWRITTEN)
def test_what_python_backends_rewrite_and_what_is_new_is_no_damage(tree, rewrite):
    recorded = contents(tree)
    rewrite(tree)
    assert damage(recorded, contents(tree)) == ""


def test_many_differences_are_counted():
    recorded = {"": [f"1 {number}" for number in range(10)]}
    assert damage(recorded, {"": []}) == "not as it was installed: 0 is missing, 1 is missing, 2 is missing and 7 more"


@pytest.mark.parametrize("name", ["a b", "> a", "\u00e4", b"\xff".decode("utf-8", "surrogateescape"), "a\nb"])
def test_any_name_survives_being_written_down(tmp_path, name):
    (tmp_path / name).write_text("x")
    (tmp_path / "link").symlink_to(f"{name}/../{name}")
    written = record_file(Record(), contents(tmp_path))
    recorded = parse_contents(written)
    assert Record.parse(written) == Record(listed=True)
    assert recorded is not None
    assert damage(recorded, contents(tmp_path)) == ""
    (tmp_path / name).unlink()
    assert damage(recorded, contents(tmp_path)) == f"not as it was installed: {name} is missing"


def test_a_record_takes_few_bytes():
    files = [f"1234 module{number}.py" for number in range(100)]
    found = {f"venv/lib/python3.10/site-packages/package{number}": files for number in range(30)}
    assert len(record_file(Record(), found)) < 3000 * 25


@pytest.mark.parametrize("contents", ["{", "[]", '{"a": "b"}', '{"a": [1]}', '{"a": null}', "[" * 100_000])
def test_damaged_contents_are_not_known(contents):
    written = record_file(Record(True), {}).replace(b"{}}", contents.encode() + b"}")
    assert parse_contents(written) is None
    assert Record.parse(written) == Record(True, listed=True)


@pytest.mark.parametrize("written", [b"", b"[]", record_file(Record())])
def test_contents_may_be_missing(written):
    assert parse_contents(written) is None


def test_a_record_is_one_json_document_and_its_first_line_tells_all_but_the_contents():
    written = record_file(Record(True, size=7), {"": ["1 run.sh"]})
    document = json.loads(written)
    assert (document["requested"], document["size"], document["contents"]) == (True, 7, {"": ["1 run.sh"]})
    assert Record.parse(written.splitlines()[0]) == Record(True, size=7, listed=True)


def test_a_tree_that_is_too_deep_is_an_error(tmp_path):
    place = tmp_path
    for _level in range(210):
        place = place / "d"
        place.mkdir()
    with pytest.raises(HostError, match="nested too deeply"):
        contents(tmp_path)
    shutil.rmtree(tmp_path / "d")


def test_what_may_not_be_read_is_an_error_that_names_it():
    with directory_of_ordinary_user() as top, ordinary_user():
        (top / "closed").mkdir(mode=0)
        with pytest.raises(HostError, match=r"closed: Permission denied"):
            contents(top)


def test_what_vanishes_meanwhile_is_passed_by(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    fd = os.open(tmp_path, os.O_RDONLY)
    seen = []
    for place in walk(fd, str(tmp_path)):
        seen.append(place.path)
        shutil.rmtree(tmp_path / "a", ignore_errors=True)
        shutil.rmtree(tmp_path / "b", ignore_errors=True)
    os.close(fd)
    assert seen == ["a"]
