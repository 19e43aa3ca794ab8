/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_media.c
 * The headers that speak of representations. They are lists and know no difference of case, so some changes must
 * not change what they mean.
 */
#include "fuzz/fuzz.h"

#include "mod_civarcos/media.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

fuzz_target_fn fuzz_media;

static const char type[] = "application/json";
static const char tag[] = "0123abcd";

/* The same header, with its letters in the other case. */
static char *swap_case(const char *text, apr_pool_t *pool)
{
    char *swapped = apr_pstrdup(pool, text);
    char *at;

    for (at = swapped; *at; at++) {
        *at = (char)(apr_islower(*at) ? apr_toupper(*at) : apr_tolower(*at));
    }
    return swapped;
}

static void check_accept(const char *header, apr_pool_t *pool)
{
    int accepts = civ_media_accepts(header, type);

    FUZZ_DEMAND(accepts == 0 || accepts == 1);
    FUZZ_DEMAND(civ_media_accepts(swap_case(header, pool), type) == accepts);
    FUZZ_DEMAND(civ_media_accepts(apr_pstrcat(pool, " , ", header, NULL), type) == accepts);
    /* What names the type itself, with the highest quality, decides. */
    FUZZ_DEMAND(civ_media_accepts(apr_pstrcat(pool, header, ", application/json", NULL), type));
    FUZZ_DEMAND(civ_media_accepts(apr_pstrcat(pool, "application/json,", header, NULL), type));
}

static void check_content_type(const char *header, apr_pool_t *pool)
{
    int is_json = civ_media_is_json(header);

    FUZZ_DEMAND(is_json == 0 || is_json == 1);
    FUZZ_DEMAND(!is_json || strstr(header, "/"));
    FUZZ_DEMAND(civ_media_is_json(swap_case(header, pool)) == is_json);
    FUZZ_DEMAND(civ_media_is_json(apr_pstrcat(pool, "\t ", header, NULL)) == is_json);
    FUZZ_DEMAND(!civ_media_is_json(apr_pstrcat(pool, header, "; charset=utf-16", NULL)));
}

static void check_tags(const char *header, apr_pool_t *pool)
{
    int has_tag = civ_media_has_tag(header, tag);

    FUZZ_DEMAND(has_tag == 0 || has_tag == 1);
    FUZZ_DEMAND(!has_tag || strstr(header, tag) || strchr(header, '*'));
    FUZZ_DEMAND(civ_media_has_tag(apr_pstrcat(pool, "W/\"0123abcd-gzip\", ", header, NULL), tag));
    FUZZ_DEMAND(civ_media_has_tag(apr_pstrcat(pool, "\t", header, NULL), tag) == has_tag);
}

void fuzz_media(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *header = fuzz_text(data, size, pool);

    check_accept(header, pool);
    check_content_type(header, pool);
    check_tags(header, pool);
}
