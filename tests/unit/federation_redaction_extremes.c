/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_redaction_extremes.c
 * Free text that is hostile: too long, too much work, no text at all; and many threads at once. Secrets are put together at
 * run time, so that no scanner of sources takes offence.
 */
#include "support/runner.h"

#include "federation/redaction_private.h"
#include "unit/federation_fixture.h"
#include "unit/redaction_fixture.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <string.h>

static const char *repeated(const char *unit, apr_size_t length)
{
    apr_size_t each = strlen(unit), at;
    char *text = apr_palloc(test_pool(), length + 1);

    for (at = 0; at < length; at++) {
        text[at] = unit[at % each];
    }
    text[length] = '\0';
    return text;
}

/* As long as may be, each of something that a rule begins with. What a rule costs is bounded by the case's own time limit: one
 * that can begin anywhere and run far takes minutes. */
static void long_texts_of_beginnings(void)
{
    static const char *const units[] = {
        "@",
        "a@",
        "://",
        "://a:",
        "key=",
        "password = a",
        "-----BEGIN PRIVATE"
        " KEY",
        "ey",
        ".ey",
        "eyeyeyeyeyeyeyeyey.",
        "sk-",
        "4 ",
        "AB12 ",
        "::",
        "0:",
        "1.",
        "%25",
        "%2525",
        "QUJD",
        "/",
        "/home/",
        "a.",
        "bearer ",
        "authorization: ",
        "cookie: a=",
        "[REDACTED:",
        "[REDACTED:email]",
        "\xff",
        "AKIA",
        "AZDO",
        "aaaaaaaaaaaaaa.atlasv1.",
        "Q~",
        "+1 ",
        "a.py",
    };
    const civ_redaction_options_t options = {CIV_REDACT_ALL, NULL};
    apr_size_t size = test_is_slow() ? 4096 : CIV_REDACTION_INPUT_MAX, i, length;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        apr_pool_t *pool;

        CU_ASSERT_EQUAL_FATAL(apr_pool_create(&pool, test_pool()), APR_SUCCESS);
        CU_ASSERT_PTR_NOT_NULL(
            civ_redact(fixture_redactor, &options, repeated(units[i], size), size, NULL, &length, pool));
        apr_pool_destroy(pool);
    }
}

static void long_texts_of_secrets(void)
{
    const char *unit = JOINED("password=\"gh", "p_0123456789abcdefghijABCDEFGHIJ012345\" jane@example.com ");
    apr_size_t size = test_is_slow() ? 8192 : CIV_REDACTION_INPUT_MAX;
    civ_redaction_counts_t counts = {{0}, 0};
    const char *out = redaction_apply(&redaction_usual, repeated(unit, size), size, &counts);

    CU_ASSERT_PTR_NULL(strstr(out, "0123456789abcdef"));
    CU_ASSERT_PTR_NULL(strstr(out, "jane"));
    CU_ASSERT(redaction_count(&counts, "github-token") >= size / strlen(unit));
}

static void what_is_too_long_goes(void)
{
    apr_size_t size = CIV_REDACTION_INPUT_MAX + 1;
    civ_redaction_counts_t counts = {{0}, 0};

    CU_ASSERT_STRING_EQUAL(redaction_apply(&redaction_usual, repeated("a", size), size, &counts),
                           "[REDACTED:unexamined]");
    CU_ASSERT_EQUAL(redaction_count(&counts, "unexamined"), 1);
    /* What would become too long to be examined again. */
    size = CIV_REDACTION_INPUT_MAX;
    CU_ASSERT_STRING_EQUAL(redaction_apply(&redaction_usual, repeated("://a@", size), size, NULL),
                           "[REDACTED:unexamined]");
}

