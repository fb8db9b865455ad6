# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources that this host does not have yet. In check mode, an earlier task of the play may be the one to put them."""

from __future__ import annotations

import typing as t

from .._bundle.contents import CONTENTS
from .._errors import CombinedError, GalleryError, LocalAIError, SourceError, TransportError
from .._fs.utf8 import os
from .._request import LAYOUT_SCHEME
from .options import connection_of

if t.TYPE_CHECKING:
    from .._request import Connection
    from .runner import Run

_OF_SOURCES = (CombinedError, GalleryError, SourceError, TransportError)


def assume_they_come(error: LocalAIError, run: Run) -> None:
    """Predict a change in check mode if bundles or layouts on this host are missing; raises any other error again."""
    if not run.check_mode or not isinstance(error, _OF_SOURCES):
        raise error
    missing = [path for path in absent_sources(connection_of(run.params)) if f"{path}/" in str(error)]
    if not missing:
        raise error
    paths = " and ".join(missing)
    run.warnings += error.warnings
    run.warnings.append(
        f"{paths} {'is' if len(missing) == 1 else 'are'} not there yet, so check mode cannot predict what would be "
        f"installed from there. Without it, the run fails: {error}"
    )
    run.result.update(changed=True, msg=f"Would install from {paths}.")


def absent_sources(connection: Connection) -> list[str]:
    """Return the paths of the bundle and of the layouts in `mirrors` that have no list of what they have."""
    mirrors = (mirror.url.text for endpoint in connection.endpoints for mirror in endpoint.mirrors)
    layouts = (url[len(LAYOUT_SCHEME) :] for url in mirrors if url.startswith(f"{LAYOUT_SCHEME}/"))
    lists = {path: "index.json" for path in layouts if not os.path.isfile(path)}
    if connection.bundle is not None and connection.bundle.startswith("/"):
        lists = {connection.bundle: CONTENTS}
    return [path for path, name in lists.items() if not os.path.exists(os.path.join(path, name))]
