# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark fetches: made once, and the same at every server."""

from __future__ import annotations

import hashlib

from ansible_collections.localai.core.tests.bench.materials import Materials
from ansible_collections.localai.core.tests.bench.served import Served


def test_a_file_is_made_once_and_has_its_sha256(tmp_path):
    materials = Materials(tmp_path, "localhost", 0.001)
    file = materials.file(3000)
    path = tmp_path / "files" / "model-3.gguf"
    assert (file.size, path.stat().st_size) == (3 * 1024**2, 3 * 1024**2)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    made = path.stat().st_mtime_ns
    assert Materials(tmp_path, "localhost", 0.001).file(3000) == file
    assert path.stat().st_mtime_ns == made


def test_the_addresses_follow_the_server(tmp_path):
    file = Materials(tmp_path, "localhost", 0.0001).file(1).at("127.0.0.1:80")
    assert (file.reference, file.parts) == ("http://127.0.0.1:80/model-1.gguf", (file.reference,))
    image = Served("x", "here:1/bench/x:tag", ("http://here:1/v2/bench/x/blobs/a",), 1, "here:1").at("there")
    assert (image.reference, image.parts) == ("there/bench/x:tag", ("http://there/v2/bench/x/blobs/a",))
