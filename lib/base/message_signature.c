/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file message_signature.c
 * Signature bases: section 2 of RFC 9421. What is derived from a request is in message_derived.c.
 */
#include "base/message_private.h"

#include <apr_cstr.h>
#include <apr_strings.h>

#include <string.h>

static const char *const fault_names[CIV_COMPONENT_FAULTS] = {
    [CIV_COMPONENT_FINE] = "ok",
    [CIV_COMPONENT_MISSING] = "component-missing",
    [CIV_COMPONENT_AMBIGUOUS] = "component-ambiguous",
    [CIV_COMPONENT_UNKNOWN] = "component-unknown",
    [CIV_COMPONENT_PARAMETER_UNKNOWN] = "parameter-unknown",
    [CIV_COMPONENT_PARAMETERS_INCOMPATIBLE] = "parameters-incompatible",
    [CIV_COMPONENT_INVALID] = "component-invalid",
    [CIV_COMPONENT_DUPLICATE] = "components-invalid",
};

const char *civ_component_fault_name(civ_component_fault_e fault)
{
    return fault_names[fault];
}

/* --- parameters of a component --- */

/* What a parameter says of the value, as bits. */
#define PARAMETER_SF  1u
#define PARAMETER_KEY 2u
#define PARAMETER_BS  4u
#define PARAMETER_TR  8u
#define PARAMETER_REQ 16u

#define DERIVED_PARAMETERS (PARAMETER_REQ)
#define HEADER_PARAMETERS  (PARAMETER_SF | PARAMETER_KEY | PARAMETER_BS | PARAMETER_TR | PARAMETER_REQ)

static const struct {
    const char *key;
    unsigned bit;
    civ_structured_type_e type;
} parameters[] = {
    {"sf", PARAMETER_SF, CIV_STRUCTURED_BOOLEAN},   {"key", PARAMETER_KEY, CIV_STRUCTURED_STRING},
    {"bs", PARAMETER_BS, CIV_STRUCTURED_BOOLEAN},   {"tr", PARAMETER_TR, CIV_STRUCTURED_BOOLEAN},
    {"req", PARAMETER_REQ, CIV_STRUCTURED_BOOLEAN},
};

#define PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

/* Which parameters there are; "name" is @query-param's own. */
static civ_component_fault_e read_parameters(const civ_structured_item_t *component, unsigned allowed,
                                             int takes_name, unsigned *found)
{
    apr_size_t known;
    int i;

    *found = 0;
    for (i = 0; i < component->parameters.count; i++) {
        const civ_structured_parameter_t *one = &component->parameters.list[i];

        if (takes_name && strcmp(one->key, "name") == 0 && one->value.type == CIV_STRUCTURED_STRING)
            continue;
        for (known = 0; known < PARAMETERS && strcmp(parameters[known].key, one->key) != 0; known++)
            continue;
        if (known == PARAMETERS || !(parameters[known].bit & allowed) ||
            one->value.type != parameters[known].type ||
            (one->value.type == CIV_STRUCTURED_BOOLEAN && !one->value.number))
            return CIV_COMPONENT_PARAMETER_UNKNOWN;
        *found |= parameters[known].bit;
    }
    if ((*found & PARAMETER_BS) && (*found & (PARAMETER_SF | PARAMETER_KEY)))
        return CIV_COMPONENT_PARAMETERS_INCOMPATIBLE;
    return CIV_COMPONENT_FINE;
}

/* --- headers --- */

