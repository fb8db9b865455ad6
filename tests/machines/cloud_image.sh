#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# cloud_image.sh DIRECTORY URL: make a machine from a distribution's cloud image (qcow2): DIRECTORY/disk.qcow2, the ssh
# key of its user, and a second disk with the settings that cloud-init reads at the first boot. The image must have
# SELinux in enforcing mode and the packages that the role would install, because the machine has no network.
set -euo pipefail
directory=$1 url=$2
curl --fail --location --silent --show-error --retry 3 --output "$directory/disk.qcow2" "$url"
qemu-img check -q "$directory/disk.qcow2"
ssh-keygen -q -t ed25519 -N '' -f "$directory/key"

seed=$(mktemp -d)
trap 'rm -rf "$seed"' EXIT
printf 'instance-id: host1\nlocal-hostname: host1\n' >"$seed/meta-data"
# sudo asks for its host's address. dnf asks each enabled repository, also for packages that are installed.
cat >"$seed/user-data" <<END
#cloud-config
manage_etc_hosts: true
users:
  - name: deploy
    shell: /bin/bash
    sudo: "ALL=(ALL) NOPASSWD: ALL"
    ssh_authorized_keys: ["$(cat "$directory/key.pub")"]
runcmd:
  - [sh, -c, "sed -i s/^enabled=1/enabled=0/ /etc/yum.repos.d/*.repo"]
END
genisoimage -quiet -output "$directory/seed.iso" -volid cidata -joliet -rational-rock "$seed"/*
