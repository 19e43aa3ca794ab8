/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_link.c
 * What answers of platforms say in headers: Link, and what rate limits are made of.
 */
#include "fuzz/fuzz.h"

#include "sync/link_header.h"
#include "sync/rate_limit.h"

#include <apr_strings.h>

#include <string.h>

fuzz_target_fn fuzz_link;

static void check_link(const char *field, apr_pool_t *pool)
{
    const char *target = civ_link_find(field, "next", pool);
    const char *again = civ_link_find(apr_pstrcat(pool, " , ", field, NULL), "next", pool);

    FUZZ_DEMAND((target == NULL) == (again == NULL));
    if (target != NULL) {
        FUZZ_DEMAND(strcmp(target, again) == 0 && strchr(target, '>') == NULL);
        FUZZ_DEMAND(strstr(field, apr_pstrcat(pool, "<", target, ">", NULL)) != NULL);
        again = civ_link_find(apr_pstrcat(pool, field, ", <x>; rel=next", NULL), "next", pool);
        FUZZ_DEMAND(again != NULL && strcmp(target, again) == 0);
    }
    again = civ_link_find(apr_pstrcat(pool, "<x>; rel=\"prev next\",", field, NULL), "next", pool);
    FUZZ_DEMAND(again != NULL && strcmp(again, "x") == 0);
}

/* Every header has the same text. */
static const char *find(void *baton, const char *name)
{
    (void)name;
    return baton;
}

static int is_wait(apr_int64_t wait)
{
    return wait == CIV_RATE_UNKNOWN || (wait >= 0 && wait <= CIV_RATE_LONGEST);
}

void fuzz_link(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    char *field = fuzz_text(data, size, pool);
    civ_rate_t rate;

    check_link(field, pool);
    FUZZ_DEMAND(is_wait(civ_retry_after(field, 0)));
    civ_rate_read(&rate, find, field, 0);
    FUZZ_DEMAND(is_wait(rate.reset) && is_wait(rate.retry_after));
    FUZZ_DEMAND(rate.limit >= CIV_RATE_UNKNOWN && rate.remaining >= CIV_RATE_UNKNOWN);
    FUZZ_DEMAND(civ_rate_text_says_limited(field, strlen(field)) <= 1);
}
