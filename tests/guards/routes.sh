#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# Every route of the table is documented and is requested by a test of the whole server.
. "$(dirname "$0")/guard.subr"

routes=$(sed -n 's/^[[:space:]]*{CIV_\(GET\|POST\|DELETE\|PUT\|PATCH\), "\([^"]*\)".*/\1 \2/p' mod_civarcos/routes.c)
has_input 'routes' "$routes"
tests=$(c_files tests/integration | grep -vE '/(harness|harness_log|harness_private|http)\.[ch]$')

# In the manual paths are below the prefix, as they are in the table.
result 'every route has a line in docs/api.md' "$(printf '%s\n' "$routes" | while read -r method template; do
    grep -qE "$method $(printf '%s' "$template" | sed 's/[.{}]/\\&/g')([^/a-z{]|\$)" docs/api.md ||
        echo "$method $template"
done)"

# A parameter may be anything in a test, also what printf puts there; the prefix may come from a macro.
result 'every route is requested by a test' "$(printf '%s\n' "$routes" | while read -r method template; do
    path=$(printf '%s' "$template" | sed -e 's/\./\\./g' -e 's/{[^}]*}$//' -e 's/{[^}]*}/[^"\/]+/g')
    case $template in
    /) path='/api/?' ;;
    esac
    case $template in
    *'}') end= ;;
    *) end='["? ]' ;;
    esac
    grep -qE "\"[^\"]*$path$end" $tests /dev/null || echo "$method $template"
done)"
finish
