/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "unit/unit_trace.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR 512

/* -- Watching ---------------------------------------------------------------------------------------------------------- */

typedef struct watch_t {
    trace_t *trace;
    const char *folder;
    int mark; /* the descriptor, in both processes */
    pid_t pid;
} watch_t;

/* What SQLite has in memory that is shared is made anew after a crash, whatever the file says. */
static int is_watched(const watch_t *watch, const char *path)
{
    apr_size_t length = strlen(path);

    return strncmp(path, watch->folder, strlen(watch->folder)) == 0 &&
           !(length > 4 && strcmp(path + length - 4, "-shm") == 0);
}

static const char *path_of(const watch_t *watch, int descriptor)
{
    char link[64];
    char path[4096];
    ssize_t length;

    apr_snprintf(link, sizeof(link), "/proc/%ld/fd/%d", (long)watch->pid, descriptor);
    length = readlink(link, path, sizeof(path) - 1);
    return length > 0 ? apr_pstrmemdup(watch->trace->pool, path, (apr_size_t)length) : "";
}

static const char *memory_of(const watch_t *watch, apr_uint64_t address, apr_size_t length)
{
    char *copy = apr_pcalloc(watch->trace->pool, length + 1);
    struct iovec here = {copy, length};
    struct iovec there = {(void *)(apr_uintptr_t)address, length}; /* NOLINT: of another process */

    return process_vm_readv(watch->pid, &here, 1, &there, 1, 0) == (ssize_t)length ? copy : NULL;
}

static const char *text_of(const watch_t *watch, apr_uint64_t address)
{
    apr_size_t length = 256;
    const char *text = memory_of(watch, address, length);

    /* It may lie at the end of a mapping. */
    while (!text && length > 1) {
        length /= 2;
        text = memory_of(watch, address, length);
    }
    return text ? text : "";
}

static int describe_write(const watch_t *watch, const apr_uint64_t *arguments, trace_step_t *step)
{
    step->kind = (int)arguments[0] == watch->mark ? TRACE_MARK : TRACE_WRITE;
    step->path = path_of(watch, (int)arguments[0]);
    step->length = (apr_size_t)arguments[2];
    step->data = memory_of(watch, arguments[1], step->length);
    return step->data && (step->kind == TRACE_MARK || is_watched(watch, step->path));
}

/* Whether a call is a step, and which. */
static int describe(const watch_t *watch, apr_uint64_t number, const apr_uint64_t *arguments,
                    trace_step_t *step)
{
    memset(step, 0, sizeof(*step));
    switch (number) {
    case SYS_write:
        return describe_write(watch, arguments, step);
    case SYS_pwrite64:
        step->offset = (apr_off_t)arguments[3];
        return describe_write(watch, arguments, step);
    case SYS_ftruncate:
        step->kind = TRACE_TRUNCATE;
        step->offset = (apr_off_t)arguments[1];
        step->path = path_of(watch, (int)arguments[0]);
        return is_watched(watch, step->path);
    case SYS_fsync:
    case SYS_fdatasync:
        step->kind = TRACE_SYNC;
        step->path = path_of(watch, (int)arguments[0]);
        return is_watched(watch, step->path);
#ifdef SYS_unlink
    case SYS_unlink:
        step->kind = TRACE_REMOVE;
        step->path = text_of(watch, arguments[0]);
        return is_watched(watch, step->path);
#endif
    case SYS_unlinkat:
        step->kind = TRACE_REMOVE;
        step->path = text_of(watch, arguments[1]);
        return is_watched(watch, step->path);
    default:
        return 0;
    }
}

