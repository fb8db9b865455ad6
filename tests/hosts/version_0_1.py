# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What version 0.1.0 of this collection left on a host: written file by file, as its role and its modules did.

That role had its binaries in /usr/local/lib/localai, one environment file, and no record of the directories that it had
created. What is here was compared with a host that version 0.1.0 provisioned; version_0_1.service is its unit.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from ..support.archives import tar_archive
from ..support.backends import backend_entries
from ..support.gallery import REPOSITORY, gallery
from ..support.images import Index, host_platform
from .fleet import Host
from .releases import OLD, write_program
from .site import Site
from .world import BACKENDS, HOME

BINARY = f"/usr/local/lib/localai/local-ai-{OLD}"
UNIT = "/etc/systemd/system/localai.service"
ENVIRONMENT = "/etc/localai/localai.env"
MEMORY = "/var/lib/localai-core"
_BUILD, _TAG = "cpu-llama-cpp", "latest-cpu-llama-cpp"
_ACCOUNT = """
groupadd --system localai
useradd --system --gid localai --groups render,video --home-dir /var/lib/local-ai --shell /usr/sbin/nologin localai
apt-get install -q -y --no-install-recommends python3-requests python3-yaml
"""
# The modes that the role and the modules set
_MODES = f"""
chown -R localai:localai {HOME}
chmod 755 {HOME} {BACKENDS} {BACKENDS}/.localai-core {BACKENDS}/.localai-core/* {BACKENDS}/llama-cpp {BACKENDS}/{_BUILD}
chmod 644 {BACKENDS}/.localai-core/lock
chmod 750 {HOME}/models {HOME}/data {HOME}/configuration
chown root:localai /etc/localai {ENVIRONMENT}
chmod 750 /etc/localai
chmod 640 {ENVIRONMENT}
chmod 700 {MEMORY} {MEMORY}/good
chmod 600 {MEMORY}/started.json {MEMORY}/good/*
ln -s {BINARY} /usr/local/bin/local-ai
systemctl daemon-reload
systemctl enable --now localai.service
"""


def leave_version_0_1(host: Host, site: Site) -> None:
    """Make a running host one that version 0.1.0 provisioned with llama-cpp."""
    _run(host, _ACCOUNT)
    for directory in "models", "data", "configuration":
        _path(host, f"{HOME}/{directory}").mkdir(parents=True)
    _write_backends(host, site)
    _path(host, BINARY).parent.mkdir(parents=True)
    write_program(_path(host, BINARY), OLD)
    unit = Path(__file__).with_name("version_0_1.service").read_text(encoding="utf-8")
    environment = _environment(site)
    for path, text in (UNIT, unit), (ENVIRONMENT, environment):
        host.write(path.lstrip("/"), text)
        host.write(f"{MEMORY}/good/{Path(path).name}".lstrip("/"), text)
    _write_memory(host, site)
    _run(host, _MODES)


def _environment(site: Site) -> str:
    galleries = json.dumps(site.variables["localai_galleries"])
    values = {
        "LOCALAI_ADDRESS": "127.0.0.1:8080",
        "LOCALAI_AUTO_UPGRADE_BACKENDS": "false",
        "LOCALAI_AUTOLOAD_BACKEND_GALLERIES": "false",
        "LOCALAI_BACKEND_GALLERIES": galleries.replace('"', '\\"'),
        "LOCALAI_BACKENDS_PATH": BACKENDS,
        "LOCALAI_BACKENDS_SYSTEM_PATH": "/usr/share/localai/backends",
        "LOCALAI_CONFIG_DIR": f"{HOME}/configuration",
        "LOCALAI_DATA_PATH": f"{HOME}/data",
        "LOCALAI_FORCE_META_BACKEND_CAPABILITY": "default",
        "LOCALAI_MODELS_PATH": f"{HOME}/models",
    }
    return "# Ansible managed\n" + "".join(f'{name}="{value}"\n' for name, value in values.items())


