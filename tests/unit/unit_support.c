/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file unit_support.c
 * What several unit test programs need.
 */
#include "unit/unit_support.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_ROOM 32768

static char folder[64];

static struct {
    pthread_mutex_t lock;
    char text[LOG_ROOM];
    size_t length;
} kept = {PTHREAD_MUTEX_INITIALIZER, "", 0};

int unit_folder_make(void)
{
    apr_cpystrn(folder, "/tmp/civarcos-unit-XXXXXX", sizeof(folder));
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *position)
{
    (void)info;
    (void)flag;
    (void)position;
    return remove(path);
}

int unit_folder_remove(void)
{
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *unit_folder(void)
{
    return folder;
}

const char *unit_path(const char *name)
{
    return apr_pstrcat(test_pool(), folder, "/", name, NULL);
}

static void keep_line(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    size_t length = strlen(message);

    (void)baton;
    (void)status;
    pthread_mutex_lock(&kept.lock);
    if (kept.length + length + 4 < LOG_ROOM) {
        kept.text[kept.length++] = (char)('0' + level);
        kept.text[kept.length++] = ':';
        memcpy(kept.text + kept.length, message, length);
        kept.length += length;
        kept.text[kept.length++] = '\n';
        kept.text[kept.length] = '\0';
    }
    pthread_mutex_unlock(&kept.lock);
}

const civ_log_t unit_log = {keep_line, NULL, CIV_LOG_DEBUG};

void unit_log_reset(void)
{
    pthread_mutex_lock(&kept.lock);
    kept.length = 0;
    kept.text[0] = '\0';
    pthread_mutex_unlock(&kept.lock);
}

int unit_log_has(const char *words)
{
    int found;

    pthread_mutex_lock(&kept.lock);
    found = strstr(kept.text, words) != NULL;
    pthread_mutex_unlock(&kept.lock);
    return found;
}

int unit_log_has_at(civ_log_level_e level, const char *beginning)
{
    return unit_log_has(apr_psprintf(test_pool(), "%d:%s", (int)level, beginning));
}

int unit_child_start(int (*run)(void *baton), void *baton)
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(test_child(run, baton));
    return pid;
}

int unit_child_wait(int pid)
{
    int status;

    if (pid <= 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

int unit_in_child(int (*run)(void *baton), void *baton)
{
    return unit_child_wait(unit_child_start(run, baton));
}

int unit_become_nobody(void)
{
    if (geteuid() != 0)
        return 0;
    return setgid(UNIT_NOBODY) == 0 && setuid(UNIT_NOBODY) == 0 ? 0 : -1;
}

int unit_write_file(const char *path, const char *text, unsigned mode)
{
    FILE *file = fopen(path, "w");

    if (file == NULL)
        return -1;
    fputs(text, file);
    fclose(file);
    return chmod(path, (mode_t)mode);
}
