# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of backends, which become directories. Pure.

Follows `FindGalleryElement` in LocalAI's `core/gallery/gallery.go`. LocalAI checks names less strictly.
"""

from __future__ import annotations

import re

from .._address import redacted
from .._errors import NameRefused
from .._request import MODEL_SCHEMES

# A model names its backend with these characters. LocalAI also accepts capitals there, and lower-cases them.
_USABLE = "a-z0-9_-"


def is_usable(name: str) -> bool:
    """Return whether a model can name a backend so. LocalAI lists other names too.

    Follows `ModelConfig.Validate` in LocalAI's `core/config/model_config.go`, and `pkg/model/initializers.go`, which
    lower-cases the name.
    """
    return re.fullmatch(f"[{_USABLE}]+", name) is not None


def usable_spelling(name: str) -> str:
    """Return the name that is most like this one and that a model can use."""
    return re.sub(f"[^{_USABLE}]", "-", name.lower())


def requested_name(name: str) -> str:
    """Return the backend that a task names, as `name` or `gallery@name`, with `/` written as `__`.

    Raises NameRefused.
    """
    if name.startswith("[") or name.endswith("]"):
        raise NameRefused(
            "name: the list was passed as text in brackets. On the command line, -e takes a list as JSON, such as "
            '-e \'{"backends": ["llama-cpp", "whisper"]}\'.'
        )
    scheme, separator, _rest = name.partition("://")
    if separator and scheme.lower() in MODEL_SCHEMES:
        raise NameRefused(
            f"name: {redacted(name)} names a model, not a backend. Install models with the module localai_model."
        )
    if separator:
        raise NameRefused(f"name: {redacted(name)} is an address. Choose a name, and set uri to the address.")
    gallery, separator, bare = name.rpartition("@")
    requested = checked_name(bare.replace("/", "__"), "name", written=bare)
    if separator and not gallery:
        raise NameRefused(f"name: {name!r} has no gallery before the @.")
    return gallery + separator + requested


def checked_name(name: str, where: str, written: str = "") -> str:
    """Return a name that may become a directory of the backends path.

    `where` is the option or the gallery entry that has the name, and `written` its spelling there, if it differs.
    Raises NameRefused.
    """
    if not name:
        raise NameRefused(f"{where}: the name of a backend is empty. Check the variable that it comes from.")
    shown = written or name
    quoted = f"'{shown}'" if shown.isprintable() and len(shown) <= 255 else ascii(shown)[:100]
    if "/" in name or "\\" in name or "\0" in name:
        raise NameRefused(f"{where}: {quoted} contains a path separator or a NUL. Use a plain name.")
    if name.startswith(".") or ".." in name:
        raise NameRefused(f"{where}: {quoted} starts with a dot or contains two dots in a row. Choose another name.")
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise NameRefused(f"{where}: {quoted} is not valid Unicode.") from None
    if length > 255:
        raise NameRefused(f"{where}: {quoted} is longer than 255 bytes, the limit for the name of a directory.")
    return name
