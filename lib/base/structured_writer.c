/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file structured_writer.c
 * Writing structured fields: section 4.1 of RFC 8941.
 */
#include "base/structured_field.h"

#include "base/encoding.h"

static void write_decimal(civ_buffer_t *out, apr_int64_t thousandths)
{
    apr_int64_t size = thousandths < 0 ? -thousandths : thousandths;
    int fraction = (int)(size % 1000);

    if (thousandths < 0)
        civ_buffer_append_byte(out, '-');
    civ_buffer_append_format(out, "%" APR_INT64_T_FMT ".%d", size / 1000, fraction / 100);
    if (fraction % 100 != 0)
        civ_buffer_append_byte(out, (char)('0' + fraction / 10 % 10));
    if (fraction % 10 != 0)
        civ_buffer_append_byte(out, (char)('0' + fraction % 10));
}

static void write_string(civ_buffer_t *out, const civ_structured_bare_t *bare)
{
    apr_size_t i;

    civ_buffer_append_byte(out, '"');
    for (i = 0; i < bare->length; i++) {
        if (bare->text[i] == '"' || bare->text[i] == '\\')
            civ_buffer_append_byte(out, '\\');
        civ_buffer_append_byte(out, bare->text[i]);
    }
    civ_buffer_append_byte(out, '"');
}

void civ_structured_write_bytes(civ_buffer_t *out, const void *data, apr_size_t length)
{
    civ_buffer_append_byte(out, ':');
    civ_buffer_append_text(out, civ_base64_encode(data, length, out->pool));
    civ_buffer_append_byte(out, ':');
}

static void write_bare(civ_buffer_t *out, const civ_structured_bare_t *bare)
{
    switch (bare->type) {
    case CIV_STRUCTURED_INTEGER:
        civ_buffer_append_format(out, "%" APR_INT64_T_FMT, bare->number);
        break;
    case CIV_STRUCTURED_DECIMAL:
        write_decimal(out, bare->number);
        break;
    case CIV_STRUCTURED_STRING:
        write_string(out, bare);
        break;
    case CIV_STRUCTURED_TOKEN:
        civ_buffer_append(out, bare->text, bare->length);
        break;
    case CIV_STRUCTURED_BYTES:
        civ_structured_write_bytes(out, bare->text, bare->length);
        break;
    case CIV_STRUCTURED_BOOLEAN:
        civ_buffer_append_text(out, bare->number ? "?1" : "?0");
        break;
    }
}

static int is_true(const civ_structured_bare_t *bare)
{
    return bare->type == CIV_STRUCTURED_BOOLEAN && bare->number;
}

static void write_parameters(civ_buffer_t *out, const civ_structured_parameters_t *parameters)
{
    int i;

    for (i = 0; i < parameters->count; i++) {
        const civ_structured_parameter_t *one = &parameters->list[i];

        civ_buffer_append_byte(out, ';');
        civ_buffer_append_text(out, one->key);
        if (!is_true(&one->value)) {
            civ_buffer_append_byte(out, '=');
            write_bare(out, &one->value);
        }
    }
}

void civ_structured_write_item(civ_buffer_t *out, const civ_structured_item_t *item)
{
    write_bare(out, &item->bare);
    write_parameters(out, &item->parameters);
}

void civ_structured_write_member(civ_buffer_t *out, const civ_structured_member_t *member)
{
    int i;

    if (!member->is_inner_list) {
        write_bare(out, &member->bare);
    } else {
        civ_buffer_append_byte(out, '(');
        for (i = 0; i < member->item_count; i++) {
            if (i > 0)
                civ_buffer_append_byte(out, ' ');
            civ_structured_write_item(out, &member->items[i]);
        }
        civ_buffer_append_byte(out, ')');
    }
    write_parameters(out, &member->parameters);
}

void civ_structured_write(civ_buffer_t *out, const civ_structured_field_t *field)
{
    int i;

    for (i = 0; i < field->count; i++) {
        const civ_structured_member_t *member = &field->members[i];

        if (i > 0)
            civ_buffer_append_text(out, ", ");
        if (member->key != NULL) {
            civ_buffer_append_text(out, member->key);
            if (!member->is_inner_list && is_true(&member->bare)) {
                write_parameters(out, &member->parameters);
                continue;
            }
            civ_buffer_append_byte(out, '=');
        }
        civ_structured_write_member(out, member);
    }
}
