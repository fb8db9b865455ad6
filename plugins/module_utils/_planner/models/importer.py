# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of a model that is only a file: what LocalAI's importer of llama.cpp models writes. Pure.

Follows `LlamaCPPImporter` in LocalAI's `core/gallery/importers/llama-cpp.go`, without what it guesses from the name of
a model.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit

from ..._address import Address
from ..._errors import OptionError
from ..._localai.models.gallery import path_problem
from ..._model_request import Config, FileSpec, ModelSpec

_CONFIGURATIONS = (".yaml", ".yml")
_REGISTRY = re.compile(r"(?:ollama|oci)://", re.IGNORECASE)
# A URI of the Hub, or the URL of the page of a repository.
_OF_HUB = re.compile(
    r"huggingface://|hf://|hf[.]co/|https?://(?:www[.])?(?:huggingface|hf)[.]co/[^/?#]+/[^/?#]+/?\Z", re.IGNORECASE
)
_WEIGHTS = ".gguf"


def is_configuration(uri: Address) -> bool:
    """Return whether a URI is that of a configuration file, by its name."""
    return _path_of(uri).lower().endswith(_CONFIGURATIONS)


def configuration_at(uri: Address, revision: str) -> Address:
    """Return the address of a configuration file, at a revision if one is given; raises SourceError."""
    if not revision:
        return uri
    from ..._sources.model_uri import with_revision

    return with_revision(uri, revision)


def weights_of(uri: Address, revision: str) -> FileSpec:
    """Return the file of weights at a URI, at a revision if one is given; raises OptionError."""
    from ..._sources.model_uri import hub_file, with_revision

    name = posixpath.basename(_path_of(uri))
    if _REGISTRY.match(uri.text):
        # A name without a suffix would be listed as a model of its own.
        name = re.sub(r"[/:@]", "__", _REGISTRY.sub("", uri.text)) + _WEIGHTS
    elif hub_file(uri) is None and _OF_HUB.match(uri.text):
        name = ""
    if path_problem(name):
        raise OptionError(
            f"uri: {uri} does not name a file. Write, for example, huggingface://owner/repository/file.gguf, "
            "ollama://name:tag, oci://registry/repository:tag, or the address of a YAML file."
        )
    return FileSpec(name, with_revision(uri, revision) if revision else uri)


def imported(spec: ModelSpec, weights: FileSpec) -> Config:
    """Return the configuration for a file of weights; raises OptionError if the backend cannot be told.

    That of the task is merged over it later.
    """
    parameters = {"parameters": {"model": weights.filename}}
    if (spec.config or {}).get("backend"):
        return parameters
    if not weights.filename.lower().endswith(_WEIGHTS):
        raise OptionError(
            f"{spec.name}: {weights.filename} is no GGUF file, so its backend is unknown. Name it with config, as in "
            "{backend: whisper}."
        )
    return {
        "backend": "llama-cpp",
        "description": f"Imported from {spec.uri}",
        "function": {"automatic_tool_parsing_fallback": True, "grammar": {"disable": True}},
        "known_usecases": ["chat"],
        "options": ["use_jinja:true"],
        **parameters,
        "template": {"use_tokenizer_template": True},
    }


def _path_of(uri: Address) -> str:
    """Return the path in a URI, without a query or the branch of a repository."""
    text = uri.text
    if text.lower().startswith("github:"):
        return text.partition("@")[0]
    if text.lower().startswith(("http://", "https://")):
        return unquote(urlsplit(text).path)
    return text
