#!/usr/bin/env bash
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# other_cores.sh BUILD OWN: ansible-test sanity of the current directory with the oldest and the newest ansible-core but
# OWN that a Python of this machine runs, but only the tests that depend on it: OWN runs the others. With
# EVERY=1: all tests with each ansible-core. Each has a copy and a home of its own. With CORE=2.19: all sanity tests and the
# unit tests, or those in UNITS, with this one, also if it is OWN; it is an error if no Python here runs it.
set -euo pipefail
build=$1 own=$2
oldest=2.18 newest=2.21
here=$(dirname "$(realpath "$0")")
[[ -z ${CORE:-} ]] || EVERY=1
ran=

while read -r core pythons; do
    [[ $core == "${CORE:-$core}" ]] || continue
    [[ $core != "$own" || -n ${CORE:-} ]] || continue
    case ${EVERY:-$core} in
        "$oldest" | "$newest") tests=(--test ansible-doc --test validate-modules) ;;
        "$core") continue ;;
        *) tests=() ;;
    esac
    for python in $pythons; do
        [[ -e $build/pythons/python$python ]] && break
    done
    if [[ ! -e $build/pythons/python$python ]]; then
        echo "Left out: ansible-core $core, for none of Python $pythons is here."
        continue
    fi
    echo "ansible-core $core on Python $python"
    venv=$build/cores/$core
    if [[ ! -e $venv/ready ]]; then
        "$here/make_venv.sh" "$build/pythons/python$python" "$venv"
        "$venv/bin/pip" install -q "ansible-core ~= $core.0"
        touch "$venv/ready"
    fi
    "$venv/bin/python" "$here/prepare_ansible_test.py" "$venv" >/dev/null
    copy=$venv/ansible_collections/localai/core
    rm -rf "$copy"
    mkdir -p "$copy"
    tar -c --exclude ./tests/output . | tar -x -C "$copy"
    run() {
        (cd "$copy" && HOME=$venv/home PATH=$venv/pythons:$venv/bin:$PATH timeout "$@" --venv --python "$python" </dev/null)
    }
    run 10m ansible-test sanity "${tests[@]}"
    # shellcheck disable=SC2086  # several names of files
    [[ -z ${CORE:-} ]] || run 45m ansible-test units ${UNITS:-}
    ran=1
done <<'EOF'
2.18 3.13 3.12 3.11
2.19 3.13 3.12 3.11
2.20 3.14 3.13 3.12
2.21 3.14 3.13 3.12
EOF
[[ -z ${CORE:-} || -n $ran ]] || { echo "No Python here runs ansible-core $CORE."; exit 1; }
