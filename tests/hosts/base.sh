#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# base.sh DIRECTORY RELEASE: the tree of a Debian host with systemd and sshd, as DIRECTORY/RELEASE, from the mirror that
# apt uses here. The user "deploy" may use sudo. The packages that the role installs lie in apt's cache, so that a host
# without a network can install them.
set -euo pipefail
directory=$1 release=$2
tree=$directory/$release

[[ -e $tree/ready ]] && exit
rm -rf "$tree"
mkdir -p "$directory"
log=$directory/$release.log
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed -n 1p)
packages=systemd,systemd-sysv,dbus,openssh-server,python3,python3-apt,iproute2,sudo,ca-certificates,procps,udev

{
    debootstrap --variant=minbase --include=$packages "$release" "$tree" "$mirror"
    chroot "$tree" apt-get update -q
    chroot "$tree" apt-get install -q -y --download-only --no-install-recommends python3-requests python3-yaml
    chroot "$tree" apt-get install -q -y --download-only --no-install-recommends python3-isal || echo "no python3-isal"
    chroot "$tree" useradd --create-home --shell /bin/bash deploy
} >"$log" 2>&1 || { tail -n 20 "$log"; exit 1; }
echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$tree/etc/sudoers.d/deploy"
ln -sf /lib/systemd/system/systemd-networkd.service "$tree/etc/systemd/system/multi-user.target.wants/"
touch "$tree/ready"
