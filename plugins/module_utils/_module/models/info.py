# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_model_info`: the installed models, their problems, and what the galleries have."""

from __future__ import annotations

import functools
import time
import typing as t

from ..._errors import OptionError
from ..._fs.utf8 import os
from ..._localai.models.backends import needed_backends
from ..._localai.models.config_check import problem_of
from ..._localai.models.contents import Reader
from ..._localai.models.findings import findings_of
from ..._model_request import ModelHost
from ..._store.layout import OWN_DIRECTORY, PROGRESS
from ..runner import Run, run_module
from .answers import ModelAnswers
from .info_options import MODEL_INFO, ModelInfoOptions, model_info_options
from .info_rows import model_row, problem_rows, progress_row, unused_rows
from .inventory import Inventory, inventory_of
from .model import resolver_of
from .options import model_host
from .service_user import reader_of
from .snapshots import sha256_of


def run_model_info() -> None:
    """Run the module `localai_model_info`."""
    run_module(MODEL_INFO, _run)


def _run(run: Run) -> None:
    host, request = model_host(run.params), model_info_options(run.params)
    reader = _reader(request, run)
    inventory = inventory_of(host.models_path)
    findings = findings_of(inventory.listing, inventory.documents, problem_of, time.time(), reader)
    digest_of = _digest_of(host.models_path) if request.verify else None
    run.result.update(
        models=[
            model_row(model, inventory, findings, digest_of)
            for model in inventory.models
            if request.wants(model.name, model.served_name)
        ],
        backends=list(needed_backends(model.config for model in inventory.models if model.config is not None)),
        problems=problem_rows(inventory, findings),
        unused=unused_rows(inventory.unused()),
        in_progress=progress_row(os.path.join(host.models_path, OWN_DIRECTORY, PROGRESS)),
    )
    if request.available or request.upgrades or request.pins:
        _ask(host, request, inventory, run)


def _ask(host: ModelHost, request: ModelInfoOptions, inventory: Inventory, run: Run) -> None:
    """Add what needs galleries and servers to the result; raises LocalAIError."""
    answers = ModelAnswers(lambda: resolver_of(host, run))
    if request.available:
        from .available import available_models

        run.result["available"] = available_models(host, request, inventory, answers)
    if request.upgrades:
        from .upgrades import upgrades_of

        run.result["upgrades"] = upgrades_of(host, request, inventory, answers, run.warnings)
    if request.pins:
        from .model_pins import pins_of_models

        run.result["pins"] = pins_of_models(host, request, inventory, answers, run.warnings)


def _reader(request: ModelInfoOptions, run: Run) -> Reader | None:
    """Return the user of the service; None if it is not requested, or does not exist yet in check mode."""
    if request.service_user is None:
        return None
    try:
        return reader_of(request.service_user)
    except OptionError as e:
        if not run.check_mode:
            raise
        # An earlier task may have created it if it had not run in check mode.
        run.warnings.append(str(e))
        return None


def _digest_of(path: str) -> t.Callable[[str], str]:
    """Return a function that reads each file of a models path only once."""

    @functools.lru_cache(maxsize=None)
    def digest_of(filename: str) -> str:
        return sha256_of(os.path.join(path, filename))

    return digest_of