/* One stop. @return 0 when the process is to be killed */
static int take_stop(watch_t *watch, int kill_at)
{
    struct __ptrace_syscall_info info;
    apr_uint64_t arguments[6];
    trace_step_t step;
    int i;

    memset(&info, 0, sizeof(info));
    if (ptrace(PTRACE_GET_SYSCALL_INFO, watch->pid, (void *)sizeof(info), &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_ENTRY) {
        return 1;
    }
    for (i = 0; i < 6; i++) {
        arguments[i] = info.entry.args[i];
    }
    if (!describe(watch, info.entry.nr, arguments, &step)) {
        return 1;
    }
    if (kill_at == watch->trace->steps->nelts) {
        return 0;
    }
    APR_ARRAY_PUSH(watch->trace->steps, trace_step_t) = step;
    return 1;
}

static void follow(watch_t *watch, int kill_at)
{
    int status = 0;
    int signal_number = 0;

    watch->trace->code = -1;
    while (ptrace(PTRACE_SYSCALL, watch->pid, NULL, (void *)(long)signal_number) == 0 &&
           waitpid(watch->pid, &status, 0) == watch->pid && WIFSTOPPED(status)) {
        signal_number = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
        if (signal_number == 0 && !take_stop(watch, kill_at)) {
            kill(watch->pid, SIGKILL);
            waitpid(watch->pid, &status, 0);
            return;
        }
    }
    if (WIFEXITED(status)) {
        watch->trace->code = WEXITSTATUS(status);
    }
}

trace_t *unit_trace(int (*body)(void *baton, int mark), void *baton, const char *folder, int kill_at,
                    apr_pool_t *pool)
{
    trace_t *trace = apr_pcalloc(pool, sizeof(*trace));
    watch_t watch = {trace, folder, -1, 0};
    int ends[2];
    int status = 0;

    trace->pool = pool;
    trace->steps = apr_array_make(pool, 256, sizeof(trace_step_t));
    if (pipe(ends) != 0) {
        return NULL;
    }
    watch.mark = ends[1];
    watch.pid = fork();
    if (watch.pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
            _exit(126);
        }
        raise(SIGSTOP);
        _exit(body(baton, ends[1]));
    }
    if (watch.pid > 0 && waitpid(watch.pid, &status, 0) == watch.pid && WIFSTOPPED(status) &&
        ptrace(PTRACE_SETOPTIONS, watch.pid, NULL,
               (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) == 0) {
        follow(&watch, kill_at);
    } else {
        trace = NULL;
    }
    close(ends[0]);
    close(ends[1]);
    return trace;
}

static int say_something(void *baton, int mark)
{
    (void)baton;
    return write(mark, "x", 1) == 1 ? 7 : 8;
}

int unit_trace_possible(void)
{
    const trace_t *trace;

    if (getenv("CIVARCOS_VALGRIND")) {
        test_note("skipped: valgrind stands between a process and who watches it");
        return 0;
    }
    trace = unit_trace(say_something, NULL, "/", -1, test_pool());
    if (!trace || trace->code != 7 || trace->steps->nelts != 1) {
        test_note("skipped: this system does not let a process be watched (ptrace)");
        return 0;
    }
    return 1;
}

/* -- Doing it again ---------------------------------------------------------------------------------------------------- */

/* xorshift64*. */
static int toss(apr_uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (int)((*seed * APR_UINT64_C(2685821657736338717)) >> 63);
}

/* Whether a sync of the same file follows, before the crash. */
static int is_synced(const trace_t *trace, int index, int count)
{
    const trace_step_t *step = &APR_ARRAY_IDX(trace->steps, index, trace_step_t);
    int i;

    for (i = index + 1; i < count; i++) {
        const trace_step_t *later = &APR_ARRAY_IDX(trace->steps, i, trace_step_t);

        if (later->kind == TRACE_SYNC && strcmp(later->path, step->path) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A write, or those sectors of it that a seed draws. */
static void write_again(const trace_step_t *step, apr_uint64_t *seed)
{
    int file = open(step->path, O_WRONLY | O_CREAT, 0600);
    apr_size_t done = 0;

    while (file >= 0 && done < step->length) {
        apr_size_t room = SECTOR - (apr_size_t)(step->offset + (apr_off_t)done) % SECTOR;
        apr_size_t length = step->length - done < room ? step->length - done : room;

        if (!seed || toss(seed)) {
            CU_ASSERT(pwrite(file, step->data + done, length, step->offset + (apr_off_t)done) ==
                      (ssize_t)length);
        }
        done += length;
    }
    CU_ASSERT(file >= 0);
    close(file);
}

/* @return 0 when a file was left where it was removed: what follows was done to another one of that name */
static int do_again(const trace_step_t *step, apr_uint64_t *seed)
{
    switch (step->kind) {
    case TRACE_WRITE:
        write_again(step, seed);
        break;
    case TRACE_TRUNCATE:
        if (!seed || toss(seed)) {
            CU_ASSERT(truncate(step->path, step->offset) == 0 || errno == ENOENT);
        }
        break;
    case TRACE_REMOVE:
        if (seed && !toss(seed)) {
            return 0;
        }
        unlink(step->path);
        break;
    default:
        break;
    }
    return 1;
}

void unit_trace_replay(const trace_t *trace, int count, const trace_luck_t *luck)
{
    apr_uint64_t seed = luck ? luck->seed : 0;
    const char *left = "";
    int i;

    for (i = 0; i < count; i++) {
        const trace_step_t *step = &APR_ARRAY_IDX(trace->steps, i, trace_step_t);
        int done = 1;

        if (step->kind == TRACE_MARK || step->kind == TRACE_SYNC || strcmp(step->path, left) == 0) {
            continue;
        }
        if (is_synced(trace, i, count)) {
            do_again(step, NULL);
        } else if (luck && (!luck->path || strcmp(luck->path, step->path) == 0)) {
            done = do_again(step, luck->seed ? &seed : NULL);
        } else {
            done = step->kind != TRACE_REMOVE;
        }
        left = done ? left : step->path;
    }
}
