/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_redaction.c
 * Any text: what is redacted is redacted for good, and valid UTF-8 stays so.
 */
#include "fuzz/fuzz.h"

#include "base/json_writer.h"
#include "federation/redaction.h"

#include <string.h>

fuzz_target_fn fuzz_redaction;

static const char *const words[] = {"acme", "\xc3\xa9tat", NULL};

/* Whether the reader of JSON takes it for a string. */
static int is_utf8(const char *text, size_t length, apr_pool_t *pool)
{
    static const civ_json_limits_t limits = {33554432, 4, 10, 10};
    const civ_json_t *root;
    civ_buffer_t out;

    civ_buffer_init(&out, length + 2, pool);
    civ_json_write_string(&out, text, length);
    return civ_json_parse(&root, out.data, out.length, &limits, NULL, pool) == APR_SUCCESS;
}

static const civ_redactor_t *the_redactor(void)
{
    static const civ_redactor_t *redactor;

    if (redactor == NULL) {
        FUZZ_DEMAND(civ_redactor_create(&redactor, 1, fuzz_lasting_pool()) == APR_SUCCESS);
    }
    return redactor;
}

/* The first byte chooses what to look for. */
void fuzz_redaction(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    civ_redaction_options_t options = {CIV_REDACT_ALL, words};
    civ_redaction_counts_t counts = {{0}, 0};
    size_t length, again_length;
    const char *text, *out, *again;

    if (size == 0) {
        return;
    }
    options.stages = data[0] & CIV_REDACT_ALL;
    options.words = data[0] & 0x80 ? words : NULL;
    text = (const char *)data + 1;
    size--;
    out = civ_redact(the_redactor(), &options, text, size, &counts, &length, pool);
    FUZZ_DEMAND((counts.total > 0) == (length != size || memcmp(text, out, size) != 0));
    again = civ_redact(the_redactor(), &options, out, length, NULL, &again_length, pool);
    FUZZ_DEMAND(again_length == length && memcmp(again, out, length) == 0);
    FUZZ_DEMAND(!is_utf8(text, size, pool) || is_utf8(out, length, pool));
}
