#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# Every route of the table is documented and is requested by a test of the whole server.
. "$(dirname "$0")/guard.subr"

routes=$(sed -n 's/^[[:space:]]*{CIV_\(GET\|POST\|DELETE\|PUT\|PATCH\), "\([^"]*\)".*/\1 \2/p' mod_civarcos/routes.c)
has_input 'routes' "$routes"
tests=$(c_files tests/integration | grep -vE '/(harness|http)[a-z_]*\.[ch]$'; ls tests/integration/http_semantics.c 2>/dev/null)

result 'every route has a line in docs/api.md' "$(printf '%s\n' "$routes" | while read -r method template; do
    [ "$template" != / ] || template=
    grep -qE "$method /api$(printf '%s' "$template" | sed 's/[.{}]/\\&/g')([^/a-z{]|\$)" docs/api.md ||
        echo "$method /api$template"
done)"

# A parameter of the template may be anything in a test, also what printf puts there.
result 'every route is requested by a test' "$(printf '%s\n' "$routes" | while read -r method template; do
    [ "$template" != / ] || template=
    path=$(printf '%s' "$template" | sed -e 's/\./\\./g' -e 's/{[^}]*}$//' -e 's/{[^}]*}/[^"\/]+/g')
    case $template in
    *'}') end= ;;
    *) end='["?]' ;;
    esac
    grep -qE "\"[^\"]*/api$path$end" $tests /dev/null || echo "$method /api$template"
done)"
finish
