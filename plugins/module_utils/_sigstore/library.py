# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python library `cryptography`, without which a host cannot verify signatures."""

from __future__ import annotations

import importlib

from .._errors import SignatureError

# Older versions cannot return what certificate logs sign.
_OLDEST = 38


def check_library() -> None:
    """Raise SignatureError, with advice, if `cryptography` is missing or too old."""
    try:
        import cryptography

        # The part that is not written in Python: it fails if the installation is damaged.
        importlib.import_module("cryptography.x509")
    except ImportError:
        problem = "this host has no Python library cryptography that can be imported"
    else:
        if int(cryptography.__version__.partition(".")[0]) >= _OLDEST:
            return
        problem = f"the Python library cryptography of this host has version {cryptography.__version__}"
    raise SignatureError(
        f"{problem}, and verification needs version {_OLDEST} or newer. Install it (python3-cryptography on Debian 12, "
        "Ubuntu 24.04 and RHEL 10), or verify on the controller: create pins there with localai_backend_info and "
        "signatures=enforce, and install with the option pins"
    )
