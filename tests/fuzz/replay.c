/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file replay.c
 * Runs a fuzz target over the files of the folders given as arguments, or over its own corpus without any:
 * what was found once is tried in each "make check". One TAP line a folder; a folder without files fails.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns 1 when @a path is a regular file and the target has had all of it. */
static int replay_file(const char *path)
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
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    return got == size;
}

/* Returns the number of files replayed. */
static int replay_folder(const char *folder)
{
    DIR *open_folder = opendir(folder);
    struct dirent *entry;
    char path[PATH_SIZE];
    int count = 0;

    while (open_folder && (entry = readdir(open_folder)) != NULL) {
        int length = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);

        if (length > 0 && length < (int)sizeof(path)) {
            count += replay_file(path);
        }
    }
    if (open_folder) {
        closedir(open_folder);
    }
    return count;
}

/* Where the corpus of this target is in the source tree; "" when nobody said which target it is. */
static const char *own_corpus(char path[PATH_SIZE])
{
    path[0] = '\0';
#if defined(FUZZ_TARGET) && defined(CIVARCOS_SOURCE_DIR)
    {
        const char *source = getenv("CIVARCOS_SOURCE");

        snprintf(path, PATH_SIZE, "%s/tests/fuzz/corpus/%s", source && *source ? source : CIVARCOS_SOURCE_DIR,
                 FUZZ_TARGET);
    }
#endif
    return path;
}

int main(int argc, char **argv)
{
    char corpus[PATH_SIZE];
    int folders = argc > 1 ? argc - 1 : 1;
    int failed = 0;
    int i;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("TAP version 13\n1..%d\n", folders);
    for (i = 1; i <= folders; i++) {
        const char *folder = argc > 1 ? argv[i] : own_corpus(corpus);
        int count = replay_folder(folder);

        printf("%s %d - %d inputs of %s\n", count ? "ok" : "not ok", i, count, folder);
        failed |= count == 0;
    }
    return failed;
}
