/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_endpoint.c
 * Endpoints of members: what is taken is an https URL (or http, where that is allowed) of plain characters, with a host and
 * without a user, whoever reads it.
 */
#include "fuzz/fuzz.h"

#include "federation/members.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

fuzz_target_fn fuzz_endpoint;

/* Between the slashes and whatever comes first of what ends it. */
static const char *authority_of(const char *url, apr_pool_t *pool)
{
    const char *begin = strstr(url, "://");

    FUZZ_DEMAND(begin != NULL);
    return apr_pstrmemdup(pool, begin + 3, strcspn(begin + 3, "/?#\\"));
}

static void check_taken(const char *url, int plain_http, apr_pool_t *pool)
{
    const char *authority = authority_of(url, pool), *byte;

    FUZZ_DEMAND(strlen(url) <= CIV_ENDPOINT_SIZE);
    FUZZ_DEMAND(strncasecmp(url, "https://", 8) == 0 || (plain_http && strncasecmp(url, "http://", 7) == 0));
    FUZZ_DEMAND(authority[0] != '\0' && authority[0] != ':');
    FUZZ_DEMAND(strpbrk(authority, "@%,;*()") == NULL);
    FUZZ_DEMAND(strpbrk(url, " \"<>\\^`{|}#") == NULL);
    for (byte = url; *byte != '\0'; byte++)
        FUZZ_DEMAND(*byte > ' ' && *byte < 0x7f);
}

void fuzz_endpoint(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *url = fuzz_text(data, size, pool);
    int plain, taken[2];

    for (plain = 0; plain < 2; plain++) {
        civ_problem_t problem = {.kind = CIV_PROBLEM_NONE};

        taken[plain] = civ_endpoint_check(url, plain, &problem, pool) == APR_SUCCESS;
        FUZZ_DEMAND(taken[plain] == (problem.kind == CIV_PROBLEM_NONE));
        if (taken[plain])
            check_taken(url, plain, pool);
    }
    FUZZ_DEMAND(taken[1] || !taken[0]);
    FUZZ_DEMAND(!civ_organization_id_is_valid(url) || strpbrk(url, "/%?#\\ ") == NULL);
}
