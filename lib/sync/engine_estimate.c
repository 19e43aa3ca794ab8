/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_estimate.c
 * How much a list still has, as far as the platform tells; and the same page asked for in smaller pieces.
 */
#include <apr_strings.h>
#include <string.h>

#include "sync/engine_private.h"
#include "sync/link_header.h"

/* Where the number of a query parameter begins, or NULL. */
static const char *find_number(const char *url, const char *name)
{
    const char *at = strchr(url, '?');
    apr_size_t length = strlen(name);

    while (at != NULL && !(strncmp(at + 1, name, length) == 0 && at[1 + length] == '='))
        at = strchr(at + 1, '&');
    return at != NULL && at[2 + length] >= '0' && at[2 + length] <= '9' ? at + 2 + length : NULL;
}

/* The number of a query parameter; @a otherwise where there is none. */
static apr_int64_t number_in(const char *url, const char *name, apr_int64_t otherwise)
{
    const char *at = find_number(url, name);
    apr_int64_t number = at != NULL ? apr_atoi64(at) : otherwise;

    return number > 0 && number < APR_INT32_MAX ? number : otherwise;
}

/* By the link to the last page: as many on each as on this one. */
static apr_int64_t by_last_page(const civ_sync_page_t *page, const civ_http_answer_t *answer,
                                apr_pool_t *pool)
{
    const char *last = civ_link_find(civ_http_field(answer, "link"), "last", pool);
    apr_int64_t pages = last != NULL ? number_in(last, "page", -1) : -1;
    apr_int64_t now = number_in(page->step.request.url, "page", 1);

    return pages >= now ? (pages - now) * page->items->nelts : -1;
}

apr_int64_t civ_page_remaining(const civ_sync_page_t *page, const civ_sync_kind_t *kind,
                               const civ_http_answer_t *answer, apr_int64_t seen, apr_pool_t *pool)
{
    const char *total = civ_http_field(answer, "x-total");
    apr_int64_t all = page->total;

    if (page->stops || page->next->nelts == 0)
        return 0;
    /* Such a list is left where what is known already begins, and nobody knows where that is. */
    if (kind->stops_when_older && page->step.from > 0)
        return -1;
    if (all < 0 && total != NULL && total[0] >= '0' && total[0] <= '9')
        all = apr_atoi64(total);
    if (all < 0)
        return by_last_page(page, answer, pool);
    return all > seen ? all - seen : 0;
}

const char *civ_request_smaller(const civ_connector_t *connector, const char *url, apr_pool_t *pool)
{
    apr_int64_t size = connector->page_size != NULL ? number_in(url, connector->page_size, 0) : 0;
    const char *number = "page";
    apr_int64_t page = number_in(url, number, 0);
    char text[24];

    if (size < 2 * CIV_PAGE_SMALLEST || size % 2 != 0)
        return NULL;
    apr_snprintf(text, sizeof(text), "%" APR_INT64_T_FMT, size / 2);
    url = civ_query_set(url, connector->page_size, text, pool);
    if (page == 0)
        return url;
    /* It has to begin with the same element. */
    apr_snprintf(text, sizeof(text), "%" APR_INT64_T_FMT, (page - 1) * 2 + 1);
    return civ_query_set(url, number, text, pool);
}
