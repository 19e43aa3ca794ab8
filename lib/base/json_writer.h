/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_writer.h
 * Writing JSON: commas and escapes are the writer's business. Strings use the escapes of RFC 8785, so
 * whatever is written in canonical order without white space is canonical.
 */
#ifndef CIV_BASE_JSON_WRITER_H
#define CIV_BASE_JSON_WRITER_H

#include "base/buffer.h"
#include "base/json.h"

typedef struct civ_json_writer_t {
    civ_buffer_t *out;
    unsigned depth;
    apr_uint64_t not_first[4]; /**< one bit a level: something was written there already */
    int after_name;
} civ_json_writer_t;

/** Start writing one document to the end of @a out. Up to 255 levels. */
void civ_json_writer_init(civ_json_writer_t *writer, civ_buffer_t *out);

void civ_json_begin_object(civ_json_writer_t *writer);
void civ_json_end_object(civ_json_writer_t *writer);
void civ_json_begin_array(civ_json_writer_t *writer);
void civ_json_end_array(civ_json_writer_t *writer);

/** The name of the next member. */
void civ_json_name(civ_json_writer_t *writer, const char *name);

void civ_json_text(civ_json_writer_t *writer, const char *text); /**< NULL writes null */
void civ_json_text_n(civ_json_writer_t *writer, const char *text, apr_size_t length);
void civ_json_int(civ_json_writer_t *writer, apr_int64_t value);
void civ_json_uint(civ_json_writer_t *writer, apr_uint64_t value);
void civ_json_bool(civ_json_writer_t *writer, int value);
void civ_json_null(civ_json_writer_t *writer);

/** A value that is JSON already, byte for byte. */
void civ_json_raw(civ_json_writer_t *writer, const char *json, apr_size_t length);

/** Name and value in one call. */
void civ_json_member_text(civ_json_writer_t *writer, const char *name, const char *value);
void civ_json_member_int(civ_json_writer_t *writer, const char *name, apr_int64_t value);
void civ_json_member_uint(civ_json_writer_t *writer, const char *name, apr_uint64_t value);
void civ_json_member_bool(civ_json_writer_t *writer, const char *name, int value);

/** Append @a text as a JSON string literal, quotes included, with RFC 8785's escapes. */
void civ_json_write_string(civ_buffer_t *out, const char *text, apr_size_t length);

#endif
