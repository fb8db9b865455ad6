# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment names the server of the Hub in LocalAI's order of variables."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._sources.hub_endpoint import hub_endpoint


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({}, "https://huggingface.co"),
        ({"HF_ENDPOINT": "https://c.example"}, "https://c.example"),
        ({"HF": "b.example", "HF_ENDPOINT": "https://c.example"}, "https://b.example"),
        ({"HF_MIRROR": "a.example:8443/hub", "HF": "b.example"}, "https://a.example:8443/hub"),
        ({"HF_MIRROR": "", "HF": " ", "HF_ENDPOINT": "http://c.example/"}, "http://c.example"),
        ({"HF_ENDPOINT": "", "HF_HOME": "/x"}, "https://huggingface.co"),
    ],
)
def test_the_first_variable_that_is_set_names_the_server(environ, endpoint):
    assert hub_endpoint(environ).text == endpoint


@pytest.mark.parametrize(
    "value",
    [
        "ftp://x",
        "https://",
        "https://me:hunter2@x",
        "me:hunter2@x",
        "https://x?token=hunter2",
        "x#hunter2",
        "https://x:0",
        "a b",
    ],
)
def test_another_value_is_refused_and_no_secret_is_printed(value):
    with pytest.raises(OptionError, match="environment variable HF_MIRROR") as caught:
        hub_endpoint({"HF_MIRROR": value})
    assert "hunter2" not in str(caught.value)
