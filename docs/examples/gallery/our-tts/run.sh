#!/bin/sh
# LocalAI starts this file with "--addr 127.0.0.1:PORT". The program serves LocalAI's backend.proto there.
set -e
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/server" "$@"
