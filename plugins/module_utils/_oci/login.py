# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials for an image at a registry, and the advice if they are refused or missing."""

from __future__ import annotations

from .._fs.utf8 import os
from .._http.client import Http
from .docker_config import Credentials, config_path, credential_helper, docker_credentials
from .reference import Reference


class Logins:
    """The credentials for registries: those of the option `endpoints`, then those of Docker's `config.json`."""

    def __init__(self, http: Http, auth_file: str | None) -> None:
        self._http = http
        self._auth_file = auth_file

    def credentials(self, reference: Reference, scheme: str) -> Credentials | None:
        """Return the credentials for an image, or None; raises HostError for a file that cannot be used."""
        endpoint = self._http.endpoint(reference.server, scheme)
        if endpoint.username and endpoint.password is not None:
            return Credentials(endpoint.username, endpoint.password, "endpoints")
        return docker_credentials(reference, self._auth_file)

    def refused(self, reference: Reference, scheme: str, challenged: bool) -> str:
        """Return why a registry may not allow to pull an image, and what to do; raises HostError.

        `challenged` tells whether the registry said how to log in, so that the credentials were sent, if there are any.
        """
        endpoint = self._http.endpoint(reference.server, scheme)
        if endpoint.token:
            return (
                f"The registry refused the token for {endpoint.host} from endpoints: it is wrong or expired, it may "
                "not pull this image, or the image does not exist."
            )
        credentials = self.credentials(reference, scheme)
        if credentials and challenged:
            return (
                f"The registry refused the login of user {credentials.username!r} from {credentials.source}: the "
                "password is wrong, this user may not pull the image, or the image does not exist. Check username and "
                f"password for the host {reference.host} in {credentials.source}."
            )
        if credentials:
            return (
                f"The registry does not say how to log in (WWW-Authenticate), so the credentials of user "
                f"{credentials.username!r} from {credentials.source} were not sent. Check that {reference.host} is the "
                "registry."
            )
        return self._missing(reference, scheme)

    def _missing(self, reference: Reference, scheme: str) -> str:
        path = config_path(self._auth_file)
        helper = credential_helper(reference, self._auth_file)
        advice = f"Add username and password for the host {reference.host} to endpoints"
        if helper:
            advice = (
                f"{path} leaves the credentials to {helper}, and credential helpers are not supported. {advice}, or "
                "set auth_file to a file that contains them"
            )
        else:
            advice += ", or log in with docker for auth_file"
            # Without a file, or one that this user may read, there is nothing to say about its entries.
            advice += f". {path} has none for it" if os.access(path, os.R_OK) else ""
        near_miss = self._http.near_miss(reference.server, scheme)
        return (
            "No credentials were sent. Either the image does not exist or it can only be pulled with credentials. "
            f"{advice}. {near_miss}"
        ).rstrip()
