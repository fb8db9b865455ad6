# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a name resolves to, and whether its source has another build than the installed one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, HostError, SourceError
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Index
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._planner.changes import Changes
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.questions import (
    FindArtifact,
    ReadGallery,
    ServedDigest,
)
from ansible_collections.localai.core.plugins.module_utils._planner.repair import RecordedBuild
from ansible_collections.localai.core.plugins.module_utils._planner.targets import (
    Difference,
    Target,
    artifact_of,
    difference,
    target_of,
)
from ansible_collections.localai.core.plugins.module_utils._planner.unanswered import Unanswered
from ansible_collections.localai.core.plugins.module_utils._planner.work import Compare, Install
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    OLD_DIGEST,
    Delivered,
    answer,
    concrete,
    decide,
    entry,
    installed,
    want,
)
from ansible_collections.localai.core.tests.support.states import PIN_M


def test_a_source_that_does_not_state_what_it_has_is_a_warning() -> None:
    decided = decide(want("from-directory", state="latest"), installed(concrete("from-directory")))
    assert "states neither a digest nor a version nor a sha256" in decided.warnings[0]


READ = Facts(CPU_HOST, ("g",)).learn({ReadGallery("g"): answer(ReadGallery("g"))})
INSTALL = Install("install", "it was not installed before this run", "m")


def target(options: BackendOptions, finding: Install | Compare, state: Installed, facts: Facts = READ) -> Target:
    return target_of(finding, Changes(options, facts, state), facts)


def test_a_meta_backend_resolves_to_a_build_by_the_gallery() -> None:
    resolved = target(want("m"), INSTALL, installed())
    assert (resolved.name, resolved.backend, resolved.is_meta, resolved.key) == ("m", "cpu-m", True, "default")
    assert [origin.text for origin in resolved.origins] == ["quay.io/cpu-m"]
    pinned = target(want("m", digest=DIGEST), INSTALL, installed())
    assert [origin.text for origin in pinned.origins] == [f"quay.io/cpu-m@{DIGEST}"]


def test_a_row_of_the_pins_and_a_uri_need_no_gallery() -> None:
    unread = Facts(CPU_HOST, ("g",))
    pinned = target(want("m", pins=PIN_M), INSTALL, installed(), unread)
    assert (pinned.backend, pinned.is_meta, pinned.last_resort) == ("cpu-m", True, True)
    assert [origin.text for origin in pinned.origins] == [f"quay.io/cpu-m@{DIGEST}"]
    given = target(want("mine", uri=Address("/src"), alias="a"), Install("install", "", "mine"), installed(), unread)
    assert (given.backend, given.is_meta, given.alias) == ("mine", False, "a")
    with pytest.raises(Unanswered):
        target(want("m"), INSTALL, installed(), unread)


def test_what_came_from_a_source_is_upgraded_from_there() -> None:
    own = replace(concrete("piper", "a"), metadata=Metadata(alias="a", name="piper", uri=Address("quay.io/mine")))
    resolved = target(want("piper", state="latest"), Compare("piper"), installed(own), Facts(CPU_HOST, ("g",)))
    assert (resolved.backend, resolved.alias, resolved.origins[0].text) == ("piper", "a", "quay.io/mine")


def test_a_name_that_the_pins_lack_is_not_looked_up_in_a_gallery() -> None:
    with pytest.raises(HostError, match="m has to be repaired, and the set of pins has no row for its build"):
        target(want("m", pins={}), INSTALL, installed())


def test_a_name_from_a_gallery_that_the_task_does_not_have_is_an_error() -> None:
    with pytest.raises(GalleryError, match="h@piper: there is no gallery"):
        target(want("piper", "h@piper"), Install("install", "", "piper"), installed())


RECORDED = RecordedBuild(
    "cpu-m", OLD_DIGEST, False, Metadata(name="cpu-m", uri=Address("quay.io/old:1")), False, False, "m", Address("g")
)
AT_SOURCE = FindArtifact((Address(f"quay.io/old:1@{OLD_DIGEST}"),))
IN_GALLERY = FindArtifact((Address(f"quay.io/cpu-m@{OLD_DIGEST}"),))
GONE = SourceError("404", missing=True)


def test_a_repair_installs_the_recorded_build_from_its_recorded_source_else_from_the_gallery() -> None:
    repair = Install("repair", "it is damaged", "m", recorded=RECORDED)
    with pytest.raises(Unanswered) as unanswered:
        target(want("m"), repair, installed())
    assert unanswered.value.question == AT_SOURCE
    facts = READ.learn({AT_SOURCE: Delivered(AT_SOURCE.origins[0], OLD_DIGEST)})
    assert target(want("m"), repair, installed(), facts).origins == AT_SOURCE.origins
    facts = READ.learn({AT_SOURCE: GONE, IN_GALLERY: Delivered(IN_GALLERY.origins[0], OLD_DIGEST)})
    resolved = target(want("m"), repair, installed(), facts)
    assert (resolved.origins, resolved.is_meta, resolved.name) == (IN_GALLERY.origins, True, "m")
    # The recorded tag stays, so that upgrades are still seen.
    assert resolved.uri.text == "quay.io/old:1"


def test_a_recorded_build_that_is_gone_is_replaced_only_if_no_task_chose_it() -> None:
    facts = READ.learn({AT_SOURCE: GONE, IN_GALLERY: GONE})
    resolved = target(want("m"), Install("repair", "", "m", recorded=RECORDED), installed(), facts)
    assert (resolved.origins[0].text, resolved.lost) == ("quay.io/cpu-m", OLD_DIGEST)
    fixed = replace(RECORDED, fixed=True)
    with pytest.raises(SourceError, match=r"cpu-m: it is damaged\. It was chosen by digest, by pins or as a previous"):
        target(want("m"), Install("repair", "it is damaged", "m", recorded=fixed), installed(), facts)


