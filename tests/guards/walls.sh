#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# The walls between the layers: what may include what, and what may be linked to what.
. "$(dirname "$0")/guard.subr"

library=$(c_files lib)
has_input 'sources of the library' "$library"

result 'the library includes no httpd header' \
    "$(grep -nE '#[[:space:]]*include[[:space:]]*[<"](httpd|http_|ap_|util_|unixd|mpm|mod_|scoreboard)' $library)"

archive=$build_dir/lib/.libs/libcivarcos.a
if [ -e "$archive" ]; then
    undefined=$("${CIVARCOS_NM:-nm}" "$archive" | grep -E ' U _?ap_')
    defined=$("${CIVARCOS_NM:-nm}" "$archive" | grep -cE ' [TtDdRr] _?civ_')
    [ "$defined" -gt 0 ] || undefined="$archive defines nothing of ours"
else
    undefined="$archive is missing"
fi
result 'the library needs no function of httpd' "$undefined"

# may_include AREA AREA...: includes of the form "area/file.h" in lib/AREA name only these areas.
may_include()
{
    area=$1
    files=$(c_files "lib/$area")
    [ -n "$files" ] || return 0
    allowed=$(printf '%s|' "$@")
    result "lib/$area includes only what it may: $*" \
        "$(grep -nHE '#[[:space:]]*include[[:space:]]*"' $files | grep -vE '"config\.h"' |
            grep -vE "\"(${allowed%|})/(platforms/)?[a-z_0-9]+\.h\"")"
}
may_include base
may_include store base
may_include ledger base store
may_include federation base store
may_include sync base store
may_include state base

platforms=$(c_files lib/sync/platforms)
has_input 'connectors' "$platforms"
result 'a connector knows no client, no engine and no database' \
    "$(grep -nE '#[[:space:]]*include[[:space:]]*"' $platforms |
        grep -vE '"(base/[a-z_0-9]+|sync/(connector|fields|item|request|url|platforms/[a-z_0-9]+))\.h"')"
may_include node base store ledger federation sync state

tool=$(c_files ctl)
has_input 'sources of the tool' "$tool"
result 'the tool includes only what it may: its own, base store ledger federation sync node' \
    "$(grep -nHE '#[[:space:]]*include[[:space:]]*"' $tool | grep -vE '"config\.h"' |
        grep -vE '"([a-z_]+|(base|store|ledger|federation|sync|node)/[a-z_0-9]+)\.h"')"
result 'the tool includes no httpd header, no private one, and none of what the library hides' \
    "$(grep -nE '#[[:space:]]*include[[:space:]]*[<"](httpd|http_|ap_|unixd|mpm|mod_|sqlite3|libpq|apr_dbd|yajl|openssl/|[a-z]+/[a-z_]*private)' $tool)"

# only FOLDERS-REGEX HEADERS-REGEX NAME
only()
{
    result "$3 is used only where it belongs" \
        "$(grep -nE "#[[:space:]]*include[[:space:]]*[<\"]($2)" $library | grep -vE "^lib/($1)")"
}
only 'store/dialect_sqlite\.c' 'sqlite3\.h' SQLite
only 'store/dialect_pgsql\.c' 'libpq' libpq
only 'store/' 'apr_dbd' apr_dbd
only 'base/' 'yajl' yajl
only 'base/|ledger/proof_of_work\.c' 'openssl/' OpenSSL
only 'sync/' 'curl/' libcurl

result 'every area of the library has its walls' \
    "$(for folder in lib/*/; do
        case ${folder#lib/} in
        base/ | store/ | ledger/ | federation/ | sync/ | state/ | node/) ;;
        *) echo "$folder is not known to this guard" ;;
        esac
    done)"
finish
