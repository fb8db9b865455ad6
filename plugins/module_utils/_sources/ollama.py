# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The weights of a model in the registry of Ollama. LocalAI: pkg/oci/ollama.go."""

from __future__ import annotations

import typing as t

from .._errors import SourceError
from .._oci.manifest import Descriptor
from .._oci.reference import Reference
from .image import RegistrySource
from .model_uri import OllamaUri

_MODEL = "application/vnd.ollama.image.model"


class OllamaSource(RegistrySource):
    """A model in the registry of Ollama, or in a mirror of it, as a single file."""

    @property
    def _reference(self) -> Reference:
        return t.cast(OllamaUri, self._uri).reference

    def _layer(self, _name: str) -> Descriptor:
        layers = [
            layer for layer in self._context.images.manifest(self._reference).layers if layer.media_type == _MODEL
        ]
        if len(layers) != 1:
            raise SourceError(
                f"the model has {len(layers) or 'no'} layers with weights ({_MODEL}). Only a model with one can be "
                "installed."
            )
        return layers[0]
