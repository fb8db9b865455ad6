# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook of the guides and of the collection is run by a test, and every file of the examples is in a guide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION

DOCS, HOSTS, ROLES = "tests/unit/docs", "tests/hosts", "tests/unit/roles"
# The test that runs a playbook; add a row for each new one. Tests that replace texts of it, or run it in parts, say so.
TESTS = {
    "docs/examples/awx/provision.yml": f"{DOCS}/test_awx.py",
    "docs/examples/awx/report.yml": f"{DOCS}/test_awx.py",
    "docs/examples/awx/upgrade.yml": f"{DOCS}/test_awx.py",
    "docs/examples/backends.yml": "tests/demo/run.py",
    "docs/examples/backup.yml": f"{DOCS}/test_backup_and_restore.py",
    "docs/examples/behind-a-proxy.yml": f"{DOCS}/test_role_examples.py",
    "docs/examples/bundle-copy.yml": f"{HOSTS}/test_bundle_ways.py",
    "docs/examples/bundle-nfs.yml": f"{HOSTS}/test_bundle_ways.py",
    "docs/examples/bundle-registry.yml": f"{HOSTS}/test_bundle_ways.py",
    "docs/examples/bundle-web-server.yml": f"{HOSTS}/test_bundle_ways.py",
    "docs/examples/container-quadlet.yml": f"{DOCS}/test_containers.py",
    "docs/examples/existing-installation-back.yml": f"{HOSTS}/test_existing_installation.py",
    "docs/examples/existing-installation.yml": f"{HOSTS}/test_existing_installation.py",
    "docs/examples/fapolicyd.yml": f"{DOCS}/test_red_hat.py",
    "docs/examples/firewall-nftables.yml": f"{DOCS}/test_firewalls.py",
    "docs/examples/from-ollama.yml": f"{DOCS}/test_from_ollama.py",
    "docs/examples/go-back.yml": "tests/integration/targets/localai_backend_lifecycle/tasks/go_back.yml",
    "docs/examples/gpu-hosts.yml": f"{DOCS}/test_gpus.py",
    "docs/examples/group-by-capability.yml": f"{DOCS}/test_state_of_a_fleet.py",
    "docs/examples/mirror.yml": f"{HOSTS}/test_mirror.py",
    "docs/examples/models.yml": "tests/demo/run.py",
    "docs/examples/own-gallery.yml": f"{DOCS}/test_own_gallery.py",
    "docs/examples/prometheus.yml": f"{DOCS}/test_monitoring.py",
    "docs/examples/restore.yml": f"{DOCS}/test_backup_and_restore.py",
    "docs/examples/reverse-proxy-caddy.yml": f"{DOCS}/test_reverse_proxies.py",
    "docs/examples/reverse-proxy-nginx.yml": f"{DOCS}/test_reverse_proxies.py",
    "docs/examples/server.yml": f"{HOSTS}/test_models.py",
    "docs/examples/shared-models.yml": f"{DOCS}/test_role_examples.py",
    "docs/examples/signed-backends.yml": f"{DOCS}/test_role_examples.py",
    "docs/examples/upgrades.yml": f"{DOCS}/test_pins_examples.py",
    "docs/examples/write-model-pins.yml": f"{DOCS}/test_pins_examples.py",
    "docs/examples/write-pins.yml": f"{DOCS}/test_pins_examples.py",
    "docs/examples/write-verified-pins.yml": f"{DOCS}/test_pins_examples.py",
    "playbooks/prefetch.yml": f"{HOSTS}/test_rollout.py",
    "playbooks/progress.yml": f"{ROLES}/test_progress.py",
    "playbooks/provision.yml": f"{HOSTS}/test_role.py",
    "playbooks/remove.yml": f"{HOSTS}/test_role.py",
    "playbooks/report.yml": f"{ROLES}/test_report.py",
    "playbooks/rollback.yml": f"{HOSTS}/test_operations.py",
    "playbooks/survey.yml": f"{ROLES}/test_survey.py",
    "playbooks/upgrade.yml": f"{HOSTS}/test_role.py",
}


def is_playbook(path: Path) -> bool:
    """Whether a file is a list of plays."""
    rows = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    plays = {"hosts", "import_playbook", "ansible.builtin.import_playbook"}
    return isinstance(rows, list) and any(isinstance(row, dict) and plays & set(row) for row in rows)


def playbooks(collection: Path) -> set[str]:
    """The playbooks of the guides and of the collection."""
    files = [*collection.glob("docs/examples/**/*.yml"), *collection.glob("playbooks/*.yml")]
    return {str(path.relative_to(collection)) for path in files if is_playbook(path)}


def names(text: str, playbook: str) -> bool:
    """Whether a test names a playbook, by its file or by its stem in quotes."""
    stem = re.escape(Path(playbook).stem)
    return bool(re.search(rf"""(?<![\w-]){stem}\.yml\b|["']{stem}["']""", text))


def test_every_playbook_has_a_row() -> None:
    assert playbooks(COLLECTION) == set(TESTS)


@pytest.mark.parametrize("playbook", sorted(TESTS))
def test_its_test_names_it(playbook: str) -> None:
    assert names((COLLECTION / TESTS[playbook]).read_text(encoding="utf-8"), playbook)


def test_every_file_of_the_examples_is_shown_or_linked_in_a_guide() -> None:
    guides = "".join(path.read_text(encoding="utf-8") for path in COLLECTION.glob("docs/docsite/rst/*.rst"))
    examples = COLLECTION / "docs" / "examples"
    files = {str(path.relative_to(examples)) for path in examples.rglob("*") if path.is_file()}
    assert len(files) > len(TESTS) - 10
    assert {name for name in files if f"/examples/{name}" not in guides} == {"awx/upgrade.yml"}


def test_a_playbook_that_no_test_runs_is_seen(tmp_path: Path) -> None:
    examples = tmp_path / "docs" / "examples"
    examples.mkdir(parents=True)
    (examples / "new.yml").write_text("- hosts: all\n  tasks: []\n", encoding="utf-8")
    (examples / "variables.yml").write_text("localai_models: []\n", encoding="utf-8")
    assert playbooks(tmp_path) == {"docs/examples/new.yml"}
    assert not names('world.play("renewed")\nexamples.play("write-new.yml")', "docs/examples/new.yml")
    assert names('world.play("new")', "docs/examples/new.yml")
