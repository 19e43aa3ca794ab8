/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file replay.c
 * Runs each fuzz target over its corpus: what was found once is tried in each "make check". One TAP line a target; a
 * target without a corpus fails. Arguments name the targets to run, all without any.
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 4096

/* Returns 1 when @a path is a regular file and the target has had all of it. */
static int replay_file(const struct fuzz_target_t *target, const char *path)
{
    struct stat info;
    size_t size, got;
    uint8_t *data;
    FILE *file;

    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return 0;
    }
    size = (size_t)info.st_size;
    file = fopen(path, "rb");
    data = malloc(size ? size : 1); /* exact, so that a read beyond the end is noticed */
    if (!file || !data) {
        printf("# cannot read %s\n", path);
        if (file) {
            fclose(file);
        }
        free(data);
        return 0;
    }
    got = fread(data, 1, size, file);
    fclose(file);
    if (got == size) {
        fuzz_run(target, data, size);
    }
    free(data);
    return got == size;
}

/* Returns the number of files replayed. */
static int replay_folder(const struct fuzz_target_t *target, const char *folder)
{
    DIR *open_folder = opendir(folder);
    struct dirent *entry;
    char path[PATH_SIZE];
    int count = 0;

    while (open_folder && (entry = readdir(open_folder)) != NULL) {
        int length = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);

        if (length > 0 && length < (int)sizeof(path)) {
            count += replay_file(target, path);
        }
    }
    if (open_folder) {
        closedir(open_folder);
    }
    return count;
}

static int is_wanted(const struct fuzz_target_t *target, int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], target->name) == 0) {
            return 1;
        }
    }
    return argc < 2;
}

int main(int argc, char **argv)
{
    const char *given = getenv("CIVARCOS_SOURCE");
    const char *source = given && *given ? given : CIVARCOS_SOURCE_DIR;
    const struct fuzz_target_t *target;
    int number = 0;
    int failed = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("TAP version 13\n");
    for (target = fuzz_targets; target->name; target++) {
        char folder[PATH_SIZE];
        int count;

        if (is_wanted(target, argc, argv)) {
            printf("# %s\n", target->name);
            snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", source, target->name);
            count = replay_folder(target, folder);
            printf("%s %d - %s holds for its %d inputs\n", count ? "ok" : "not ok", ++number, target->name,
                   count);
            failed |= count == 0;
        }
    }
    printf("1..%d\n", number);
    return failed || number == 0;
}
