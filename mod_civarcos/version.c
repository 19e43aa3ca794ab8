/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "version.h"

const char *civ_version(void)
{
    return CIVARCOS_VERSION;
}
