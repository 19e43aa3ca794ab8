#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# "./bootstrap run" says that the ledger listens when it does, and only then; and what ends it leaves nothing behind.
. "$(dirname -- "$0")/guard.subr"

if [ "$(cd "$build_dir" && pwd -P)" != "$(pwd -P)/build" ] || [ ! -e build/.configured ]; then
    echo '1..0 # SKIP this is not the build folder of ./bootstrap'
    exit 0
fi
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CIVARCOS_CASES
folder=$(mktemp -d /tmp/civarcos-starting-XXXXXX) || exit 1
chmod 755 "$folder"
run=
trap '[ -z "$run" ] || kill -TERM "$run" 2>/dev/null; rm -rf "$folder"' EXIT

# A port that nobody listens on.
free_port()
{
    port=$((20000 + $$ % 10000))
    while grep -qi "$(printf ':%04X ' "$port")" /proc/net/tcp /proc/net/tcp6; do
        port=$((port + 1))
    done
}

# start NAME DIRECTIVES
start()
{
    state=$folder/$1
    printf '%s\n' "$2" >"$folder/$1.conf"
    : >"$folder/out"
    : >"$folder/err"
    ./bootstrap run --port "$port" --state "$state" --include "$folder/$1.conf" \
        >"$folder/out" 2>"$folder/err" </dev/null &
    run=$!
}

# Until a file has a word; in vain after a minute, or a second after the program has ended.
await()
{
    left=600
    until grep -q "$1" "$2"; do
        left=$((left - 1))
        kill -0 "$run" 2>/dev/null || [ "$left" -lt 10 ] || left=10
        [ "$left" -gt 0 ] || return 1
        sleep 0.1
    done
}

# stop NAME: a case of its own.
stop()
{
    fault=
    kill -TERM "$run" 2>/dev/null
    wait "$run" || fault="it ended with status $?
"
    run=
    # shellcheck disable=SC2009 # by the path of its configuration, which only it has
    result "$1" "$fault$(ps -eo args | grep -F -- "-f $state/" | grep -v grep)"
}

show()
{
    sed 's/^/out: /' "$folder/out"
    sed 's/^/err: /' "$folder/err"
}

free_port
start plain '# as it comes'
if await listens "$folder/out"; then
    said=$(curl -q -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/api/health")
    result 'what is said to listen answers' "$([ "$said" = 200 ] || echo "status $said")"
else
    result 'what is said to listen answers' "$(show)"
fi
stop 'what is told to end leaves nothing behind'

start elsewhere "PidFile $folder/elsewhere.pid"
result 'directives may put the pid file elsewhere' "$(await listens "$folder/out" || show)"
stop 'and that ends, too'

start wrong 'NoSuchDirective on'
status=0
wait "$run" || status=$?
result 'what cannot start ends with a status' "$([ "$status" -ne 0 ] || echo 'status 0')"
result 'and says so' "$(await 'has ended before it served' "$folder/err" || show)"
result 'and not that it listens' "$(grep listens "$folder/out")"
run=
finish
