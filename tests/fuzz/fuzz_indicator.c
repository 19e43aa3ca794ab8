/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_indicator.c
 * Indicators: what is written once stays as it is; defanging it changes nothing; and kind and form fit.
 */
#include "fuzz/fuzz.h"

#include "federation/indicator.h"

#include <apr_strings.h>

#include <string.h>

fuzz_target_fn fuzz_indicator;

static int is_same(const civ_indicator_t *left, const civ_indicator_t *right)
{
    return left->kind == right->kind && left->flag == right->flag && strcmp(left->value, right->value) == 0;
}

/* Every dot of the host and the first colon in brackets, as analysts write it. */
static const char *defang(const civ_indicator_t *indicator, apr_pool_t *pool)
{
    const char *byte = indicator->value;
    char *out = apr_palloc(pool, 3 * strlen(byte) + 1), *end = out;
    int in_path = 0;

    for (; *byte; byte++) {
        in_path |= indicator->kind == CIV_INDICATOR_URL && *byte == '/' && byte[1] != '/' && byte[-1] != '/';
        if (!in_path && strchr(".:@", *byte)) {
            *end++ = '[';
            *end++ = *byte;
            *end++ = ']';
        } else {
            *end++ = *byte;
        }
    }
    *end = '\0';
    if (indicator->kind == CIV_INDICATOR_URL && out[0] == 'h')
        out[1] = out[2] = 'x';
    return out;
}

static void check_form(const civ_indicator_t *indicator)
{
    const char *byte;

    FUZZ_DEMAND(indicator->kind < CIV_INDICATOR_KINDS && indicator->flag < CIV_FLAGS);
    FUZZ_DEMAND(indicator->value[0] != '\0');
    FUZZ_DEMAND(strlen(indicator->value) <= CIV_INDICATOR_LONGEST);
    if (indicator->kind == CIV_INDICATOR_OTHER)
        return;
    for (byte = indicator->value; *byte; byte++) {
        FUZZ_DEMAND(*byte > ' ' && *byte < 0x7f);
        FUZZ_DEMAND(indicator->kind == CIV_INDICATOR_URL || indicator->kind == CIV_INDICATOR_CVE ||
                    *byte < 'A' || *byte > 'Z');
    }
}

void fuzz_indicator(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *text = fuzz_text(data, size, pool);
    civ_indicator_t indicator, again;

    if (civ_indicator_recognise(&indicator, text, pool) != APR_SUCCESS)
        return;
    check_form(&indicator);
    if (strlen(indicator.value) >
        CIV_INDICATOR_LONGEST / 3) /* escapes and brackets make it longer than may be */
        return;
    FUZZ_DEMAND(civ_indicator_recognise(&again, indicator.value, pool) == APR_SUCCESS);
    FUZZ_DEMAND(is_same(&indicator, &again));
    if (indicator.kind == CIV_INDICATOR_OTHER || strlen(indicator.value) > CIV_INDICATOR_LONGEST / 3)
        return; /* brackets make it longer than may be */
    FUZZ_DEMAND(civ_indicator_recognise(&again, defang(&indicator, pool), pool) == APR_SUCCESS);
    FUZZ_DEMAND(is_same(&indicator, &again));
}
