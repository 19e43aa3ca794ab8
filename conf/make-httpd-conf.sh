#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# Prepare a folder for a private httpd and write its run/httpd.conf from httpd.conf.in. Used by bootstrap and by the
# tests, so that both run the same server.
set -eu

usage()
{
    cat <<'END'
usage: make-httpd-conf.sh --build DIR --state DIR --port N [--mpm event|worker|prefork] [--include FILE]
       make-httpd-conf.sh --print-account

  --build DIR      a folder in which mod_civarcos was configured and built
  --state DIR      where everything is kept; made when it does not exist
  --port N         listen there, on 127.0.0.1
  --mpm NAME       the multi-processing module, "event" by default
  --include FILE   included last, so that its directives win
  --print-account  only print the account that httpd runs as when it is started by root

Prints the name of the file it has written.
END
}

fail()
{
    echo "make-httpd-conf.sh: $*" >&2
    exit 1
}

# The first unprivileged account that this system has.
account()
{
    for name in www-data apache http _httpd nobody daemon; do
        if id "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    fail 'this system has none of the accounts www-data, apache, http, nobody, daemon to run httpd as'
}

# httpd.conf has no way to write these inside quotes.
check_path()
{
    case $1 in
    *'"'* | *'\'* | *'$'* | *'
'*) fail "the path $1 has a character that httpd.conf cannot hold (quote, backslash, dollar or new line)" ;;
    /*) ;;
    *) fail "the path $1 is not absolute" ;;
    esac
}

definitions()
{
    printf 'Define civ_state "%s"\n' "$state"
    printf 'Define civ_port %s\n' "$port"
    printf 'Define civ_modules "%s"\n' "$civ_httpd_modules"
    printf 'Define civ_build "%s"\n' "$build"
}

# Only what is not compiled in, and only what is there: distributions differ in both.
modules()
{
    compiled=$("$civ_httpd" -l)
    case $compiled in
    *event.c* | *worker.c* | *prefork.c*) ;;
    *)
        [ -e "$civ_httpd_modules/mod_mpm_$mpm.so" ] || fail "this httpd has no $mpm MPM in $civ_httpd_modules"
        printf 'LoadModule mpm_%s_module "${civ_modules}/mod_mpm_%s.so"\n' "$mpm" "$mpm"
        ;;
    esac
    for name in unixd log_config authn_core authz_core authz_host mime dir alias headers filter deflate setenvif \
        reqtimeout watchdog; do
        case $compiled in
        *mod_$name.c*) continue ;;
        esac
        if [ -e "$civ_httpd_modules/mod_$name.so" ]; then
            printf 'LoadModule %s_module "${civ_modules}/mod_%s.so"\n' "$name" "$name"
        fi
    done
    printf 'LoadModule civarcos_module "%s/mod_civarcos/.libs/mod_civarcos.so"\n' "$build"
}

account_lines()
{
    if [ "$(id -u)" = 0 ]; then
        name=$(account)
        printf 'User %s\nGroup %s\n' "$name" "$(id -gn "$name")"
    fi
}

include_line()
{
    if [ -n "$include" ]; then
        printf 'Include "%s"\n' "$include"
    fi
}

fill_in()
{
    while IFS= read -r line; do
        case $line in
        @DEFINITIONS@) definitions ;;
        @MODULES@) modules ;;
        @ACCOUNT@) account_lines ;;
        @INCLUDE@) include_line ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
}

prepare_folders()
{
    mkdir -p "$state" "$state/run" "$state/logs" "$state/htdocs"
    if [ ! -e "$state/htdocs/index.html" ]; then
        echo '<!DOCTYPE html><title>mod_civarcos</title><p>The evidence ledger is at <a href="/api">/api</a>.' \
            >"$state/htdocs/index.html"
    fi
    # Root reads its configuration from here and writes its logs: nobody else may put anything in their place.
    if [ "$(id -u)" = 0 ]; then
        chown 0:0 "$state" "$state/run" "$state/logs" "$state/htdocs"
        chmod 755 "$state" "$state/run" "$state/logs" "$state/htdocs"
    fi
}

build= state= port= mpm=event include=
while [ $# -gt 0 ]; do
    case $1 in
    --print-account) account; exit ;;
    --help) usage; exit ;;
    --build | --state | --port | --mpm | --include)
        [ $# -gt 1 ] || fail "$1 needs a value"
        case $1 in
        --build) build=$2 ;;
        --state) state=$2 ;;
        --port) port=$2 ;;
        --mpm) mpm=$2 ;;
        --include) include=$2 ;;
        esac
        shift 2
        ;;
    *) usage >&2; exit 2 ;;
    esac
done
[ -n "$build" ] && [ -n "$state" ] && [ -n "$port" ] || { usage >&2; exit 2; }
case $mpm in
event | worker | prefork) ;;
*) fail "there is no MPM called \"$mpm\": event, worker or prefork" ;;
esac
case $port in
'' | *[!0-9]*) fail "\"$port\" is no port number" ;;
esac
check_path "$build"
check_path "$state"
[ -z "$include" ] || check_path "$include"
template=$(dirname "$0")/httpd.conf.in
[ -r "$template" ] || fail "$template is missing"
[ -r "$build/conf/paths.sh" ] || fail "$build is not configured"
. "$build/conf/paths.sh"
[ -x "$civ_httpd" ] || fail "$civ_httpd, which configure found, is not there"

prepare_folders
fill_in <"$template" >"$state/run/httpd.conf.new"
mv "$state/run/httpd.conf.new" "$state/run/httpd.conf"
echo "$state/run/httpd.conf"
