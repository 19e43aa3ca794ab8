/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Signals: noted here, acted on by whoever is at work, who knows what has to be tidied up.
 */
#include "ctl.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t came;

static void take_note(int number)
{
    came = number;
}

void ctl_interrupt_listen(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    unsigned i;

    memset(&action, 0, sizeof(action));
    sigemptyset(&action.sa_mask);
    action.sa_handler = take_note;
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
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

void ctl_interrupt_die(void)
{
    if (came == 0)
        return;
    signal(came, SIG_DFL);
    raise(came);
}
