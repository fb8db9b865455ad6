# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any tasks about models in any order: each leaves nothing to do, and nobody's files are lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._model_request import ModelSpec
from ansible_collections.localai.core.plugins.module_utils._planner.models.questions import FindUnused, SurveyDirectory
from ansible_collections.localai.core.tests.support.model_plans import A, B, ModelsPath, entry, row, want

C = b"a third content"
FILES = st.lists(
    st.sampled_from([row("a", A), row("a", B), row("b", B), row("d/c", C), row("f", C, digest=False)]), max_size=3
)
# A bare name so often that files are shared.
NAMES = st.sampled_from(["m", "n", "o", "p"])
STRANGERS = {
    "hand.yaml": b"name: hand\nparameters: {model: hand.gguf}\ntemplate: {chat: mine}\n",
    "hand.gguf": b"mine",
    "mine.tmpl": b"mine",
    "notes.txt": b"mine",
    "broken.yaml": b": {",
}


@st.composite
def galleries(draw):
    """Any gallery of a few entries, some with a base file and templates."""
    return [
        entry(name, *draw(FILES), **draw(st.sampled_from([{}, {"url": "base.yaml"}, {"variants": [{"model": "m"}]}])))
        for name in draw(st.lists(NAMES, unique=True, min_size=1))
    ]


SPECS = st.builds(
    lambda name, state, config: want(name, config=config) if state == "present" else _other(name, state, config),
    NAMES,
    st.sampled_from(["present", "present", "latest", "absent"]),
    st.sampled_from([None, {"threads": 1}, {"name": "alias"}]),
)


def _other(name, state, config):
    return ModelSpec(name, state="absent") if state == "absent" else want(name, state=state, config=config)


TASKS = st.tuples(
    st.lists(SPECS, max_size=3, unique_by=lambda spec: spec.name),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("force", "verify", "prune"), st.just(True))),
    st.sampled_from(["", "gallery", "lose", "spoil", "attributes", "by hand"]),
)


@given(st.lists(galleries(), min_size=1, max_size=3), st.lists(TASKS, min_size=1, max_size=5), st.data())
def test_a_task_is_done_at_once_and_harms_nobody(versions, tasks, data):
    path = ModelsPath(versions[0], {"base.yaml": {"prompt_templates": [{"name": "chat", "content": "x"}]}})
    path.files.update(STRANGERS)
    for specs, options, event in tasks:
        _happen(event, path, versions, data)
        before = dict(path.files)
        try:
            plan = path.run(*specs, **options)
        except LocalAIError:
            assert path.files == before
            continue
        assert len({row.path for row in plan.removed}) == len(plan.removed)
        again = path.plan(*specs, **{**options, "force": False})
        assert {outcome.action for outcome in again.outcomes} <= {"none"}
        assert (again.steps, again.removed, again.unload) == ((), (), ())
        assert (again.reload_required, bool(again.outlasting)) == (False, False)
        assert again.backends == plan.backends
        assert {name: path.files.get(name) for name in STRANGERS} == STRANGERS
        assert set(before) - set(path.files) <= {row.path for row in plan.removed} | _gallery_files(before)
        requested = [spec.name for spec in specs if spec.state != "absent"]
        assert [name for name in requested if not _is_whole(path, name)] == []


def _happen(event, path, versions, data):
    owned = sorted(name for name in path.files if name not in STRANGERS)
    if event == "gallery":
        path.gallery = data.draw(st.sampled_from(versions))
    elif event == "attributes":
        path.requested = data.draw(
            st.sampled_from([FileAttributes("x"), FileAttributes("", "y", "0600"), FileAttributes()])
        )
    elif event == "by hand" and path.records:
        path.records.pop(data.draw(st.sampled_from(sorted(path.records))))
    elif event in ("lose", "spoil") and owned:
        name = data.draw(st.sampled_from(owned))
        path.files[name] = b"spoilt"
        if event == "lose":
            del path.files[name]


def _gallery_files(files):
    return {name for name in files if name.startswith("._gallery_")}


def _is_whole(path, name):
    """Whether a model has its configuration and all files that its record names."""
    return f"{name}.yaml" in path.files and set(path.records[name].paths) <= set(path.files)


@given(galleries(), st.lists(SPECS, max_size=3, unique_by=lambda spec: spec.name))
def test_a_converged_task_asks_nothing(gallery, specs):
    path = ModelsPath(gallery, {"base.yaml": {"prompt_templates": [{"name": "chat", "content": "x"}]}})
    try:
        path.run(*specs)
    except LocalAIError:
        return
    present = [spec for spec in specs if spec.state == "present"]
    path.plan(*present)
    assert [question for question in path.asked if not isinstance(question, (SurveyDirectory, FindUnused))] == []
