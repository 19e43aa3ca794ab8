/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file shared.h
 * Shared evidence as clients see it.
 */
#ifndef CIV_SHARED_H
#define CIV_SHARED_H

#include "base/json_writer.h"
#include "federation/evidence.h"

/** Write a version as an object: the members of its public record, and beside them the node's signature over that record, how
 *  many votes there are, and what they come to. */
void civ_shared_write(civ_json_writer_t *writer, const civ_shared_t *shared);

#endif
