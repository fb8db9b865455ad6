# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots are named and described as LocalAI does it; the hashes here are of LocalAI's own Go code."""

from __future__ import annotations

import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.models.artifacts import (
    File,
    Resolved,
    Spec,
    cache_key,
    canonical_repo,
    inferred,
    is_hub_path,
    manifest,
    resolved,
    snapshot_keys,
    snapshot_path,
    specs_of,
)

HUB = "https://huggingface.co"
COMMIT = "5f0b1a2c3d4e5f60718293a4b5c6d7e8f9012345"
KEY = "db49a887eeaa47392c658de27ff466e3fd11e090fe8a913f2878b485b4224741"
STRANGE = 'a<b&c>.bin\u2028é\u0007\b\u007f"'


def entry(**changes):
    """Return one entry of a configuration, with changes of its source."""
    source = {"type": "huggingface", "repo": "o/r", **changes.pop("source", {})}
    return {"artifacts": [{"source": source, **changes}]}


def test_the_key_of_a_snapshot_is_that_of_localai():
    (spec,) = specs_of(entry(source={"repo": " hf://o/r", "allow_patterns": [STRANGE, "*.json"]}))
    assert spec == Spec("o/r", allow=("*.json", STRANGE))
    assert cache_key(spec, HUB + "/", COMMIT.upper()) == KEY
    assert snapshot_path(KEY) == f".artifacts/huggingface/{KEY}"


@pytest.mark.parametrize(
    "other",
    [
        Spec("o/r2", allow=("*.json", STRANGE)),
        Spec("o/r", allow=("*.json",)),
        Spec("o/r", allow=("*.json", STRANGE), ignore=("x",)),
    ],
)
def test_another_snapshot_has_another_key(other):
    assert cache_key(other, HUB, COMMIT) != KEY


@pytest.mark.parametrize("other", [Spec("o/r", name="vae", target="companion"), Spec("o/r", token_env="HF_TOKEN")])
def test_the_name_and_the_token_do_not_change_the_key(other):
    assert cache_key(other, HUB, COMMIT) == cache_key(Spec("o/r"), HUB, COMMIT)


def test_what_an_entry_was_resolved_to_is_in_the_order_of_localai():
    spec = Spec("o/r", allow=("b", "a"), token_env="HF_TOKEN")
    key = cache_key(spec, HUB, COMMIT)
    row = resolved(spec, HUB, COMMIT, ["m.gguf"])
    assert json.dumps(row) == json.dumps(
        {
            "name": "model",
            "target": "model",
            "source": {
                "type": "huggingface",
                "repo": "o/r",
                "revision": "main",
                "token_env": "HF_TOKEN",
                "allow_patterns": ["a", "b"],
            },
            "resolved": {"endpoint": HUB, "revision": COMMIT, "cache_key": key, "primary_file": "m.gguf"},
        }
    )
    (again,) = specs_of({"artifacts": [row]})
    assert again.resolved == Resolved(HUB, COMMIT, key, "m.gguf")
    assert snapshot_keys({"artifacts": [row]}) == [key]


@pytest.mark.parametrize(("target", "name"), [("model", "model"), ("companion", "vae")])
@pytest.mark.parametrize("paths", [["a"], ["a", "b"]])
def test_only_the_model_itself_has_a_primary_file_and_only_if_there_is_one(target, name, paths):
    row = resolved(Spec("o/r", name=name, target=target), HUB, COMMIT, paths)
    assert row["resolved"].get("primary_file") == ("a" if (target, len(paths)) == ("model", 1) else None)


def test_the_manifest_has_the_bytes_of_localai():
    row = resolved(Spec("o/r", allow=("a<b",)), HUB, COMMIT, ["a<b"])
    content = manifest(row, [File("a<b", 3, "f" * 64, lfs_oid="f" * 64)])
    assert (
        content.decode()
        == f"""{{
  "version": 1,
  "artifact": {{
    "name": "model",
    "target": "model",
    "source": {{
      "type": "huggingface",
      "repo": "o/r",
      "revision": "main",
      "allow_patterns": [
        "a\\u003cb"
      ]
    }},
    "resolved": {{
      "endpoint": "{HUB}",
      "revision": "{COMMIT}",
      "cache_key": "{row["resolved"]["cache_key"]}",
      "primary_file": "a\\u003cb"
    }}
  }},
  "files": [
    {{
      "path": "a\\u003cb",
      "size": 3,
      "sha256": "{"f" * 64}",
      "lfs_oid": "{"f" * 64}"
    }}
  ]
}}
"""
    )


@pytest.mark.parametrize("config", [{}, {"artifacts": None}, {"artifacts": []}])
def test_a_configuration_may_have_no_artifacts(config):
    assert specs_of(config) == ()
    assert snapshot_keys(config) == []


