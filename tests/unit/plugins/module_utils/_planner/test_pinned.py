# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name gets the build that `pins`, `uri`, `digest` or `release` says, and then nothing is left to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._planner.pinned import (
    is_pinned_build,
    other_digest,
    other_pin,
    other_release,
    other_uri,
)
from ansible_collections.localai.core.plugins.module_utils._planner.situation import situation_of
from ansible_collections.localai.core.plugins.module_utils._planner.work import Install, OtherAlias, RestorePrevious
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    OLD_DIGEST,
    carried_out,
    concrete,
    decide,
    installed,
    meta,
    short,
    unreadable,
    want,
)
from ansible_collections.localai.core.tests.support.states import (
    NOTHING,
    PIN_M,
    PIN_PIPER,
    PIN_X,
    check_plan,
    current,
    having,
    previous_version,
)

URIS = [
    # what is installed, options besides the name -> plan
    (installed(), {}, "install: fetch piper"),
    (installed(concrete("piper", uri="/src")), {}, NOTHING),
    (installed(concrete("piper", uri="oci:///src")), {}, NOTHING),
    (installed(concrete("piper", uri="/src/")), {}, NOTHING),
    (installed(concrete("piper", uri="/other")), {}, "replace: fetch piper"),
    (installed(Directory("piper", "directory", True, True)), {}, "replace: fetch piper"),
    (installed(concrete("piper", uri="/src", runnable=False)), {}, "repair: fetch piper"),
    (installed(unreadable("piper")), {}, "repair: fetch piper"),
    (installed(Directory("piper", "symlink", True, True)), {}, "install: fetch piper"),
    (installed(meta("piper", "cpu-x"), concrete("cpu-x")), {}, "replace: fetch piper, retire cpu-x"),
    (installed(concrete("cpu-x", "piper", uri="/src")), {}, "install: fetch piper"),
    (installed(system=("piper",)), {}, "install: fetch piper"),
    (installed(concrete("piper", uri="/src")), {"force": True}, "replace: fetch piper"),
    (installed(concrete("piper", "a", uri="/src")), {"alias": "a"}, NOTHING),
    (installed(concrete("piper", "a", uri="/src")), {"alias": "b"}, "replace: metadata piper"),
    (installed(concrete("piper", "a", uri="/src")), {}, NOTHING),
    (installed(concrete("piper", uri="/other")), {"alias": "b"}, "replace: fetch piper"),
]


@pytest.mark.parametrize(("state", "more", "expected"), URIS)
def test_a_uri_determines_the_build(state: Installed, more: dict[str, Any], expected: str) -> None:
    options = want("piper", uri=Address("/src"), **more)
    after = check_plan(options, state, expected)
    assert Listing(after, "default").find("piper") is not None


@pytest.mark.parametrize(("uri", "alias"), [("/src", "b"), ("/src", None), ("/new", None), ("/new", "b")])
def test_a_name_with_a_uri_may_be_spelled_in_another_case(uri: str, alias: str | None) -> None:
    state = installed(concrete("Kokoro", "a", uri="/src"))
    options = want("kokoro", uri=Address(uri), alias=alias)
    after = carried_out(decide(options, state).steps, state)
    assert [each.name.lower() for each in after.directories] == ["kokoro"]
    assert decide(options, after).steps == ()


M_STATE = installed(meta("m", "cpu-m"), concrete("cpu-m"))


