# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of models at fixed versions: commits and digests of the Hub, digests of records and registries."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._localai.models.record import InstalledFile
from ansible_collections.localai.core.plugins.module_utils._module.models.fixed_files import FixedFiles
from ansible_collections.localai.core.tests.support.hub import COMMIT
from ansible_collections.localai.core.tests.support.model_lab import (
    CARD,
    PROJECTOR,
    REPO,
    WEIGHTS,
    ModelLab,
    model_lab,
    sha256,
)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelLab]:
    with model_lab(tmp_path, monkeypatch) as lab:
        yield lab


def file(uri: str, sha256: str = "", size: int = 0) -> InstalledFile:
    return InstalledFile("f", Address(uri), sha256, size)


def fixed(lab: ModelLab, *files: InstalledFile, warnings: list[str] | None = None) -> list[InstalledFile]:
    """The files as they are fixed, of which each warning is an error unless a list takes it."""
    _host, _request, _inventory, answers = lab.asked()
    seen: list[str] = []
    fixing = FixedFiles(answers.resolver, Address(lab.hub.endpoint), files)
    result = [fixing.fix(file, seen) for file in files]
    if warnings is not None:
        warnings += seen
    assert warnings is not None or seen == []
    return result


AT_COMMIT = f"https://huggingface.co/{REPO}/resolve/{COMMIT}/chat.gguf"


@pytest.mark.parametrize(
    "uri",
    [
        f"huggingface://{REPO}/chat.gguf",
        f"hf://{REPO}/chat.gguf",
        f"hf.co/{REPO}/chat.gguf",
        f"https://huggingface.co/{REPO}/resolve/main/chat.gguf",
    ],
)
def test_a_file_of_the_hub_gets_its_commit_and_digest(lab: ModelLab, uri: str) -> None:
    assert fixed(lab, file(uri)) == [file(AT_COMMIT, sha256(WEIGHTS), len(WEIGHTS))]
    assert fixed(lab, file(uri, sha256(WEIGHTS), 5)) == [file(AT_COMMIT, sha256(WEIGHTS), 5)]


def test_a_url_of_the_server_of_the_environment_keeps_its_host(lab: ModelLab) -> None:
    uri = f"{lab.hub.endpoint}/{REPO}/resolve/main/chat.gguf"
    (result,) = fixed(lab, file(uri))
    assert result.uri.text == f"{lab.hub.endpoint}/{REPO}/resolve/{COMMIT}/chat.gguf"


def test_a_repository_is_asked_once_for_all_of_its_files(lab: ModelLab) -> None:
    names = ("chat.gguf", "mm/proj%20%5B1%5D.gguf")
    results = fixed(lab, *(file(f"huggingface://{REPO}/{name}") for name in names))
    assert [result.sha256 for result in results] == [sha256(WEIGHTS), sha256(PROJECTOR)]
    assert results[1].uri.text.endswith(f"/resolve/{COMMIT}/mm/proj%20%5B1%5D.gguf")
    assert sum("/revision/main" in path for path in lab.paths_asked) == 1
    assert sum("/tree/" in path for path in lab.paths_asked) == 1


def test_a_file_at_a_commit_with_a_digest_asks_nobody(lab: ModelLab) -> None:
    files = [file(AT_COMMIT, sha256(WEIGHTS)), file("https://x.example/w.gguf", sha256(WEIGHTS), 3)]
    assert fixed(lab, *files) == files
    assert lab.paths_asked == []


def test_a_small_file_of_the_hub_has_no_digest_unless_it_is_recorded(lab: ModelLab) -> None:
    uri = f"huggingface://{REPO}/README.md"
    warnings: list[str] = []
    (result,) = fixed(lab, file(uri), warnings=warnings)
    assert (result.sha256, result.size) == ("", len(CARD))
    assert warnings == [
        "f cannot be pinned: no sha256 of it is known. Install the model, or add the sha256 to its row of files."
    ]
    (recorded,) = fixed(lab, file(uri, sha256(CARD)))
    assert (recorded.uri.text, recorded.sha256) == (
        f"https://huggingface.co/{REPO}/resolve/{COMMIT}/README.md",
        sha256(CARD),
    )


def test_a_file_that_changed_at_the_hub_stays_as_it_was_with_a_warning(lab: ModelLab) -> None:
    old = file(f"huggingface://{REPO}/chat.gguf", sha256(b"old"))
    warnings: list[str] = []
    assert fixed(lab, old, warnings=warnings) == [old]
    assert warnings == [
        (
            f"f has the sha256 {sha256(b'old')}, and {REPO} has {sha256(WEIGHTS)} at main now. Its uri is not at a "
            "commit, and hosts cannot fetch it from there."
        )
    ]


def test_a_repository_that_does_not_exist_is_an_error(lab: ModelLab) -> None:
    with pytest.raises(SourceError, match="acme/none"):
        fixed(lab, file("huggingface://acme/none/x.gguf", sha256(b"x")))


def test_a_server_that_cannot_list_files_still_tells_the_commit(lab: ModelLab) -> None:
    lab.hub.repos[REPO] = type(lab.hub.repos[REPO])(small={}, large={})
    (result,) = fixed(lab, file(f"huggingface://{REPO}/chat.gguf", sha256(WEIGHTS)))
    assert result == file(AT_COMMIT, sha256(WEIGHTS))


def test_another_web_server_states_no_digest(lab: ModelLab) -> None:
    warnings: list[str] = []
    plain = file(f"{lab.files.url}/p.gguf")
    (result,) = fixed(lab, plain, warnings=warnings)
    assert (result.uri, result.sha256, result.size) == (plain.uri, "", len(PROJECTOR))
    dead = file("http://127.0.0.1:1/p.gguf")
    assert fixed(lab, dead, warnings=warnings) == [dead]
    assert len(warnings) == 2
    assert lab.paths_asked == []
