# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests of the library are where its files are: `_x/test_y.py`, and maybe `_x/test_y_z.py`, tests `_x/y.py`."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
LIBRARY = TESTS.parents[3] / "plugins" / "module_utils"
# These are about the library as a whole.
WHOLE = {"test_imports.py", "test_mirror.py"}


def test_every_file_has_a_test_file_of_its_name() -> None:
    files = [path.relative_to(LIBRARY) for path in LIBRARY.rglob("*.py") if path.name != "__init__.py"]
    assert len(files) > 50
    lacking = [str(file) for file in files if not (TESTS / file.parent / f"test_{file.name.lstrip('_')}").exists()]
    assert sorted(lacking) == []


def test_every_test_file_has_a_file_that_it_is_about() -> None:
    tests = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py") if path.name not in WHOLE]
    files = [path.relative_to(LIBRARY) for path in LIBRARY.rglob("*.py")]
    about = {(file.parent, f"test_{file.stem.lstrip('_')}") for file in files}
    strangers = [
        str(test)
        for test in tests
        if not any(test.parent == folder and f"{test.stem}_".startswith(f"{name}_") for folder, name in about)
    ]
    assert sorted(strangers) == []


def test_every_test_file_has_a_test() -> None:
    empty = [str(path) for path in TESTS.rglob("test_*.py") if "\ndef test_" not in path.read_text(encoding="utf-8")]
    assert empty == []
