# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example playbooks at work, as an ordinary user and without a network.

It starts a registry and galleries on loopback and runs docs/examples/backends.yml in check mode, for real and again,
docs/examples/models.yml for a tiny model, which a server then loads and which answers, and the removal, in a temporary
directory. It fails when a run does anything but what it should. Run it with
`python -m ansible_collections.localai.core.tests.demo.run` from the directory that holds `ansible_collections`. With
the path of another such directory, the collection that is installed there is taken, with its examples.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

from ..support.files import FileServer
from ..support.gallery import REPOSITORY, gallery, models
from ..support.playbook import COLLECTION, environment
from ..support.registry import Registry
from .server import chat, server

# No server runs there, whatever this machine has.
_NOWHERE = "http://127.0.0.1:1"


@dataclass(frozen=True)
class Run:
    """What a run of the playbook said."""

    changed: int
    plan: str  # the output of its first task: the diff, and whether it is a change


@dataclass(frozen=True)
class Player:
    """Runs the examples against the galleries of one server, with everything they write below one directory."""

    work: Path
    url: str
    collections: Path

    def example(self, name: str) -> Path:
        """An example of the documentation."""
        return self.collections / "ansible_collections" / "localai" / "core" / "docs" / "examples" / f"{name}.yml"

    @property
    def backends(self) -> Path:
        """The backends path."""
        return self.work / "backends"

    def command(self, *arguments: str, example: str = "backends", **more: Any) -> list[str]:
        """The command line of a run, with more variables."""
        variables = {
            "localai_backends_path": str(self.backends),
            "localai_backends_system_path": str(self.work / "system"),
            "localai_galleries": [{"name": "demo", "url": f"{self.url}/index.yaml"}],
            "localai_models_path": str(self.work / "models"),
            "localai_models_galleries": [{"name": "demo", "url": f"{self.url}/models.yaml"}],
            **more,
        }
        program = [sys.executable, "-m", "ansible", "playbook", str(self.example(example))]
        return [*program, "--extra-vars", json.dumps(variables), *arguments]

    def play(self, *arguments: str, example: str = "backends", **more: Any) -> Run:
        """Run an example, and show its output as it comes."""
        lines, settings = [], environment(self.work, self.collections)
        command = self.command("--diff", *arguments, example=example, **more)
        with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                print("    " + line, end="", flush=True)
                lines.append(line)
        expect(process.returncode == 0, "no task failed")
        output = "".join(lines)
        recap = re.search(r"changed=(\d+)", output)
        plan = re.search(
            r"^TASK \[(?:Install or remove|Install the models)\] \*+\n(.*?)^TASK ", output, re.DOTALL | re.MULTILINE
        )
        if recap is None or plan is None:
            sys.exit("this is not the output of the example playbook")
        return Run(int(recap[1]), plan[1])

    def installed(self) -> dict[str, str]:
        """Print and return the directories of the backends path, with what their run files say when they run."""
        found = {}
        for directory in sorted(self.backends.glob("[!.]*")):
            run_file = directory / "run.sh"
            if run_file.exists():
                said = subprocess.run([run_file], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
                found[directory.name] = f"its run file says: {said}"
            else:
                metadata = json.loads(directory.joinpath("metadata.json").read_text(encoding="utf-8"))
                found[directory.name] = f"points to {metadata['meta_backend_for']}"
        width = max(map(len, found), default=0)
        print(f"\nInstalled in {self.backends}:")
        for name, text in found.items() or [("nothing", "")]:
            print(f"    {name:{width}}  {text}")
        return found


def heading(text: str) -> None:
    """A line that stands out."""
    print(f"\n=== {text} " + "=" * (100 - len(text)), flush=True)


def expect(condition: bool, text: str) -> None:
    """Say that something is so; end the demo when it is not."""
    print(f"{'ok' if condition else 'FAILED'}: {text}", flush=True)
    if not condition:
        sys.exit(1)


@contextlib.contextmanager
def servers(work: Path) -> Iterator[tuple[Registry, FileServer]]:
    """A registry with all images, and a server with their gallery, `index.yaml`, and one of models, `models.yaml`."""
    content = gallery()
    with Registry() as registry, FileServer() as files:
        for tag, artifact in content.images.items():
            registry.put(REPOSITORY, tag, artifact)
        files.pages["/index.yaml"] = content.index(registry.host, files.url, work).encode()
        files.pages["/models.yaml"] = json.dumps(models({"tiny": b"weights"}, files.url)).encode()
        files.pages["/tiny.gguf"] = b"weights"
        yield registry, files


def main() -> None:
    """Start the servers, run the playbooks, and ask a model."""
    collections = Path(sys.argv[1]).resolve() if sys.argv[1:] else COLLECTION.parents[2]
    with tempfile.TemporaryDirectory(prefix="localai-demo-") as work, servers(Path(work)) as (registry, files):
        print(f"A gallery at {files.url}/index.yaml, its registry at {registry.host}, everything else below {work}")
        player = Player(Path(work), files.url, collections)

        heading("1. check mode: what would be done")
        check = player.play("--check")
        expect(check.changed == 1, "check mode predicts a change")
        expect(not player.backends.exists(), "check mode wrote nothing")

        heading("2. do it")
        real = player.play()
        expect(real == check, "exactly what check mode predicted was done")
        expect(any("/blobs/" in request.path for request in registry.requests), "the images came from the registry")

        heading("3. again")
        registry.requests.clear()
        files.requests.clear()
        again = player.play()
        expect(again.changed == 0, "nothing was changed")
        expect(not registry.requests + files.requests, "no server was asked")
        installed = player.installed()
        expect({"llama-cpp", "silero-vad"} <= set(installed), "both backends are installed")

        heading("4. a model, and its answer")
        model = {"name": "tiny", "config": {"context_size": 512}}
        tiny: dict[str, Any] = {"localai_models": [model], "localai_service": "", "localai_url": _NOWHERE}
        predicted = player.play("--check", example="models", **tiny)
        expect(player.play(example="models", **tiny) == predicted, "exactly what check mode predicted was done")
        with server(Path(work)) as url:
            tiny["localai_url"] = url
            expect(player.play(example="models", **tiny).changed == 0, "a second run, with a server, changes nothing")
            answer = chat(url, "tiny", "Which backend are you?")
            print(f"\nThe model tiny says: {answer}")
        expect(answer == "cpu-llama-cpp 1", "the backend of the model answered")

        heading("5. remove the backends")
        expect(player.play(localai_state="absent").changed == 1, "that is a change")
        expect(not player.installed(), "no backend is left")


if __name__ == "__main__":
    main()
