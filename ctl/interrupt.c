/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Signals: noted here, acted on by whoever is at work, who knows what has to be tidied up.
 */
#include "ctl.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/status.h"

static volatile sig_atomic_t came;

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

#define NUMBER_COUNT (sizeof(numbers) / sizeof(numbers[0]))

static void take_note(int number)
{
    came = number;
}

void ctl_interrupt_listen(void)
{
    struct sigaction action;
    unsigned i;

    memset(&action, 0, sizeof(action));
    sigemptyset(&action.sa_mask);
    action.sa_handler = take_note;
    for (i = 0; i < NUMBER_COUNT; i++) {
        struct sigaction before;

        /* nohup(1) wants it ignored. */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}

int ctl_interrupt_signal(void)
{
    return came;
}

apr_status_t ctl_interrupt_await(int file)
{
    struct pollfd wanted = {.fd = file, .events = POLLIN};
    apr_status_t status = APR_SUCCESS;
    sigset_t ours, before;
    unsigned i;

    sigemptyset(&ours);
    for (i = 0; i < NUMBER_COUNT; i++)
        sigaddset(&ours, numbers[i]);
    /* Outside of ppoll they are held back, so none can come between the look and the wait. */
    sigprocmask(SIG_BLOCK, &ours, &before);
    while (came == 0 && ppoll(&wanted, 1, NULL, &before) < 0 && status == APR_SUCCESS) {
        if (errno != EINTR)
            status = apr_get_os_error();
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return came != 0 ? CIV_EINTERRUPTED : status;
}

void ctl_interrupt_die(void)
{
    if (came == 0)
        return;
    signal(came, SIG_DFL);
    raise(came);
}
