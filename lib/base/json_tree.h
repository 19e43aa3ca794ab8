/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_tree.h
 * What the JSON parser shares with the functions that read its trees: the tokens of RFC 6901 pointers.
 */
#ifndef CIV_BASE_JSON_TREE_H
#define CIV_BASE_JSON_TREE_H

#include "base/buffer.h"
#include "base/json.h"

/** Append "/" and the escaped token. @return 0, with nothing appended, when it has a NUL, which no C string
 * can hold */
int civ_json_append_token(civ_buffer_t *pointer, const char *token, apr_size_t length);

/** Append "/" and an array index. */
void civ_json_append_index(civ_buffer_t *pointer, apr_size_t index);

#endif
