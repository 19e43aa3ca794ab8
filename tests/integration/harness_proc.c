/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file harness_proc.c
 * What the system tells about httpd's processes: which there are, whether they have something to do, what they hold.
 */
#include "config.h"

#include "integration/harness_private.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CHILDREN 256

/* So often in a row must nothing run: threads that are just being woken look asleep. */
#define CALM_LOOKS   3
#define CALM_SECONDS 10.0

/* -- Processes --------------------------------------------------------------------------------------------------------- */

/* What follows the name in a stat file of /proc ("S 123 ..."), which may hold anything itself. Empty: no such process. */
static const char *read_stat(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(line, 1, (size_t)size - 1, file) : 0;
    const char *end;

    if (file) {
        fclose(file);
    }
    line[length] = '\0';
    end = strrchr(line, ')');
    return end && end[1] == ' ' ? end + 2 : "";
}

pid_t harness_parent_of(pid_t pid)
{
    char path[64];
    char line[512];
    const char *stat;

    apr_snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    stat = read_stat(path, line, sizeof(line));
    /* A zombie is no child any more. */
    return *stat && *stat != 'Z' ? (pid_t)strtol(stat + 1, NULL, 10) : 0;
}

int harness_children(const harness_t *server, pid_t *pids, int size)
{
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    int count = 0;

    while (directory && count < size && (entry = readdir(directory))) {
        pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;

        if (pid > 0 && harness_parent_of(pid) == server->pid) {
            pids[count++] = pid;
        }
    }
    if (directory) {
        closedir(directory);
    }
    return count;
}

/* -- Calm -------------------------------------------------------------------------------------------------------------- */

static int threads_are_asleep(pid_t pid)
{
    char path[384];
    char line[512];
    const struct dirent *entry;
    DIR *directory;
    int asleep = 1;

    apr_snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
    directory = opendir(path);
    while (directory && asleep && (entry = readdir(directory))) {
        if (entry->d_name[0] != '.') {
            const char *stat;

            apr_snprintf(path, sizeof(path), "/proc/%ld/task/%.20s/stat", (long)pid, entry->d_name);
            stat = read_stat(path, line, sizeof(line));
            asleep = !*stat || *stat == 'S';
        }
    }
    if (directory) {
        closedir(directory);
    }
    return asleep;
}

/* Whether httpd holds a connection that is neither open nor closed (states of Linux: 4, 5, 8, 9 and 11). One without
 * an inode belongs to no process any more. */
static int has_closing_connections(int port)
{
    FILE *file = fopen("/proc/net/tcp", "r");
    char line[512];
    int found = 0;

    while (file && !found && fgets(line, sizeof(line), file)) {
        unsigned local;
        unsigned state;
        unsigned long inode;

        if (sscanf(line, " %*u: %*x:%x %*x:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu", &local, &state, &inode) ==
                3 &&
            local == (unsigned)port && inode != 0) {
            found = state == 4 || state == 5 || state == 8 || state == 9 || state == 11;
        }
    }
    if (file) {
        fclose(file);
    }
    return found;
}

typedef struct calm_t {
    const harness_t *server;
    int looks; /* in a row at which all was calm */
} calm_t;

static int is_calm(void *baton)
{
    calm_t *calm = baton;
    pid_t children[MOST_CHILDREN];
    int count = harness_children(calm->server, children, MOST_CHILDREN);
    int good = !has_closing_connections(calm->server->port);

    while (good && count > 0) {
        good = threads_are_asleep(children[--count]);
    }
    calm->looks = good ? calm->looks + 1 : 0;
    return calm->looks >= CALM_LOOKS;
}

void harness_settle(const harness_t *server)
{
    calm_t calm = {server, 0};

    if (server->pid) {
        harness_wait(is_calm, &calm, CALM_SECONDS);
    }
}

/* -- Belongings -------------------------------------------------------------------------------------------------------- */

static int count_entries(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    int count = 0;

    while (directory && (entry = readdir(directory))) {
        count += entry->d_name[0] != '.';
    }
    if (directory) {
        closedir(directory);
    }
    return count;
}

/* Lines of a file in which the column (from 0) is this text, or ends with it. */
static int count_column(const char *path, int column, const char *text)
{
    FILE *file = fopen(path, "r");
    char line[1024];
    int count = 0;

    while (file && fgets(line, sizeof(line), file)) {
        char *state;
        char *word = apr_strtok(line, " \n", &state);
        int i;

        for (i = 0; word && i < column; i++) {
            word = apr_strtok(NULL, " \n", &state);
        }
        if (word && strlen(word) >= strlen(text)) {
            count += strcmp(word + strlen(word) - strlen(text), text) == 0;
        }
    }
    if (file) {
        fclose(file);
    }
    return count;
}

/* A number of kilobytes in /proc/PID/status. */
static long status_number(const char *path, const char *name)
{
    FILE *file = fopen(path, "r");
    char line[256];
    long number = 0;

    while (file && !number && fgets(line, sizeof(line), file)) {
        if (strncmp(line, name, strlen(name)) == 0) {
            number = strtol(line + strlen(name), NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return number;
}

harness_belongings_t harness_belongings(const harness_t *server)
{
    char path[64];
    char pid[24];
    pid_t children[MOST_CHILDREN];
    harness_belongings_t now;

    apr_snprintf(pid, sizeof(pid), "%ld", (long)server->pid);
    apr_snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    now.files = count_entries(path);
    apr_snprintf(path, sizeof(path), "/proc/%s/maps", pid);
    now.mappings = count_column(path, 1, "p");
    now.shared = count_column(path, 1, "s");
    now.segments = count_column("/proc/sysvipc/shm", 4, pid);
    apr_snprintf(path, sizeof(path), "/proc/%s/status", pid);
    now.anonymous = status_number(path, "RssAnon:");
    now.children = harness_children(server, children, MOST_CHILDREN);
    return now;
}
