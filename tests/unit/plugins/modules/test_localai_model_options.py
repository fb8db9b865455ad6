# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wrong options of `localai_model`: each is refused in one or two sentences, before anything is written."""

from __future__ import annotations

import json

import pytest

PIN = {"name": "one", "config": {"backend": "x"}, "definition": {}, "files": []}
OWN = {"name": ["own"], "config": {"backend": "x"}}


def pins(*rows, **more):
    return {"name": ["one"], "pins": {"format": 2, "models": list(rows), **more}}


def own_file(**file):
    return {**OWN, "files": [{"filename": "a", "uri": "/etc/hostname", **file}]}


DEEP: dict = {}
for _level in range(200):
    DEEP = {"k": DEEP}
WRONG = {
    "nothing at all": ({"name": None}, "The task names no model. Set name or models"),
    "names and models": ({"name": ["one"], "models": [{"name": "two"}]}, "mutually exclusive: name|models"),
    "an empty name": ({"name": [""]}, "the name of a model is empty"),
    "a path": ({"name": ["../x"]}, "starts with a dot or contains two dots"),
    "a hidden name": ({"name": ["._gallery_x"]}, "starts with a dot"),
    "a control character": ({"name": ["a\nb"]}, "a control character"),
    "a backslash": ({"name": ["a\\b"]}, "a backslash"),
    "another direction": ({"name": ["a\u202eb"]}, "a control character"),
    "a long name": ({"name": ["x" * 300]}, "is longer than 240 bytes"),
    "an address": ({"name": ["https://user:secret@example.com/x"]}, "https://example.com/x is an address"),
    "a list as text": ({"name": "['a']"}, "list was passed as text in brackets"),
    "no gallery": ({"name": ["@one"]}, "has no gallery before the @"),
    "an unknown gallery": ({"name": ["other@one"]}, "there is no gallery 'other'. The galleries of this task: test."),
    "an unknown name": ({"name": ["onee"]}, "onee is in no gallery; looked in test (9 entries). Similar names: one."),
    "names with a space": ({"name": ["one two"]}, "separate names with commas"),
    "wrong names together": ({"name": ["../x", ".y"]}, "'.y' starts with a dot"),
    "one name twice": ({"name": ["one", "ONE"]}, "requested twice"),
    "one model twice": ({"models": [{"name": "one"}, {"name": "One"}]}, "requested twice"),
    "an option for two": ({"name": ["one", "two"], "config": {"threads": 1}}, "config is for one model"),
    "models and config": ({"models": [{"name": "one"}], "config": {"a": 1}}, "mutually exclusive: models|config"),
    "a model without a name": ({"models": [{"model": "one"}]}, "missing required arguments: name found in models"),
    "an unknown state": ({"models": [{"name": "one", "state": "x"}]}, "value of state must be one of"),
    "an unknown key": ({"models": [{"name": "one", "x": 1}]}, "Unsupported parameters"),
    "an empty model": ({"name": ["x"], "model": " "}, "the name of a model is empty"),
    "a gallery in the name": ({"name": ["test@x"], "model": "one"}, "the gallery belongs in model"),
    "a gallery and an address": ({"name": ["test@x"], "uri": "/x.gguf"}, "a gallery is selected"),
    "an entry and an address": ({"name": ["x"], "uri": "/x.gguf", "model": "one"}, "mutually exclusive: uri|model"),
    "an unknown variant": ({"name": ["large"], "variant": "x"}, "its variants are small, large."),
    "a variant of none": ({"name": ["one"], "variant": "x"}, "it has no variants."),
    "an empty variant": ({"name": ["large"], "variant": ""}, "variant is empty"),
    "absent with a variant": ({"name": ["one"], "state": "absent", "variant": "x"}, "variant cannot be used with"),
    "absent with files": ({"name": ["one"], "state": "absent", "files": []}, "files cannot be used with state=absent"),
    "exclusive alone": ({"name": [], "exclusive": True}, "would remove all models"),
    "exclusive and absent": ({"name": ["one"], "exclusive": True, "state": "absent"}, "would remove all models"),
    "an empty address": ({"name": ["own"], "uri": " "}, "uri is empty"),
    "an address without a file": ({"name": ["own"], "uri": "https://example.com/"}, "does not name a file"),
    "a repository": ({"name": ["own"], "uri": "huggingface://owner/repo"}, "does not name a file"),
    "a relative path": ({"name": ["own"], "uri": "a.gguf"}, "is not the URI of a model's file"),
    "credentials": ({"name": ["own"], "uri": "https://user:secret@example.com/a.gguf"}, "Put credentials in endpoints"),
    "an unknown kind": (
        {"name": ["own"], "uri": "https://example.com/a.bin"},
        "no GGUF file, so its backend is unknown",
    ),
    "a revision of nothing": ({"name": ["one"], "revision": "x"}, "required by 'revision': uri"),
    "a revision of a URL": (
        {"name": ["own"], "uri": "https://example.com/a.gguf", "revision": "x"},
        "has no revisions",
    ),
    "an empty revision": ({"name": ["own"], "uri": "hf://o/r/a.gguf", "revision": ""}, "revision is empty"),
    "files alone": ({"name": ["own"], "files": [{"filename": "a", "uri": "/a"}]}, "which needs config"),
    "a file outside": (own_file(filename="../x"), "'../x' is not a plain path below the models path"),
    "an absolute file": (own_file(filename="/x"), "is not a plain path"),
    "a configuration as file": (own_file(filename="x.yaml"), "would be the configuration of another model"),
    "a record as file": (own_file(filename="._gallery_x.yaml"), "would be the configuration of another model"),
    "a file of our own": (own_file(filename=".localai-core/lock"), "has a name that is reserved"),
    "a file without a name": (own_file(filename=""), "has no name that a file can have"),
    "a file without an address": (own_file(uri=" "), "files: a has no uri"),
    "a wrong digest": (own_file(sha256="abc"), "the sha256 of a is not 64 hexadecimal digits."),
    "an unknown scheme": (own_file(uri="gopher://x"), "is not the URI of a model's file"),
    "a file twice": (
        {**OWN, "files": [{"filename": "a", "uri": "/a"}, {"filename": "a", "uri": "/b"}]},
        "a is listed twice",
    ),
    "a backend with a space": ({"name": ["one"], "config": {"backend": "a b"}}, 'backend is "a b"'),
    "a wrong type": ({"name": ["one"], "config": {"threads": "many"}}, "threads is text, and LocalAI needs"),
    "a model outside": (
        {"name": ["one"], "config": {"parameters": {"model": "../x"}}},
        'LocalAI refuses paths with ".."',
    ),
    "not a number": ({"name": ["one"], "config": {"a": float("nan")}}, "config has a value that is no text"),
    "a deep config": ({"name": ["one"], "config": DEEP}, "one: config has too many levels"),
    "deep pins": (pins({**PIN, "config": DEEP}), "pins: the set has too many levels"),
    "a list as config": ({"name": ["one"], "config": [1]}, "argument 'config' is of type list"),
    "nothing to install": ({"name": ["own"], "files": [], "config": {}}, "which needs config"),
    "a wrong mode": ({"name": ["one"], "mode": "abc"}, "mode: 'abc' is not a mode"),
    "a mode with setuid": ({"name": ["one"], "mode": "04755"}, "no bits above 0777"),
    "a wrong directory mode": ({"name": ["one"], "directory_mode": "abc"}, "directory_mode: 'abc' is not a mode"),
    "a negative timeout": ({"name": ["one"], "lock_timeout": -1}, "lock_timeout is -1"),
    "a relative models path": ({"name": ["one"], "models_path": "models"}, "is not an absolute path"),
    "no galleries": ({"name": ["one"], "galleries": []}, "because galleries is empty"),
    "a gallery twice": (
        {"name": ["one"], "galleries": [{"name": "a", "url": "/x"}, {"name": "A", "url": "/y"}]},
        "the name 'A' is used twice",
    ),
    "a missing gallery": (
        {"name": ["one"], "galleries": [{"name": "a", "url": "/none.yaml"}]},
        "gallery a could not be",
    ),
    "pins of no format": ({"name": ["one"], "pins": {}}, "the format is not 2"),
    "pins of another format": (pins(format=3), "the format is not 2"),
    "pins without a row": (pins(), "there is no row for one"),
    "pins that are no list": (pins(models="x"), "models is not a list of mappings"),
    "pins without a name": (pins({**PIN, "name": None}), "row 1 of models: name is missing"),
    "pins with a wrong file": (
        pins({**PIN, "files": [{"filename": "../x", "uri": "/a"}]}),
        "'../x' is not a plain path",
    ),
    "pins with a wrong definition": (pins({**PIN, "definition": {"files": "x"}}), "are not a list of mappings"),
    "pins with a wrong model": (pins({**PIN, "model": ["x"]}), "row 1 of models: model is not text"),
    "pins twice": (pins(PIN, PIN), "pins: one has two rows"),
    "pins without a configuration": (pins({**PIN, "config": {}}), "it has no configuration"),
    "pins and latest": ({**pins(PIN), "state": "latest"}, "pins cannot be used with state=latest"),
    "pins and a model": ({**pins(PIN), "model": "one"}, "mutually exclusive: pins|model"),
}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_option_is_refused_in_a_sentence(model_host, case, check):
    options, part = WRONG[case]
    arguments = {key: value for key, value in options.items() if value is not None}
    result = model_host.model(check=check, **arguments)
    assert result["failed"]
    assert part in result["msg"]
    assert "secret" not in json.dumps(result)
    assert "Traceback" not in json.dumps(result)
    assert not result.get("changed")
    assert not model_host.path.exists()


@pytest.mark.parametrize(
    "options",
    [
        {"name": [" one "]},
        {"name": "one,two"},
        {"name": ["TEST@one"]},
        {"name": [], "prune": True},
        {"name": []},
        {"models": []},
        {"name": ["one"], "mode": "u=rw,g=r,o="},
        {"name": ["one"], "mode": 0o640},
        {"name": ["one"], "config": {}},
        {"name": ["one"], "state": "absent", "model": "x"},
        {"name": ["own"], "files": [], "config": {"backend": "whisper"}},
    ],
)
def test_these_options_are_right(model_host, options):
    assert not model_host.model(check=True, **options)["failed"]
