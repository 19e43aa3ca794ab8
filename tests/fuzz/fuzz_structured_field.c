/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_structured_field.c
 * Structured fields: what is read is written in one form, which is read again as the same; and nothing is beyond its limits.
 * The first byte chooses what kind of field it is.
 */
#include "fuzz/fuzz.h"

#include "base/status.h"
#include "base/structured_field.h"

#include <apr_strings.h>

#include <string.h>

fuzz_target_fn fuzz_structured_field;

static void check_bare(const civ_structured_bare_t *bare)
{
    apr_size_t i;

    switch (bare->type) {
    case CIV_STRUCTURED_INTEGER:
    case CIV_STRUCTURED_DECIMAL:
        FUZZ_DEMAND(bare->number <= APR_INT64_C(999999999999999) &&
                    bare->number >= -APR_INT64_C(999999999999999));
        break;
    case CIV_STRUCTURED_BOOLEAN:
        FUZZ_DEMAND(bare->number == 0 || bare->number == 1);
        break;
    case CIV_STRUCTURED_STRING:
    case CIV_STRUCTURED_TOKEN:
        FUZZ_DEMAND(strlen(bare->text) == bare->length);
        for (i = 0; i < bare->length; i++) {
            FUZZ_DEMAND(bare->text[i] >= ' ' && bare->text[i] <= '~');
        }
        break;
    case CIV_STRUCTURED_BYTES:
        FUZZ_DEMAND(bare->text[bare->length] == '\0');
        break;
    }
}

static void check_parameters(const civ_structured_parameters_t *parameters)
{
    int i;

    FUZZ_DEMAND(parameters->count >= 0 && parameters->count <= CIV_STRUCTURED_MOST);
    for (i = 0; i < parameters->count; i++) {
        const civ_structured_parameter_t *one = &parameters->list[i];

        FUZZ_DEMAND(civ_structured_parameter(parameters, one->key) == &one->value);
        check_bare(&one->value);
    }
}

static void check_member(const civ_structured_field_t *field, const civ_structured_member_t *member)
{
    int i;

    FUZZ_DEMAND((member->key != NULL) == (field->kind == CIV_STRUCTURED_IS_DICTIONARY));
    FUZZ_DEMAND(member->key == NULL || civ_structured_get(field, member->key) == member);
    FUZZ_DEMAND(member->item_count >= 0 && member->item_count <= CIV_STRUCTURED_MOST);
    check_parameters(&member->parameters);
    for (i = 0; i < member->item_count; i++) {
        check_bare(&member->items[i].bare);
        check_parameters(&member->items[i].parameters);
    }
    if (!member->is_inner_list) {
        check_bare(&member->bare);
    }
}

void fuzz_structured_field(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    civ_structured_kind_e kind = size > 0 ? (civ_structured_kind_e)(data[0] % 3) : CIV_STRUCTURED_IS_LIST;
    apr_size_t length = size > 0 ? size - 1 : 0;
    char *exact = apr_pmemdup(pool, data + (size > 0), length);
    civ_structured_field_t *field, *again;
    civ_buffer_t written, rewritten;
    int i;

    if (civ_structured_parse(&field, kind, exact, length, pool) != APR_SUCCESS) {
        FUZZ_DEMAND(field == NULL);
        return;
    }
    FUZZ_DEMAND(length <= CIV_STRUCTURED_MOST_BYTES && field->kind == kind);
    FUZZ_DEMAND(field->count <= CIV_STRUCTURED_MOST && (kind != CIV_STRUCTURED_IS_ITEM || field->count == 1));
    for (i = 0; i < field->count; i++) {
        check_member(field, &field->members[i]);
    }
    civ_buffer_init(&written, 0, pool);
    civ_structured_write(&written, field);
    /* What has no spaces around its commas grows. */
    if (written.length > CIV_STRUCTURED_MOST_BYTES) {
        return;
    }
    FUZZ_DEMAND(civ_structured_parse(&again, kind, written.data, written.length, pool) == APR_SUCCESS);
    FUZZ_DEMAND(!again->has_repeats && again->count == field->count);
    civ_buffer_init(&rewritten, 0, pool);
    civ_structured_write(&rewritten, again);
    FUZZ_DEMAND(written.length == rewritten.length &&
                memcmp(written.data, rewritten.data, written.length) == 0);
}
