# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a secret is ever seen where it does not belong: C(ansible-playbook -vvvvv) with secrets of all kinds.

Runs that work, runs that fail in every way that a login can, and the report on what they left; then everything is
searched that came of them: the output, what was given to syslog, all files, the command lines of all processes
meanwhile, and what each server got.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from ..support.playbook import COLLECTION, environment
from . import model_secret_runs
from .model_secret_runs import ModelRuns
from .secret_runs import RECORDED, USER, Run, Scene, Secrets

SITECUSTOMIZE = """\
import os, sys, syslog
sys.modules["systemd"] = None
def _copy(*arguments):
    with open(os.environ["SYSLOG_COPY"], "a", encoding="utf-8") as stream:
        stream.write(repr(arguments) + "\\n")
syslog.syslog = _copy
"""


class Watch:
    """Looks at the command lines of all processes and at the small files of a run, again and again."""

    def __init__(self, secrets: Secrets, files: list[Path]) -> None:
        self.found: Counter[str] = Counter()
        self.looks = self.progress = 0
        self._secrets, self._files = secrets, files
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.01):
            for path in [
                *(Path("/proc") / name / "cmdline" for name in os.listdir("/proc") if name.isdigit()),
                *self._files,
            ]:
                with contextlib.suppress(OSError):
                    data = path.read_bytes()
                    self.progress += path.name == "progress"
                    if b"S3cret" in data or USER.encode() in data:
                        self.found.update(self._secrets.seen(data))
                        self.found["control"] += USER.encode() in data
            self.looks += 1


def registered(run: Run) -> str:
    """The variable that the result of a run goes to."""
    return f"run_{run.name.replace('-', '_')}"


