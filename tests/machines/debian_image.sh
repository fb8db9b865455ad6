#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# debian_image.sh DIRECTORY RELEASE ARCHITECTURE: make a machine with SELinux in enforcing mode from Debian packages,
# from $MIRROR, by default the mirror that apt uses here: DIRECTORY/disk.raw, its kernel and initrd, and the ssh key of
# its user. The packages that the role installs are in the apt cache of the machine, because it has no network.
set -Eeuo pipefail
directory=$1 release=$2 architecture=$3
tree=$directory/tree log=$directory/log
case $architecture in
    amd64) virtio=(virtio_pci) console=ttyS0 ;;
    arm64) virtio=(virtio_pci virtio_mmio) console=ttyAMA0 ;;
esac
packages=systemd,systemd-sysv,dbus,openssh-server,python3,python3-apt,iproute2,sudo,ca-certificates,procps,udev
packages+=,linux-image-cloud-$architecture,initramfs-tools
packages+=,selinux-policy-default,selinux-basics,policycoreutils,python3-selinux,auditd
# shellcheck disable=SC2016  # apt fills it in
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sed -n 1p)}

# Let the kernel run the programs of another architecture by QEMU, as long as this script runs. If the script is killed,
# the kernel keeps that rule until it is rebooted, which does no harm.
emulate() {
    local rules=/proc/sys/fs/binfmt_misc rule=qemu-aarch64
    [[ $architecture != "$(dpkg --print-architecture)" ]] || return 0
    ! arch-test "$architecture" || return 0
    mount -t binfmt_misc binfmt_misc "$rules"
    cat "/usr/lib/binfmt.d/$rule.conf" >"$rules/register"
    # shellcheck disable=SC2064  # the paths of now
    trap "echo -1 >'$rules/$rule'" EXIT
}

make_tree() {
    mmdebstrap --mode=root --variant=minbase --architectures="$architecture" --include="$packages" "$release" "$tree" \
        "$mirror"
    local fetch=(chroot "$tree" apt-get install -q -y --download-only --no-install-recommends)
    chroot "$tree" apt-get update -q
    "${fetch[@]}" python3-requests python3-yaml python3-zstandard
    "${fetch[@]}" python3-isal || echo "It is not in $release."
}

configure() {
    chroot "$tree" useradd --create-home --shell /bin/bash deploy
    echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$tree/etc/sudoers.d/deploy"
    ssh-keygen -q -t ed25519 -N '' -f "$directory/key"
    install -d -m 700 "$tree/home/deploy/.ssh"
    install -m 600 "$directory/key.pub" "$tree/home/deploy/.ssh/authorized_keys"
    chroot "$tree" chown -R deploy:deploy /home/deploy/.ssh
    echo host1 >"$tree/etc/hostname"
    echo '127.0.0.1 localhost host1' >"$tree/etc/hosts"
    : >"$tree/etc/machine-id"
    : >"$tree/etc/resolv.conf"
    echo '/dev/vda / ext4 defaults,errors=panic 0 1' >"$tree/etc/fstab"
    cat >"$tree/etc/systemd/network/10-qemu.network" <<END
[Match]
Name=e*
[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
LinkLocalAddressing=no
IPv6AcceptRA=no
END
    chroot "$tree" systemctl -q enable ssh auditd systemd-networkd
    # Without a network these only fail or wait.
    chroot "$tree" systemctl -q mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer \
        e2scrub_reap.service
}

# A small initrd, which loads what mounts the root and nothing else: emulated, each file of it costs time.
shrink_initrd() {
    local compress=lz4
    [[ -x $tree/usr/bin/lz4 ]] || compress=gzip
    printf 'MODULES=list\nCOMPRESS=%s\nRESUME=none\n' $compress >"$tree/etc/initramfs-tools/conf.d/machine.conf"
    printf '%s\n' "${virtio[@]}" virtio_blk ext4 >"$tree/etc/initramfs-tools/modules"
    chroot "$tree" update-initramfs -u
    cp "$tree"/boot/vmlinuz-* "$directory/vmlinuz"
    cp "$tree"/boot/initrd.img-* "$directory/initrd"
    echo "$console" >"$directory/console"
}

# The labels are set here and kept by mkfs, so that no boot has to relabel the file system.
write_disk() {
    sed -i 's/^SELINUX=.*/SELINUX=enforcing/' "$tree/etc/selinux/config"
    chroot "$tree" systemctl -q mask selinux-autorelabel-mark.service
    setfiles -F -r "$tree" "$tree/etc/selinux/default/contexts/files/file_contexts" "$tree"
    truncate -s 3G "$directory/disk.raw"
    mkfs.ext4 -q -F -L root -d "$tree" "$directory/disk.raw"
}

trap 'tail -n 20 "$log" >&3' ERR
exec 3>&1 >"$log" 2>&1
emulate
make_tree
configure
shrink_initrd
write_disk
rm -rf "$tree"