/* A text on which a pattern would have to work more than it may is not passed, whatever was found in it before. */
static void what_takes_too_much_work_goes(void)
{
    static const char text[] = "jane@example.com: token=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    int use_jit;

    for (use_jit = 0; use_jit <= !test_is_slow(); use_jit++) {
        civ_redaction_counts_t counts = {{0}, 0};
        const civ_redactor_t *limited;
        apr_size_t length;

        CU_ASSERT_EQUAL_FATAL(civ_redactor_create_limited(&limited, use_jit, 1, test_pool()), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(
            civ_redact(limited, &redaction_usual, text, sizeof(text) - 1, &counts, &length, test_pool()),
            "[REDACTED:unexamined]");
        CU_ASSERT_EQUAL(length, 21);
        CU_ASSERT_EQUAL(counts.of_class[0], 1);
    }
}

static void any_bytes_are_taken(void)
{
    static const char text[] = "a\0b jane@example.com \xff\xfe\xc3 \0";
    civ_redaction_counts_t counts = {{0}, 0};
    const char *out = redaction_apply(&redaction_usual, text, sizeof(text) - 1, &counts);

    CU_ASSERT_EQUAL(counts.total, 1);
    CU_ASSERT_EQUAL(memcmp(out, "a\0b [REDACTED:email] \xff\xfe\xc3 \0", 26), 0);
}

/* No pattern of now ends within a character; one of tomorrow may. */
static void characters_go_as_a_whole(void)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac"
                               "b";
    civ_redaction_view_t *view = civ_redaction_view(text, sizeof(text) - 1, test_pool());

    civ_redaction_view_take(view, 1, 2, 7);
    civ_redaction_view_take(view, 4, 5, 8);
    civ_redaction_view_settle(view);
    CU_ASSERT_EQUAL(memcmp(view->owner, "\0\7\7\10\10\10\0", 7), 0);
}

/* However long it is. */
static void long_headers_go_to_their_end(void)
{
    const char *text = JOINED("Cookie: a=x", repeated("\xc3\xa9z", 9000), "\nnext");

    CU_ASSERT_STRING_EQUAL(redaction_of(text), "Cookie: [REDACTED:cookie]\nnext");
    text = JOINED("Authorization: Digest u=x", repeated(" response", 9000), "\nnext");
    CU_ASSERT_STRING_EQUAL(
        redaction_of(text),
        "Authorization: [REDACTED:authorization-header] [REDACTED:authorization-header]\nnext");
}

/* --- threads --- */

static const char mixed[] = "password=hunter2x by jane@example.com at 10.1.2.3, %6Aane%40example.com";
static const char mixed_out[] =
    "password=[REDACTED:generic-secret] by [REDACTED:email] at [REDACTED:ipv4], [REDACTED:email]";

static void *APR_THREAD_FUNC redact_often(apr_thread_t *thread, void *baton)
{
    int *faults = baton, i;

    (void)thread;
    for (i = 0; i < 200; i++) {
        apr_pool_t *pool;
        apr_size_t length;

        if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
            ++*faults;
            continue;
        }
        *faults += strcmp(civ_redact(fixture_redactor, &redaction_usual, mixed, sizeof(mixed) - 1, NULL,
                                     &length, pool),
                          mixed_out) != 0;
        apr_pool_destroy(pool);
    }
    return NULL;
}

static void threads_share_the_rules(void)
{
    apr_thread_t *threads[4];
    int faults[4] = {0}, i;
    apr_status_t ended;

    for (i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL_FATAL(apr_thread_create(&threads[i], NULL, redact_often, &faults[i], test_pool()),
                              APR_SUCCESS);
    }
    for (i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(apr_thread_join(&ended, threads[i]), APR_SUCCESS);
        CU_ASSERT_EQUAL(faults[i], 0);
    }
}

static const test_case_t cases[] = {
    {"long_texts_of_beginnings", long_texts_of_beginnings},
    {"long_texts_of_secrets", long_texts_of_secrets},
    {"what_is_too_long_goes", what_is_too_long_goes},
    {"what_takes_too_much_work_goes", what_takes_too_much_work_goes},
    {"any_bytes_are_taken", any_bytes_are_taken},
    {"characters_go_as_a_whole", characters_go_as_a_whole},
    {"long_headers_go_to_their_end", long_headers_go_to_their_end},
    {"threads_share_the_rules", threads_share_the_rules},
    {NULL, NULL},
};

const test_suite_t federation_redaction_extremes_suite = {
    "federation_redaction_extremes", fixture_make_redactor, fixture_drop_redactor, cases};
