/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/speaker.h"

apr_status_t civ_speaker_admit(const civ_speaker_t *speaker, civ_change_t *change)
{
    (void)speaker;
    (void)change;
    return APR_SUCCESS;
}
