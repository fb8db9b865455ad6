#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# image.sh DIRECTORY RELEASE ARCHITECTURE [URL]: make the image of a machine in DIRECTORY unless it is there, from the
# cloud image at URL or from the packages of a Debian release.
set -euo pipefail
directory=$1 release=$2 architecture=$3 url=${4:-}

[[ ! -e $directory/ready ]] || exit 0
rm -rf "$directory"
mkdir -p "$directory"
here=$(dirname "$0")
if [[ -n $url ]]; then
    "$here/cloud_image.sh" "$directory" "$url"
else
    "$here/debian_image.sh" "$directory" "$release" "$architecture"
fi
touch "$directory/ready"
