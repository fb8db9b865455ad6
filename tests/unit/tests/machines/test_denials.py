# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Denials in an audit log: two boots have the same ones, whatever their numbers."""

from __future__ import annotations

from ansible_collections.localai.core.tests.machines.denials import Denial, denials

SYSCALL = (
    "type=SYSCALL msg=audit(1795982937.612:38): arch=c000003e syscall=16 success=yes exit=0 ppid=1 pid=299 "
    'comm="agetty" exe="/usr/sbin/agetty" subj=system_u:system_r:getty_t:s0 key=(null)'
)


def avc(pid=205, time="1795982929.328:16", inode=288, path="/proc/205/fs"):
    return (
        f"type=AVC msg=audit({time}): avc:  denied  {{ write search }} for  pid={pid} "
        f'comm="systemd-udevd" path="{path}" dev="proc" ino={inode} scontext=system_u:system_r:udev_t:s0 '
        "tcontext=system_u:object_r:sysctl_fs_t:s0:c0.c1023 tclass=dir permissive=0"
    )


UDEV = Denial("udev_t", "sysctl_fs_t", "dir", "search write", "systemd-udevd", "/proc/N/fs")


def test_a_denial_has_its_types_and_no_numbers():
    assert denials(avc()) == {UDEV}


def test_other_records_are_no_denials():
    granted = avc().replace("denied", "granted")
    assert denials(f"{SYSCALL}\n{granted}\n----\n") == set()


def test_two_boots_have_the_same_denials():
    again = avc(pid=311, time="1795983001.001:20", inode=290, path="/proc/311/fs")
    assert denials(avc()) == denials(again) == denials(f"{avc()}\n{SYSCALL}\n{again}\n")


def test_a_denial_of_another_type_is_a_new_one():
    other = avc().replace("udev_t", "init_t").replace("systemd-udevd", "local-ai")
    assert denials(f"{avc()}\n{other}") - denials(avc()) == {UDEV._replace(source="init_t", command="local-ai")}


def test_a_denial_of_a_daemon_that_asks_the_policy_counts():
    record = (
        "type=USER_AVC msg=audit(1795982929.060:14): pid=1 uid=0 auid=4294967295 ses=4294967295 "
        'subj=system_u:system_r:init_t:s0 msg=\'avc:  denied  { reload } for auid=0 uid=0 gid=0 cmdline="" '
        "scontext=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023 tcontext=system_u:system_r:init_t:s0 "
        'tclass=system permissive=0 exe="/usr/lib/systemd/systemd" sauid=0 hostname=? addr=? terminal=?\''
    )
    assert denials(record) == {Denial("unconfined_t", "init_t", "system", "reload", "", "")}