def test_a_source_that_does_not_answer_is_no_reason_to_take_another_build() -> None:
    facts = READ.learn({AT_SOURCE: SourceError("timed out")})
    with pytest.raises(SourceError, match=r"cpu-m cannot be fetched\. timed out"):
        target(want("m"), Install("repair", "", "m", recorded=RECORDED), installed(), facts)


def test_an_artifact_that_cannot_be_found_names_the_backend_and_whether_it_is_missing() -> None:
    wanted = Target("piper", "piper", origins=(Address("quay.io/piper"),))
    with pytest.raises(SourceError, match=r"piper cannot be fetched\. 404") as failed:
        artifact_of(wanted, READ.learn({FindArtifact(wanted.origins): GONE}))
    assert failed.value.missing


IMAGE = Target("piper", "piper", origins=(Address("quay.io/piper"),), version="2")
ARCHIVE = Target("piper", "piper", origins=(Address("https://example.com/piper.tar"),), version="2", sha256="ab")
DIFFERENCES = [
    # target, digest at the source, what is installed -> difference
    (IMAGE, DIGEST, Metadata(digest=DIGEST, version="1"), Record(), Difference()),
    (IMAGE, DIGEST, Metadata(), Record(), Difference(f"its digest was not recorded, and its source has {DIGEST}")),
    (IMAGE, None, Metadata(version="2"), Record(), Difference()),
    (IMAGE, None, Metadata(version="1"), Record(), Difference("its version was 1, and its source has 2")),
    (ARCHIVE, None, Metadata(version="2"), Record(sha256="cd"), Difference()),
    (replace(ARCHIVE, version=""), None, Metadata(), Record(sha256="ab"), Difference()),
    (
        replace(ARCHIVE, version=""),
        None,
        Metadata(),
        Record(sha256="cd"),
        Difference("its sha256 was cd, and its source has ab"),
    ),
    (replace(ARCHIVE, version="", sha256=""), None, Metadata(), Record(sha256="cd"), Difference(unknown=True)),
]


@pytest.mark.parametrize(("available", "digest", "metadata", "record", "expected"), DIFFERENCES)
def test_the_digest_decides_then_the_version_then_the_sha256(
    available: Target, digest: str | None, metadata: Metadata, record: Record, expected: Difference
) -> None:
    facts = READ.learn({ServedDigest(IMAGE.origins): digest})
    build = Directory("piper", has_run_file=True, runnable=True, metadata=metadata, record=record)
    assert difference(available, build, facts) == expected


def test_a_digest_that_cannot_be_queried_is_an_error_about_the_backend() -> None:
    facts = READ.learn({ServedDigest(IMAGE.origins): SourceError("timed out")})
    with pytest.raises(SourceError, match=r"piper cannot be compared\. timed out"):
        difference(IMAGE, concrete("piper"), facts)


def test_a_damaged_build_that_cannot_be_installed_again_gives_way_to_the_one_that_the_name_resolves_to() -> None:
    finding = Install("repair", "it has no run.sh", "zzz", instead="x")
    assert target(want("x"), finding, installed(concrete("zzz", "x", runnable=False))).backend == "cpu-x"
    first = installed(concrete("a-cpu-old", "x", runnable=False))
    finding = replace(finding, subject="a-cpu-old")
    with pytest.raises(GalleryError, match=r"a-cpu-old answers to x, but cannot run \(it has no run\.sh\)"):
        target(want("x"), finding, first)


ARCHIVE_URI = Address("https://example.com/archived.tar")
OF_ARCHIVE = replace(RECORDED, backend="archived", metadata=Metadata(uri=ARCHIVE_URI), meta="")


def test_an_archive_with_another_checksum_in_the_gallery_is_not_queried_for_the_recorded_build() -> None:
    repair = Install("repair", "it is damaged", "archived", recorded=OF_ARCHIVE)
    # The gallery states `cdcd...`; the recorded digest is another one, so the archive was replaced.
    resolved = target(want("archived"), repair, installed())
    assert (resolved.sha256, resolved.lost) == ("cd" * 32, OLD_DIGEST)
    same = replace(OF_ARCHIVE, digest="sha256:" + "cd" * 32)
    question = FindArtifact((ARCHIVE_URI,), "cd" * 32)
    facts = READ.learn({question: Delivered(ARCHIVE_URI, same.digest, "cd" * 32)})
    resolved = target(want("archived"), replace(repair, recorded=same), installed(), facts)
    assert (resolved.sha256, resolved.lost) == ("cd" * 32, "")


def test_a_repair_with_a_uri_looks_there_before_the_gallery() -> None:
    at_uri = FindArtifact((Address(f"quay.io/uri@{OLD_DIGEST}"),))
    facts = READ.learn({AT_SOURCE: GONE, at_uri: Delivered(at_uri.origins[0], OLD_DIGEST)})
    repair = Install("repair", "it is damaged", "m", recorded=RECORDED)
    assert target(want("m", uri=Address("quay.io/uri")), repair, installed(), facts).origins == at_uri.origins


def test_an_alias_that_no_gallery_has_means_the_build_that_is_installed_for_it() -> None:
    index = Index("g", {"cpu-y": entry("cpu-y", "y")}, {})
    facts = Facts(CPU_HOST, ("g",)).learn({ReadGallery("g"): index})
    state = installed(concrete("cpu-y", "y"))
    assert target(want("y", state="latest"), Compare("y"), state, facts).backend == "cpu-y"
    with pytest.raises(GalleryError, match="y is in no gallery"):
        target(want("y"), Install("repair", "it is damaged", "y"), state, facts)