def _write_backends(host: Host, site: Site) -> None:
    """Write the trees of llama-cpp, and the records of that version's modules."""
    tree = _path(host, f"{BACKENDS}/{_BUILD}")
    tree.mkdir(parents=True)
    content = tar_archive(backend_entries(_BUILD, "1"), "none")
    subprocess.run(["tar", "-x", "-p", "-C", str(tree)], input=content, check=True)
    for name in "replaced", "staging", "kept":
        _path(host, f"{BACKENDS}/.localai-core/{name}").mkdir(parents=True)
    common = {"gallery_url": f"{site.files.url}/gallery.yaml", "installed_at": "2026-11-26T12:00:00Z"}
    image = _image()
    uri = f"{site.registry}/{REPOSITORY}:{_TAG}"
    concrete = {"alias": "llama-cpp", "name": _BUILD, **common, "uri": uri, "digest": image.digest}
    meta = {"meta_backend_for": _BUILD, "name": "llama-cpp", **common}
    files = {
        path.stat().st_ino: path.stat().st_size for path in tree.rglob("*") if not path.is_symlink() and path.is_file()
    }
    sizes = {path: (tree / path).stat().st_size for path in ("LICENSE", "backend", "run.sh", "lib/libggml.so.1.2")}
    packages = "venv/lib/python3.10/site-packages"
    record = {
        "format": 1,
        "requested": False,
        "platform_digest": image.images[0].digest,
        "sha256": "",
        "size": sum(files.values()),
        "entries": len(list(tree.rglob("*"))),
        "pinned": False,
        "listed": True,
        "contents": {
            "": [f"{sizes[name]} {name}" for name in ("LICENSE", "backend", "run.sh")],
            "lib": [
                "> libggml.so.1/libggml.so",
                "> libggml.so.1.2/libggml.so.1",
                f"{sizes['lib/libggml.so.1.2']} libggml.so.1.2",
            ],
            "venv": [],
            "venv/lib": [],
            "venv/lib/python3.10": [],
            packages: [f"{(tree / packages / name).stat().st_size} {name}" for name in ("grpc.py", "grpcio.py")],
        },
    }
    held = {"pid": 470, "host": host.name, "since": "2026-11-26T12:00:00Z"}
    for path, value in {
        f"{_BUILD}/metadata.json": json.dumps(concrete, indent=2),
        # The second line is read only by who needs it.
        f"{_BUILD}/.localai-core.json": json.dumps(record, separators=(",", ":")).replace(
            ',"contents"', ',\n"contents"'
        ),
        "llama-cpp/metadata.json": json.dumps(meta, indent=2),
        ".localai-core/lock": json.dumps(held),
    }.items():
        host.write(f"{BACKENDS}/{path}".lstrip("/"), value)


def _write_memory(host: Host, site: Site) -> None:
    """Write what that role remembered of the last good start."""
    run_file = f"{BACKENDS}/{_BUILD}/run.sh"
    sums = {path: hashlib.sha256(_path(host, path).read_bytes()).hexdigest() for path in (ENVIRONMENT, UNIT, BINARY)}
    started = {"backends": {_BUILD: run_file, "llama-cpp": run_file}, "files": sums}
    pin = {
        "alias": "llama-cpp",
        "backend": _BUILD,
        "capability": "default",
        "digest": _image().digest,
        "platform": f"linux/{host_platform().architecture}",
        "uri": f"{site.registry}/{REPOSITORY}:{_TAG}",
    }
    good: dict[str, Any] = {
        "backends": [_BUILD, "llama-cpp"],
        "binary": BINARY,
        "capability": "default",
        "pins": {"backends": [{**pin, "name": name} for name in (_BUILD, "llama-cpp")], "format": 1},
        "ready_url": "http://127.0.0.1:8080/readyz",
    }
    for name, value in ("started.json", started), ("good/start.json", good):
        host.write(f"{MEMORY}/{name}".lstrip("/"), json.dumps(value, indent=4, sort_keys=True) + "\n")


def _image() -> Index:
    image = gallery("1").images[_TAG]
    assert isinstance(image, Index)
    return image


def _path(host: Host, path: str) -> Path:
    return host.root / path.lstrip("/")


def _run(host: Host, script: str) -> None:
    done = host.run("sh", "-c", f"set -e\nexec 2>&1\n{script}\necho finished")
    assert done.endswith("finished"), done
