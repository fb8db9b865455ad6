#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# base.sh DIRECTORY RELEASE...: the trees of Debian hosts with systemd and sshd, as DIRECTORY/RELEASE, from $MIRROR, by
# default the mirror that apt uses here. The user "deploy" may use sudo. The packages that the role installs lie in apt's
# cache, so that a host without a network can install them.
set -euo pipefail
directory=$1
packages=systemd,systemd-sysv,dbus,openssh-server,python3,python3-apt,iproute2,sudo,ca-certificates,procps,udev
# A tree that was made with other packages is made again.
ready=ready5
fetch=(apt-get install -q -y --download-only --no-install-recommends)
# shellcheck disable=SC2016  # apt fills it in
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed -n 1p)}

make_tree() {
    local release=$1 tree=$directory/$1 log=$directory/$1.log
    rm -rf "$tree"
    {
        # It takes half the processor time of debootstrap. Nobody needs the syncs of dpkg here.
        mmdebstrap --variant=minbase --include=$packages --dpkgopt=force-unsafe-io --skip=cleanup/apt/lists,cleanup/reproducible \
            "$release" "$tree" "$mirror"
        rm -f "$tree/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
        chroot "$tree" "${fetch[@]}" python3-requests python3-yaml python3-zstandard zstd nginx docker-registry rsync
        # As a task installs it, with what it recommends
        chroot "$tree" apt-get install -q -y --download-only nfs-common
        chroot "$tree" "${fetch[@]}" python3-isal || echo "It is not in $release."
        chroot "$tree" useradd --create-home --shell /bin/bash deploy
        echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$tree/etc/sudoers.d/deploy"
        ln -sf /lib/systemd/system/systemd-networkd.service "$tree/etc/systemd/system/multi-user.target.wants/"
        touch "$tree/$ready"
    } >"$log" 2>&1
}

mkdir -p "$directory"
made=()
for release in "${@:2}"; do
    [[ -e $directory/$release/$ready ]] || made+=("$release")
done
pids=()
for release in "${made[@]}"; do
    make_tree "$release" &
    pids+=($!)
done
for index in "${!pids[@]}"; do
    wait "${pids[index]}" || { tail -n 20 "$directory/${made[index]}.log"; exit 1; }
done
