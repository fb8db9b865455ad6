# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An empty backends path, and a gallery of directories on this host: parts of a run can be tested without a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._module.answers import Answers
from ansible_collections.localai.core.plugins.module_utils._module.decide import Decider
from ansible_collections.localai.core.plugins.module_utils._module.execute import execute
from ansible_collections.localai.core.plugins.module_utils._module.runner import Run
from ansible_collections.localai.core.plugins.module_utils._module.task import Task, task_of
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, GallerySource, HostOptions
from ansible_collections.localai.core.plugins.module_utils._resolver.resolver import Resolver
from ansible_collections.localai.core.plugins.module_utils._store.file_system import KeptAttributes

from .archives import file, write_tree
from .plans import CPU_HOST

BUILDS = ("piper", "whisper")
KEEPS_ALL = KeptAttributes()


class LocalHost:
    """A host whose gallery has the builds `piper` and `whisper`, and the meta backend `speech` for `piper`."""

    def __init__(self, top: Path) -> None:
        """The backends path, the system path, the gallery and its sources are below `top`."""
        self.path = top / "backends"
        self.sources = top / "sources"
        self.gallery = top / "gallery.yaml"
        rows: list[dict[str, Any]] = [{"name": "speech", "capabilities": {"default": "piper"}}]
        for name in BUILDS:
            write_tree(self.sources / name, [file("run.sh", f"#!/bin/sh\necho {name}\n", 0o755), file("lib/x", "x")])
            rows.append({"name": name, "uri": str(self.sources / name)})
        self.gallery.write_text(json.dumps(rows), encoding="utf-8")
        galleries = (GallerySource("g", Address(str(self.gallery))),)
        self.host = HostOptions(str(self.path), str(top / "system"), galleries, capability="default")
        self.run = Run({}, check_mode=False)
        self.resolver = Resolver(self.host, Platform("linux", "amd64"), self.run.warnings)
        self.answers = Answers(self.resolver)
        self.decider = Decider(Facts(CPU_HOST, ("g",)), lambda: self.answers)

    @property
    def params(self) -> dict[str, Any]:
        """The options of a module for this host."""
        return {
            "backends_path": self.host.backends_path,
            "backends_system_path": self.host.backends_system_path,
            "galleries": [{"name": "g", "url": str(self.gallery)}],
            "capability": "default",
        }

    def task(self, *names: str, keeps: KeptAttributes = KEEPS_ALL, **options: Any) -> Task:
        """Return a task for backends."""
        return task_of(self.host, BackendOptions(names, **options), keeps, self.run)

    def install(self, *names: str, **options: Any) -> dict[str, Any]:
        """Execute a task; returns the result."""
        task = self.task(*names, **options)
        execute(self.decider, task, lambda: self.answers, self.run, lambda _keeps: task)
        return self.run.result
