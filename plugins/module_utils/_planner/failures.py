# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One error for all names of a task that cannot be planned, so that one run shows all mistakes. Pure."""

from __future__ import annotations

import difflib
import re
import typing as t
from dataclasses import replace

from .._address import Address
from .._errors import (
    CombinedError,
    GalleryError,
    LocalAIError,
    MissingLibrary,
    ReleaseError,
    SourceError,
    UnknownGalleryError,
    UnknownNameError,
)
from .._request import BackendOptions
from .changes import Changes
from .facts import Facts

# As in Docker, the first part of a reference is a host if it has a dot or a port. A tag or a digest is at the end.
_IMAGE = re.compile(r"(?:(?:[^/@\s]*[.:][^/@\s]*|localhost)/\S+|[^:@\s]+:[\w.-]+|[^@\s]+@sha256:\S*)", re.ASCII)


def combined(
    failures: t.Sequence[tuple[str, LocalAIError]], spellings: t.Mapping[str, str], of_models: bool = False
) -> LocalAIError:
    """Return one error for all `failures`, each of which has a requested name and its error.

    For a name of a capability map, the name is followed by the capability. `spellings` maps requested names to their
    spelling in the task, if it differs. A missing library prevents everything else, so its error is returned alone.
    With `of_models`, the names are those of models.
    """
    errors = [error for _name, error in failures]
    for error in errors:
        if isinstance(error, MissingLibrary):
            return error
    unknown = [error for error in errors if isinstance(error, UnknownNameError)]
    galleries = [error for error in errors if isinstance(error, UnknownGalleryError)]
    unreleased = [(name, error) for name, error in failures if isinstance(error, ReleaseError)]
    others = [error for error in errors if not isinstance(error, (UnknownNameError, UnknownGalleryError, ReleaseError))]
    messages = [*_unknown_names(unknown, spellings, of_models), *_unknown_galleries(galleries, spellings)]
    messages += [*_not_released(unreleased), *map(str, others)]
    distinct = list(dict.fromkeys(messages))
    if len(distinct) == 1 and others:
        return others[0]
    kind = GalleryError if all(isinstance(error, GalleryError) for error in errors) else CombinedError
    return kind(distinct[0] if len(distinct) == 1 else " ".join(f"{message.rstrip('.')}." for message in distinct))


def error_of(
    failures: t.Sequence[tuple[str, LocalAIError]],
    changes: Changes,
    facts: Facts,
    plan_name: t.Callable[[str, Changes, BackendOptions, Facts], object],
) -> LocalAIError:
    """Return one error for all `failures` of a plan, and for those that they hide; raises Unanswered.

    For a name that the task has with a gallery too, the gallery counts. If that fails, `plan_name` plans the name
    without it, only for its own error.
    """
    result = list(failures)
    for name, error in failures:
        if isinstance(error, GalleryError) and changes.request.bare_names.count(name) > 1:
            alone = replace(changes.request.of(name), names=(name,))
            try:
                plan_name(name, Changes(alone, facts, changes.state), alone, facts)
            except LocalAIError as hidden:
                result.append((name, hidden))
    return combined(result, changes.request.spellings)


def not_released(backend: str, origins: t.Iterable[Address], error: SourceError, release: str) -> ReleaseError:
    """Return the error for a build; its `origins`, with the tag of a release, have no image or do not answer."""
    cause = error.__cause__ if isinstance(error.__cause__, SourceError) else error
    return ReleaseError(backend, " or ".join(map(str, origins)), str(cause), cause.missing, release)


def _unknown_names(
    errors: t.Sequence[UnknownNameError], spellings: t.Mapping[str, str], of_models: bool
) -> t.Iterator[str]:
    """Yield a message about all names that are not in the same galleries."""
    by_galleries: dict[str, dict[str, UnknownNameError]] = {}
    for error in errors:
        by_galleries.setdefault(error.searched, {})[spellings.get(error.name, error.name)] = error
    for searched, unknown in by_galleries.items():
        verb = "is" if len(unknown) == 1 else "are"
        similar = [(name, ", ".join(error.similar)) for name, error in unknown.items() if error.similar]
        hint = f" Similar names: {'; '.join(_similar(name, names, unknown) for name, names in similar)}."
        yield (
            f"{_listed(unknown)} {verb} in no gallery; looked in {searched}.{hint if similar else ''}"
            f"{_hint(unknown, of_models)}"
        )


def _similar(name: str, similar: str, unknown: t.Sized) -> str:
    return similar if len(unknown) == 1 else f"for {name}: {similar}"


