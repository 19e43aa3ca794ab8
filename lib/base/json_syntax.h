/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_syntax.h
 * Whether bytes are a JSON text at all, before somebody reads them: for answers of others, of which one wants to know first
 * whether they came whole.
 */
#ifndef CIV_BASE_JSON_SYNTAX_H
#define CIV_BASE_JSON_SYNTAX_H

#include <apr.h>

/** Whether it is one whole JSON text by the grammar of RFC 8259, at most 256 levels deep. Strings may hold any bytes, numbers
 *  may be of any size: what they are worth is for the reader to say. Thread-safe; keeps nothing. */
int civ_json_is_complete(const char *data, apr_size_t length);

#endif
