/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file place.h
 * A state folder to put a ledger into.
 */
#ifndef CTL_PLACE_H
#define CTL_PLACE_H

#include "ctl.h"

#include "node/node.h"

/** Whether a name can be that of a ledger. Complains. */
ctl_exit_e ctl_place_check_name(const char *name);

/** Make the folder --state where there is none, and become its owner; as root the one that --owner names. Complains. */
ctl_exit_e ctl_place_enter(ctl_t *ctl);

/** See that there is neither a database nor a signed head. Complains. @return CTL_DONE, CTL_REFUSED or CTL_FAILED */
ctl_exit_e ctl_place_is_free(const civ_node_config_t *config, apr_pool_t *pool);

/** Print "public-key: BASE64" and the PEM of the state folder's key to standard output. */
ctl_exit_e ctl_place_print_key(const civ_node_config_t *config, apr_pool_t *pool);

#endif
