# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds out what models need, by planning their installation in a models path that has none."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import replace

from ..._address import Address
from ..._errors import LocalAIError, OptionError
from ..._fs.file_attributes import FileAttributes
from ..._fs.utf8 import os
from ..._http.url import is_http_url
from ..._localai.models.contents import Listing
from ..._localai.models.gallery import is_on_host
from ..._localai.models.installed import InstalledModels
from ..._model_request import FileSpec, ModelHost, ModelOptions, ModelSpec
from ..._oci.platform import Platform
from ..._planner.failures import combined
from ..._planner.models.facts import ModelFacts
from ..._planner.models.plan import ModelPlan, plan_models
from ..._planner.models.questions import FindSnapshot
from ..._planner.models.steps import Install
from ..._request import bare_name
from ..._resolver.models import ModelResolver
from ..._sources.file import Bytes
from ..._sources.locations import web_address
from ..._sources.model_uri import OllamaUri, parse_model_uri
from ..._sources.uri import ImageUri
from ..._store.file_system import KeptAttributes
from ..decide import decide
from ..models.answers import ModelAnswers
from ..models.argspec import MODEL
from ..models.info_options import ModelInfoOptions, RequestedName
from ..models.inventory import Inventory
from ..models.model_pins import pins_of_models
from ..models.options import model_options
from ..models.pins import with_pins
from ..models.task import ModelTask
from .options import BundleOptions
from .wanted import Wanted, WantedFile, WantedImage

if t.TYPE_CHECKING:
    from ..._resolver.recording import RecordingNetwork

Params = t.Mapping[str, t.Any]
# Nothing is installed there.
_NOWHERE = "/nonexistent"
# The options of a task that sets nothing, to which rows are added.
_TASK: dict[str, t.Any] = {name: spec.get("default") for name, spec in MODEL["argument_spec"].items()}


class ModelFinder:
    """Plans models as a host does that has none, and adds to `wanted` what they need."""

    def __init__(self, options: BundleOptions, network: RecordingNetwork, warnings: list[str], wanted: Wanted) -> None:
        self._options = options
        self._network = network
        self._warnings = warnings
        self._wanted = wanted
        self._host = ModelHost(_NOWHERE, options.model_galleries, options.connection, options.signatures)
        platform = next(iter(wanted.platforms), Platform("linux", "amd64"))
        self.resolver = ModelResolver(self._host, platform, os.environ, warnings, check_mode=False, network=network)
        self._answers = ModelAnswers(lambda: self.resolver)

    def add(self, rows: tuple[Params, ...], pins: Params | None) -> tuple[str, ...]:
        """Add what models need; returns their backends. Raises one error for all that cannot be had.

        `pins` is the set of pins of the hosts.
        """
        if not rows:
            return ()
        specs = model_options({**_TASK, "models": list(rows)}).models
        if pins is not None and pins.get("models"):
            return self._plan(with_pins(specs, pins))
        backends = self._plan(specs)
        self._plan(self._pin(specs))
        return backends

    def _plan(self, specs: t.Sequence[ModelSpec]) -> tuple[str, ...]:
        """Add what some models need; returns their backends."""
        if not specs:
            return ()
        task = ModelTask(self._host, ModelOptions(tuple(specs)), KeptAttributes(), FileAttributes())
        facts = ModelFacts(tuple(source.name for source in self._host.galleries))
        facts = facts.rescanned(InstalledModels(_NOWHERE), FileAttributes())
        plan: ModelPlan
        failures: list[tuple[str, LocalAIError]] = []

        def answer(question: t.Any) -> t.Any:
            try:
                return self._answers.answer(task, question)
            except LocalAIError as e:
                # A host would leave a snapshot to the server, which has no internet.
                if isinstance(question, FindSnapshot) and not e.missing:
                    failures.append(("", e))
                raise

        plan, _facts = decide(functools.partial(plan_models, task.options), facts, answer)
        if failures:
            raise combined(failures, {})
        self._warnings += plan.warnings
        for step in plan.steps:
            if isinstance(step, Install):
                self._note(step)
        return plan.backends

    def _pin(self, specs: t.Sequence[ModelSpec]) -> list[ModelSpec]:
        """Pin the models that are entries of galleries, and return them with their pins; others cannot be pinned."""
        entries = [spec for spec in specs if spec.follows_entry and not spec.variant]
        others = [spec.name for spec in specs if spec not in entries]
        if others:
            self._warnings.append(
                f"pins: {', '.join(others)}: only a model that is an entry of a gallery under its own name, without a "
                "variant, can be pinned. Hosts install the others without pins."
            )
        names = tuple(RequestedName(spec.model.rpartition("@")[0], spec.name) for spec in entries)
        inventory = Inventory(_NOWHERE, Listing(()))
        try:
            request = ModelInfoOptions(names=names, pins=True)
            document = pins_of_models(self._host, request, inventory, self._answers, self._warnings)
            known = {row["name"] for row in self._wanted.model_pins}
            self._wanted.model_pins += [row for row in document["models"] if row["name"] not in known]
            specs = tuple(replace(spec, state="present") for spec in entries)
            return list(with_pins(specs, document))
        except LocalAIError as e:
            # Hosts install the models by their names.
            self._warnings.append(f"pins: {e}")
            return []

    def _note(self, step: Install) -> None:
        """Add the files of a model, and the entries of its gallery that hosts look up."""
        desired = step.desired
        for file in step.fetch:
            self._add(step.name, file)
        for snapshot in step.snapshots:
            for hub_file in snapshot.files:
                spec = FileSpec(hub_file.path, Address(hub_file.url.text), hub_file.sha256)
                self._add_web_file(spec, hub_file.url.text, hub_file.size)
        if desired.gallery:
            names = (bare_name(desired.spec.model), desired.name, desired.variant)
            self._wanted.add_entries("models", desired.gallery, names)

    def _add(self, name: str, file: FileSpec) -> None:
        """Add a file; raises LocalAIError."""
        if is_on_host(file.uri):
            self._warnings.append(
                f"{name}: {file.filename} is at {file.uri} on the hosts themselves, so it is not in the bundle."
            )
            return
        uri = parse_model_uri(file.uri)
        address = web_address(uri, self._network.hub_address)
        if address is not None:
            self._add_web_file(file, address.text, 0)
        elif isinstance(uri, (ImageUri, OllamaUri)):
            parts = self._network.parts(uri.reference, self._wanted.platforms, self._warnings)
            names = () if uri.reference.digest else (str(uri.reference),)
            platforms = tuple(map(str, self._wanted.platforms))
            self._wanted.add_image(WantedImage((file.uri,), parts.top.digest, parts, names, platforms))
        else:
            raise OptionError(f"{name}: {file.uri} is no source that a bundle can have.")

    def _add_web_file(self, file: FileSpec, url: str, size: int) -> None:
        """Add a file of a web server, which hosts ask for by its URL."""
        version = ""
        if not size or not file.sha256:
            artifact = self.resolver.artifact(file)
            size = artifact.size
            content = artifact.content
            version = content.version if isinstance(content, Bytes) and not file.sha256 else ""
        name = file.filename.rpartition("/")[2]
        keys = (url, file.uri.text) if is_http_url(file.uri.text) else (url,)
        self._wanted.add_file(WantedFile(file.uri, name, file.sha256, size, version, tuple(dict.fromkeys(keys))))
