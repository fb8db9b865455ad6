# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server of Hugging Face's Hub, which the environment can name. LocalAI: pkg/downloader/uri.go, `loadConfig`."""

from __future__ import annotations

import re
import typing as t

from .._address import Address, redacted_url
from .._errors import OptionError
from .._http.url import is_http_url
from .model_uri import HUB

DEFAULT_ENDPOINT = Address(HUB)
_VARIABLES = ("HF_MIRROR", "HF", "HF_ENDPOINT")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def hub_endpoint(environ: t.Mapping[str, str]) -> Address:
    """Return the server of the Hub for an environment, without a slash at its end; raises OptionError.

    Of the variables that are set and not empty, the first one counts. A value without a scheme is a host with HTTPS.
    """
    variable = next((name for name in _VARIABLES if environ.get(name, "").strip()), None)
    if variable is None:
        return DEFAULT_ENDPOINT
    value = environ[variable].strip()
    url = value if _SCHEME.match(value) else f"https://{value}"
    if not is_http_url(url) or set("?#") & set(url) or not url.isprintable() or " " in url:
        raise OptionError(
            f"The environment variable {variable} is {redacted_url(url)}, which cannot be used as the server of "
            "Hugging Face. Set it to a URL such as https://hub.example, without a user name and a query. Put "
            "credentials in endpoints."
        )
    return Address(url.rstrip("/"))
