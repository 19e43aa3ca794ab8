/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_leaks.c
 * Secrets planted anywhere in evidence of any shape never come out, neither as they are nor encoded.
 */
#include "support/runner.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "federation/anonymise.h"
#include "unit/federation_fixture.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define ROUNDS 3000

/* Taken apart, so that no scanner of sources takes offence: what stands before a secret to tell that it is one, and the
 * secret. */
static const struct {
    const char *before, *first, *second;
} secrets[] = {
    {"",
     "gh"
     "p_",
     "0123456789abcdefghijABCDEFGHIJ012345"},
    {"",
     "glp"
     "at-",
     "Ab_-0123456789abcdef"},
    {"",
     "AK"
     "IA",
     "QWERTYUIOPASDFG2"},
    {"",
     "xo"
     "xb-",
     "123456789012-123456789012-abcdefghijABCDEFGHIJ1234"},
    {"",
     "ey"
     "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.",
     "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"},
    {"",
     "-----BEGIN PRIVATE"
     " KEY-----",
     "\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqV\n-----END PRIVATE"
     " KEY-----"},
    {"password=", "S3cr3t!", "value#42"},
    {"\"api_key\": \"", "Zk9qP2x7", "Lm4Rw8Tb"},
    {"Authorization: Bearer ", "abcdef0123456789", "abcdef0123456789"},
    {"https://", "deploy:hun", "ter2@git.example.org"},
    {"", "jane.doe", "@example.com"},
    {"", "GB82WEST", "12345698765432"},
    {"", "411111", "1111111111"},
    {"", "/home/", "jdoe/src/app"},
    {"", "build-07.corp", ".example.internal"},
    {"", "2001:db8::", "ff00:42:8329"},
};

/* Names that are looked for, and some that are not. */
static const char *const names[] = {
    "summary",         "description", "language",
    "status",          "tool",        "tool_version",
    "timestamp",       "coverage",    "type",
    "metrics",         "results",     "data",
    "patterns",        "author",      "url",
    "commit",          "size",        "score",
    "signed",          "x",           "vulnerabilities",
    "quality_metrics", "languages",   "framework",
};

static apr_uint32_t state;

static unsigned draw(unsigned below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

static const char *percent_encoded(const char *text, int all)
{
    civ_buffer_t out;

    civ_buffer_init(&out, 0, test_pool());
    for (; *text != '\0'; text++) {
        if (all || !apr_isalnum(*text) || draw(4) == 0) {
            civ_buffer_append_format(&out, "%%%02X", (unsigned char)*text);
        } else {
            civ_buffer_append_byte(&out, *text);
        }
    }
    return out.data;
}

/* Long enough to be taken for base64, at any alignment. */
static const char *base64_encoded(const char *text)
{
    static const char *const lead[] = {"", "a ", "ab "};
    const char *whole =
        apr_pstrcat(test_pool(), lead[draw(3)], text, "                                ", NULL);

    return draw(2) ? civ_base64_encode(whole, strlen(whole), test_pool())
                   : civ_base64url_encode(whole, strlen(whole), test_pool());
}

/* What is planted, and what must not be seen of it. */
typedef struct planted_t {
    const char *text;
    const char *secret;
    const char *encoded; /**< or NULL */
} planted_t;

static planted_t plant(unsigned which)
{
    planted_t planted = {NULL, NULL, NULL};
    const char *secret = apr_pstrcat(test_pool(), secrets[which].first, secrets[which].second, NULL);
    const char *whole = apr_pstrcat(test_pool(), secrets[which].before, secret, NULL);

    planted.secret = secret;
    switch (draw(5)) {
    case 0:
        planted.text = whole;
        break;
    case 1:
        planted.encoded = percent_encoded(whole, 1);
        break;
    case 2:
        planted.encoded = percent_encoded(whole, 0);
        break;
    case 3:
        planted.encoded = base64_encoded(whole);
        break;
    default:
        planted.encoded = percent_encoded(percent_encoded(whole, 0), 0);
        break;
    }
    if (planted.encoded != NULL) {
        planted.text = planted.encoded;
        planted.encoded = strcmp(planted.encoded, whole) == 0 ? NULL : planted.encoded;
    }
    if (draw(2)) {
        planted.text = apr_pstrcat(test_pool(), "we saw ", planted.text, " in the log of today", NULL);
    }
    return planted;
}

/* A value of any shape, with the text somewhere in it. */
static void write_value(civ_json_writer_t *writer, const char *text, unsigned depth)
{
    unsigned i, count = 1 + draw(3), at = draw(count);

    if (depth == 0 || draw(3) == 0) {
        civ_json_text(writer, text);
        return;
    }
    if (draw(2)) {
        civ_json_begin_array(writer);
        for (i = 0; i < count; i++) {
            if (i == at) {
                write_value(writer, text, depth - 1);
            } else {
                civ_json_int(writer, (apr_int64_t)draw(1000));
            }
        }
        civ_json_end_array(writer);
        return;
    }
    civ_json_begin_object(writer);
    for (i = 0; i < count; i++) {
        if (i == at && draw(4) == 0) {
            civ_json_name(writer, text);
            civ_json_bool(writer, 1);
            continue;
        }
        civ_json_name(writer, apr_psprintf(test_pool(), "%s%s", names[draw(sizeof(names) / sizeof(names[0]))],
                                           i == at ? "" : apr_psprintf(test_pool(), "%u", i)));
        if (i == at) {
            write_value(writer, text, depth - 1);
        } else {
            civ_json_int(writer, (apr_int64_t)draw(1000));
        }
    }
    civ_json_end_object(writer);
}

static const char *make_evidence(const planted_t *planted, apr_size_t *length)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, test_pool());
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_name(&writer, draw(8) == 0 ? planted->text : names[draw(sizeof(names) / sizeof(names[0]))]);
    write_value(&writer, planted->text, draw(4));
    civ_json_end_object(&writer);
    *length = out.length;
    return out.data;
}