PINNED = [
    # pin, what is installed, name, options -> plan
    ("a digest that is recorded", installed(current("piper")), "piper", {"digest": DIGEST}, NOTHING),
    (
        "a digest that is that of the platform's image",
        installed(replace(concrete("piper"), record=Record(platform_digest=DIGEST))),
        "piper",
        {"digest": DIGEST},
        NOTHING,
    ),
    (
        "a digest that is an archive's sha256",
        installed(Directory("piper", "directory", True, True, Metadata(), Record(sha256="ab" * 32))),
        "piper",
        {"digest": DIGEST},
        NOTHING,
    ),
    ("another digest", installed(concrete("piper")), "piper", {"digest": DIGEST}, "replace: fetch piper"),
    ("another digest, of a meta", M_STATE, "m", {"digest": DIGEST}, "replace: fetch cpu-m"),
    (
        "another digest, of an alias",
        installed(concrete("cpu-x", "x")),
        "x",
        {"digest": DIGEST},
        "replace: fetch cpu-x, meta x",
    ),
    ("a digest, not installed", installed(), "m", {"digest": OLD_DIGEST}, "install: fetch cpu-m, meta m"),
    (
        "a digest of a tree that is kept",
        having(installed(current("piper")), previous_version("piper", 2, DIGEST), previous_version("piper", 1)),
        "piper",
        {"digest": OLD_DIGEST},
        "restore: restore piper",
    ),
    (
        "a digest of what a meta pointed to before",
        having(installed(meta("x", "cuda12-x"), current("cuda12-x", "x")), previous_version("cpu-x", 1, alias="x")),
        "x",
        {"digest": OLD_DIGEST},
        "restore: restore cpu-x, meta x, retire cuda12-x",
    ),
    (
        "a release that is recorded",
        installed(concrete("piper", uri="quay.io/piper:v1-piper")),
        "piper",
        {"release": "v1"},
        NOTHING,
    ),
    (
        "another release",
        installed(concrete("piper", uri="quay.io/piper:v1-piper")),
        "piper",
        {"release": "v2"},
        "replace: fetch piper",
    ),
    (
        "another release, of a meta",
        installed(meta("m", "cpu-m"), concrete("cpu-m", uri="quay.io/x:v1-m")),
        "m",
        {"release": "v2"},
        "replace: fetch cpu-m",
    ),
    (
        "a release of a tree that is kept",
        having(
            installed(concrete("piper", uri="quay.io/piper:v2-piper")),
            previous_version("piper", 1, uri="quay.io/piper:v1-piper"),
        ),
        "piper",
        {"release": "v1"},
        "restore: restore piper",
    ),
    (
        "a uri of a tree that is kept",
        having(installed(current("piper")), previous_version("piper", 1, uri="/src")),
        "piper",
        {"uri": Address("/src")},
        "restore: restore piper",
    ),
    (
        "a uri of a tree that is kept, with force",
        having(installed(current("piper")), previous_version("piper", 1, uri="/src")),
        "piper",
        {"uri": Address("/src"), "force": True},
        "replace: fetch piper",
    ),
    (
        "a uri, and latest",
        installed(concrete("piper", uri="quay.io/mine")),
        "piper",
        {"uri": Address("quay.io/mine"), "state": "latest"},
        "upgrade: fetch piper",
    ),
    ("a set, satisfied", installed(meta("m", "cpu-m"), current("cpu-m")), "m", {"pins": PIN_M}, NOTHING),
    ("a set, not installed", installed(), "m", {"pins": PIN_M}, "install: fetch cpu-m, meta m"),
    ("a set, another digest", M_STATE, "m", {"pins": PIN_M}, "replace: fetch cpu-m, meta m"),
    ("a set, the meta is missing", installed(current("cpu-m")), "m", {"pins": PIN_M}, "install: meta m"),
    (
        "a set, another build",
        installed(meta("m", "old-m"), concrete("old-m")),
        "m",
        {"pins": PIN_M},
        "install: fetch cpu-m, meta m, retire old-m",
    ),
    (
        "a set, another alias",
        installed(meta("x", "cuda12-x"), concrete("cuda12-x", "y")),
        "x",
        {"pins": PIN_X},
        "replace: metadata cuda12-x",
    ),
    (
        "a set, whose tree is kept",
        having(installed(meta("x", "cpu-x"), current("cpu-x", "x")), previous_version("cuda12-x", 1, alias="x")),
        "x",
        {"pins": PIN_X},
        "restore: restore cuda12-x, meta x, retire cpu-x",
    ),
    ("a set, damaged", installed(Directory("piper")), "piper", {"pins": PIN_PIPER}, "repair: fetch piper"),
    ("a set, forced", installed(current("piper")), "piper", {"pins": PIN_PIPER, "force": True}, "replace: fetch piper"),
]


