/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file harness_log.c
 * What httpd wrote while it was tested, and whether it should have.
 */
#include "config.h"

#include "integration/harness_private.h"

#include "support/runner.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <apr_time.h>

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What no case may declare as expected. */
static const char *const never_expected[] = {"Segmentation fault",
                                             "APR does not understand",
                                             "Sanitizer",
                                             "runtime error:",
                                             "exit signal Abort",
                                             "exit signal Bus error",
                                             "exit signal Illegal instruction",
                                             "assertion \"",
                                             "Assertion `",
                                             "pool concurrency check",
                                             "double free",
                                             "corrupted size",
                                             "corrupted double",
                                             "free(): ",
                                             "malloc(): ",
                                             "stack smashing",
                                             "buffer overflow detected",
                                             NULL};

/* What httpd says of itself when many threads are busy at once, or many children were killed by the test: it comes at any
 * moment, also while a server is stopped, and depends on how busy the machine is. */
static const char *const advice[] = {"AH00484", "AH10159", "AH10392", NULL};

void harness_note_file(const char *title, const char *path)
{
    const char *text = test_read_file(path, NULL);

    if (text && *text) {
        test_note("%s:\n%s", title, text);
    }
}

int harness_count_lines(const char *path, const char *needle)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    int count = 0;

    while (file && getline(&line, &size, file) >= 0) {
        count += strstr(line, needle) != NULL;
    }
    free(line);
    if (file) {
        fclose(file);
    }
    return count;
}

int harness_holds_any(const char *line, const char *const *words)
{
    for (; *words; words++) {
        if (strstr(line, *words)) {
            return 1;
        }
    }
    return 0;
}

/* "[time] [module:level] ...": whether the level is one to worry about, or the line is no logger's at all. */
static int is_worrying(const char *line)
{
    static const char *const bad[] = {":warn] ", ":error] ", ":crit] ", ":alert] ", ":emerg] ", NULL};
    const char *level = *line == '[' ? strstr(line, "] [") : NULL;
    const char *end = level ? strstr(level + 3, "] ") : NULL;

    if (!*line || harness_holds_any(line, advice)) {
        return 0;
    }
    if (!end) {
        return 1;
    }
    return harness_holds_any(apr_pstrmemdup(test_pool(), level, (apr_size_t)(end + 2 - level)), bad) ||
           strstr(line, "exit signal") != NULL;
}

/* Whether one of the declared texts is in the line; all that are get marked as seen. */
static int is_declared(const char *line, const apr_array_header_t *declared, char *seen)
{
    int found = 0;
    int i;

    for (i = 0; i < declared->nelts; i++) {
        const char *text = APR_ARRAY_IDX(declared, i, const char *);

        if (strstr(line, text + (*text == '?'))) {
            seen[i] = 1;
            found = 1;
        }
    }
    return found;
}

static int judge_lines(char *text, const apr_array_header_t *declared)
{
    char *seen = apr_pcalloc(test_pool(), (apr_size_t)declared->nelts + 1);
    int clean = 1;
    char *state;
    char *line;
    int i;

    for (line = apr_strtok(text, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        int known = is_declared(line, declared, seen);

        if (harness_holds_any(line, never_expected) || (!known && is_worrying(line))) {
            test_note("unexpected in the error log: %s", line);
            clean = 0;
        }
    }
    for (i = 0; i < declared->nelts; i++) {
        const char *wanted = APR_ARRAY_IDX(declared, i, const char *);

        if (!seen[i] && *wanted != '?') {
            test_note("missing in the error log: %s", wanted);
            clean = 0;
        }
    }
    return clean;
}

/* Note what it says, once. valgrind makes its file before it has something to say. @return 1 when there was something */
static int take_report(const char *path)
{
    const char *text = test_read_file(path, NULL);

    if (!text || !*text) {
        return 0;
    }
    harness_note_file("sanitizer report", path);
    unlink(path);
    return 1;
}

static int has_no_reports(const harness_t *server)
{
    char *folder = apr_pstrcat(test_pool(), server->state_dir, "/sanitizer", NULL);
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    int clean = 1;

    while (directory && (entry = readdir(directory))) {
        if (entry->d_name[0] != '.') {
            char *path = apr_pstrcat(test_pool(), folder, "/", entry->d_name, NULL);

            clean &= !take_report(path);
        }
    }
    if (directory) {
        closedir(directory);
    }
    return clean;
}

/* What a file got since the last look, up to the last complete line, added to a text. */
static char *add_unseen(char *before, const char *path, apr_off_t *looked_at)
{
    unsigned long length = 0;
    char *text = test_read_file(path, &length);
    char *end;

    if (!text || (apr_off_t)length <= *looked_at) {
        return before;
    }
    text += *looked_at;
    end = strrchr(text, '\n');
    if (!end) {
        return before;
    }
    end[1] = '\0';
    *looked_at += end + 1 - text;
    return apr_pstrcat(test_pool(), before, text, NULL);
}

int harness_log_is_clean(harness_t *server, ...)
{
    apr_array_header_t *declared = apr_array_make(test_pool(), 4, sizeof(const char *));
    struct harness_private_t *internal = server->internal;
    char *unseen = apr_pstrdup(test_pool(), "");
    const char *text;
    va_list arguments;
    int clean;

    va_start(arguments, server);
    while ((text = va_arg(arguments, const char *))) {
        APR_ARRAY_PUSH(declared, const char *) = text;
    }
    va_end(arguments);
    unseen = add_unseen(unseen, internal->console, &internal->console_looked_at);
    unseen = add_unseen(unseen, server->error_log, &internal->log_looked_at);
    clean = judge_lines(unseen, declared);
    return has_no_reports(server) && clean;
}

int harness_log_has(harness_t *server, const char *text, double seconds)
{
    apr_time_t deadline = apr_time_now() + (apr_time_t)(seconds * APR_USEC_PER_SEC);

    while (harness_count_lines(server->error_log, text) == 0) {
        if (apr_time_now() >= deadline) {
            return 0;
        }
        apr_sleep(20000);
    }
    return 1;
}
