# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the modules with secrets of all kinds, against servers of all kinds."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import quote

from ..support.archives import file, tar_archive
from ..support.auth import Basic, Bearer
from ..support.backends import backend_entries, backend_image
from ..support.faults import Rate, Redirect
from ..support.files import FileServer
from ..support.registry import Registry
from ..support.server import Answer, Request, Server
from ..support.tls import Authority

USER = "visible-user"  # the control: a search that does not find this finds nothing
RECORDED = "recorded-"  # how the names of those begin that stand in metadata.json, in addresses


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
        self.sha256 = hashlib.sha256(archive).hexdigest()
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
        self.open = start(Registry())
        self.mirror = start(Registry())
        for registry in (self.basic, self.bearer, self.docker):
            registry.put("x/y", "v1", backend_image("y"))
        for registry, tag in ((self.open, "latest-recorded"), (self.open, "v1-recorded"), (self.mirror, "v1-recorded")):
            registry.put("x/y", tag, backend_image("y"))
        self.image = f"{self.open.host}/x/y:v1-recorded"
        self._serve_addresses()
        self._serve_parts()
        logins = {
            self.docker.host: {"auth": base64.b64encode(f"{USER}:{secrets.texts['auth-file']}".encode()).decode()}
        }
        self.auth_file = self.inputs / "config.json"
        self.auth_file.write_text(json.dumps({"auths": logins}), encoding="utf-8")

    def _serve_addresses(self) -> None:
        """A gallery and redirects whose addresses are signed, as those of object stores are."""
        secrets = self.secrets
        signed = f"{self.files.url}/slow.tar.gz?sig=" + secrets.new(RECORDED + "entry", "files")
        gone = f"{self.files.url}/gone.tar.gz?sig=" + secrets.new("query-that-fails", "files")
        entries = [
            {"name": "signed", "uri": signed},
            {"name": "m", "capabilities": {"default": "signed"}},
            {"name": "gone", "uri": gone, "mirrors": [gone + "&again=1"]},
        ]
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

    def _serve_parts(self) -> None:
        """An archive so large, from servers so slow, that it is transferred over several connections."""
        noise = hashlib.shake_256(b"noise").digest(16 * 1024**2)
        large = tar_archive([*backend_entries("large"), file("noise", noise)])
        signed = self.elsewhere.url + "/large.tar.gz?sig=" + self.secrets.new("query-of-parts", "elsewhere")
        for server in (self.token, self.elsewhere):
            server.pages["/large.tar.gz"] = large
            server.faults.append(Rate("/large.tar.gz", bytes_per_second=8_000_000))
        self.token.faults.insert(0, Redirect("/large-elsewhere", location=signed))

    def transferred_in_parts(self) -> bool:
        """Whether the server that a redirect leads to was asked for parts."""
        return any(request.headers.get("range", "-").rpartition("-")[2] for request in self.elsewhere.requests)

    def servers(self) -> dict[str, Server]:
        """All servers by the name under which secrets know them."""
        names = ("basic", "bearer", "docker", "token", "tls", "files", "elsewhere", "proxy", "echo", "open", "mirror")
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

        def fetch(name: str, uri: str, fails: bool = False, **options: Any) -> Run:
            return Run(name, {"name": [name], "uri": uri, "force": True, **options}, fails)

        yield fetch("basic", image[self.basic], endpoints=[self.login(self.basic, secrets.texts["basic"])])
        yield fetch("bearer", image[self.bearer], endpoints=[self.login(self.bearer, secrets.texts["bearer"])])
        yield fetch("auth-file", image[self.docker], auth_file=str(self.auth_file))
        yield fetch("token", f"{self.token.url}/x.tar.gz", endpoints=[token])
        yield fetch("client-certificate", f"{self.tls.url}/x.tar.gz", ca_path=self.ca, **self.client)
        yield fetch("redirect", f"{self.token.url}/elsewhere", endpoints=[token])
        yield fetch("parts", f"{self.token.url}/large.tar.gz", endpoints=[token])
        yield fetch("parts-redirected", f"{self.token.url}/large-elsewhere", endpoints=[token])
        yield fetch("proxy", "http://archives.example/x.tar.gz")
        yield Run("entry", {"name": ["signed"], "force": True, "galleries": gallery})
        yield fetch("option", self._signed("option"))
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
        yield fetch("in-url", in_url, True)
        broken = self.inputs / "broken.json"
        broken.write_text('{"auths": ' + secrets.new("broken-auth-file"), encoding="utf-8")
        yield fetch("broken-auth-file", image[self.docker], True, auth_file=str(broken))
        yield from self._recorded()
        yield from self._galleries()
        yield from self._refused()
        yield Run("absent", {"name": ["basic", "token", "m", "signed", "recorded", "parts"], "state": "absent"})

    def _signed(self, name: str) -> str:
        """The address of an archive that is signed with a secret of its own, which is recorded."""
        return f"{self.files.url}/x.tar.gz?sig={self.secrets.new(RECORDED + name, 'files')}"

    def _recorded(self) -> Iterator[Run]:
        """A backend that was installed from a signed address is asked for in other ways."""
        first, other, pinned = self._signed("first"), self._signed("other"), self._signed("pin")
        name = {"name": ["recorded"]}
        entry = {"name": "recorded", "uri": f"{self.open.host}/x/y:latest-recorded"}
        signed = {"name": "recorded", "uri": self._signed("in-a-gallery"), "sha256": self.sha256}
        self.files.pages["/recorded.yaml"] = json.dumps([entry]).encode()
        self.files.pages["/pinned.yaml"] = json.dumps([signed]).encode()
        images = {"galleries": [{"name": "images", "url": f"{self.files.url}/recorded.yaml"}]}
        archives = {"galleries": [{"name": "archives", "url": f"{self.files.url}/pinned.yaml"}]}
        platform = "linux/amd64"
        row = {"name": "recorded", "capability": "default", "platform": platform, "backend": "recorded"}
        pins = {"format": 1, "backends": [{**row, "uri": pinned, "digest": f"sha256:{self.sha256}"}]}
        wrong = {"format": 1, "backends": [{**row, "uri": pinned, "digest": "sha512:" + "0" * 128}]}
        yield Run("recorded", {**name, "uri": first, "keep_previous": 1})
        yield Run("recorded-other", {**name, "uri": other, "keep_previous": 1})
        yield Run("recorded-back", {**name, "uri": first, "keep_previous": 1})
        yield Run("recorded-release", {**name, "release": "v1", **images})
        yield Run("recorded-again", {**name, "uri": other, "alias": "other", "force": True})
        yield Run("recorded-no-release", {**name, "release": "v1", **archives}, True)
        yield Run("recorded-pins", {**name, "platform": platform, "pins": pins, "force": True})
        yield Run("recorded-wrong-pins", {**name, "platform": platform, "pins": wrong}, True)
        told = {"pins": True, "upgrades": True, "available": True, "disk_usage": True}
        yield Run("recorded-told", {**name, **told, **archives}, module="localai_backend_info")
        yield Run("recorded-latest", {**name, "state": "latest", **archives})

    def _galleries(self) -> Iterator[Run]:
        """Galleries and mirrors whose own addresses have secrets in them."""
        secrets, url = self.secrets, self.files.url
        signed = f"{url}/index.yaml?sig=" + secrets.new(RECORDED + "gallery", "files")
        mirror = f"{url}/index.yaml?sig=" + secrets.new("gallery-mirror", "files")
        gone = f"{url}/gone.yaml?sig=" + secrets.new(RECORDED + "gallery-that-is-gone", "files")
        login = url.replace("://", f"://{USER}:{secrets.new(RECORDED + 'gallery-login')}@") + "/index.yaml"
        github = f"github:{USER}:{secrets.new('github')}@org/index.yaml"
        for name, source, mirrors, fails in (
            ("signed", signed, [], False),
            ("mirrored", gone, [mirror], False),
            ("login", login, [mirror], False),
            ("gone", gone, [login, github], True),
        ):
            galleries = [{"name": "g", "url": source, "mirrors": mirrors}]
            yield Run(f"gallery-{name}", {"name": ["m"], "force": True, "galleries": galleries}, fails)
            told = {"galleries": galleries, "available": True}
            yield Run(f"gallery-{name}-told", told, fails, "localai_backend_info")
        relay = {"url": f"{self.mirror.url}?sig=" + secrets.new("registry-mirror", "mirror")}
        broken = {"url": "http://127.0.0.1:1?sig=" + secrets.new("registry-mirror-that-is-gone")}
        with_login = {"url": f"http://{USER}:{secrets.new('registry-mirror-login')}@127.0.0.1:1"}
        endpoint = {"host": self.open.host, "mirrors": [broken, relay]}
        yield Run("mirror", {"name": ["mirror"], "uri": self.image, "endpoints": [endpoint], "force": True})
        refused = [{"host": self.open.host, "mirrors": [with_login]}]
        yield Run("mirror-login", {"name": ["mirror"], "uri": self.image, "endpoints": refused}, True)

    def _refused(self) -> Iterator[Run]:
        """Options that Ansible refuses before the module sees any, beside a signed address and in its place."""
        secrets = self.secrets
        signed = "https://127.0.0.1:1/x?sig=" + secrets.new("query-of-a-refused-task")
        task = {"name": ["refused"], "uri": signed, "galleries": [{"name": "g", "url": signed, "mirrors": [signed]}]}
        wrong = {
            "state": "somehow",
            "no_such_option": signed,
            "timeout": signed,
            "galleries": [signed],
            "endpoints": [{"host": "h", "username": USER, "mirrors": [signed]}],
            "name": [signed],
        }
        for option, value in wrong.items():
            yield Run(f"refused-{option}", {**task, option: value}, True)
