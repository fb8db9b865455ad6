# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All findings of a made-up models path."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Entry, Listing, Reader
from ansible_collections.localai.core.plugins.module_utils._localai.models.findings import findings_of
from ansible_collections.localai.core.plugins.module_utils._localai.models.mentions import Document

NOW = 1_000_000.0
ENTRIES = (
    Entry("._gallery_gone.yaml"),
    Entry("LICENSE"),
    Entry("a.gguf", mode=0o600),
    Entry("a.gguf.partial"),
    Entry("a.yaml"),
    Entry("broken.yaml"),
    Entry("custom"),
    Entry("refused.yaml"),
)
DOCUMENTS = (
    Document("._gallery_gone.yaml", "files: []", {"files": []}),
    Document("a.yaml", "name: a", {"name": "a", "parameters": {"model": "custom"}, "mmproj": "m.gguf"}),
    Document("broken.yaml", "{", None),
    Document("refused.yaml", "name: refused", {"name": "refused", "top_k": "x"}),
)


def check(config: Mapping[str, Any]) -> str:
    return "top_k is text." if "top_k" in config else ""


def test_all_kinds_of_findings_are_returned_in_the_order_of_the_listing() -> None:
    findings = findings_of(Listing(ENTRIES), DOCUMENTS, check, NOW, Reader(998, frozenset()))
    assert [(finding.path, finding.problem.split(".")[0]) for finding in findings] == [
        ("._gallery_gone.yaml", "It is LocalAI's gallery entry of the model gone, and there is no gone"),
        ("LICENSE", "LocalAI lists LICENSE as a model"),
        ("a.gguf", "The user of the service (998) may not read a"),
        ("a.gguf.partial", "It is an unfinished download of a"),
        ("a.yaml", "The model a: the file m"),
        ("broken.yaml", "It is not valid YAML"),
        ("refused.yaml", "The model refused: top_k is text"),
    ]


def test_an_unknown_user_reads_everything() -> None:
    findings = findings_of(Listing(ENTRIES), DOCUMENTS, check, NOW)
    assert "a.gguf" not in [finding.path for finding in findings]


def test_an_empty_models_path_is_fine() -> None:
    assert findings_of(Listing(()), (), check, NOW) == []


def test_the_archive_of_an_installed_voice_is_no_finding() -> None:
    listing = Listing((Entry("._gallery_v.yaml"), Entry("v.yaml"), Entry("v.tar.bz2"), Entry("w.tar.bz2")))
    documents = [
        Document("._gallery_v.yaml", "", {"files": [{"filename": "v.tar.bz2", "uri": "https://x.example/v.tar.bz2"}]}),
        Document("v.yaml", "", {"name": "v", "backend": "piper"}),
    ]
    paths = [finding.path for finding in findings_of(listing, documents, lambda _config: "", 0.0)]
    assert ("v.tar.bz2" in paths, "w.tar.bz2" in paths) == (False, True)
