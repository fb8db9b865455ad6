#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# install_browser.sh: Chromium and its driver, from Debian's packages. It fails without them, and says why.
set -euo pipefail

type -P chromium >/dev/null && type -P chromedriver >/dev/null && exit 0
if [[ $(id -u) != 0 ]] || ! type -P apt-get >/dev/null; then
    echo "Left out, because the packages chromium and chromium-driver are not installed: the report in a browser."
    exit 1
fi
apt-get -q update || true  # one stale source does no harm
DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends chromium chromium-driver >/dev/null
