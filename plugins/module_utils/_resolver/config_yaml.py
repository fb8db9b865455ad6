# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configurations of models as YAML text: read as LocalAI reads them, and written so that it reads the same values."""

from __future__ import annotations

import math
import re
import traceback
import typing as t

from .._errors import GalleryError, MissingLibrary
from .._localai.models.scalars import Plain, scalar, typed
from .yaml_document import parse_yaml

_NO_WRAPPING = math.inf
# Line breaks of YAML 1.1, which a parser folds if they are not escaped.
_RARE_BREAK = re.compile("[\r\x85\u2028\u2029]")


def parse_typed(data: bytes) -> t.Any:
    """Return the values of a YAML document; raises GalleryError, MissingLibrary."""
    return typed(parse_yaml(data, Plain))


def parse_config(text: str) -> dict[str, t.Any]:
    """Return the configuration in the text of a base file, which may be empty; raises GalleryError, MissingLibrary."""
    config = parse_typed(text.encode("utf-8", "surrogatepass")) if text.strip() else None
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise GalleryError("its configuration is not a mapping")
    return config


def to_yaml(document: t.Mapping[str, t.Any], *, in_order: bool = False) -> str:
    """Return a document as YAML text, sorted or `in_order` of its keys; raises MissingLibrary."""
    try:
        import yaml
    except ImportError:
        raise MissingLibrary("PyYAML", traceback.format_exc()) from None

    class Dumper(yaml.SafeDumper):
        """Quotes what LocalAI would read as something else than text, and writes long texts as they are."""

        def ignore_aliases(self, _data: t.Any) -> bool:
            return True

        def text(self, value: str) -> t.Any:
            if _RARE_BREAK.search(value) or scalar(value) != value:
                style: str | None = '"'
            elif "\n" in value:
                # LocalAI's parser and emitters disagree about blocks that begin with white space.
                style = '"' if value[0].isspace() else "|"
            else:
                style = None
            return self.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, Dumper.text)
    return yaml.dump(document, Dumper=Dumper, sort_keys=not in_order, allow_unicode=True, width=_NO_WRAPPING)
