# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marker of tests that `make test` leaves out, their order, and which files a run with LocalAI's own server has."""

from __future__ import annotations

from typing import Any, Generator

import pytest

from ansible_collections.localai.core.tests.hosts.releases import MOCK_BACKEND, REAL

_FAILED = pytest.StashKey[bool]()
# Those for LocalAI's own server, and those for both kinds, if it has a backend that it can load.
_OWN_SERVER = "test_real_server.py"
_ANY_SERVER = "test_models.py"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", "long: too long for `make test`, which other tests make up for in part")


def pytest_ignore_collect(collection_path: Any) -> bool | None:
    """Leave out what needs the other kind of server."""
    if collection_path.suffix != ".py":
        return None
    takes_part = (collection_path.name == _OWN_SERVER) == (REAL is not None)
    if collection_path.name == _ANY_SERVER:
        takes_part = REAL is None or MOCK_BACKEND is not None
    return None if takes_part else True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Note of each file whether one of its tests failed."""
    report: Any = yield
    file = item.getparent(pytest.Module)
    if report.failed and file is not None:
        file.stash[_FAILED] = True
    return report


@pytest.fixture
def in_order(request: pytest.FixtureRequest) -> None:
    """Later tests of a file start where earlier ones ended."""
    file = request.node.getparent(pytest.Module)
    if file.stash.get(_FAILED, False):
        pytest.fail("an earlier step failed")
