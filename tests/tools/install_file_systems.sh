#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# install_file_systems.sh: what makes the small file systems of the tests of disks, as far as this machine lets us.
set -euo pipefail

missing=()
for pair in mkfs.btrfs:btrfs-progs mkfs.vfat:dosfstools mount.exfat-fuse:exfat-fuse mkfs.exfat:exfatprogs \
        fusermount3:fuse3 setquota:quota; do
    PATH=$PATH:/usr/sbin:/sbin type -P "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
done
# Whoever is not root does without all of them, and is told so by the tests.
[[ ${#missing[@]} != 0 && $(id -u) == 0 ]] || exit 0

type -P apt-get >/dev/null || { echo "The tests of disks do without ${missing[*]}: there is no apt-get."; exit 0; }
apt-get -q update || true  # one stale source does no harm
DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" \
    || echo "The tests of disks do without ${missing[*]}, which could not be installed."
