/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file message_private.h
 * What message_signature.c and message_derived.c share. Nobody else includes it.
 */
#ifndef CIV_BASE_MESSAGE_PRIVATE_H
#define CIV_BASE_MESSAGE_PRIVATE_H

#include "base/message_signature.h"

/** Is there a derived component of this name ("@method")? */
int civ_derived_is_known(const char *name);

/** Append the value of a derived component whose name is known and whose parameters were checked. */
civ_component_fault_e civ_derived_value(civ_buffer_t *out, const civ_message_t *message,
                                        const civ_structured_item_t *component);

#endif
