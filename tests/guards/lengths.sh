#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# What does not fit on a few screens is not understood. Exceptions are listed, with a reason, in lengths.allow: one
# "path" or "path:function" a line.
. "$(dirname "$0")/guard.subr"

most_of_function=100
most_of_file=800
files=$(c_files lib mod_civarcos ctl tests | grep '\.c$')
has_input 'C sources' "$files"
allowed=$(sed -e 's/[[:space:]]*#.*//' -e '/^$/d' tests/guards/lengths.allow)

is_allowed()
{
    printf '%s\n' "$allowed" | grep -qxF -- "$1"
}

result "no file is longer than $most_of_file lines" "$(for file in $files; do
    lines=$(wc -l <"$file")
    [ "$lines" -le "$most_of_file" ] || is_allowed "$file" || echo "$file has $lines lines"
done)"

# By this project's format a function's braces are the only ones in the first column.
result "no function is longer than $most_of_function lines" "$(for file in $files; do
    awk -v most="$most_of_function" '
        /^[a-z].*[a-z_0-9]\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
        /^\{/ { begin = NR }
        /^\}/ { if (begin && NR - begin - 1 > most) print name, NR - begin - 1; begin = 0 }' "$file" |
        while read -r name lines; do
            is_allowed "$file:$name" || echo "$file: $name has $lines lines"
        done
done)"

result 'every exception is still needed' "$(printf '%s\n' "$allowed" | while IFS=: read -r file name; do
    [ -z "$file" ] || [ -e "$file" ] || echo "$file does not exist"
done)"
finish
