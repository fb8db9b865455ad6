# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a tree."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._store.tree_files import TreeFiles


def test_the_files_of_a_tree_are_those_that_describe_it_before_those_that_run():
    assert TreeFiles(("metadata.json",), ("run.sh",)).names == ("metadata.json", "run.sh")
