/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file libfuzzer.c
 * One program for all targets: libFuzzer runs the one that the program's name (fuzz_json) tells.
 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fuzz_target_t *target = fuzz_targets;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *slash = strrchr((*argv)[0], '/');
    const char *name = slash ? slash + 1 : (*argv)[0];

    (void)argc;
    name += strncmp(name, "fuzz_", 5) == 0 ? 5 : 0;
    while (target->name && strcmp(target->name, name) != 0) {
        target++;
    }
    if (!target->name) {
        fprintf(stderr, "%s is the name of no target\n", name);
        exit(2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_run(target, data, size);
    return 0;
}
