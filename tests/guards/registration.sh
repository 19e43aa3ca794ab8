#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# A test that nobody runs proves nothing: every body is in a table of cases, once, and every suite in a program.
. "$(dirname "$0")/guard.subr"

files=$(c_files tests/unit tests/integration tests/badconf | grep '\.c$')
suites=$(grep -lE '^(static )?const test_suite_t [a-z_0-9]+ = ' $files /dev/null)
has_input 'files with suites' "$suites"

# Bodies take nothing and return nothing. Those that are called by name are helpers of others.
findings=$(for file in $suites; do
    sed -n 's/^static void \([a-z_0-9]*\)(void)$/\1/p' "$file" | while read -r body; do
        rows=$(tr '\n' ' ' <"$file" | grep -oE "\"[^\"]+\", *$body *}" | wc -l)
        calls=$(grep -E "(^|[^a-z_0-9])$body\(" "$file" | grep -cv '^static void')
        if [ "$rows" -eq 0 ] && [ "$calls" -eq 0 ]; then
            echo "$file: $body is in no table"
        elif [ "$rows" -gt 1 ]; then
            echo "$file: $body is in a table $rows times"
        fi
    done
done)
result 'every test body is in a table of cases, once' "$findings"

programs=$(grep -lE '(^|[^a-z_])test_main\(' $files /dev/null)
has_input 'programs' "$programs"
findings=$(sed -n 's/^\(static \)\{0,1\}const test_suite_t \([a-z_0-9]*\) = .*/\2/p' $suites | while read -r suite; do
    grep -qE "&$suite\b" $programs || echo "$suite is run by no program"
done)
result 'every suite is run by a program' "$findings"

result 'every file of tests is compiled' "$(for file in $files; do
    grep -qF "$file" tests/files.am || echo "$file is not in tests/files.am"
done)"
result 'every file of the library is compiled' "$(for file in $(c_files lib); do
    grep -qF "$file" lib/files.am || echo "$file is not in lib/files.am"
done)"
result 'every file of the module is compiled' "$(for file in $(c_files mod_civarcos); do
    grep -qF "$file" mod_civarcos/files.am Makefile.am || echo "$file is not in mod_civarcos/files.am"
done)"
result 'every file of the tool is compiled' "$(for file in $(c_files ctl); do
    grep -qF "$file" ctl/files.am || echo "$file is not in ctl/files.am"
done)"
finish
