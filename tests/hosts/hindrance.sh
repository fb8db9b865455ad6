#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# hindrance.sh DIRECTORY: fail and print why hosts cannot run on this machine from trees in DIRECTORY, or print nothing.
set -euo pipefail
directory=$1

hindered() {
    echo "$1"
    exit 1
}

[[ $(id -u) == 0 ]] || hindered "it takes root"
type -P apt-get >/dev/null || hindered "its hosts are made with Debian's tools"

mkdir -p "$directory"
probe=$(mktemp -d "$directory/probe.XXXX")
trap 'rm -rf "$probe"' EXIT
mkdir "$probe"/{lower,upper,inner,root}
mknod "$probe/null" c 1 3 2>/dev/null || hindered "root may not make devices here"
unshare --mount --net --pid --fork --mount-proc true 2>/dev/null || hindered "root may not make namespaces here"
layers=lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/inner
unshare --mount mount -t overlay overlay -o "$layers" "$probe/root" 2>/dev/null \
    || hindered "$directory cannot hold an overlay file system"
# Version 1 has one directory for each hierarchy.
groups=/sys/fs/cgroup
[[ -e $groups/cgroup.procs ]] || groups=$groups/systemd
mkdir "$groups/localai-probe-$$" 2>/dev/null || hindered "root may not make control groups here"
rmdir "$groups/localai-probe-$$"
