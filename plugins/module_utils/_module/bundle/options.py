# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `localai_bundle` and the file of a survey, validated, as frozen values."""

from __future__ import annotations

import copy
import json
import re
import typing as t
from dataclasses import dataclass, replace

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..._address import Address
from ..._bundle.contents import MOST_BYTES, Contents, parse_contents
from ..._errors import GalleryError, LocalAIError, OptionError
from ..._fs.read import read_file
from ..._fs.utf8 import os
from ..._http.url import checked_url
from ..._localai.capability import implied_platform
from ..._localai.machine import Machine
from ..._oci.platform import Platform
from ..._request import Connection, GallerySource, SignatureOptions
from ..._resolver.config_yaml import parse_typed
from ..argspec import BACKEND
from ..galleries import gallery_sources
from ..models.argspec import MODEL
from ..options import check_range, connection_of, signature_options
from ..pin_keys import without_unknown_keys

Params = t.Mapping[str, t.Any]
SURVEY_FORMAT = 1
_MOST_SURVEY = 32 * 1024**2
_VERSION = re.compile(r"latest|[A-Za-z0-9][A-Za-z0-9._+-]*", re.ASCII)
# The options of a row, as those of the modules; what a task sets for all rows is given by the module's own options.
_BACKEND_ROW = BACKEND["argument_spec"]["backends"]
_MODEL_ROW = MODEL["argument_spec"]["models"]
_GALLERIES = {
    "galleries": BACKEND["argument_spec"]["galleries"],
    "model_galleries": MODEL["argument_spec"]["galleries"],
}


@dataclass(frozen=True)
class Target:
    """A kind of host: its capability and its platform, and the backends and models that it wants, as rows.

    With `models_backends`, they also want the backends that the models need, of a `release` if one is set. `pins` is
    the set of pins of the hosts, None without one.
    """

    capability: str
    platform: Platform
    backends: tuple[Params, ...] = ()
    models: tuple[Params, ...] = ()
    release: str | None = None
    pins: Params | None = None
    models_backends: bool = True


@dataclass(frozen=True)
class BundleOptions:
    """The options of a task.

    `versions` are pairs of a version of the server and an architecture. With `is_exact`, there are hosts for each
    target, so that each of its rows has to be there.
    """

    path: str
    targets: tuple[Target, ...]
    versions: tuple[tuple[str, str], ...]
    release_url: Address
    galleries: tuple[GallerySource, ...]
    model_galleries: tuple[GallerySource, ...]
    is_exact: bool
    connection: Connection
    signatures: SignatureOptions
    collection: str | None
    known: Contents
    prune: bool
    lock_timeout: int


def bundle_options(params: Params) -> BundleOptions:
    """Return the options of a task; raises OptionError, MissingLibrary."""
    check_range(params, "lock_timeout", 0, 10 * 86400)
    if not params["path"].strip():
        raise OptionError("path is empty. Set it to the directory of the bundle.")
    survey = _survey(params["survey"])
    pins = _checked_pins(params["pins"]) if params["pins"] else None
    targets = _targets_of_survey(survey, pins) if params["survey"] is not None else _targets(params, pins)
    wants = any(target.backends or target.models for target in targets) or params["server_versions"]
    if not wants and not any(row.get("server_version") for row in survey.get("targets") or ()):
        raise OptionError(
            "The bundle would be empty. Set survey to that of hosts that want something, or set backends, models or "
            "server_versions."
        )
    return BundleOptions(
        path=os.path.abspath(params["path"]),
        targets=targets,
        versions=_versions(params, survey, targets),
        release_url=_release_url(params["release_url"]),
        galleries=_galleries(params["galleries"], survey.get("galleries"), "galleries"),
        model_galleries=_galleries(params["model_galleries"], survey.get("model_galleries"), "model_galleries"),
        is_exact=params["survey"] is not None,
        connection=replace(connection_of(params), bundle=None),
        signatures=signature_options(params),
        collection=None if params["collection"] is None else os.path.abspath(params["collection"]),
        known=_known(params["known"]),
        prune=params["prune"],
        lock_timeout=params["lock_timeout"],
    )


def _survey(value: t.Any) -> Params:
    """Return the document of a survey, whose path or content is given; empty without one."""
    if value is None:
        return {}
    if isinstance(value, str):
        path = os.path.abspath(os.path.expanduser(value.strip()))
        try:
            value = parse_typed(read_file(path, _MOST_SURVEY))
        except OSError as e:
            raise OptionError(
                f"survey: {path}: {e.strerror}. Write it with the playbook localai.core.survey, and set survey to its "
                "path on the host that runs localai_bundle."
            ) from None
        except GalleryError as e:
            raise OptionError(f"survey: {path}: {e}.") from None
    is_survey = isinstance(value, dict) and isinstance(value.get("targets"), list)
    if not is_survey or value.get("format") != SURVEY_FORMAT:
        raise OptionError(
            f"survey is not a survey of the format {SURVEY_FORMAT}. Write it with the playbook localai.core.survey."
        )
    return t.cast("dict[str, t.Any]", value)


