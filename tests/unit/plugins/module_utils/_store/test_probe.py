# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a file system keeps, found out with a temporary file that leaves nothing."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._store.file_system import KeptAttributes
from ansible_collections.localai.core.plugins.module_utils._store.probe import probe
from ansible_collections.localai.core.tests.support.host import failing


@pytest.fixture
def directory(tmp_path):
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)
    assert os.listdir(tmp_path) == []


def test_an_ordinary_file_system_keeps_owners_and_modes(directory):
    probed = probe(directory, -1, -1)
    assert (probed.keeps, probed.creator) == (KeptAttributes(), os.geteuid())


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
@pytest.mark.parametrize(
    ("call", "keeps"), [("fchmod", KeptAttributes(modes=False)), ("fchown", KeptAttributes(owners=False))]
)
def test_what_is_refused_is_not_kept(directory, monkeypatch, call, keeps, code):
    monkeypatch.setattr(os, call, failing(code))
    assert probe(directory, os.geteuid(), -1).keeps == keeps


def test_a_mode_that_is_accepted_and_lost_is_not_kept(directory, monkeypatch):
    monkeypatch.setattr(os, "fchmod", lambda _fd, _mode: None)
    assert probe(directory, -1, -1).keeps == KeptAttributes(modes=False)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EOVERFLOW])
def test_a_container_without_such_a_user_has_no_other_owners_to_keep(directory, monkeypatch, code):
    monkeypatch.setattr(os, "fchown", failing(code))
    assert probe(directory, -1, -1).keeps == KeptAttributes()


@pytest.mark.parametrize("call", ["fchmod", "fchown"])
def test_another_error_is_an_error(directory, monkeypatch, call):
    monkeypatch.setattr(os, call, failing(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        probe(directory, -1, -1)
