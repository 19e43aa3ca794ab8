/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file live_bytes.c
 * Loaded before everything else (LD_PRELOAD), it counts what a process has of malloc and has not given back. The count of
 * each process is in a file that the test has made (live_bytes.h), because it is the processes of a server that are looked at.
 */
#include "config.h"

#include "support/live_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own names of its functions. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static long *counts;
static long *own;

static void find_own(void)
{
    own = counts ? &counts[live_bytes_slot(getpid())] : NULL;
}

static void start(void) __attribute__((constructor));
static void start(void)
{
    const char *path = getenv(LIVE_BYTES_VARIABLE);
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *memory = MAP_FAILED;

    if (file >= 0) {
        memory = mmap(NULL, LIVE_BYTES_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
    }
    counts = memory == MAP_FAILED ? NULL : memory;
    find_own();
    pthread_atfork(NULL, NULL, find_own);
}

static void *count(void *memory, int sign)
{
    if (memory && own) {
        __atomic_fetch_add(own, sign * (long)malloc_usable_size(memory), __ATOMIC_RELAXED);
    }
    return memory;
}

void *malloc(size_t size)
{
    return count(__libc_malloc(size), 1);
}

void *calloc(size_t number, size_t size)
{
    return count(__libc_calloc(number, size), 1);
}

/* When it fails, the old memory is still there. */
void *realloc(void *memory, size_t size)
{
    long before = memory ? (long)malloc_usable_size(memory) : 0;
    void *moved = __libc_realloc(memory, size);

    if (own && (moved || !size)) {
        __atomic_fetch_sub(own, before, __ATOMIC_RELAXED);
    }
    return count(moved, 1);
}

void *memalign(size_t alignment, size_t size)
{
    return count(__libc_memalign(alignment, size), 1);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return count(__libc_memalign(alignment, size), 1);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = count(__libc_memalign(alignment, size), 1);
    return *memory ? 0 : ENOMEM;
}

void free(void *memory)
{
    count(memory, -1);
    __libc_free(memory);
}
