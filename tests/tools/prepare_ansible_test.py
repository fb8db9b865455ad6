# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lay out below BUILD what ansible-test expects: real interpreters, a bootstrap for pip, an SSH key, pip's settings.

Runs in a virtual environment and asks the ansible-core in there what it wants.
"""

from __future__ import annotations

import ast
import configparser
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.constants import SUPPORTED_PYTHON_VERSIONS
from ansible_test._internal.python_requirements import get_venv_packages


def find_python(version: str) -> str | None:
    """Return the binary of a Python that starts and can make virtual environments; never a pyenv shim."""
    candidates = [shutil.which(f"{sys.base_prefix}/bin/python{version}"), shutil.which(f"python{version}")]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.check_output([pyenv, "root"], text=True).strip()
        candidates += sorted(map(str, Path(root).glob(f"versions/{version}.*/bin/python{version}")))
    question = "import ensurepip, sys, venv; print(sys.executable)"
    for candidate in filter(None, candidates):
        answer = subprocess.run([candidate, "-c", question], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return answer.stdout.strip()
    return None


def link_pythons(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    found = {version: path for version in SUPPORTED_PYTHON_VERSIONS if (path := find_python(version))}
    for version, path in found.items():
        (directory / f"python{version}").symlink_to(path)
    missing = [version for version in SUPPORTED_PYTHON_VERSIONS if version not in found]
    print(f"Tests run on Python {', '.join(found)}; not on this machine: {', '.join(missing) or 'none'}.")


def install_pip_bootstrap(cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    for version in SUPPORTED_PYTHON_VERSIONS:
        pip = get_venv_packages(SimpleNamespace(version=version))["pip"]
        shutil.copy(Path(__file__).with_name("pip_bootstrap.py"), cache / f"get_pip_{pip.replace('.', '_')}.py")


def stand_in_for_ssh_key(directory: Path) -> None:
    """Without ssh-keygen: a key pair must exist, though nothing uses it as long as all tests run on this machine."""
    if not shutil.which("ssh-keygen"):
        for name in ("id_rsa", "id_rsa.pub"):
            (directory / name).touch()


def keep_pip_settings(path: Path) -> None:
    """Write down the user's index, certificates and so on: ansible-test hides their variables and their home."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.check_output(command, text=True).splitlines()
    settings = configparser.RawConfigParser()
    settings["global"] = {"quiet": "1"}
    for line in sorted(listed, key=lambda line: line.startswith(":env:")):  # variables win over files
        name, value = line.split("=", 1)
        section, key = name.replace(":env:", "global").rsplit(".", 1)
        settings.setdefault(section, {})[key] = ast.literal_eval(value)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        settings.write(file)


build = Path(sys.argv[1])
link_pythons(build / "pythons")
install_pip_bootstrap(build / "home/.ansible/test/cache")
stand_in_for_ssh_key(build / "home/.ansible/test")
keep_pip_settings(build / "home/.config/pip/pip.conf")
