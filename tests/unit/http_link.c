/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_link.c
 * The Link header.
 */
#include "support/runner.h"

#include "sync/link_header.h"
#include "sync/url.h"
#include "unit/signature_fixture.h"

#include <string.h>
#include <sys/resource.h>

static void fields(void)
{
    static const struct {
        const char *field;
        const char *next; /* NULL: there is none */
    } rows[] = {
        {NULL, NULL},
        {"", NULL},
        {"garbage", NULL},
        {"<a>; rel=next", "a"},
        {"<a>;rel=\"next\"", "a"},
        {"  <a>  ;  rel  =  next  ", "a"},
        {"<a>; rel=prev, <b>; rel=next", "b"},
        {"<a>; rel=prev,,  ,<b>; rel=next", "b"},
        {"<a,b;c>; rel=next", "a,b;c"},
        {"<a>; title=\"x, <y>; rel=\\\"next\\\"\"; rel=last, <b>; rel=next", "b"},
        {"<a>; REL=\"last NEXT\"", "a"},
        {"<a>; rel=\" next\"", "a"},
        {"<a>; rel=nextpage", NULL},
        {"<a>; rel=\"next-page pre-next\"", NULL},
        {"<a>; rel=last; rel=next", NULL},
        {"<a>; rel=next; rel=last", "a"},
        {"<a>; rel=next; anchor=\"/other\"", NULL},
        {"<a>; rel=next; anchor=\"/other\", <b>; rel=next", "b"},
        {"<a>", NULL},
        {"<a>; rel", NULL},
        {"<a; rel=next", NULL},
        {"<a>; rel=\"next", NULL},
        {"<a>; rel=\"next\\", NULL},
        {"<>; rel=next", ""},
        {"<a>; rel=next x", NULL},
        {"<a>; flag; rel=next", "a"},
        {"<a>; title*=UTF-8''x; rel=next", "a"},
        {"<a>; rel=next, garbage", "a"},
        {"garbage, <a>; rel=next", NULL},
        {"<a>; rel=next, <b>; rel=next", "a"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *next = civ_link_find(rows[i].field, "next", test_pool());
        int is_good =
            next != NULL && rows[i].next != NULL ? strcmp(next, rows[i].next) == 0 : next == rows[i].next;

        if (!is_good) {
            test_note("%s: %s", rows[i].field, next != NULL ? next : "none");
            CU_FAIL("another link is found");
        }
    }
    CU_ASSERT_STRING_EQUAL(civ_link_find("<a>; rel=next, <b>; rel=last", "last", test_pool()), "b");
}

/* Published vectors, the way the client goes: found, resolved, and below the base. */
static void vectors(void)
{
    const civ_json_t *root = signature_vectors("http-conventions.json");
    const civ_json_t *list;
    apr_size_t i;

    if (root == NULL)
        return;
    list = signature_array(root, "link");
    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        const char *expected = civ_json_get_text(item, "next");
        const char *base_text = civ_json_get_text(item, "base");
        const char *link = civ_link_find(signature_text(item, "field"), "next", test_pool());
        const char *reason = NULL;
        const char *found = NULL;
        civ_url_t base;
        civ_url_t url;

        if (link != NULL) {
            CU_ASSERT_EQUAL_FATAL(
                civ_url_parse(&base, base_text != NULL ? base_text : link, &reason, test_pool()),
                APR_SUCCESS);
            CU_ASSERT_EQUAL_FATAL(civ_url_resolve(&url, &base, link, &reason, test_pool()), APR_SUCCESS);
            found = civ_url_same_origin(&url, &base) ? url.text : NULL;
        }
        CU_ASSERT_EQUAL(found == NULL, expected == NULL);
        if (found != NULL && expected != NULL)
            CU_ASSERT_STRING_EQUAL(found, expected);
    }
    CU_ASSERT(i >= 7);
}

/* The most memory that there was so far, in KiB. */
static long memory_peak(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* What a field costs grows no faster than the field. */
static void many_parameters(void)
{
    const apr_size_t count = 10000;
    char *field = apr_pcalloc(test_pool(), 16 + 5 * count + 16);
    long before;
    apr_size_t i;

    memcpy(field, "</a>", 4);
    for (i = 0; i < count; i++)
        memcpy(field + 4 + 5 * i, ";a=\"\"", 5);
    memcpy(field + 4 + 5 * count, ";rel=next", 10);
    before = memory_peak();
    CU_ASSERT_STRING_EQUAL(civ_link_find(field, "next", test_pool()), "/a");
    CU_ASSERT(memory_peak() - before < 32768);
}

static const test_case_t cases[] = {
    {"fields", fields}, {"vectors", vectors}, {"many_parameters", many_parameters}, {NULL, NULL}};
const test_suite_t http_link_suite = {"http_link", NULL, NULL, cases};
