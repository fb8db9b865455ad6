# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a secret is ever seen where it does not belong: C(ansible-playbook -vvvvv) with secrets of all kinds.

Runs that work and runs that fail in every way that a login can; then everything is searched that came of them: the
output, what was given to syslog, all files, the command lines of all processes meanwhile, and what each server got.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import quote

from ..support.archives import tar_archive
from ..support.auth import Basic, Bearer
from ..support.backends import backend_entries, backend_image
from ..support.faults import Rate, Redirect
from ..support.files import FileServer
from ..support.playbook import environment
from ..support.registry import Registry
from ..support.server import Answer, Request, Server
from ..support.tls import Authority

USER = "visible-user"  # the control: a search that does not find this finds nothing
SITECUSTOMIZE = """\
import os, sys, syslog
sys.modules["systemd"] = None
def _copy(*arguments):
    with open(os.environ["SYSLOG_COPY"], "a", encoding="utf-8") as stream:
        stream.write(repr(arguments) + "\\n")
syslog.syslog = _copy
"""


class Secrets:
    """The secrets: each has a name, a text that stands nowhere else, and the server that may get it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.homes: dict[str, set[str]] = {}

    def new(self, name: str, *homes: str) -> str:
        """Make a secret."""
        return self.add(name, f"S3cret-{name}-{os.urandom(6).hex()}", *homes)

    def add(self, name: str, text: str, *homes: str) -> str:
        """Guard a text that somebody else made."""
        self.texts[name] = text
        self.homes[name] = set(homes)
        return text

    def forms(self, name: str) -> list[bytes]:
        """How a secret may be written."""
        text = self.texts[name]
        login = base64.b64encode(f"{USER}:{text}".encode()).decode().rstrip("=")
        return [form.encode() for form in dict.fromkeys([text, quote(text, safe=""), login])]

    def seen(self, data: bytes) -> list[str]:
        """The names of those that stand in some bytes."""
        return [name for name in self.texts if any(form in data for form in self.forms(name))]


@dataclass(frozen=True)
class Run:
    """One task: what it asks for, and whether it has to fail."""

    name: str
    options: dict[str, Any]
    fails: bool = False
    module: str = "localai_backend"
    no_log: bool = False


class Echo(Server):
    """Refuses everybody, and tells them what they sent."""

    def __init__(self) -> None:
        super().__init__(self._refuse)

    def _refuse(self, request: Request) -> Answer:
        given = request.headers.get("authorization", "")
        decoded = base64.b64decode(given.partition(" ")[2] + "==").decode("utf-8", "replace") if given else ""
        body = f"You sent {given!r}, that is {decoded!r}.".encode()
        return Answer(401, {"WWW-Authenticate": 'Basic realm="echo"'}, body)


class Scene:
    """Servers of all kinds, and the runs against them."""

    def __init__(self, work: Path, secrets: Secrets, stack: contextlib.ExitStack) -> None:
        """Start the servers; files that hold secrets stand in `inputs`, everything else is searched."""
        self.work, self.secrets = work, secrets
        self.inputs = work / "inputs"
        self.inputs.mkdir()
        authority = Authority(self.inputs / "tls")
        self.ca = str(authority.ca_file)
        context = authority.server_context(client_certificates=True)
        certificate, key = authority.issue("client")
        self.client: dict[str, Any] = {"client_cert": str(certificate), "client_key": str(key)}
        secrets.add("client-key", key.read_text(encoding="ascii").splitlines()[3])
        archive = tar_archive(backend_entries("archived"))
        start = stack.enter_context
        self.basic = start(Registry(Basic(USER, secrets.new("basic", "basic"))))
        self.bearer = start(Registry(Bearer(USER, secrets.new("bearer", "bearer"))))
        self.docker = start(Registry(Basic(USER, secrets.new("auth-file", "docker"))))
        self.token = start(FileServer({"/x.tar.gz": archive}, authorization="Bearer " + secrets.new("token", "token")))
        self.tls = start(FileServer({"/x.tar.gz": archive}, tls=context))
        self.files = start(FileServer({"/x.tar.gz": archive, "/slow.tar.gz": archive}))
        self.elsewhere = start(FileServer({"/x.tar.gz": archive}))
        self.proxy = start(FileServer({"http://archives.example/x.tar.gz": archive}))
        self.echo = start(Echo())
        for registry in (self.basic, self.bearer, self.docker):
            registry.put("x/y", "v1", backend_image("y"))
        self._serve_addresses()
        logins = {
            self.docker.host: {"auth": base64.b64encode(f"{USER}:{secrets.texts['auth-file']}".encode()).decode()}
        }
        self.auth_file = self.inputs / "config.json"
        self.auth_file.write_text(json.dumps({"auths": logins}), encoding="utf-8")

    def _serve_addresses(self) -> None:
        """A gallery and redirects whose addresses are signed, as those of object stores are."""
        secrets = self.secrets
        signed = f"{self.files.url}/slow.tar.gz?sig=" + secrets.new("query-of-an-entry", "files")
        gone = f"{self.files.url}/gone.tar.gz?sig=" + secrets.new("query-that-fails", "files")
        entries = [{"name": "signed", "uri": signed}, {"name": "gone", "uri": gone, "mirrors": [gone + "&again=1"]}]
        self.files.pages["/index.yaml"] = json.dumps(entries).encode()
        elsewhere = self.elsewhere.url + "/x.tar.gz?sig=" + secrets.new("query-of-a-redirect", "elsewhere")
        nowhere = "http://127.0.0.1:1/x?sig=" + secrets.new("query-to-nowhere")
        strange = "ftp://127.0.0.1/x?sig=" + secrets.new("query-of-no-http")
        self.files.faults = [Rate("/slow", bytes_per_second=400_000)]
        for server in (self.token, self.files):
            server.faults += [
                Redirect("/elsewhere", location=elsewhere),
                Redirect("/nowhere", location=nowhere),
                Redirect("/strange", location=strange),
            ]

    def servers(self) -> dict[str, Server]:
        """All servers by the name under which secrets know them."""
        names = ("basic", "bearer", "docker", "token", "tls", "files", "elsewhere", "proxy", "echo")
        return {name: getattr(self, name) for name in names}

    def login(self, server: Server, password: str) -> dict[str, Any]:
        """An entry of endpoints."""
        return {"host": server.host, "username": USER, "password": password}

    def runs(self) -> Iterator[Run]:
        """What is to be done: as the playbook has it, with all options."""
        secrets = self.secrets
        wrong = secrets.new("wrong-password", "basic", "bearer")
        wrong_token = secrets.new("wrong-token", "token")
        image = {server: f"{server.host}/x/y:v1" for server in (self.basic, self.bearer, self.docker)}
        gallery = [{"name": "g", "url": f"{self.files.url}/index.yaml"}]
        token = {"host": self.token.host, "token": secrets.texts["token"]}

        def fetch(name: str, uri: str, fails: bool = False, no_log: bool = False, **options: Any) -> Run:
            return Run(name, {"name": [name], "uri": uri, "force": True, **options}, fails, no_log=no_log)

        yield fetch("basic", image[self.basic], endpoints=[self.login(self.basic, secrets.texts["basic"])])
        yield fetch("bearer", image[self.bearer], endpoints=[self.login(self.bearer, secrets.texts["bearer"])])
        yield fetch("auth-file", image[self.docker], auth_file=str(self.auth_file))
        yield fetch("token", f"{self.token.url}/x.tar.gz", endpoints=[token])
        yield fetch("client-certificate", f"{self.tls.url}/x.tar.gz", ca_path=self.ca, **self.client)
        yield fetch("redirect", f"{self.token.url}/elsewhere", endpoints=[token])
        yield fetch("proxy", "http://archives.example/x.tar.gz")
        yield Run("entry", {"name": ["signed"], "force": True, "galleries": gallery})
        yield fetch(
            "option", f"{self.files.url}/x.tar.gz?sig={secrets.new('query-of-an-option', 'files')}", no_log=True
        )
        told = {"upgrades": True, "available": True, "galleries": gallery, "auth_file": str(self.auth_file)}
        told["endpoints"] = [self.login(self.basic, secrets.texts["basic"]), token]
        yield Run("told", told, module="localai_backend_info")

        yield fetch("wrong", image[self.basic], True, endpoints=[self.login(self.basic, wrong)])
        yield fetch("wrong-bearer", image[self.bearer], True, endpoints=[self.login(self.bearer, wrong)])
        yield fetch("wrong-token", f"{self.token.url}/x.tar.gz", True, endpoints=[{**token, "token": wrong_token}])
        echoed = self.login(self.echo, secrets.new("echoed-password", "echo"))
        yield fetch("echoed-archive", f"{self.echo.url}/x.tar.gz", True, endpoints=[echoed])
        yield fetch("echoed", f"{self.echo.host}/x/y:v1", True, endpoints=[echoed])
        yield fetch(
            "other-host", image[self.basic], True, endpoints=[self.login(self.elsewhere, secrets.texts["basic"])]
        )
        yield fetch("no-authority", f"{self.tls.url}/x.tar.gz", True, **self.client)
        yield fetch("no-certificate", f"{self.tls.url}/x.tar.gz", True, ca_path=self.ca)
        yield fetch("key-for-certificate", f"{self.tls.url}/x", True, client_cert=self.client["client_key"])
        unreachable = {"host": "127.0.0.1:1", "username": USER, "password": secrets.new("unreachable")}
        yield fetch("unreachable", "127.0.0.1:1/x/y:v1", True, endpoints=[unreachable])
        yield fetch("redirect-refused", f"{self.token.url}/nowhere", True, endpoints=[token])
        yield fetch("redirect-to-no-http", f"{self.token.url}/strange", True, endpoints=[token])
        yield fetch("proxy-that-refuses", "https://archives.example/x.tar.gz", True)
        yield Run("entry-gone", {"name": ["gone"], "galleries": gallery}, True)
        plain = {"host": "archives.example", "username": USER, "password": secrets.new("plain-http")}
        yield fetch("plain-http", "http://archives.example/x.tar.gz", True, endpoints=[plain])
        in_url = f"https://{USER}:{secrets.new('password-in-a-url')}@127.0.0.1:1/x.tar.gz"
        yield fetch("in-url", in_url, True, no_log=True)
        broken = self.inputs / "broken.json"
        broken.write_text('{"auths": ' + secrets.new("broken-auth-file"), encoding="utf-8")
        yield fetch("broken-auth-file", image[self.docker], True, auth_file=str(broken))
        yield Run("absent", {"name": ["basic", "token", "signed"], "state": "absent"})


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


def playbook(runs: list[Run], work: Path) -> list[dict[str, Any]]:
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
        task = {"name": run.name, f"localai.core.{run.module}": options, "register": f"run_{number}"}
        tasks.append({**task, "ignore_errors": True, "no_log": run.no_log})
    ends = [f"run_{number} is {'failed' if run.fails else 'success'}" for number, run in enumerate(runs)]
    tasks.append({"name": "They ended as they should", "ansible.builtin.assert": {"that": ends}})
    defaults = {"group/localai.core.localai": common}
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
    book.write_text(json.dumps(playbook(runs, work)), encoding="utf-8")
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
                # LocalAI and `latest` need the address that a backend came from, as it was given.
                if path.name != "metadata.json" or not name.startswith("query-of-an-"):
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
    }
    found += [f"nothing can be seen in the {where}" for where, works in controls.items() if not works]
    print(f"  searched: {len(output.splitlines())} lines of output, {count} files, {watch.looks} times all processes")
    return sorted(set(found))


def main() -> None:
    """Play, search and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", action="store_true", help="a third of the runs, without check mode")
    options = parser.parse_args()
    modes = [[]] if options.sample else [["--check"], []]
    secrets = Secrets()
    with tempfile.TemporaryDirectory(prefix="localai-secrets-") as work, contextlib.ExitStack() as stack:
        secrets.new("proxy", "proxy")
        scene = Scene(Path(work), secrets, stack)
        runs = list(scene.runs())
        runs = runs[1::3] if options.sample else runs
        own = scene.work / "backends" / ".localai-core"
        control = [sys.executable, "-c", "import sys; sys.stdin.read()", USER]
        with subprocess.Popen(control, stdin=subprocess.PIPE), Watch(
            secrets, [own / "lock", own / "progress"]
        ) as watch:
            output = b"".join(play(scene, runs, *mode) for mode in modes)
        found = leaks(scene, output, watch)
    for line in found:
        print(f"  {line}")
    print(f"secrets: {len(secrets.texts)} markers, {len(runs) * len(modes)} runs, {len(found)} seen")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
