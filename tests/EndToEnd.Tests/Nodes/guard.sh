#!/usr/bin/env bash
# guard.sh COMMAND...
# Runs one node for a test process and writes the node's pid. When the other end of stdin closes, because the test ended in whatever way,
# the node is killed: nothing that a test started outlives it.
trap '' HUP INT PIPE
"$@" </dev/null >&2 &
node=$!
echo "$node"
read -r _
kill -s KILL "$node" 2>/dev/null
wait "$node" 2>/dev/null
