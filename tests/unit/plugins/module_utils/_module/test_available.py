# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What galleries and sources have for the backends of a request: available builds, upgrades and pins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    CombinedError,
    GalleryError,
    HostError,
    MissingLibrary,
    SourceError,
)
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.catalog import Catalog
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence, Gpu, Unreadable
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry, Index
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._module.available import Available, installed_names
from ansible_collections.localai.core.plugins.module_utils._module.info_options import InfoOptions
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._planner.questions import FindArtifact, Question, ReadGallery
from ansible_collections.localai.core.plugins.module_utils._request import GallerySource, HostOptions
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    DIGEST,
    GALLERY,
    NVIDIA_HOST,
    OLD_DIGEST,
    Delivered,
    answer,
    concrete,
    entry,
    installed,
    meta,
    meta_entry,
    unreadable,
)
from ansible_collections.localai.core.tests.support.states import current, leftover

HOST = HostOptions("/b", "/s", (GallerySource("g", Address("/g.yaml")),), platform="linux/amd64")


class Elsewhere:
    """A resolver that knows the gallery of the tests, or other entries; `errors` are by the address of a source."""

    def __init__(self, entries: list[Entry], errors: dict[str, Exception]) -> None:
        index = Index("g", {row.name.lower(): row for row in entries}, {})
        self.catalog = Catalog(["g"], lambda _name: index)
        self._index = index
        self.indexes = {"g": index}
        self._errors = errors

    def answer(self, question: Question) -> Any:
        if isinstance(question, ReadGallery):
            return self._index
        error = self._errors.get(question.origins[0].text)
        if error is not None:
            raise error
        return answer(question)

    def artifact(self, backend: str, question: FindArtifact, platform: Platform) -> Delivered:
        assert str(platform) == "linux/amd64"
        return self.answer(question)


class Site(Available):
    """What is available for made-up hosts."""

    def __init__(
        self,
        state: Installed,
        *names: str,
        host: HostCapability = CPU_HOST,
        entries: list[Entry] | None = None,
        errors: dict[str, Exception] | None = None,
        **options: Any,
    ) -> None:
        self.warnings: list[str] = []
        super().__init__(HOST, InfoOptions(names or None, **options), host, state, warnings=self.warnings)
        self._resolver = Elsewhere(GALLERY if entries is None else entries, errors or {})


def test_the_entries_of_the_galleries_are_available_with_what_they_resolve_to() -> None:
    rows = {row["name"]: row for row in Site(installed(concrete("cpu-m"))).available()}
    assert list(rows) == [row.name for row in GALLERY]
    columns = ("kind", "compatible", "installed", "resolves_to")
    assert [rows["m"][column] for column in columns] == ["meta", True, False, "cpu-m"]
    assert [rows["cpu-m"][column] for column in columns] == ["concrete", True, True, "cpu-m"]
    assert [rows["cuda12-x"][column] for column in columns] == ["concrete", False, False, None]
    assert (rows["archived"]["version"], rows["piper"]["version"], rows["cpu-x"]["alias"]) == ("1.10", None, "x")
    assert [row["name"] for row in Site(installed(), "G@Piper", "nobody").available()] == ["piper"]


def test_an_address_is_redacted_where_it_is_shown() -> None:
    secret = entry("piper", uri=Address("https://me:S3cret@h/piper.tar?sig=S3cret"))
    (row,) = Site(installed(), entries=[secret]).available()
    assert row["uri"] == "https://h/piper.tar"


def test_upgrades_are_those_that_latest_would_make() -> None:
    state = installed(meta("m", "cpu-m"), concrete("cpu-m"), current("piper"), concrete("Kokoro"), system=("packaged",))
    site = Site(state)
    assert site.upgrades() == [
        {
            "name": name,
            "backend": backend,
            "installed": OLD_DIGEST,
            "available_backend": backend,
            "available": DIGEST,
            "reason": f"its digest was {OLD_DIGEST}, and its source has {DIGEST}",
        }
        for name, backend in (("Kokoro", "Kokoro"), ("m", "cpu-m"))
    ]
    assert [row["name"] for row in Site(state, "m", "piper", "packaged", "nobody").upgrades()] == ["m"]


