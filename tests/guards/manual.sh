#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# The manual page of the tool names all its commands and options, and no others; that of the worker its options; both can be set
# without a warning.
. "$(dirname "$0")/guard.subr"

page=ctl/civarcosctl.8
text=$(sed 's/\\-/-/g' "$page")
commands=$(sed -n '/^const ctl_command_t /{n;s/^ *"\([a-z-]*\)",.*/\1/p;}' ctl/command_*.c)
options=$(sed -n 's/^ *{"\([a-z-]*\)", *\(FLAG\|TEXT\|PATH\|NUMBER\),.*/\1/p' ctl/options.c)
has_input 'commands' "$commands"
has_input 'options' "$options"

result 'every command is in the manual' "$(for name in $commands; do
    printf '%s\n' "$text" | grep -qE "^\.BI \"$name " || echo "$name"
done)"
result 'every option is in the manual' "$(for name in $options; do
    printf '%s\n' "$text" | grep -qE -- "--$name([^a-z-]|\$)" || echo "--$name"
done)"
result 'the manual names no option that does not exist' "$(printf '%s\n' "$text" | grep -oE -- '--[a-z-]+' | sort -u |
    while read -r name; do
        printf '%s\n' version $options | grep -qx -- "${name#--}" || echo "$name"
    done)"
result 'every option of the table is taken by a command' "$(for name in $options; do
    [ "$name" = help ] || grep -qF "\"$name\"" ctl/command_*.c || echo "--$name"
done)"
result 'no command lists an option that is not in the table' "$(for file in ctl/command_*.c; do
    tr '\n' ' ' <"$file" | grep -oE 'const options\[\] = \{[^}]*\}' | grep -oE '"[a-z-]+"' | tr -d '"' |
        while read -r name; do
            printf '%s\n' $options | grep -qx -- "$name" || echo "$file: --$name"
        done
done)"
worker_page=worker/civarcos-worker.8
worker_options=$(grep -oE '"--[a-z-]+"' worker/main.c | tr -d '"' | sort -u)
has_input 'options of the worker' "$worker_options"
result "the worker's manual names its options and no others" "$(
    sed 's/\\-/-/g' "$worker_page" | grep -oE -- '--[a-z-]+' | sort -u >"${TMPDIR:-/tmp}/manual.$$"
    printf '%s\n' "$worker_options" | diff - "${TMPDIR:-/tmp}/manual.$$"
    rm -f "${TMPDIR:-/tmp}/manual.$$"
)"
if command -v groff >/dev/null 2>&1; then
    result 'the manual can be set without a warning' "$(groff -ww -man -Tutf8 -z "$page" "$worker_page" 2>&1)"
fi
finish
