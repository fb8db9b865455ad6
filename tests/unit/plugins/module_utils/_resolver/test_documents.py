# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents of galleries that are not read from the network."""

from __future__ import annotations

from typing import Any

from ansible_collections.localai.core.plugins.module_utils._bundle.bundle import Held
from ansible_collections.localai.core.plugins.module_utils._resolver.documents import BundledDocuments, Documents

HELD = Held(b"x", "https://g", "https://m")


class Bundle:
    """Tells what it was asked for."""

    def gallery(self, *arguments: Any, **options: Any) -> Any:
        return (arguments, options)

    def base(self, *arguments: Any) -> Any:
        return arguments


def test_without_a_bundle_there_are_none_and_nothing_is_noted() -> None:
    documents = Documents()
    documents.note_gallery("g", HELD)
    documents.note_base("g", "u", b"x")
    assert (documents.gallery("g"), documents.base("g", "u")) == ([], None)


def test_those_of_a_bundle_are_of_one_kind() -> None:
    bundle: Any = Bundle()
    documents: Any = BundledDocuments(bundle, "models", is_only=True)
    assert documents.gallery("g") == (("models", "g"), {"is_only": True})
    assert documents.base("g", "u") == ("g", "u")