/* All that there is of the results: the records, and what the sharer is told of both levels. */
static const char *everything(const civ_anonymised_t *record, const civ_aggregated_t *aggregated)
{
    civ_json_writer_t writer;
    civ_buffer_t out;
    int level;

    civ_buffer_init(&out, 256, test_pool());
    civ_json_writer_init(&writer, &out);
    civ_json_begin_array(&writer);
    for (level = 0; level < CIV_ANONYMISED_LEVELS; level++) {
        civ_json_begin_object(&writer);
        civ_anonymised_write(&writer, record, level);
        civ_json_member_text(&writer, "group", record->group[level]);
        civ_json_end_object(&writer);
    }
    civ_json_begin_object(&writer);
    civ_removals_write(&writer, &record->removals);
    civ_json_end_object(&writer);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "type", aggregated->type);
    civ_removals_write(&writer, &aggregated->removals);
    civ_json_end_object(&writer);
    civ_json_end_array(&writer);
    return out.data;
}

static const char *as_json(const char *text)
{
    civ_buffer_t out;

    civ_buffer_init(&out, 0, test_pool());
    civ_json_write_string(&out, text, strlen(text));
    return apr_pstrmemdup(test_pool(), out.data + 1, out.length - 2);
}

static int leaks(const planted_t *planted)
{
    const civ_anonymise_options_t options = {fixture_redactor, APR_INT64_C(1795305600000), NULL};
    civ_aggregated_t aggregated;
    civ_anonymised_t record;
    const civ_json_t *root;
    apr_size_t length;
    const char *evidence = make_evidence(planted, &length), *out;

    /* A name may be too long for the reader, which refuses it. */
    if (civ_json_parse(&root, evidence, length, &fixture_limits, NULL, test_pool()) != APR_SUCCESS) {
        return 0;
    }
    CU_ASSERT_EQUAL_FATAL(civ_anonymise(&record, root, &options, NULL, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_aggregate(&aggregated, root, &options, NULL, test_pool()), APR_SUCCESS);
    out = everything(&record, &aggregated);
    if (strstr(out, as_json(planted->secret)) == NULL &&
        (planted->encoded == NULL || strstr(out, as_json(planted->encoded)) == NULL)) {
        return 0;
    }
    test_note("%s", evidence);
    test_note("%s", out);
    return 1;
}

static void planted_secrets_stay(void)
{
    unsigned rounds = test_is_slow() ? ROUNDS / 50 : ROUNDS, found = 0, i;

    state = 20261122;
    for (i = 0; i < rounds; i++) {
        planted_t planted = plant(i % (sizeof(secrets) / sizeof(secrets[0])));

        found += leaks(&planted) != 0;
    }
    CU_ASSERT_EQUAL(found, 0);
}

/* The same in the one field that lets text out: each secret, in each of its forms. */
static void texts_keep_no_secret(void)
{
    unsigned rounds = test_is_slow() ? 100 : ROUNDS, found = 0, i;
    const civ_redaction_options_t options = {CIV_REDACT_USUAL, NULL};

    state = 42;
    for (i = 0; i < rounds; i++) {
        planted_t planted = plant(i % (sizeof(secrets) / sizeof(secrets[0])));
        apr_size_t length;
        const char *out = civ_redact(fixture_redactor, &options, planted.text, strlen(planted.text), NULL,
                                     &length, test_pool());

        if (strstr(out, planted.secret) != NULL ||
            (planted.encoded != NULL && strstr(out, planted.encoded) != NULL)) {
            test_note("%s: %s", planted.text, out);
            found++;
        }
    }
    CU_ASSERT_EQUAL(found, 0);
}

static const test_case_t cases[] = {
    {"planted_secrets_stay", planted_secrets_stay},
    {"texts_keep_no_secret", texts_keep_no_secret},
    {NULL, NULL},
};

const test_suite_t federation_leaks_suite = {"federation_leaks", fixture_make_redactor, fixture_drop_redactor,
                                             cases};
