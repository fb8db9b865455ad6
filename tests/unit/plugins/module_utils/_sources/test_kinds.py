# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each kind of URI that is the location of something has a source."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._sources.kinds import SOURCES
from ansible_collections.localai.core.plugins.module_utils._sources.model_uri import GithubUri, HubUri, OllamaUri
from ansible_collections.localai.core.plugins.module_utils._sources.uri import SCHEMES


def test_every_kind_of_uri_has_a_source_but_those_that_stand_for_a_url():
    kinds = {*SCHEMES.values(), OllamaUri}
    assert set(SOURCES) == kinds
    assert not {HubUri, GithubUri} & set(SOURCES)
