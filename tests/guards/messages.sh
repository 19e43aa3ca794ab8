#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# The number of a log message names one place in the source.
. "$(dirname "$0")/guard.subr"

files=$(c_files lib mod_civarcos | grep '\.c$')
used=$(grep -noHE '"CIV[0-9]+' $files /dev/null)
has_input 'message numbers' "$used"
result 'every message number has four digits' "$(printf '%s\n' "$used" | grep -vE '"CIV[0-9]{4}$')"
result 'no message number is used twice' \
    "$(printf '%s\n' "$used" | sed 's/.*"//' | sort | uniq -d | while read -r number; do
        printf '%s\n' "$used" | grep "\"$number\$"
    done)"

# A call's first text is its message. Debug messages of httpd's own tracing levels need no number.
result 'every message of the module has a number' "$(for file in $(c_files mod_civarcos | grep '\.c$'); do
    tr '\n' ' ' <"$file" |
        grep -oE 'ap_log_[a-z]*error\(APLOG_MARK, APLOG_(EMERG|ALERT|CRIT|ERR|WARNING|NOTICE|INFO)[^;]*;' |
        grep -v '"CIV[0-9]' | grep -v 'message' | sed "s|^|$file: |"
done)"
result 'every message of the library has a number' "$(for file in $(c_files lib | grep '\.c$' | grep -v '^lib/base/log\.c$'); do
    tr '\n' ' ' <"$file" | grep -oE 'civ_log_write\([^;]*;' | grep -v '"CIV[0-9]' | sed "s|^|$file: |"
done)"
finish