def _hint(names: t.Iterable[str], of_models: bool = False) -> str:
    """Return advice for names that are something else; each sentence begins with a space."""
    names, hint = list(names), ""
    images = [name for name in names if _IMAGE.fullmatch(name)]
    # A slash in the name of a model is two underscores here.
    if of_models and (images or any("__" in name for name in names)):
        hint = (
            " To install a model of Hugging Face or Ollama, choose a name, and set uri, as in "
            "huggingface://owner/repository/file.gguf or ollama://name:tag."
        )
    elif images:
        verb = "looks" if len(images) == 1 else "look"
        hint = (
            f" {_subject(images, names)} {verb} like an image: to install an image, choose a name, and set uri to it."
        )
    with_space = [name for name in names if re.search(r"\s", name)]
    if with_space:
        verb = "contains" if len(with_space) == 1 else "contain"
        hint += f" {_subject(with_space, names)} {verb} a space: separate names with commas, or write a list."
    return hint


def _subject(some: t.Sequence[str], names: t.Sequence[str]) -> str:
    return _listed(some) if len(some) < len(names) else "It" if len(names) == 1 else "They"


def _unknown_galleries(errors: t.Sequence[UnknownGalleryError], spellings: t.Mapping[str, str]) -> t.Iterator[str]:
    """Yield a message about all galleries that the task does not have."""
    if not errors:
        return
    requested = [spellings.get(error.requested, error.requested) for error in errors]
    unknown = list(dict.fromkeys(name.rpartition("@")[0] for name in requested))
    names = {name.lower(): name for name in errors[0].galleries}
    similar = {name: names[match] for name in unknown for match in difflib.get_close_matches(name.lower(), names, n=1)}
    swapped = [name for name in requested if name.rpartition("@")[2].lower() in names]
    hint = f" Similar: {', '.join(dict.fromkeys(similar.values()))}." if similar and not swapped else ""
    if swapped:
        right = _listed(f"{gallery}@{name}" for name, _at, gallery in (text.rpartition("@") for text in swapped))
        hint += f" The gallery comes before the @: write {right}."
    yield (
        f"{_listed(requested)}: there is {' and '.join(f'no gallery {name!r}' for name in unknown)}. The galleries of "
        f"this task: {', '.join(errors[0].galleries) or 'none'}.{hint}{_hint(requested)}"
    )


def _not_released(failures: t.Sequence[tuple[str, ReleaseError]]) -> t.Iterator[str]:
    """Yield the messages about each release that lacks images."""
    for release in dict.fromkeys(error.release for _name, error in failures):
        yield from _not_in(release, [failure for failure in failures if failure[1].release == release])


def _not_in(release: str, failures: t.Sequence[tuple[str, ReleaseError]]) -> t.Iterator[str]:
    """Yield a message for each reason why there is no image of the release, about all names that it applies to."""
    missing = [(name, error) for name, error in failures if error.missing]
    if missing:
        prefix = f" The releases of LocalAI begin with v: v{release}." if release[:1].isdigit() else ""
        yield (
            f"There is no image of release {release} for {'; '.join(_images(missing))}: the registry has no such tag. "
            f"Choose another release, or remove these backends from the task.{prefix}"
        )
    by_problem: dict[str, list[tuple[str, ReleaseError]]] = {}
    for name, error in failures:
        if not error.missing:
            by_problem.setdefault(error.problem, []).append((name, error))
    for problem, others in by_problem.items():
        yield (
            f"The image of release {release} for {'; '.join(_images(others))} could not be used: the registry could "
            f"not be reached, refused to answer, or has no image for this platform. {problem}"
        )


def _images(failures: t.Sequence[tuple[str, ReleaseError]]) -> t.Iterator[str]:
    """Yield each image with the names that need it."""
    by_image: dict[str, list[str]] = {}
    for name, error in failures:
        by_image.setdefault(f"{error.backend}, {error.image}", []).append(name)
    for image, names in by_image.items():
        yield f"{_for_all(names)} ({image})"


def _for_all(names: t.Sequence[str]) -> str:
    """Return names as text; one that is repeated with several capabilities is written once."""
    by_name: dict[str, list[str]] = {}
    for name in names:
        bare, separator, capability = name.partition(" for ")
        by_name.setdefault(bare + separator, []).append(capability)
    return _listed(name + _listed(capabilities) for name, capabilities in by_name.items())


def _listed(names: t.Iterable[str]) -> str:
    """Return a list of names as text, without duplicates."""
    *others, last = dict.fromkeys(names)
    return f"{', '.join(others)} and {last}" if others else last
