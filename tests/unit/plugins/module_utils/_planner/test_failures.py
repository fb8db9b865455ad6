# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors of all names of a task become one error."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    CombinedError,
    GalleryError,
    HostError,
    LocalAIError,
    MissingLibrary,
    ReleaseError,
    SourceError,
    UnknownGalleryError,
    UnknownNameError,
)
from ansible_collections.localai.core.plugins.module_utils._planner.failures import combined, not_released

IN_G = "g (3 entries)"
WITH_SPACE = "It contains a space: separate names with commas, or write a list."


def message(*errors: LocalAIError, **spellings: str) -> str:
    written = {name.replace("_of_", "/"): text for name, text in spellings.items()}
    return str(combined([(str(number), error) for number, error in enumerate(errors)], written))


def unknown(name: str, *similar: str, searched: str = IN_G) -> UnknownNameError:
    return UnknownNameError(name, searched, similar)


def unreleased(backend: str, missing: bool = True, release: str = "v9") -> ReleaseError:
    image = f"quay.io/{backend}:{release}"
    return ReleaseError(backend, image, "Tried quay.io: Connection refused.", missing, release)


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ([unknown("a")], "a is in no gallery; looked in g (3 entries)."),
        ([unknown("a", "b", "c")], "a is in no gallery; looked in g (3 entries). Similar names: b, c."),
        ([unknown("a"), unknown("a")], "a is in no gallery; looked in g (3 entries)."),
        (
            [unknown("a", "b", "c"), unknown("x"), unknown("y", "z")],
            "a, x and y are in no gallery; looked in g (3 entries). Similar names: for a: b, c; for y: z.",
        ),
        (
            [unknown("a"), unknown("b", searched="h (1 entries)")],
            "a is in no gallery; looked in g (3 entries). b is in no gallery; looked in h (1 entries).",
        ),
        (
            [unknown("a b")],
            f"a b is in no gallery; looked in {IN_G}. {WITH_SPACE}",
        ),
    ],
)
def test_unknown_names_are_reported_together(errors: list[LocalAIError], says: str) -> None:
    assert message(*errors) == says
    assert isinstance(combined([("", error) for error in errors], {}), GalleryError)


@pytest.mark.parametrize(
    ("written", "is_image"),
    [
        ("quay.io/x/y:tag", True),
        ("quay.io/x", True),
        ("localhost/x", True),
        ("registry:5000/x", True),
        ("x/y:tag", True),
        ("x:tag", True),
        ("x/y", False),
        ("x", False),
        ("x.y", False),
    ],
)
def test_a_name_that_looks_like_an_image_leads_to_uri(written: str, is_image: bool) -> None:
    name = written.replace("/", "__")
    text = str(combined([(name, unknown(name))], {name: written}))
    assert text.startswith(f"{written} is in no gallery")
    assert ("set uri to it" in text) is is_image


@pytest.mark.parametrize(
    ("requested", "galleries", "says"),
    [
        (["x@a"], ["g"], "x@a: there is no gallery 'x'. The galleries of this task: g."),
        (["x@a"], [], "x@a: there is no gallery 'x'. The galleries of this task: none."),
        (
            ["x@a", "ab@b"],
            ["abc"],
            "x@a and ab@b: there is no gallery 'x' and no gallery 'ab'. The galleries of this task: abc. Similar: abc.",
        ),
    ],
)
def test_unknown_galleries_are_reported_together(requested: list[str], galleries: list[str], says: str) -> None:
    assert message(*(UnknownGalleryError(name, galleries) for name in requested)) == says


@pytest.mark.parametrize(("name", "is_of_elsewhere"), [("TheBloke__x", True), ("llama3:8b", True), ("tinny", False)])
def test_a_model_of_another_place_has_a_uri(name: str, is_of_elsewhere: bool) -> None:
    text = str(combined([(name, UnknownNameError(name, "g (1 entries)"))], {}, of_models=True))
    assert "looks like an image" not in text
    assert text.endswith("as in huggingface://owner/repository/file.gguf or ollama://name:tag.") == is_of_elsewhere


def test_an_image_with_a_digest_is_no_gallery() -> None:
    name = "quay.io/x@sha256:" + "ab" * 32
    assert "It looks like an image" in message(UnknownGalleryError(name, ["g"]))


def test_names_without_an_image_of_the_release_are_told_from_those_that_could_not_be_checked() -> None:
    text = message(unreleased("a"), unreleased("b", missing=False), unreleased("c"))
    assert text == (
        "There is no image of release v9 for 0 (a, quay.io/a:v9); 2 (c, quay.io/c:v9): the registry has no such tag. "
        "Choose another release, or remove these backends from the task. The image of release v9 for 1 (b, "
        "quay.io/b:v9) could not be used: the registry could not be reached, refused to answer, or has no "
        "image for this platform. Tried quay.io: Connection refused."
    )


def test_each_release_without_images_has_its_own_sentence() -> None:
    text = message(unreleased("a"), unreleased("b", release="v8"))
    assert "no image of release v9 for 0 (a, quay.io/a:v9): " in text
    assert "no image of release v8 for 1 (b, quay.io/b:v8): " in text


@pytest.mark.parametrize("missing", [True, False])
def test_an_error_of_a_source_becomes_one_of_the_release(missing: bool) -> None:
    inner = SourceError("Tried it: 404", missing)
    outer = SourceError("a cannot be fetched. Tried it: 404", missing)
    outer.__cause__ = inner
    for error in inner, outer:
        released = not_released("a", [Address("q/a:v9"), Address("r/a:v9")], error, "v9")
        assert (released.image, released.problem, released.missing) == ("q/a:v9 or r/a:v9", "Tried it: 404", missing)


def test_a_single_other_error_is_raised_as_it_is() -> None:
    error = HostError("no")
    assert combined([("a", error), ("b", HostError("no"))], {}) is error


def test_errors_of_several_kinds_are_one() -> None:
    error = combined([("a", HostError("One.")), ("b", unknown("b")), ("c", SourceError("Two."))], {})
    assert isinstance(error, CombinedError)
    assert str(error) == "b is in no gallery; looked in g (3 entries). One. Two."


def test_a_missing_library_is_reported_alone() -> None:
    library = MissingLibrary("requests", "trace")
    assert combined([("a", unknown("a")), ("b", library)], {}) is library


def test_capabilities_that_need_the_same_image_are_reported_together() -> None:
    failures = [("m for default", "cpu-m"), ("m for amd", "cpu-m"), ("n for amd", "cpu-m"), ("m for nvidia", "gpu-m")]
    text = str(combined([(name, unreleased(backend)) for name, backend in failures], {}))
    assert "for m for default and amd and n for amd (cpu-m, quay.io/cpu-m:v9); m for nvidia (gpu-m, quay.io" in text


@pytest.mark.parametrize(("release", "hint"), [("4.9.0", "begin with v: v4.9.0."), ("v4.9.0", ""), ("nightly", "")])
def test_a_release_without_its_v_is_corrected(release: str, hint: str) -> None:
    text = str(combined([("a", unreleased("a", release=release))], {}))
    assert text.endswith(hint or "remove these backends from the task.")


def test_a_gallery_behind_the_at_sign_is_moved_to_its_front() -> None:
    text = message(UnknownGalleryError("ocr@Company", ["localai", "company"]))
    assert text.endswith("The gallery comes before the @: write Company@ocr.")
    assert "comes before" not in message(UnknownGalleryError("nowhere@ocr", ["localai", "company"]))
