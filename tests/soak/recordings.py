# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this collection writes the same configurations as LocalAI did in recorded installations.

A recording is a list of mappings in JSON: `install` is what LocalAI's gallery service was asked for (`name`, and if
given `as`, `variant` and `overrides`), and `files` has the parsed YAML files that it wrote, or `refused` is set. Each
is planned as in check mode, on an empty models path and without any server, from the same gallery.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._module.models.answers import ModelAnswers
from ansible_collections.localai.core.plugins.module_utils._module.models.apply import documents_of
from ansible_collections.localai.core.plugins.module_utils._module.models.argspec import MODEL
from ansible_collections.localai.core.plugins.module_utils._module.models.options import model_host, model_options
from ansible_collections.localai.core.plugins.module_utils._module.models.task import ModelDecider, ModelTask
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.steps import Install
from ansible_collections.localai.core.plugins.module_utils._resolver.config_yaml import parse_typed
from ansible_collections.localai.core.plugins.module_utils._resolver.models import ModelResolver
from ansible_collections.localai.core.plugins.module_utils._store.file_system import KeptAttributes

from ..support.host import temporary_directory

# Nothing listens there: what LocalAI was recorded with had no server to ask either.
_NO_HUB = "http://127.0.0.1:1"
_OPTIONS = {"as": "name", "variant": "variant", "overrides": "config"}

Documents = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What this collection would write: the YAML files as values, or why it refuses. `seconds` is how long that took.

    The values are those before they are written, and those that are read from what is written.
    """

    intended: Documents
    written: Documents
    refusal: str
    seconds: float

    @property
    def needs_hub(self) -> bool:
        """Whether it is refused because the Hub of Hugging Face was not queried."""
        return _NO_HUB in self.refusal


class Planner:
    """Plans installations from one gallery, which is read once."""

    def __init__(self, gallery: str, path: Path, retries: int = 0) -> None:
        """`gallery` is a URL, and `path` is a models path with nothing in it."""
        self._common = {
            "models_path": str(path),
            "galleries": [{"name": "localai", "url": gallery}],
            "retries": retries,
        }
        self.warnings: list[str] = []
        self._validator = ArgumentSpecValidator(MODEL["argument_spec"])
        host = model_host(self._parameters({"name": ["any"]}))
        hub = {"HF_ENDPOINT": _NO_HUB}
        self._resolver = ModelResolver(host, Platform("linux", "amd64"), hub, self.warnings, check_mode=True)

    def names(self) -> Sequence[str]:
        """Return the names of all entries; raises LocalAIError."""
        return [entry.name for entry in self._resolver.galleries.index("localai").entries.values()]

    def result(self, install: Mapping[str, Any]) -> Result:
        """Plan one installation."""
        start = time.monotonic()
        options = {option: install[key] for key, option in _OPTIONS.items() if key in install}
        options["name"] = [options.get("name", install["name"])]
        if "as" in install:
            options["model"] = install["name"]
        intended: Documents = {}
        written: Documents = {}
        refusal = ""
        try:
            step = self._step(self._parameters(options))
            names = (f"._gallery_{step.name}.yaml", f"{step.name}.yaml")
            intended = dict(zip(names, (step.desired.parts.definition.document, step.desired.config)))
            written = {name: parse_typed(data) for name, data in documents_of(step).items()}
        except LocalAIError as e:
            refusal = str(e)
        return Result(intended, written, refusal, time.monotonic() - start)

    def _parameters(self, options: Mapping[str, Any]) -> dict[str, Any]:
        validated = self._validator.validate({**self._common, **options})
        assert not validated.error_messages, validated.error_messages
        parameters: dict[str, Any] = validated.validated_parameters
        return parameters

    def _step(self, parameters: Mapping[str, Any]) -> Install:
        """Return the step that installs the model; raises LocalAIError."""
        host, options = model_host(parameters), model_options(parameters)
        answers = ModelAnswers(lambda: self._resolver)
        decider = ModelDecider(ModelFacts(tuple(source.name for source in host.galleries)), answers.answer)
        plan = decider.decide(ModelTask(host, options, KeptAttributes(), FileAttributes()))
        (step,) = (step for step in plan.steps if isinstance(step, Install))
        return step


def differences(recording: Mapping[str, Any], result: Result) -> Iterator[str]:
    """Yield where a result is not what was recorded."""
    if "refused" in recording:
        if not result.refusal:
            yield "LocalAI refused it"
        return
    if result.refusal:
        yield f"it is refused: {result.refusal}"
        return
    for name, expected in recording["files"].items():
        for kind, documents in (("intended", result.intended), ("written", result.written)):
            # Unlike a comparison of values, this tells 1 from 1.0 and from true.
            if _text(documents.get(name)) != _text(expected):
                yield f"{name} as it is {kind} differs in {', '.join(_keys(documents.get(name), expected))}"


def _keys(one: Any, other: Any) -> list[str]:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return ["everything"]
    return sorted(key for key in {*one, *other} if _text(one.get(key)) != _text(other.get(key)))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def read_recordings(path: Path) -> Sequence[Mapping[str, Any]]:
    """Return the recordings in a file, which may be compressed."""
    data = path.read_bytes()
    recordings: Sequence[Mapping[str, Any]] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    return recordings


def main() -> None:
    """Plan all, compare, and count; whatever differs is printed and ends in a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gallery", type=Path, help="the index of the gallery, with the base files beside it")
    parser.add_argument("recordings", type=Path, help="the recorded installations, as JSON or compressed with gzip")
    options = parser.parse_args()
    recordings = read_recordings(options.recordings)
    wrong, slowest = 0, 0.0
    with temporary_directory() as path:
        planner = Planner(f"file://{options.gallery.resolve()}", path)
        for number, recording in enumerate(recordings):
            result = planner.result(recording["install"])
            lines = list(differences(recording, result))
            wrong += bool(lines)
            slowest = max(slowest, result.seconds if number else 0.0)
            print("".join(f"{recording['install']}: {line}\n" for line in lines), end="")
    refused = sum("refused" in recording for recording in recordings)
    told = f"{len(recordings)} installations, {refused} of them refused, {wrong} different"
    print(f"recordings: {told}; the slowest took {slowest:.2f} s after the gallery was read")
    sys.exit(1 if wrong or not recordings else 0)


if __name__ == "__main__":
    main()
