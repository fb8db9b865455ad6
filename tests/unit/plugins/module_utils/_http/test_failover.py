# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first origin that answers is enough; an error names all that failed."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import (
    GalleryError,
    HostError,
    MissingLibrary,
    SourceError,
    TransportError,
)
from ansible_collections.localai.core.plugins.module_utils._http.failover import ORIGIN_ERRORS, Failures, first_answer


class Origins:
    """Answers or raises by name; remembers who was queried."""

    def __init__(self, **answers):
        self.queried = []
        self._answers = answers

    def ask(self, name):
        self.queried.append(name)
        answer = self._answers[name]
        if isinstance(answer, Exception):
            raise answer
        return answer


def failed(failures):
    return GalleryError(f"Tried {failures}")


def test_the_first_answer_is_enough():
    origins = Origins(a=TransportError("silent"), b=0, c=2)
    assert first_answer("abc", origins.ask, failed) == 0
    assert origins.queried == ["a", "b"]


def test_the_error_names_every_failure_in_order_and_once():
    origins = Origins(a=TransportError("silent"), b=SourceError("no image"))
    with pytest.raises(GalleryError) as caught:
        first_answer("aba", origins.ask, failed)
    assert str(caught.value) == "Tried a: silent; b: no image"


@pytest.mark.parametrize(
    ("errors", "missing"),
    [
        ([TransportError("gone", 404), SourceError("none", missing=True)], True),
        ([TransportError("gone", 404), TransportError("silent")], False),
        ([TransportError("busy", 503)], False),
    ],
)
def test_it_is_missing_if_all_answered_that_they_do_not_have_it(errors, missing):
    failures = Failures()
    for error in errors:
        failures.add("x", error)
    assert failures.missing is missing


def test_a_missing_library_and_errors_that_are_not_caught_end_the_search():
    origins = Origins(a=MissingLibrary("requests", ""), b=HostError("disk"), c=1)
    with pytest.raises(MissingLibrary):
        first_answer("abc", origins.ask, failed)
    with pytest.raises(HostError):
        first_answer("bc", origins.ask, failed, ORIGIN_ERRORS)
    assert origins.queried == ["a", "b"]


def test_reasons_that_end_with_a_period_are_joined_without_it():
    origins = Origins(a=TransportError("silent. Try later."), b=SourceError("no image."))
    with pytest.raises(GalleryError) as caught:
        first_answer("ab", origins.ask, failed)
    assert str(caught.value) == "Tried a: silent. Try later; b: no image."