def test_a_source_that_fails_hides_no_other_upgrade() -> None:
    site = Site(installed(concrete("piper"), concrete("cpu-m")), errors={"quay.io/piper": SourceError("timed out")})
    assert [row["name"] for row in site.upgrades()] == ["cpu-m"]
    assert site.warnings == ["upgrades: piper cannot be compared. timed out"]
    site = Site(installed(concrete("piper")), errors={"quay.io/piper": MissingLibrary("requests", "")})
    with pytest.raises(MissingLibrary):
        site.upgrades()


def test_pins_are_the_builds_that_the_names_have_now_for_each_capability() -> None:
    site = Site(installed(), "x", "poor", pin_capabilities=("nvidia", "default"))
    rows = [(row["name"], row["capability"], row["backend"], row["digest"]) for row in site.pins()["backends"]]
    assert rows == [
        ("poor", "default", "cpu-m", DIGEST),
        ("poor", "nvidia", "cpu-m", DIGEST),
        ("x", "default", "cpu-x", DIGEST),
        ("x", "nvidia", "cpu-x", DIGEST),
    ]
    assert site.pins()["backends"][0]["platform"] == "linux/amd64"


def test_a_capability_without_a_build_is_a_warning_unless_all_lack_one() -> None:
    entries = [meta_entry("m", nvidia="cuda12-m"), entry("cuda12-m")]
    site = Site(installed(), "m", entries=entries, pin_capabilities=("default", "nvidia"))
    assert [row["capability"] for row in site.pins()["backends"]] == ["nvidia"]
    assert [warning[:23] for warning in site.warnings] == ["pins: m has no build fo"]
    with pytest.raises(GalleryError, match="m has no build for capability 'default'"):
        Site(installed(), "m", entries=entries).pins()


def test_without_names_the_pins_are_for_what_is_installed() -> None:
    own = replace(concrete("mine"), metadata=replace(concrete("mine").metadata, gallery_url=Address("")))
    site = Site(installed(meta("m", "cpu-m"), concrete("cpu-m"), own, Directory("bare", "directory", True, True)))
    rows = {row["name"]: (row["backend"], row["digest"]) for row in site.pins()["backends"]}
    # What is in no gallery is pinned as it is recorded.
    assert rows == {"m": ("cpu-m", DIGEST), "mine": ("mine", OLD_DIGEST)}
    assert ["bare is in no gallery" in warning for warning in site.warnings] == [True]


def test_what_has_no_digest_cannot_be_pinned() -> None:
    with pytest.raises(GalleryError, match="from-directory: /srv/from-directory has no digest, so it cannot be pinned"):
        Site(installed(), "from-directory").pins()
    with pytest.raises(GalleryError, match="nobody is in no gallery"):
        Site(installed(), "nobody").pins()


def test_a_query_is_left_out_of_the_pins_with_a_warning() -> None:
    archive = entry("piper", uri=Address("https://h/piper.tar?sig=S3cret"), sha256="ab" * 32)
    site = Site(installed(), "piper", entries=[archive])
    assert site.pins()["backends"][0]["uri"] == "https://h/piper.tar"
    (warning,) = site.warnings
    assert warning.startswith("pins: piper: the query of its uri is omitted")
    assert "S3cret" not in warning


def test_pins_of_a_host_whose_capability_is_unknown_need_the_option() -> None:
    probe = Unreadable("nvidia", "nvidia-smi", "it printed nothing")
    evidence = Evidence("GPU vendor nvidia", gpus=(Gpu("nvidia", "card0"),), unreadable=(probe,))
    host = HostCapability("nvidia", evidence, undecided=True)
    with pytest.raises(HostError, match="the capability of this host is unknown"):
        Site(installed(), "piper", host=host).pins()
    assert Site(installed(), "piper", host=host, pin_capabilities=("amd",)).pins()["backends"]


def test_a_build_of_a_meta_backend_has_the_name_of_the_latter() -> None:
    state = installed(
        meta("m", "cpu-m", "directory-of-m"),
        concrete("cpu-m"),
        concrete("piper"),
        unreadable("broken"),
        Directory("photos"),
        Directory("link", "symlink", True, True),
        leftover("piper.backup", concrete("piper")),
        system=("packaged",),
    )
    assert installed_names(state) == ["broken", "m", "piper"]


