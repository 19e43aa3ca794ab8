#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# The directives that httpd knows, those of the annotated configuration and those of the manual are the same.
. "$(dirname "$0")/guard.subr"

# Each name is defined once, as a macro; the table uses the macro.
macros=$(sed -n 's/^#define \(CIV_DIRECTIVE_[A-Z_]*\)[[:space:]]*"\(Civarcos[A-Za-z]*\)".*/\1 \2/p' mod_civarcos/*.h)
has_input 'directives' "$macros"
names=$(printf '%s\n' "$macros" | cut -d ' ' -f 2 | sort)

result 'every directive is in the table that httpd gets' "$(printf '%s\n' "$macros" | while read -r macro name; do
    tr '\n' ' ' <mod_civarcos/directives.c | grep -qE "(AP_INIT_[A-Z0-9_]+|TAKES_[A-Z0-9]+)\( *$macro," ||
        echo "$name is not in mod_civarcos/directives.c"
done)"
result 'no directive is named but through its macro' \
    "$(grep -nE '(AP_INIT_[A-Z0-9_]+|TAKES_[A-Z0-9]+)\( *"Civarcos' mod_civarcos/*.c)"

# differences LIST-NAME LIST
differences()
{
    printf '%s\n' "$names" | while read -r name; do
        printf '%s\n' "$2" | grep -qx "$name" || echo "$name is not in $1"
    done
    printf '%s\n' "$2" | while read -r name; do
        printf '%s\n' "$names" | grep -qx "$name" || echo "$name is in $1, but httpd does not know it"
    done
}
configured=$(sed -n 's/^#\{0,1\}\(Civarcos[A-Za-z]*\) .*/\1/p' conf/civarcos.conf.in | sort)
result 'the annotated configuration has each directive once' "$(printf '%s\n' "$configured" | uniq -d)"
result 'the annotated configuration has the same directives' "$(differences conf/civarcos.conf.in "$configured")"
documented=$(sed -n 's/^#\{1,4\} `\{0,1\}\(Civarcos[A-Za-z]*\).*/\1/p' docs/directives.md | sort)
result 'the manual has the same directives' "$(differences docs/directives.md "$documented")"
result 'no text names a directive that does not exist' \
    "$(grep -noHE '\bCivarcos[A-Z][A-Za-z]+' README.md CHANGES docs/*.md conf/* 2>/dev/null | while IFS=: read -r file line name; do
        printf '%s\n' "$names" | grep -qx "$name" || echo "$file:$line: $name"
    done)"
finish
