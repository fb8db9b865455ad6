# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sample image of two layers for one platform, and an index that lists it beside an image for another one."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform

from . import images
from .archives import file

HOST = Platform("linux", "amd64")
AMD64, S390X, ARM64 = (images.Platform(name) for name in ("amd64", "s390x", "arm64"))
LOWER, UPPER = images.layer([file("run.sh", "x" * 1000)]), images.layer([file("y", "z")], "none")
PULLED = [LOWER.blob, UPPER.blob]
IMAGE = images.image([LOWER, UPPER], AMD64)
CONFIG_DIGEST = images.digest(IMAGE.config)
INDEX = images.index([images.image([UPPER], S390X), IMAGE])
OTHER_DIGEST = INDEX.images[0].digest