/* One line without white space at its ends, and with a space for each fold. */
static char *unfold(const char *value, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, value + strspn(value, " \t\r\n"));
    apr_size_t length = strlen(text);
    char *from, *to;

    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        text[--length] = '\0';
    for (from = to = text; *from != '\0'; to++) {
        apr_size_t fold = strspn(from, "\r\n");

        if (fold > 0 && (from[fold] == ' ' || from[fold] == '\t')) {
            /* White space before the fold belongs to it. */
            while (to > text && (to[-1] == ' ' || to[-1] == '\t'))
                to--;
            *to = ' ';
            from += fold + strspn(from + fold, " \t\r\n");
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return text;
}

/* The next line of this name from @a index on. */
static const char *next_line(const civ_message_t *message, const char *name, int *index)
{
    for (; *index < message->line_count; (*index)++)
        if (apr_cstr_casecmp(message->lines[*index].name, name) == 0)
            return message->lines[(*index)++].value;
    return NULL;
}

const char *civ_message_header(const civ_message_t *message, const char *name, apr_pool_t *pool)
{
    civ_buffer_t joined;
    const char *line;
    int index = 0;

    line = next_line(message, name, &index);
    if (line == NULL)
        return NULL;
    civ_buffer_init(&joined, 128, pool);
    civ_buffer_append_text(&joined, unfold(line, pool));
    while ((line = next_line(message, name, &index)) != NULL) {
        civ_buffer_append_text(&joined, ", ");
        civ_buffer_append_text(&joined, unfold(line, pool));
    }
    return joined.data;
}

static civ_component_fault_e write_bytes_of_lines(civ_buffer_t *out, const civ_message_t *message,
                                                  const char *name)
{
    const char *line;
    int index = 0, count = 0;

    while ((line = next_line(message, name, &index)) != NULL) {
        const char *text = unfold(line, out->pool);

        if (count++ > 0)
            civ_buffer_append_text(out, ", ");
        civ_structured_write_bytes(out, text, strlen(text));
    }
    return count > 0 ? CIV_COMPONENT_FINE : CIV_COMPONENT_MISSING;
}

/* Headers of signed messages that are structured fields. */
static const civ_header_kind_t known_kinds[] = {
    {"accept-signature", CIV_STRUCTURED_IS_DICTIONARY}, {"content-digest", CIV_STRUCTURED_IS_DICTIONARY},
    {"idempotency-key", CIV_STRUCTURED_IS_ITEM},        {"priority", CIV_STRUCTURED_IS_DICTIONARY},
    {"repr-digest", CIV_STRUCTURED_IS_DICTIONARY},      {"signature", CIV_STRUCTURED_IS_DICTIONARY},
    {"signature-input", CIV_STRUCTURED_IS_DICTIONARY},  {"want-content-digest", CIV_STRUCTURED_IS_DICTIONARY},
};

static const civ_header_kind_t *find_kind(const civ_header_kind_t *kinds, int count, const char *name)
{
    int i;

    for (i = 0; i < count; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static civ_component_fault_e write_structured(civ_buffer_t *out, const civ_message_t *message,
                                              const char *name, const char *value, const char *key)
{
    const civ_header_kind_t *kind = find_kind(message->kinds, message->kind_count, name);
    const civ_structured_member_t *member;
    civ_structured_field_t *field;

    if (kind == NULL)
        kind = find_kind(known_kinds, sizeof(known_kinds) / sizeof(known_kinds[0]), name);
    /* Only a Dictionary has members by name, so there the kind is said; else it would have to be guessed. */
    if (kind == NULL && key == NULL)
        return CIV_COMPONENT_INVALID;
    if (civ_structured_parse(&field, key != NULL ? CIV_STRUCTURED_IS_DICTIONARY : kind->kind, value,
                             strlen(value), out->pool) != APR_SUCCESS)
        return CIV_COMPONENT_INVALID;
    if (key == NULL) {
        civ_structured_write(out, field);
        return CIV_COMPONENT_FINE;
    }
    member = civ_structured_get(field, key);
    if (member == NULL)
        return CIV_COMPONENT_MISSING;
    civ_structured_write_member(out, member);
    return CIV_COMPONENT_FINE;
}

/* A value that cannot be told apart from another line, or that readers may decode in different ways, is none. */
static int is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if ((*text < ' ' || *text > '~') && *text != '\t')
            return 0;
    return 1;
}

static civ_component_fault_e write_header(civ_buffer_t *out, const civ_message_t *message,
                                          const civ_structured_item_t *component, unsigned found)
{
    const char *name = component->bare.text;
    const char *value;

    if (found & PARAMETER_TR)
        return CIV_COMPONENT_MISSING;
    if (found & PARAMETER_BS)
        return write_bytes_of_lines(out, message, name);
    value = civ_message_header(message, name, out->pool);
    if (value == NULL)
        return CIV_COMPONENT_MISSING;
    if (!is_plain(value))
        return CIV_COMPONENT_INVALID;
    if (found & (PARAMETER_SF | PARAMETER_KEY))
        return write_structured(
            out, message, name, value,
            civ_structured_string(civ_structured_parameter(&component->parameters, "key")));
    civ_buffer_append_text(out, value);
    return CIV_COMPONENT_FINE;
}

/* --- components --- */

static int is_header_name(const char *name)
{
    return name[0] != '\0' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")] == '\0';
}

civ_component_fault_e civ_component_value(civ_buffer_t *out, const civ_message_t *message,
                                          const civ_structured_item_t *component)
{
    const char *name = civ_structured_string(&component->bare);
    int is_derived = name != NULL && name[0] == '@';
    civ_component_fault_e fault;
    unsigned found;

    if (name == NULL || (!is_derived && !is_header_name(name)))
        return CIV_COMPONENT_INVALID;
    if (is_derived && !civ_derived_is_known(name))
        return CIV_COMPONENT_UNKNOWN;
    fault = read_parameters(component, is_derived ? DERIVED_PARAMETERS : HEADER_PARAMETERS,
                            strcmp(name, "@query-param") == 0, &found);
    if (fault != CIV_COMPONENT_FINE)
        return fault;
    if (found & PARAMETER_REQ) {
        if (message->request == NULL)
            return CIV_COMPONENT_PARAMETERS_INCOMPATIBLE;
        message = message->request;
    }
    return is_derived ? civ_derived_value(out, message, component)
                      : write_header(out, message, component, found);
}

/* --- the whole base --- */

static int has_same_value(const civ_structured_bare_t *left, const civ_structured_bare_t *right)
{
    return right != NULL && left->type == right->type && left->number == right->number &&
           left->length == right->length &&
           (left->length == 0 || memcmp(left->text, right->text, left->length) == 0);
}

/* Whatever the order of their parameters. */
static int are_equal(const civ_structured_item_t *left, const civ_structured_item_t *right)
{
    int i;

    if (!has_same_value(&left->bare, &right->bare) || left->parameters.count != right->parameters.count)
        return 0;
    for (i = 0; i < left->parameters.count; i++) {
        const civ_structured_parameter_t *one = &left->parameters.list[i];

        if (!has_same_value(&one->value, civ_structured_parameter(&right->parameters, one->key)))
            return 0;
    }
    return 1;
}

civ_component_fault_e civ_components_check(const civ_structured_member_t *input)
{
    int i, other;

    if (!input->is_inner_list)
        return CIV_COMPONENT_INVALID;
    for (i = 0; i < input->item_count; i++) {
        const char *name = civ_structured_string(&input->items[i].bare);

        if (name == NULL || (name[0] != '@' && !is_header_name(name)) ||
            strcmp(name, "@signature-params") == 0)
            return CIV_COMPONENT_INVALID;
        for (other = 0; other < i; other++)
            if (are_equal(&input->items[i], &input->items[other]))
                return CIV_COMPONENT_DUPLICATE;
    }
    return CIV_COMPONENT_FINE;
}

civ_component_fault_e civ_signature_base(civ_buffer_t *out, const civ_message_t *message,
                                         const civ_structured_member_t *input, const char **culprit)
{
    civ_component_fault_e fault = civ_components_check(input);
    int i;

    if (culprit != NULL)
        *culprit = NULL;
    for (i = 0; i < input->item_count && fault == CIV_COMPONENT_FINE; i++) {
        apr_size_t begin = out->length;

        civ_structured_write_item(out, &input->items[i]);
        if (culprit != NULL)
            *culprit = apr_pstrmemdup(out->pool, out->data + begin, out->length - begin);
        civ_buffer_append_text(out, ": ");
        fault = civ_component_value(out, message, &input->items[i]);
        civ_buffer_append_byte(out, '\n');
    }
    if (fault == CIV_COMPONENT_FINE) {
        civ_buffer_append_text(out, "\"@signature-params\": ");
        civ_structured_write_member(out, input);
    }
    return fault;
}
