#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# make_venv.sh PYTHON DIRECTORY: a virtual environment, also on a Debian that came without python3-venv.
set -euo pipefail
python=$1 directory=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "The build needs Python 3.11 or newer as '$python'; make PYTHON=... names another one." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [[ $(id -u) != 0 ]]; then
        echo "'$python' cannot make virtual environments; as root: apt-get install python3-venv" >&2
        exit 1
    fi
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends python3-venv
fi
"$python" -m venv --clear "$directory"
