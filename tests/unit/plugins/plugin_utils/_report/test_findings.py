# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs action in what is installed on a host."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._report import findings
from ansible_collections.localai.core.plugins.plugin_utils._report.findings import Finding

DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
PIN = {
    "name": "Llama-Cpp",
    "capability": "nvidia",
    "platform": "linux/amd64",
    "backend": "cuda12-llama-cpp",
    "uri": "quay.io/x/y:latest",
    "digest": DIGEST,
}
BACKEND = {"name": "llama-cpp", "kind": "alias", "build": "cuda12-llama-cpp", "digest": DIGEST, "platform_digest": ""}


FILES = {"a.gguf": "1", "by-hand.gguf": "", "c.gguf": "abc"}


def wanted(*pins: Any, **others: Any) -> dict[str, Any]:
    host = {"capability": "nvidia", "platform": "linux/amd64", "backends": [], "own_builds": []}
    return {"pins": {"format": 2, "backends": list(pins)}, **host, **others}


@pytest.mark.parametrize(
    ("row", "agrees"),
    [
        ({}, {"llama-cpp": True}),
        ({"digest": OTHER}, {"llama-cpp": False}),
        ({"digest": OTHER, "platform_digest": DIGEST}, {"llama-cpp": True}),
        ({"build": "cpu-llama-cpp"}, {"llama-cpp": False}),
        ({"name": "whisper"}, {}),
    ],
)
def test_a_backend_is_as_pinned_if_build_and_digest_are(row: dict[str, str], agrees: dict[str, bool]) -> None:
    known, found = findings.pins_of_backends([{**BACKEND, **row}], wanted(PIN))
    assert known == agrees
    assert [finding.condition for finding in found] == ["off_pins"] * list(agrees.values()).count(False)


def test_a_backend_off_its_pin_is_named_with_both_builds() -> None:
    _known, found = findings.pins_of_backends([{**BACKEND, "digest": ""}], wanted(PIN))
    assert [finding.text for finding in found] == [
        "The backend llama-cpp is cuda12-llama-cpp @ an unknown digest, and the pin is cuda12-llama-cpp @ aaaaaaaaaaaa."
    ]


def test_a_name_with_a_build_of_its_own_is_not_compared_with_pins() -> None:
    host = wanted(PIN, backends=["llama-cpp"], own_builds=["llama-cpp"])
    assert findings.pins_of_backends([{**BACKEND, "digest": OTHER}], host) == ({}, [])


def test_a_declared_name_without_a_row_for_this_host_is_a_finding() -> None:
    _known, found = findings.pins_of_backends([], wanted({**PIN, "capability": "amd"}, backends=["llama-cpp"]))
    assert [one.text for one in found] == ["The pins have no row for the backend llama-cpp and nvidia on linux/amd64."]
    assert findings.pins_of_backends([], wanted(PIN, backends=["LLAMA-CPP"], capability="")) == ({}, [])


@pytest.mark.parametrize("pin", [{**PIN, "digest": "x"}, {**PIN, "uri": None}, {**PIN, "name": 5}, {"name": "x"}])
def test_pins_that_cannot_be_read_are_a_finding(pin: dict[str, Any]) -> None:
    known, found = findings.pins_of_backends([BACKEND], wanted(pin))
    assert known == {}
    assert [finding.text for finding in found] == ["The pins cannot be read."]
    assert found[0].detail.endswith(".")
    assert "attribute" not in found[0].detail


@pytest.mark.parametrize("pins", [wanted(), wanted("text", None, 5)])
def test_without_a_row_nothing_is_compared(pins: dict[str, Any]) -> None:
    assert findings.pins_of_backends([BACKEND], pins) == ({}, [])


@pytest.mark.parametrize(
    ("pin", "agrees", "texts"),
    [
        ({"filename": "a.gguf", "sha256": "1"}, {"chat": True}, []),
        ({"filename": "a.gguf", "sha256": None}, {"chat": True}, []),
        ({"filename": "a.gguf", "sha256": "2"}, {"chat": False}, ["The model chat differs from its pin: a.gguf."]),
        ({"filename": "b.gguf", "sha256": "1"}, {"chat": False}, ["The model chat differs from its pin: b.gguf."]),
        ({"filename": "by-hand.gguf", "sha256": "1"}, {}, []),
        ({"filename": "c.gguf", "sha256": "ABC"}, {"chat": True}, []),
        (5, {"chat": True}, []),
    ],
)
def test_a_model_is_as_pinned_if_its_files_are(pin: Any, agrees: dict[str, bool], texts: list[str]) -> None:
    pins = {"models": [{"name": "Chat", "files": [pin]}, {"name": "other", "files": [pin]}, None]}
    known, found = findings.pins_of_models([{"name": "chat"}], {"chat": FILES}, pins)
    assert known == agrees
    assert [finding.text for finding in found] == texts


def test_names_are_missing_in_whatever_form_they_are_declared() -> None:
    installed = ["llama-cpp", "org__whisper"]
    found = findings.missing("backend", ["localai@Llama-CPP", "org/whisper", "piper"], installed)
    assert list(found) == [Finding("missing", "The backend piper is not installed.")]


@pytest.mark.parametrize(("policy", "number"), [("ignore", 0), ("", 0), (None, 0), ("warn", 1), ("enforce", 1)])
def test_a_build_needs_a_signature_if_the_policy_wants_one(policy: str | None, number: int) -> None:
    rows = [
        {"kind": "alias", "build": "a", "signer": ""},
        {"kind": "concrete", "build": "a", "signer": ""},
        {"kind": "alias", "build": "b", "signer": "somebody"},
        {"kind": "system", "build": "c", "signer": ""},
    ]
    assert len(list(findings.unsigned(rows, policy))) == number


def test_problems_are_sentences_with_their_place() -> None:
    backends = [{"name": "a", "problem": "it has no run.sh"}, {"name": "b", "problem": ""}]
    others = [{"name": "x", "problem": "it is a symlink"}, {"name": None, "problem": "The host is odd."}]
    assert [finding.text for finding in findings.problems_of_backends(backends, others)] == [
        "The backend a: it has no run.sh.",
        "The directory x of the backends: it is a symlink.",
        "The host is odd.",
    ]
    models = [
        {"path": "v.tar", "problem": "LocalAI lists v.tar.", "advice": "Move it."},
        {"path": "m", "problem": "No."},
    ]
    assert [(finding.text, finding.advice) for finding in findings.problems_of_models(models)] == [
        ("LocalAI lists v.tar.", "Move it."),
        ("m: No.", ""),
    ]