def playbook(runs: list[Run], work: Path, check: bool) -> list[dict[str, Any]]:
    """The play, with one task for each run, and one that checks how they ended."""
    common = {
        "backends_path": str(work / "backends"),
        "backends_system_path": str(work / "system"),
        "capability": "default",
        "retries": 0,
        "timeout": 5,
    }
    tasks: list[dict[str, Any]] = []
    for number, run in enumerate(runs):
        options = f"{{{{ runs[{number}] }}}}"
        task = {"name": run.name, f"localai.core.{run.module}": options, "register": registered(run)}
        tasks.append({**task, "ignore_errors": True})
    # In check mode, files of models that cannot be had are no error.
    told = [run for run in runs if not (check and run.fails and run.module == "localai_model")]
    ends = [f"{registered(run)} is {'failed' if run.fails else 'success'}" for run in told]
    tasks.append({"name": "They ended as they should", "ansible.builtin.assert": {"that": ends}})
    defaults = {"group/localai.core.localai_backends": common}
    return [{"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}]


def play(scene: Scene, runs: list[Run], *arguments: str) -> bytes:
    """Run all, as verbosely as can be; returns the output."""
    work, customized = scene.work, scene.work / "customized"
    customized.mkdir(exist_ok=True)
    customized.joinpath("sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    (work / "tmp").mkdir(exist_ok=True)
    variables = {"ansible_python_interpreter": sys.executable, "runs": [run.options for run in runs]}
    scene.inputs.joinpath("variables.json").write_text(json.dumps(variables), encoding="utf-8")
    book = work / "playbook.yml"
    book.write_text(json.dumps(playbook(runs, work, "--check" in arguments)), encoding="utf-8")
    proxy = f"http://{USER}:{scene.secrets.texts['proxy']}@{scene.proxy.host}"
    extra = {
        "http_proxy": proxy,
        "https_proxy": proxy,
        "no_proxy": "127.0.0.1",
        "PYTHONPATH": str(customized),
        "SYSLOG_COPY": str(work / "syslog"),
        "ANSIBLE_LOG_PATH": str(work / "ansible.log"),
        "ANSIBLE_INJECT_FACT_VARS": "false",
        "TMPDIR": str(work / "tmp"),
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-vvvvv", "--diff", "-e", f"@{scene.inputs}/variables.json"]
    done = subprocess.run(
        [*command, *arguments, str(book)],
        env={**environment(work), **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        sys.stdout.write(done.stdout.decode("utf-8", "replace")[-20000:])
        sys.exit("a run did not end as it should")
    return done.stdout


def report(scene: Scene) -> bytes:
    """Write the report on this machine as a host whose variables have secrets; returns the output.

    The files of the report are among those that are searched.
    """
    secrets, work = scene.secrets, scene.work
    hidden = {name: secrets.new(f"report-{name}") for name in ("key", "password", "token", "signature", "pin")}
    digest = f"sha256:{'1' * 64}"
    pin = {"name": "pinned", "capability": "default", "platform": "linux/amd64", "backend": "pinned", "digest": digest}
    variables = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
        "localai_backends_path": "/var/lib/localai-secrets/backends",
        "localai_models_path": "/var/lib/localai-secrets/models",
        "localai_api_keys": [hidden["key"]],
        "localai_endpoints": [{"host": "registry.site", "username": USER, "password": hidden["password"]}],
        "localai_secret_environment": {"HF_TOKEN": hidden["token"]},
        "localai_galleries": [{"name": "ours", "url": f"https://files.site/index.yaml?sig={hidden['signature']}"}],
        "localai_pins": {"format": 1, "backends": [{**pin, "uri": f"https://u:{hidden['pin']}@files.site/x:latest"}]},
        "localai_report_directory": str(work / "report"),
    }
    # The backends and models of the runs, which have secrets in their records.
    bare = {**variables, "localai_backends_path": str(work / "backends"), "localai_models_path": str(work / "models")}
    inventory = {"localai": {"hosts": {"guarded": variables, "bare": bare}}}
    scene.inputs.joinpath("inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "playbook", "-vvvvv", "--diff", "--inventory"]
    done = subprocess.run(
        [*command, str(scene.inputs / "inventory.json"), str(COLLECTION / "playbooks" / "report.yml")],
        env=environment(work),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode or not (work / "report" / "report.csv").exists():
        sys.stdout.write(done.stdout.decode("utf-8", "replace")[-20000:])
        sys.exit("the report was not written")
    return done.stdout


def leaks(scene: Scene, output: bytes, watch: Watch) -> list[str]:
    """Where which secret was seen; also whether what is no secret was seen, so that the search is one."""
    secrets, found = scene.secrets, []
    found += [f"{name} in the output" for name in secrets.seen(output)]
    found += [f"{name} in a command line or a file of a run" for name in watch.found if name != "control"]
    count = 0
    for path in scene.work.rglob("*"):
        if path.is_file() and scene.inputs not in path.parents:
            count += 1
            for name in secrets.seen(path.read_bytes()):
                # LocalAI and `latest` need the address that something came from, as it was given.
                is_record = path.name == "metadata.json" or model_secret_runs.is_record(path)
                if not is_record or not name.startswith(RECORDED):
                    found.append(f"{name} in {path.relative_to(scene.work)}")
    for where, server in scene.servers().items():
        for request in server.requests:
            sent = f"{request.path}?{request.query} {request.headers}".encode() + request.body
            found += [f"{name} sent to {where}" for name in secrets.seen(sent) if where not in secrets.homes[name]]
    controls = {
        "output": USER.encode() in output,
        "syslog": USER in (scene.work / "syslog").read_text(encoding="utf-8"),
        "command lines": watch.found["control"] > 0,
        "progress": watch.progress > 0,
        "requests of parts": scene.transferred_in_parts(),
    }
    found += [f"nothing can be seen in the {where}" for where, works in controls.items() if not works]
    print(f"  searched: {len(output.splitlines())} lines of output, {count} files, {watch.looks} times all processes")
    return sorted(set(found))


def main() -> None:
    """Play, search and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", action="store_true", help="some of the runs, without check mode")
    options = parser.parse_args()
    modes = [[]] if options.sample else [["--check"], []]
    secrets = Secrets()
    with tempfile.TemporaryDirectory(prefix="localai-secrets-") as work, contextlib.ExitStack() as stack:
        secrets.new("proxy", "proxy")
        scene = Scene(Path(work), secrets, stack)
        runs, model_runs = list(scene.runs()), list(ModelRuns(scene).runs())
        runs = [*runs[1::3], *model_runs[::8]] if options.sample else [*runs, *model_runs]
        own = scene.work / "backends" / ".localai-core"
        control = [sys.executable, "-c", "import sys; sys.stdin.read()", USER]
        with subprocess.Popen(control, stdin=subprocess.PIPE), Watch(
            secrets, [own / "lock", own / "progress"]
        ) as watch:
            output = b"".join([*(play(scene, runs, *mode) for mode in modes), report(scene)])
        found = leaks(scene, output, watch)
    for line in found:
        print(f"  {line}")
    print(f"secrets: {len(secrets.texts)} markers, {len(runs) * len(modes)} runs, {len(found)} seen")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
