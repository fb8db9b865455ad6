# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In check mode, sources that are not on this host yet are not an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, OptionError, SourceError
from ansible_collections.localai.core.plugins.module_utils._module.absent_sources import (
    absent_sources,
    assume_they_come,
)
from ansible_collections.localai.core.plugins.module_utils._module.argspec import CONNECTION_OPTIONS
from ansible_collections.localai.core.plugins.module_utils._module.runner import Run
from ansible_collections.localai.core.plugins.module_utils._request import Connection, Endpoint, Mirror


def run_with(bundle: str, check_mode: bool = True) -> Run:
    params: dict[str, Any] = {name: spec.get("default") for name, spec in CONNECTION_OPTIONS.items()}
    return Run({**params, "bundle": bundle}, check_mode)


def test_a_bundle_that_is_missing_is_predicted_to_come(tmp_path: Path) -> None:
    path = str(tmp_path / "bundle")
    for error in (SourceError(f"{path}/x: gone."), GalleryError(f"{path}/x: gone.")):
        run = run_with(path)
        assume_they_come(error, run)
        assert (run.result["changed"], run.result["msg"]) == (True, f"Would install from {path}.")
        assert run.warnings == [
            (
                f"{path} is not there yet, so check mode cannot predict what would be installed from there. "
                f"Without it, the run fails: {path}/x: gone."
            )
        ]


def test_everything_else_stays_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    gone = SourceError(f"{path}: gone.")
    for error, run in (
        (gone, run_with(str(path), check_mode=False)),
        (OptionError(f"{path}: wrong."), run_with(str(path))),
        (SourceError("something else"), run_with(str(path))),
        (SourceError("https://b.example: 404"), run_with("https://b.example")),
    ):
        with pytest.raises(type(error), match=str(error)):
            assume_they_come(error, run)
    path.mkdir()
    (path / "bundle.json").write_text("{")
    with pytest.raises(SourceError):
        assume_they_come(gone, run_with(str(path)))


def test_layouts_in_mirrors_are_sources_too(tmp_path: Path) -> None:
    there, missing, archive = (tmp_path / name for name in ("there", "missing", "x.tar"))
    there.mkdir()
    (there / "index.json").write_text("{}")
    archive.write_bytes(b"")
    mirrors = tuple(Mirror(Address(f"ocilayout:{path}")) for path in (there, missing, archive))
    connection = Connection(endpoints=(Endpoint("h", mirrors=(*mirrors, Mirror(Address("https://m.example")))),))
    assert absent_sources(connection) == [str(missing)]
    assert absent_sources(Connection(endpoints=connection.endpoints, bundle=str(missing))) == [str(missing)]
    assert absent_sources(Connection(bundle="https://b.example")) == []
