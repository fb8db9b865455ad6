#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# apart.sh [--net] COMMAND...: run it in namespaces of its own, with --net the network too, and with a name for control
# groups, LOCALAI_HOSTS_CGROUP. However this ends, by Ctrl-C or kill too, the command's processes, mounts and control
# groups end with it. It takes root.
set -euo pipefail
export LOCALAI_HOSTS_CGROUP=localai-hosts-$$

clean() {
    # By itself unshare takes no notice of signals while its command runs; with it all processes in there are killed.
    kill -KILL "$apart" 2>/dev/null || true
    wait "$apart" 2>/dev/null || true
    for _attempt in {1..50}; do
        find /sys/fs/cgroup -maxdepth 2 -name "$LOCALAI_HOSTS_CGROUP" -exec find {} -depth -type d -delete \; \
            2>/dev/null || true
        [[ -n $(find /sys/fs/cgroup -maxdepth 2 -name "$LOCALAI_HOSTS_CGROUP") ]] || break
        sleep 0.1
    done
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The signal is for the case that this script is killed.
setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc "$@" &
apart=$!
wait "$apart"
