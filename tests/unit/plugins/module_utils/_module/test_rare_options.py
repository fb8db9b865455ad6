# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that most tasks do not have become values."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._module.rare_options import (
    number_of_mode,
    rate_of,
    version_of,
)


@pytest.mark.parametrize(("mode", "number"), [("0755", 0o755), ("u=rwx,g=rx,o=", 0o750), (0o711, 0o711)])
def test_a_mode_is_a_number(mode: Any, number: int) -> None:
    assert number_of_mode(mode) == number


@pytest.mark.parametrize("mode", ["rwx", "0644", 755, True, None])
def test_what_is_no_mode_of_a_directory_is_refused(mode: Any) -> None:
    with pytest.raises(OptionError, match="directory_mode"):
        number_of_mode(mode)


def test_a_version_has_three_numbers() -> None:
    assert version_of(" v4.11.0-rc1 ") == (4, 11, 0)
    with pytest.raises(OptionError, match="is not a version such as"):
        version_of("4.11")


@pytest.mark.parametrize(
    ("text", "rate"), [("10M", 10 * 1024**2), (" 500K ", 500 * 1024), ("1500000", 1500000), ("1.5MB", 1572864)]
)
def test_a_rate_is_in_bytes_per_second(text: str, rate: int) -> None:
    assert rate_of(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "0", "-5M", "1023", "10Mb", "10MM", "inf", "M"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="is not a number of bytes per second such as 10M"):
        rate_of(text)
