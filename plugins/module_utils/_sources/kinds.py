# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of sources, by the kind of their URI."""

from __future__ import annotations

from .archive import HttpSource
from .artifact import Source
from .directory import PathSource
from .image import ImageFileSource, LayoutSource, RegistrySource
from .model_uri import OllamaUri
from .ollama import OllamaSource
from .uri import HttpUri, ImageFileUri, ImageUri, LayoutUri, PathUri, Uri

# A new kind of source is a row here, its class, and its URI in `uri.SCHEMES` or, for files of models, in `model_uri`.
SOURCES: dict[type[Uri], type[Source]] = {
    HttpUri: HttpSource,
    ImageFileUri: ImageFileSource,
    ImageUri: RegistrySource,
    LayoutUri: LayoutSource,
    OllamaUri: OllamaSource,
    PathUri: PathSource,
}
