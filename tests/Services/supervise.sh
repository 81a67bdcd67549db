#!/usr/bin/env bash
# supervise.sh FOLDER SIGNAL COMMAND...
# Keeps one server for one test process and takes orders from it on stdin: start, stop, kill; each is answered by one line.
# When the other end of stdin closes, because the test process ended in whatever way, the server is stopped and FOLDER deleted.
folder=$1
signal=$2
shift 2
server=

stop() {
    [ -n "$server" ] || return 0
    # What a killed server leaves behind notices a little later; until then the next one would not start on the same data.
    children=$(cat "/proc/$server/task/"*/children 2>/dev/null)
    kill -s "$1" "$server" 2>/dev/null
    # A server that does not obey within ten seconds is killed.
    for _ in {1..100}; do
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    kill -s KILL "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    for _ in {1..100}; do
        # shellcheck disable=SC2086
        [ -n "$children" ] && kill -0 $children 2>/dev/null || break
        sleep 0.1
    done
    server=
}

# A closed terminal or Ctrl-C ends the test process, which closes stdin; the order of the two must not matter.
trap '' HUP INT PIPE

while read -r order; do
    case $order in
        start)
            "$@" </dev/null >>"$folder/server.log" 2>&1 &
            server=$!
            echo "$server"
            ;;
        stop) stop "$signal"; echo stopped ;;
        kill) stop KILL; echo killed ;;
    esac
done

stop "$signal"
rm -rf -- "$folder"
