# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this collection works with the LocalAI of today: its galleries, its newest release, and an answer of a model.

Run it with `python -m ansible_collections.localai.core.tests.daily.run` from the directory that holds
`ansible_collections`, as an ordinary user. It fails if there is a problem. A mistake in a gallery, such as a backend
whose build is missing there, is only reported, because this collection cannot fix it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Sequence

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError

from ..demo.server import chat, server
from ..support.playbook import COLLECTION, environment
from .galleries import check_backends, check_models
from .release import RELEASES, ReleaseError, download, newest_version

# The smallest chat model of the gallery in August 2026. It needs the backend llama-cpp.
MODEL = "gemma-3-270m-it-qat"
# No server listens there, so the first run of the example tells none.
_NOWHERE = "http://127.0.0.1:1"
_SHOWN = 100  # lines of each kind


@dataclass
class Report:
    """What was done, what failed, and which mistakes the galleries have."""

    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return it as Markdown. What others wrote is in code blocks, so that it is not markup."""
        parts = ["### Done", *_block(self.done), "### Problems", *_block(self.problems)]
        return "\n".join([*parts, "### Mistakes in the galleries", *_block(self.mistakes), ""])


def _block(lines: Sequence[str]) -> list[str]:
    shown = [" ".join(line.split()).replace("```", "'''") for line in lines[:_SHOWN]]
    more = [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return ["", "```text", *(shown or ["none"]), *more, "```", ""]


def check_galleries(backends_url: str, models_url: str, report: Report) -> None:
    """Resolve everything in the galleries whose URLs are not empty."""
    names: frozenset[str] = frozenset()
    for url, is_models in ((backends_url, False), (models_url, True)):
        if not url:
            continue
        with tempfile.TemporaryDirectory(prefix="localai-daily-") as path:
            try:
                outcome = check_models(url, Path(path), names) if is_models else check_backends(url, Path(path))
            except LocalAIError as error:
                report.problems.append(str(error))
                continue
        names = outcome.backends
        report.done.append(f"{url}: {outcome.counts}")
        report.problems += outcome.problems
        report.mistakes += outcome.mistakes


def check_server(options: argparse.Namespace, report: Report) -> None:
    """Install a model and its backend with the newest release, start the server, and ask the model."""
    with tempfile.TemporaryDirectory(prefix="localai-daily-") as directory:
        work = Path(directory)
        program = work / "local-ai"
        try:
            version = newest_version(options.releases)
            download(options.releases, version, program)
            report.done.append(f"LocalAI {version} is downloaded and verified")
            _install(options, work, _NOWHERE)
            with server(work, program) as url:
                _install(options, work, url)
                answer = chat(url, options.model, "Say hello.")
        except (OSError, ReleaseError, RuntimeError, subprocess.CalledProcessError) as error:
            report.problems.append(f"The server: {error}")
            return
    if answer.strip():
        report.done.append(f"{options.model} answers: {answer.strip()}")
    else:
        report.problems.append(f"{options.model} answers with an empty text.")


def _install(options: argparse.Namespace, work: Path, url: str) -> None:
    """Run the example playbook for the model; raises CalledProcessError."""
    variables: dict[str, Any] = {
        "localai_models": [{"name": options.model}],
        "localai_models_path": str(work / "models"),
        "localai_backends_path": str(work / "backends"),
        "localai_backends_system_path": str(work / "system"),
        "localai_service": "",
        "localai_url": url,
    }
    if options.backends:
        variables["localai_galleries"] = [{"name": "localai", "url": options.backends}]
    if options.models:
        variables["localai_models_galleries"] = [{"name": "localai", "url": options.models}]
    playbook = COLLECTION / "docs" / "examples" / "models.yml"
    command = [sys.executable, "-m", "ansible", "playbook", str(playbook), "--extra-vars", json.dumps(variables)]
    subprocess.run(command, env=environment(work), check=True)


def main() -> None:
    """Check what the options leave, write the report, and fail if there is a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--backends", default="https://index.localai.io/backends", help="URL of the gallery of backends"
    )
    parser.add_argument("--models", default="https://index.localai.io/models", help="URL of the gallery of models")
    parser.add_argument("--releases", default=RELEASES, help="URL of the releases, or empty for no server")
    parser.add_argument("--model", default=MODEL, help="the model that must answer")
    parser.add_argument("--report", type=Path, help="a file for the report, in Markdown")
    options = parser.parse_args()
    report = Report()
    check_galleries(options.backends, options.models, report)
    if options.releases:
        check_server(options, report)
    print(report.text())
    if options.report is not None:
        options.report.write_text(report.text(), encoding="utf-8")
    sys.exit(1 if report.problems or not report.done else 0)


if __name__ == "__main__":
    main()