def test_one_build_with_two_digests_cannot_be_pinned() -> None:
    class Moving(Elsewhere):
        """A source whose tag moves between two queries."""

        def artifact(self, backend: str, question: FindArtifact, platform: Platform) -> Delivered:
            self.count = getattr(self, "count", 0) + 1
            return Delivered(question.origins[0], f"sha256:{self.count:064}")

    site = Site(installed(), "m", "poor")
    site._resolver = Moving(GALLERY, {})
    with pytest.raises(GalleryError, match="Leave one of them out, or use one gallery for both"):
        site.pins()


def test_an_upgrade_is_checked_without_a_walk_through_the_installed_tree() -> None:
    old = replace(concrete("piper"), record=Record(listed=True))
    assert [row["name"] for row in Site(installed(old)).upgrades()] == ["piper"]


def test_the_installed_build_is_stated_by_its_digest_else_by_its_version_else_not_at_all() -> None:
    bare = Directory("piper", "directory", True, True)
    versioned = replace(bare, metadata=Metadata(name="piper", version="1.2", gallery_url=Address("g")))
    for directory, stated in ((concrete("piper"), OLD_DIGEST), (versioned, "1.2"), (bare, None)):
        (row,) = Site(installed(directory)).upgrades()
        assert row["installed"] == stated


def test_an_upgrade_may_be_another_build_for_the_same_name() -> None:
    entries = [meta_entry("m", default="cpu-m", nvidia="cuda12-m"), entry("cpu-m"), entry("cuda12-m")]
    state = installed(meta("m", "cpu-m"), current("cpu-m"))
    (row,) = Site(state, entries=entries, host=NVIDIA_HOST).upgrades()
    assert (row["backend"], row["available_backend"]) == ("cpu-m", "cuda12-m")


def test_a_recorded_build_is_pinned_only_for_hosts_that_can_run_it() -> None:
    site = Site(installed(concrete("cuda12-own", "own")), "own", entries=[], pin_capabilities=("default", "nvidia"))
    assert [row["capability"] for row in site.pins()["backends"]] == ["nvidia"]


def tagged(name: str, **more: Any) -> Entry:
    return entry(name, uri=Address(f"quay.io/{name}:latest-{name}"), **more)


TAGGED = [meta_entry("m", default="cpu-m", nvidia="cuda12-m"), tagged("cpu-m"), tagged("cuda12-m"), tagged("piper")]


def test_pins_of_a_release_have_its_tags() -> None:
    pins = Site(installed(), "m", entries=TAGGED, pin_capabilities=("default", "nvidia"), release="v9").pins()
    assert [row["uri"] for row in pins["backends"]] == ["quay.io/cpu-m:v9-cpu-m", "quay.io/cuda12-m:v9-cuda12-m"]


def test_all_builds_without_an_image_of_the_release_are_reported() -> None:
    errors: dict[str, Exception] = {
        "quay.io/cuda12-m:v9-cuda12-m": SourceError("404", missing=True),
        "quay.io/piper:v9-piper": SourceError("Connection refused"),
    }
    capabilities = ("default", "nvidia")
    site = Site(
        installed(), "m", "piper", "nobody", entries=TAGGED, errors=errors, pin_capabilities=capabilities, release="v9"
    )
    with pytest.raises(CombinedError) as failed:
        site.pins()
    message = str(failed.value)
    assert "There is no image of release v9 for m for nvidia (cuda12-m, quay.io/cuda12-m:v9-cuda12-m): " in message
    assert "v9 for piper for default and nvidia (piper, quay.io/piper:v9-piper) could not be used: " in message
    assert "nobody is in no gallery" in message
    assert "cpu-m:v9" not in message


def test_an_unknown_capability_to_pin_is_a_warning() -> None:
    site = Site(installed(), "piper", pin_capabilities=("default", "cuda12"))
    assert len(site.pins()["backends"]) == 2
    assert [warning.partition(": ")[0] for warning in site.warnings] == ["pin_capabilities"]
