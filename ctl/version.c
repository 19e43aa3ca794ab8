/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "config.h"

#include "ctl.h"

const char ctl_version[] = CIVARCOS_VERSION;