@pytest.mark.parametrize(
    ("state", "name", "options", "expected"), [row[1:] for row in PINNED], ids=[row[0] for row in PINNED]
)
def test_a_pinned_build_is_kept_restored_or_installed(
    state: Installed, name: str, options: dict[str, Any], expected: str
) -> None:
    check_plan(want(name, **options), state, expected)


def test_a_build_is_the_pinned_one_by_its_digest_or_its_release() -> None:
    build = concrete("piper", uri="quay.io/piper:v1-piper")
    assert is_pinned_build(build, "piper", want("piper"))
    assert is_pinned_build(build, "piper", want("piper", digest=OLD_DIGEST))
    assert not is_pinned_build(build, "piper", want("piper", digest=DIGEST))
    assert is_pinned_build(build, "piper", want("piper", release="v1"))
    assert not is_pinned_build(build, "piper", want("piper", release="v2"))
    assert not is_pinned_build(build, "piper", want("piper", pins=PIN_PIPER))
    assert is_pinned_build(current("piper"), "PIPER", want("piper", pins=PIN_PIPER))
    # A digest pins the requested names only.
    assert is_pinned_build(build, "piper", want("m", digest=DIGEST))


def test_each_option_has_a_finding_of_its_own_or_none() -> None:
    request = want("piper", "m")
    old = situation_of("piper", request, installed(concrete("piper", "a")), CPU_HOST, FileAttributes())
    new = situation_of("piper", request, installed(current("piper")), CPU_HOST, FileAttributes())
    restorable = situation_of(
        "piper",
        request,
        having(installed(concrete("piper")), previous_version("piper", 1, DIGEST)),
        CPU_HOST,
        FileAttributes(),
    )
    pin = PIN_PIPER["piper"]
    reason = f"its digest was {OLD_DIGEST}, and {DIGEST} is pinned"
    assert other_pin(old, pin) == other_digest(old, DIGEST) == Install("replace", reason, "piper")
    assert other_pin(new, pin) is other_digest(new, DIGEST) is other_uri(new, Address("oci://quay.io/piper")) is None
    assert other_pin(old, replace(pin, digest=OLD_DIGEST)) == OtherAlias("its alias was a, and none is pinned", "piper")
    assert isinstance(other_pin(restorable, pin), RestorePrevious)
    assert other_uri(old, Address("/src")) == Install("replace", "it was installed from quay.io/piper", "piper")
    reason = "it was installed from quay.io/piper, which is not of release v2"
    assert other_release(old, "v2") == Install("replace", reason, "piper")


def test_nothing_is_pinned_for_a_name_without_a_build() -> None:
    missing = situation_of("piper", want("piper"), installed(), CPU_HOST, FileAttributes())
    assert other_digest(missing, DIGEST) is None
    assert other_release(missing, "v2") is None


BUILDS = {"piper": Build(OLD_DIGEST)}
LOST = [
    # what is installed, uri -> plan
    (replace(installed(), builds=BUILDS), "quay.io/x", "install: fetch piper"),
    (
        having(replace(installed(), builds=BUILDS), previous_version("piper", 1)),
        "quay.io/piper",
        "install: restore piper",
    ),
    (
        replace(installed(Directory("piper", "directory", True, True)), builds=BUILDS),
        "quay.io/x",
        "repair: fetch piper",
    ),
]


@pytest.mark.parametrize(("state", "uri", "expected"), LOST)
def test_what_came_from_a_uri_and_was_lost_is_repaired_from_its_record(
    state: Installed, uri: str, expected: str
) -> None:
    assert short(decide(want("piper", uri=Address(uri)), state)) == expected


def test_a_previous_version_of_another_release_or_digest_is_not_restored() -> None:
    other = previous_version("piper", 1, uri="quay.io/piper:v3-piper")
    state = having(installed(concrete("piper", uri="quay.io/piper:v1-piper")), other)
    assert short(decide(want("piper", release="v2"), state)) == "replace: fetch piper"
    assert short(decide(want("piper", pins=PIN_PIPER), state)) == "replace: fetch piper"
    assert short(decide(want("piper", digest=DIGEST), state)) == "replace: fetch piper"
