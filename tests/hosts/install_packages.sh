#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# install_packages.sh: what a machine needs to run the hosts; takes root.
set -euo pipefail
missing=()
# mmdebstrap checks signatures, for which it has to have the keys, which Ubuntu has in a package.
[[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] || missing+=(debian-archive-keyring)
for wanted in systemd-nspawn:systemd-container mmdebstrap:mmdebstrap ssh-keygen:openssh-client ip:iproute2 \
    rsync:rsync; do
    type -P "${wanted%%:*}" >/dev/null || missing+=("${wanted##*:}")
done
((${#missing[@]})) || exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends "${missing[@]}"
