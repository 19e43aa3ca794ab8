/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file egress_private.h
 * What the files of the egress rules share. Nobody else includes it.
 */
#ifndef CIV_SYNC_EGRESS_PRIVATE_H
#define CIV_SYNC_EGRESS_PRIVATE_H

#include "sync/egress.h"

/** Whether the first @a bits bits are the same. */
int civ_address_in(const unsigned char *bytes, const unsigned char *block, int bits);

/** Whether an IPv6 address stands for an IPv4 address; if so, which. */
int civ_address_carried(civ_address_t *inner, const civ_address_t *address);

/** Whether it is a metadata service's. */
int civ_address_is_metadata(const civ_address_t *address);

/** Look up a name with the system's resolver, in a thread that is left behind when the caller gives up. */
apr_status_t civ_egress_look_up(const char *name, civ_address_t *addresses, int most, int *count,
                                civ_egress_interrupted_fn *interrupted, void *baton);

#endif
