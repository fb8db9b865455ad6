#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# install_packages.sh ARCHITECTURE: install the programs that make and run virtual machines of a Debian architecture.
# It takes root.
set -euo pipefail
architecture=$1

wanted=(qemu-img:qemu-utils mmdebstrap:mmdebstrap setfiles:policycoreutils mkfs.ext4:e2fsprogs curl:curl
        genisoimage:genisoimage ssh-keygen:openssh-client ip:iproute2)
case $architecture in
    amd64) wanted+=(qemu-system-x86_64:qemu-system-x86) ;;
    arm64) wanted+=(qemu-system-aarch64:qemu-system-arm) ;;
    *) echo "ARCH is $architecture. It must be amd64 or arm64."; exit 2 ;;
esac
# The packages of another architecture run their scripts by emulation.
if [[ $architecture != "$(dpkg --print-architecture)" ]]; then
    wanted+=(qemu-aarch64-static:qemu-user-static arch-test:arch-test)
fi
missing=()
# Ubuntu has the keys of Debian's archive in a package.
[[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] || missing+=(debian-archive-keyring)
for row in "${wanted[@]}"; do
    type -P "${row%%:*}" >/dev/null || missing+=("${row##*:}")
done
((${#missing[@]})) || exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends "${missing[@]}"
