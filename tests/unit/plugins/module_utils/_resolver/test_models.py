# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of models' files: asked once, patiently in a run and briefly in check mode."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec, ModelHost
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._planner.models.questions import Served
from ansible_collections.localai.core.plugins.module_utils._request import Connection
from ansible_collections.localai.core.plugins.module_utils._resolver.models import ModelResolver
from ansible_collections.localai.core.tests.support.files import FileServer

DEAD = Address("http://127.0.0.1:1/a")


@pytest.fixture
def server():
    with FileServer({"/a": b"12345"}) as files:
        yield files


def resolver(check_mode=False, warnings=None):
    host = ModelHost("/m", connection=Connection(retries=0, timeout=2))
    return ModelResolver(
        host, Platform("linux", "amd64"), {}, [] if warnings is None else warnings, check_mode=check_mode
    )


def test_a_file_is_asked_for_once(server):
    resolved, file = resolver(), FileSpec("a", Address(f"{server.url}/a"))
    assert [resolved.size(file), resolved.artifact(file).size] == [5, 5]
    assert len(server.requests) == 1


def test_a_missing_file_is_an_error_of_a_run_and_a_warning_of_check_mode(server):
    file = FileSpec("a", Address(f"{server.url}/none"))
    with pytest.raises(SourceError, match=r"^a cannot be fetched\. "):
        resolver().size(file)
    warnings: list = []
    assert resolver(check_mode=True, warnings=warnings).size(file) == 0
    assert warnings[0].startswith("a cannot be fetched now, so a run would fail. ")


def test_in_check_mode_an_unreachable_server_is_neither(server):
    warnings: list = []
    assert resolver(check_mode=True, warnings=warnings).size(FileSpec("a", DEAD)) == 0
    assert warnings == []
    with pytest.raises(SourceError, match="Connection refused"):
        resolver().size(FileSpec("a", DEAD))


def test_a_server_states_the_size_and_the_version_of_a_file(server):
    first = resolver().served(Address(f"{server.url}/a"))
    server.pages["/a"] = b"54321"
    second = resolver().served(Address(f"{server.url}/a"))
    assert (first.size, second.size) == (5, 5)
    assert first.version != second.version
    assert resolver().served(DEAD) == Served(0, "")


def test_an_object_of_a_directory_is_no_file(tmp_path):
    with pytest.raises(SourceError):
        resolver().artifact(FileSpec("a", Address(str(tmp_path))))
