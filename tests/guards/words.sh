#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# Words that do not belong here: notes of unfinished work, functions that cannot be used safely, and places that only
# the authors have. The patterns are taken apart, so that this file does not find itself.
. "$(dirname "$0")/guard.subr"

files=$(project_files | while read -r file; do
    case $file in
    LICENSE | tests/fixtures/* | tests/fuzz/corpus/*) ;;
    *) [ ! -f "$file" ] || echo "$file" ;;
    esac
done)
sources=$(c_files lib mod_civarcos ctl tests)
has_input 'files of the project' "$files"
has_input 'C sources' "$sources"

result 'no note of unfinished work' "$(printf '%s\n' "$files" | tr '\n' '\0' |
    xargs -0 grep -InwE 'TO''DO|FIX''ME|X''XX|HA''CK')"
result 'no function that cannot be used safely' \
    "$(grep -nE '(^|[^A-Za-z0-9_>.])(strcpy|strcat|v?sprintf|gets|strtok|ato[ifl]|atoll|alloca|tmpnam|mktemp)[[:space:]]*\(' $sources)"
result 'no place that only the authors have' "$(printf '%s\n' "$files" | grep -v '^tests/support/runner\.[ch]$' |
    tr '\n' '\0' | xargs -0 grep -InE '/wo''rk/(main|shared)|(^|[^a-z])/wo''rk/|\.\./sha''red')"
result 'no mention of work items' "$(printf '%s\n' "$files" | tr '\n' '\0' |
    xargs -0 grep -IniE '\b(iss''ue|tick''et)s? #?[0-9]+|\b(next|this|previous|later) iss''ues?\b')"
result 'every file names its license' "$(printf '%s\n' "$files" | while read -r file; do
    case $file in
    *.md | README* | .gitignore | .editorconfig | .clang-format | *.json | *.jsonl | *.txt | *.pem | *.xml | *.csv) ;;
    *) head -n 5 "$file" | grep -q 'Licensed under the Apache License, Version 2.0; see LICENSE.' || echo "$file" ;;
    esac
done)"
finish
