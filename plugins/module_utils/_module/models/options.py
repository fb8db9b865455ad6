# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task about models, validated, as frozen values."""

from __future__ import annotations

import json
import typing as t

from ..._address import Address
from ..._errors import LocalAIError, NameRefused, OptionError
from ..._localai.models.gallery import file_digest, path_problem
from ..._localai.models.names import requested_model
from ..._localai.models.scalars import is_too_deep
from ..._model_request import FileSpec, ModelHost, ModelOptions, ModelSpec
from ..galleries import gallery_sources
from ..options import check_range, connection_of, plain_path, signature_options

Params = t.Mapping[str, t.Any]


def model_host(params: Params) -> ModelHost:
    """Return the options that both modules have; raises OptionError."""
    return ModelHost(
        models_path=plain_path(params, "models_path"),
        galleries=gallery_sources(params["galleries"] or ()),
        connection=connection_of(params),
        signatures=signature_options(params),
    )


def model_options(params: Params) -> ModelOptions:
    """Return the options of `localai_model`; raises OptionError or NameRefused."""
    check_range(params, "lock_timeout", 0, 10 * 86400)
    if params["name"] is None and params["models"] is None and not params["prune"]:
        raise OptionError("The task names no model. Set name or models, or prune to remove what is left.")
    models = _with_pins(_specs(params), params["pins"])
    present = [spec for spec in models if spec.state != "absent"]
    if params["exclusive"] and not present:
        raise OptionError(
            "exclusive without a model to install would remove all models. Check the variable that the names come "
            "from, or remove the models by name with state=absent."
        )
    if params["download_only"]:
        from ..build_options import check_download

        check_download(params)
    return ModelOptions(
        models,
        owner=params["owner"],
        group=params["group"],
        mode=None if params["mode"] is None else _file_mode(params["mode"]),
        directory_mode=None if params["directory_mode"] is None else _directory_mode(params["directory_mode"]),
        lock_timeout=params["lock_timeout"],
        exclusive=params["exclusive"],
        prune=params["prune"],
        verify=params["verify"],
        force=params["force"],
        download_only=params["download_only"],
    )


def _specs(params: Params) -> tuple[ModelSpec, ...]:
    """Return the requested models; the errors of all names are raised together."""
    rows: t.Sequence[Params] = params["models"] or ()
    if params["name"]:
        names = params["name"]
        given = [option for option in ("model", "variant", "files", "uri", "config") if params[option] is not None]
        if len(names) > 1 and given:
            raise OptionError(f"{given[0]} is for one model, but name lists {len(names)}. Use models for several ones.")
        rows = [{**params, "name": name} for name in names]
    specs: list[ModelSpec] = []
    refused: dict[str, None] = {}
    for row in rows:
        try:
            specs.append(_spec({**row, "state": row["state"] or params["state"]}))
        except NameRefused as e:
            refused[str(e)] = None
    if refused:
        raise NameRefused(" ".join(refused))
    _check_repeated(specs)
    return tuple(specs)


def _spec(row: Params) -> ModelSpec:
    gallery, name = requested_model(row["name"].strip(), "name")
    _check_source(row, name)
    files = _files(row["files"] or (), name)
    model = ""
    if row["model"] is not None and gallery:
        raise OptionError(f"{row['name']}: the gallery belongs in model. Write name: {name} and model: {gallery}@….")
    if row["model"] is not None:
        model = _requested(*requested_model(row["model"].strip(), "model"))
    elif row["uri"] is None and row["files"] is None:
        model = _requested(gallery, name)
    elif gallery:
        raise OptionError(f"{row['name']}: a gallery is selected, and the model is of another source. Write {name}.")
    return ModelSpec(
        name=name,
        state=row["state"],
        model=model,
        follows_entry=row["model"] is None and bool(model),
        variant=(row["variant"] or "").strip(),
        config=_config(row["config"], name),
        files=files,
        uri=None if row["uri"] is None else Address(row["uri"].strip()),
        revision=(row["revision"] or "").strip(),
    )


def _requested(gallery: str, name: str) -> str:
    return f"{gallery}@{name}" if gallery else name


def _check_source(row: Params, name: str) -> None:
    if row["state"] == "absent":
        given = [option for option in ("variant", "files", "uri", "revision") if row[option] is not None]
        if given:
            raise OptionError(f"{name}: {given[0]} cannot be used with state=absent.")
    if row["uri"] is not None and not row["uri"].strip():
        raise OptionError(f"{name}: uri is empty.")
    if row["revision"] is not None and not row["revision"].strip():
        raise OptionError(f"{name}: revision is empty. Omit it to install the newest version of the file.")
    if row["variant"] is not None and not row["variant"].strip():
        raise OptionError(f"{name}: variant is empty. Omit it to install the entry itself.")
    if row["files"] is not None and row["model"] is None and row["uri"] is None and not row["config"]:
        raise OptionError(
            f"{name}: files without model or uri are those of a model of your own, which needs config. Write, for "
            "example, config: {backend: llama-cpp, parameters: {model: file.gguf}}."
        )


def _files(rows: t.Sequence[Params], name: str) -> tuple[FileSpec, ...]:
    files = []
    for row in rows:
        problem = path_problem(row["filename"])
        if problem:
            raise OptionError(f"{name}: files: {row['filename']!r} {problem}.")
        if not row["uri"].strip():
            raise OptionError(f"{name}: files: {row['filename']} has no uri.")
        try:
            digest = file_digest(row["sha256"] or "", f"{name}: files: the sha256 of {row['filename']}")
        except LocalAIError as e:
            raise OptionError(f"{e}.") from None
        files.append(FileSpec(row["filename"], Address(row["uri"].strip()), digest))
    paths = [file.filename for file in files]
    repeated = next((path for path in paths if paths.count(path) > 1), None)
    if repeated is not None:
        raise OptionError(f"{name}: files: {repeated} is listed twice. List each file once.")
    return tuple(files)


def _config(config: t.Any, name: str) -> t.Any:
    """Return a configuration as JSON has it; raises OptionError for what JSON cannot have."""
    if is_too_deep(config):
        raise OptionError(f"{name}: config has too many levels. Check the variable that it comes from.")
    try:
        return None if config is None else json.loads(json.dumps(config, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise OptionError(
            f"{name}: config has a value that is no text, number, boolean, list or mapping. Write dates in quotes."
        ) from None


def _check_repeated(specs: t.Sequence[ModelSpec]) -> None:
    names = [spec.name.lower() for spec in specs]
    repeated = next((spec.name for spec in specs if names.count(spec.name.lower()) > 1), None)
    if repeated is not None:
        raise OptionError(f"The model {repeated} is requested twice. Name each model once.")


def _with_pins(specs: tuple[ModelSpec, ...], document: t.Any) -> tuple[ModelSpec, ...]:
    if document is None:
        return specs
    from .pins import with_pins

    return with_pins(specs, document)


def _file_mode(mode: t.Any) -> int:
    from ..rare_options import number_of_file_mode

    return number_of_file_mode(mode)


def _directory_mode(mode: t.Any) -> int:
    from ..rare_options import number_of_mode

    return number_of_mode(mode)