def _targets_of_survey(survey: Params, pins: Params | None) -> tuple[Target, ...]:
    """Return the targets of a survey; with `pins`, its own sets of pins do not count."""
    documents = survey.get("pins") or []
    if not isinstance(documents, list):
        raise OptionError("survey: pins is not a list of sets of pins. Write the survey again.")
    sets = [_checked_pins(document) for document in documents]
    targets = []
    for number, row in enumerate(survey["targets"], 1):
        where = f"survey: target {number}"
        if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("capability", "platform")):
            raise OptionError(f"{where} has no capability, or no platform. Write the survey again.")
        release, number_of_pins = row.get("backends_release"), row.get("pins")
        if release is not None and not isinstance(release, str):
            raise OptionError(f"{where}: backends_release is not text. Write the survey again.")
        if number_of_pins is not None and number_of_pins not in range(len(sets)):
            raise OptionError(f"{where} has pins that are not in the survey. Write the survey again.")
        targets.append(
            Target(
                row["capability"],
                Platform.parse(row["platform"]),
                _rows(row.get("backends"), _BACKEND_ROW, f"{where}: backends"),
                _rows(row.get("models"), _MODEL_ROW, f"{where}: models"),
                release,
                pins or (None if number_of_pins is None else sets[number_of_pins]),
                row.get("models_backends") is not False,
            )
        )
    return tuple(targets)


def _targets(params: Params, pins: Params | None) -> tuple[Target, ...]:
    """Return each capability on each platform, or on the one that it implies.

    The default is a host without a GPU and with the architecture of this one.
    """
    backends = _rows(params["backends"], _BACKEND_ROW, "backends")
    models = _rows(params["models"], _MODEL_ROW, "models")
    platforms = params["platforms"] or [f"linux/{Machine().architecture}"]
    capabilities = [capability.strip() for capability in params["capabilities"] or ["default"]]
    if not all(capabilities):
        raise OptionError("capabilities has an empty item. Write, for example, default or nvidia-cuda-12.")
    pairs = [
        (capability, Platform(*implied) if implied else Platform.parse(platform))
        for capability in capabilities
        for implied in (implied_platform(capability),)
        for platform in platforms
    ]
    return tuple(Target(*pair, backends, models, pins=pins) for pair in dict.fromkeys(pairs))


def _rows(rows: t.Any, spec: Params, where: str) -> tuple[Params, ...]:
    """Return rows with all of their options; a text is the name of a row. Raises OptionError."""
    if rows is not None and not isinstance(rows, list):
        raise OptionError(f"{where} is not a list of names and mappings.")
    validator = ArgumentSpecValidator(
        spec["options"],
        mutually_exclusive=spec.get("mutually_exclusive"),
        required_by=spec.get("required_by"),
    )
    result = []
    for number, row in enumerate(rows or (), 1):
        checked = validator.validate({"name": row} if isinstance(row, str) else row if isinstance(row, dict) else {})
        if checked.error_messages:
            raise OptionError(f"{where}, item {number}: {'; '.join(checked.error_messages)}.")
        if checked.validated_parameters["state"] != "absent":
            result.append(checked.validated_parameters)
    return tuple(result)


def _versions(params: Params, survey: Params, targets: t.Sequence[Target]) -> tuple[tuple[str, str], ...]:
    """Return the versions of the server with the architectures that need them; raises OptionError."""
    given = [
        (str(version).strip(), target.platform) for version in params["server_versions"] or () for target in targets
    ]
    given += [
        (str(row["server_version"]), Platform.parse(row["platform"]))
        for row in survey.get("targets") or ()
        if row.get("server_version")
    ]
    for version, _platform in given:
        if not _VERSION.fullmatch(version):
            raise OptionError(f"server_versions: {version!r} is not a version. Write a release such as v4.11.0.")
    return tuple(dict.fromkeys((version, platform.architecture) for version, platform in given))


def _checked_pins(document: t.Any) -> Params:
    """Return a set of pins as the module `localai_backend` checks it; raises OptionError."""
    if not isinstance(document, dict):
        raise OptionError("pins is not a set of pins. Write it with localai_backend_info or localai_model_info.")
    if not document.get("backends"):
        return document
    known = without_unknown_keys(document, BACKEND["argument_spec"])
    checked = ArgumentSpecValidator({"pins": BACKEND["argument_spec"]["pins"]}).validate({"pins": known})
    if checked.error_messages:
        raise OptionError(f"pins: {'; '.join(checked.error_messages)}.")
    return {**checked.validated_parameters["pins"], "models": document.get("models")}


def _release_url(url: str) -> Address:
    try:
        checked_url(url.strip())
    except OptionError as e:
        raise OptionError(f"release_url: {e}") from None
    return Address(url.strip().rstrip("/"))


def _galleries(given: t.Any, surveyed: t.Any, option: str) -> tuple[GallerySource, ...]:
    """Return the galleries of the option, else those of a survey, else LocalAI's; raises OptionError."""
    # It writes the defaults of suboptions into the default.
    validator = ArgumentSpecValidator({option: copy.deepcopy(_GALLERIES[option])})
    checked = validator.validate({option: given or surveyed} if given or surveyed else {})
    if checked.error_messages:
        raise OptionError(f"{option}: {'; '.join(checked.error_messages)}.")
    return gallery_sources(checked.validated_parameters[option])


def _known(value: t.Any) -> Contents:
    """Return what a site has already: the path of its `bundle.json`, or the content."""
    if value is None:
        return Contents()
    try:
        if isinstance(value, str):
            path = os.path.abspath(os.path.expanduser(value.strip()))
            return parse_contents(read_file(path, MOST_BYTES))
        return parse_contents(json.dumps(value).encode())
    except OSError as e:
        raise OptionError(f"known: {path}: {e.strerror}. Set it to a copy of the bundle.json of the site.") from None
    except LocalAIError as e:
        raise OptionError(f"known: {e}") from None