def test_scalars_are_text_like_in_yaml():
    (spec,) = specs_of(entry(source={"revision": 2.0, "allow_patterns": [1, True]}))
    assert (spec.revision, spec.allow) == ("2.0", ("1", "true"))


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"artifacts": {}}, "artifacts is not a list"),
        ({"artifacts": ["x"]}, r"artifacts\[0\]: it is not a mapping"),
        ({"artifacts": [{"source": []}]}, "its source is not a mapping"),
        (entry(source={"repo": "o"}), "not a repository of the form owner/repository"),
        (entry(source={"repo": "o/r/f"}), "not a repository of the form"),
        (entry(source={"repo": ["o/r"]}), "a list or a mapping is where text"),
        (entry(source={"repo": "o/r\udc80"}), "not valid Unicode"),
        (entry(source={"type": "s3"}), "the type 's3'"),
        (entry(source={"revision": "a\0b"}), "NUL"),
        (entry(source={"token_env": "TOKEN"}), "only HF_TOKEN"),
        (entry(source={"allow_patterns": "*.json"}), "patterns are not a list"),
        (entry(source={"allow_patterns": ["../x"]}), "its pattern '../x'"),
        (entry(source={"ignore_patterns": ["/x"]}), "its pattern '/x'"),
        (entry(source={"ignore_patterns": [None]}), "its pattern ''"),
        (entry(source={"ignore_patterns": ["a\\b"]}), "its pattern"),
        (entry(name="x"), "must be model"),
        (entry(target="y"), "its target is 'y'"),
        (entry(target="companion", name="Vae"), "That of a companion"),
        (entry(target="companion", name="model"), "That of a companion"),
        (entry(resolved={"endpoint": "x", "revision": COMMIT}), "resolved.endpoint"),
        (entry(resolved={"endpoint": "https://me:pw@h", "revision": COMMIT}), "resolved.endpoint"),
        (entry(resolved={"endpoint": HUB, "revision": "main"}), "not 40 hexadecimal digits"),
        (entry(resolved={"endpoint": HUB, "revision": COMMIT, "cache_key": "x"}), "not 64 hexadecimal digits"),
        (entry(resolved={"endpoint": HUB, "revision": COMMIT, "primary_file": "../x"}), "resolved.primary_file"),
        (
            entry(target="companion", name="v", resolved={"endpoint": HUB, "revision": COMMIT, "primary_file": "x"}),
            "no resolved.primary_file",
        ),
        (entry(target="companion", name="vae"), "the first entry must be the model itself"),
        ({"artifacts": entry()["artifacts"] * 2}, "the name model is used twice"),
    ],
)
def test_what_localai_refuses_is_refused_with_the_reason(config, problem):
    with pytest.raises(GalleryError, match=problem):
        specs_of(config)


def test_a_companion_follows_the_model():
    companion = entry(target="companion", name="vae")["artifacts"]
    assert [spec.name for spec in specs_of({"artifacts": entry()["artifacts"] + companion})] == ["model", "vae"]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("o/r", Spec("o/r")),
        (" hf://o/r/ ", Spec("o/r")),
        ("https://huggingface.co/o/r", Spec("o/r")),
        ("hf.co/o/r/x/m.bin", Spec("o/r", allow=("x/m.bin",))),
        ("https://huggingface.co/o/r/resolve/v1/x/m.bin", Spec("o/r", allow=("x/m.bin",))),
        ("a/b/c", Spec("a/b", allow=("c",))),
        ("model.gguf", None),
        ("./r", None),
        ("./o/r", Spec("./o", allow=("r",))),
        ("/o/r", None),
        ("hf://o", None),
        ("", None),
        ("hf://o/r/../x", None),
    ],
)
def test_a_backend_that_needs_a_directory_gets_the_repository_in_its_model(model, expected):
    config = {"backend": "transformers", "parameters": {"model": model}}
    assert inferred(config) == expected
    assert inferred({**config, "backend": "llama-cpp"}) is None
    assert inferred({**config, "artifacts": [{}]}) is None
    assert inferred({**config, "download_files": [{"filename": "x"}]}) is None


@pytest.mark.parametrize("config", [{}, {"backend": "vllm"}, {"backend": "vllm", "parameters": None}])
def test_nothing_is_inferred_without_a_model(config):
    assert inferred(config) is None


@pytest.mark.parametrize("model", ["o/r?x", "https://huggingface.co/o/r/resolve/main", "hf://o?/r/x", "o/"])
def test_a_reference_that_localai_refuses_is_refused(model):
    with pytest.raises(GalleryError, match=r"parameters\.model: "):
        inferred({"backend": "vllm", "parameters": {"model": model}})


@pytest.mark.parametrize(
    "text", ["o/r", "o/r/", " huggingface://o/r", "https://huggingface.co/o/r", "huggingface://hf://o/r"]
)
def test_a_repository_has_one_spelling(text):
    assert canonical_repo(text) == "o/r"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a", True), ("a/b.gguf", True), ("", False), ("/a", False), ("a//b", False), ("a/../b", False), ("a\\b", False)],
)
def test_a_path_in_a_repository_leads_nowhere_else(path, expected):
    assert is_hub_path(path) is expected


@pytest.mark.parametrize(
    "artifacts",
    ["x", [1], [{"resolved": 1}], [{"resolved": {"cache_key": "../x"}}], [{"resolved": {"cache_key": [KEY]}}]],
)
def test_a_broken_configuration_has_no_snapshots(artifacts):
    assert snapshot_keys({"artifacts": artifacts}) == []


def test_a_snapshot_that_is_used_twice_is_listed_once():
    row = {"resolved": {"cache_key": KEY}}
    assert snapshot_keys({"artifacts": [row, row]}) == [KEY]
