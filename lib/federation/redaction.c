/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Trying the rules on a text, on what it decodes to, and again on the result until nothing is found.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/buffer.h"
#include "federation/redaction_private.h"

/* Of one attempt to match at one place: no rule comes near them. */
#define MATCH_LIMIT    200000
#define DEPTH_LIMIT    5000
#define HEAP_LIMIT_KIB 4096

#define PERCENT_LEVELS 3
#define ROUNDS_MAX     4
#define RULES_MAX      128

/* Classes without a rule of their own. */
enum { CLASS_UNEXAMINED, CLASS_OWN_NAME, CLASSES_BEFORE_RULES };

#define MARKER_BEGIN        "[REDACTED:"
#define MARKER_BEGIN_LENGTH 10

struct civ_redactor_t {
    pcre2_code *codes[RULES_MAX]; /* one a rule */
    unsigned char class_of[RULES_MAX];
    apr_size_t rule_count;
    const char *classes[CIV_REDACTION_CLASSES_MAX];
    apr_size_t class_count;
    pcre2_match_context *limits;
};

/* One text on its way. */
typedef struct job_t {
    const civ_redactor_t *redactor;
    const civ_redaction_options_t *options;
    pcre2_match_data *match;
    apr_pool_t *pool;
} job_t;

/* ---- making ---- */

static apr_status_t release(void *data)
{
    civ_redactor_t *redactor = data;
    apr_size_t i;

    for (i = 0; i < redactor->rule_count; i++) {
        pcre2_code_free(redactor->codes[i]);
    }
    pcre2_match_context_free(redactor->limits);
    return APR_SUCCESS;
}

static unsigned char class_named(civ_redactor_t *redactor, const char *name)
{
    apr_size_t i;

    for (i = 0; i < redactor->class_count; i++) {
        if (strcmp(redactor->classes[i], name) == 0) {
            return (unsigned char)i;
        }
    }
    redactor->classes[redactor->class_count++] = name;
    return (unsigned char)i;
}

static apr_status_t compile(civ_redactor_t *redactor, const civ_redaction_rule_t *rule, int use_jit)
{
    PCRE2_SIZE place;
    int error;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)rule->pattern, PCRE2_ZERO_TERMINATED,
                      PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &place, NULL);

    if (code == NULL) {
        return APR_ENOMEM;
    }
    if (use_jit) {
        /* Where that fails the pattern is interpreted. */
        (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    }
    redactor->class_of[redactor->rule_count] = class_named(redactor, rule->class_name);
    redactor->codes[redactor->rule_count++] = code;
    return APR_SUCCESS;
}

apr_status_t civ_redactor_create_limited(const civ_redactor_t **out, int use_jit, apr_uint32_t match_limit,
                                         apr_pool_t *pool)
{
    civ_redactor_t *redactor = apr_pcalloc(pool, sizeof(*redactor));
    const civ_redaction_rule_t *rule;
    apr_status_t status = APR_SUCCESS;

    *out = NULL;
    redactor->limits = pcre2_match_context_create(NULL);
    if (redactor->limits == NULL) {
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(pool, redactor, release, apr_pool_cleanup_null);
    pcre2_set_match_limit(redactor->limits, match_limit);
    pcre2_set_depth_limit(redactor->limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(redactor->limits, HEAP_LIMIT_KIB);
    class_named(redactor, "unexamined");
    class_named(redactor, "own-name");
    for (rule = civ_redaction_rules; rule->pattern != NULL && status == APR_SUCCESS; rule++) {
        status = compile(redactor, rule, use_jit);
    }
    *out = status == APR_SUCCESS ? redactor : NULL;
    return status;
}

apr_status_t civ_redactor_create(const civ_redactor_t **out, int use_jit, apr_pool_t *pool)
{
    return civ_redactor_create_limited(out, use_jit, MATCH_LIMIT, pool);
}

apr_size_t civ_redactor_class_count(const civ_redactor_t *redactor)
{
    return redactor->class_count;
}

const char *civ_redactor_class_name(const civ_redactor_t *redactor, apr_size_t index)
{
    return redactor->classes[index];
}

/* ---- one rule ---- */

static int may_match(const civ_redaction_rule_t *rule, const civ_redaction_view_t *view)
{
    int i;

    if (rule->keywords[0] == NULL) {
        return 1;
    }
    for (i = 0; i < CIV_REDACTION_KEYWORDS_MAX && rule->keywords[i] != NULL; i++) {
        if (memmem(view->lower, view->length, rule->keywords[i], strlen(rule->keywords[i])) != NULL) {
            return 1;
        }
    }
    return 0;
}

/* An interpreter has more room than the machine's stack. */
static int match_at(const job_t *job, const pcre2_code *code, const civ_redaction_view_t *view,
                    apr_size_t from)
{
    int found = pcre2_match(code, (PCRE2_SPTR)view->work, view->length, from, PCRE2_NO_UTF_CHECK, job->match,
                            job->redactor->limits);

    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
        found = pcre2_match(code, (PCRE2_SPTR)view->work, view->length, from,
                            PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, job->match, job->redactor->limits);
    }
    return found;
}

/* Entropy first: a check may walk far, which is only affordable where the find then is one. */
static int is_accepted(const civ_redaction_rule_t *rule, civ_redaction_match_t *find)
{
    const char *start = find->text + find->start;

    if (rule->entropy > 0 && civ_redaction_entropy(start, find->end - find->start) < rule->entropy) {
        return 0;
    }
    return rule->check == NULL || rule->check(find);
}

/* @return APR_SUCCESS, or APR_EGENERAL when a limit was reached */
static apr_status_t apply(const job_t *job, civ_redaction_view_t *view, apr_size_t index)
{
    const civ_redaction_rule_t *rule = &civ_redaction_rules[index];
    const PCRE2_SIZE *edges = pcre2_get_ovector_pointer(job->match);
    apr_size_t from = 0;

    while (from < view->length) {
        civ_redaction_match_t find = {view->work, view->length, 0, 0};
        int found = match_at(job, job->redactor->codes[index], view, from);
        int group = found > 1 ? 1 : 0;

        if (found == PCRE2_ERROR_NOMATCH) {
            return APR_SUCCESS;
        }
        if (found < 0) {
            return APR_EGENERAL;
        }
        find.start = edges[2 * group];
        find.end = edges[2 * group + 1];
        if (is_accepted(rule, &find)) {
            civ_redaction_view_take(view, find.start, find.end, job->redactor->class_of[index] + 1u);
            from = find.end > edges[0] ? find.end : edges[0] + 1;
        } else {
            from = edges[0] + 1;
        }
    }
    return APR_SUCCESS;
}

static int is_word_byte(char byte)
{
    return apr_isalnum(byte) || (byte & 0x80);
}

static char lower_of(char byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
}

static void take_word(civ_redaction_view_t *view, const char *word, apr_pool_t *pool)
{
    apr_size_t length = strlen(word), i;
    char *wanted = apr_pstrmemdup(pool, word, length);
    const char *at = view->lower, *end = view->lower + view->length;

    for (i = 0; i < length; i++) {
        wanted[i] = lower_of(word[i]);
    }
    while (length > 0 && (at = memmem(at, (apr_size_t)(end - at), wanted, length)) != NULL) {
        apr_size_t start = (apr_size_t)(at - view->lower);
        int is_whole =
            (start == 0 || !is_word_byte(at[-1])) && (at + length == end || !is_word_byte(at[length]));

        if (is_whole) {
            civ_redaction_view_take(view, start, start + length, CLASS_OWN_NAME + 1);
        }
        at++;
    }
}

static apr_status_t apply_all(const job_t *job, civ_redaction_view_t *view)
{
    const char *const *word;
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    for (i = 0; i < job->redactor->rule_count && status == APR_SUCCESS; i++) {
        if ((job->options->stages & civ_redaction_rules[i].stage) &&
            may_match(&civ_redaction_rules[i], view)) {
            status = apply(job, view, i);
        }
    }
    for (word = job->options->words; word != NULL && *word != NULL; word++) {
        take_word(view, *word, job->pool);
    }
    return status;
}

/* ---- decoding ---- */

static apr_status_t examine(const job_t *job, civ_redaction_view_t *view, int level);

static void hide(civ_redaction_view_t *view, apr_size_t start, apr_size_t end, unsigned char owner)
{
    for (; start < end; start++) {
        if (view->hidden[start] == 0) {
            view->hidden[start] = owner;
        }
    }
}

/* What is found in the decoded text goes from this one. */
static apr_status_t examine_decoded(const job_t *job, civ_redaction_view_t *view, const char *text,
                                    apr_size_t length, const apr_uint32_t *map, int level)
{
    civ_redaction_view_t *decoded = civ_redaction_view(text, length, job->pool);
    apr_status_t status = examine(job, decoded, level + 1);
    apr_size_t i;

    for (i = 0; i < length; i++) {
        if (decoded->owner[i] != 0 && decoded->owner[i] != CIV_REDACTION_KEEP) {
            hide(view, map[i], map[i + 1], decoded->owner[i]);
        }
    }
    return status;
}

static apr_status_t examine_percent(const job_t *job, civ_redaction_view_t *view, int level)
{
    apr_uint32_t *map;
    apr_size_t length;
    char *text;

    if (memchr(view->source, '%', view->length) == NULL) {
        return APR_SUCCESS;
    }
    map = apr_palloc(job->pool, (view->length + 1) * sizeof(*map));
    text = apr_palloc(job->pool, view->length + 1);
    length = civ_redaction_percent_decode(text, map, view->source, view->length);
    if (length == view->length) {
        return APR_SUCCESS;
    }
    return level == PERCENT_LEVELS ? APR_EGENERAL : examine_decoded(job, view, text, length, map, level);
}

/* Only of the text itself: of what it decodes to as well would be twice the work for each level. */
static apr_status_t examine_folded(const job_t *job, civ_redaction_view_t *view, int level)
{
    apr_uint32_t *map;
    apr_size_t length;
    char *text;

    if (level > 0) {
        return APR_SUCCESS;
    }
    map = apr_palloc(job->pool, (view->length + 1) * sizeof(*map));
    text = apr_palloc(job->pool, view->length + 1);
    length = civ_redaction_fold(text, map, view->source, view->length);
    return length == view->length ? APR_SUCCESS : examine_decoded(job, view, text, length, map, level);
}

/* Where the encoding begins is not known when something stands right before it: all four ways of reading are tried. */
static apr_status_t examine_run(const job_t *job, civ_redaction_view_t *view, apr_size_t start,
                                apr_size_t end, const unsigned char *symbols, apr_size_t count)
{
    apr_status_t status = APR_SUCCESS;
    apr_size_t shift, i;

    for (shift = 0; shift < 4 && shift < count && status == APR_SUCCESS; shift++) {
        char *text = apr_palloc(job->pool, count + 1);
        apr_size_t length = civ_redaction_base64_join(text, symbols + shift, count - shift);
        civ_redaction_view_t *decoded;

        if (!civ_redaction_is_texty(text, length)) {
            continue;
        }
        decoded = civ_redaction_view(text, length, job->pool);
        status = apply_all(job, decoded);
        for (i = 0; i < length; i++) {
            if (decoded->owner[i] != 0) {
                hide(view, start, end, decoded->owner[i]);
                return status;
            }
        }
    }
    return status;
}

static apr_status_t examine_base64(const job_t *job, civ_redaction_view_t *view)
{
    unsigned char *symbols = apr_palloc(job->pool, view->length + 1);
    apr_size_t start = 0, end, count;
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS &&
           civ_redaction_base64_run(view->source, view->length, &start, &end, symbols, &count)) {
        status = examine_run(job, view, start, end, symbols, count);
        start = end;
    }
    return status;
}

/* ---- the whole ---- */

static apr_size_t marker_at(const civ_redactor_t *redactor, const char *text, apr_size_t length)
{
    apr_size_t i;

    if (length <= MARKER_BEGIN_LENGTH || memcmp(text, MARKER_BEGIN, MARKER_BEGIN_LENGTH) != 0) {
        return 0;
    }
    for (i = 0; i < redactor->class_count; i++) {
        apr_size_t name = strlen(redactor->classes[i]);

        if (length > MARKER_BEGIN_LENGTH + name && text[MARKER_BEGIN_LENGTH + name] == ']' &&
            memcmp(text + MARKER_BEGIN_LENGTH, redactor->classes[i], name) == 0) {
            return MARKER_BEGIN_LENGTH + name + 1;
        }
    }
    return 0;
}

static void keep_markers(const job_t *job, civ_redaction_view_t *view)
{
    apr_size_t at = 0;

    while (at < view->length) {
        const char *found = memchr(view->source + at, '[', view->length - at);
        apr_size_t length;

        if (found == NULL) {
            return;
        }
        at = (apr_size_t)(found - view->source);
        length = marker_at(job->redactor, found, view->length - at);
        civ_redaction_view_take(view, at, at + length, CIV_REDACTION_KEEP);
        at += length > 0 ? length : 1;
    }
}

static apr_status_t examine(const job_t *job, civ_redaction_view_t *view, int level)
{
    apr_status_t status;

    keep_markers(job, view);
    status = examine_percent(job, view, level);
    if (status == APR_SUCCESS) {
        status = examine_folded(job, view, level);
    }
    if (status == APR_SUCCESS) {
        status = examine_base64(job, view);
    }
    if (status == APR_SUCCESS) {
        status = apply_all(job, view);
    }
    civ_redaction_view_settle(view);
    return status;
}

static void count_one(civ_redaction_counts_t *counts, unsigned class_index)
{
    if (counts != NULL) {
        counts->of_class[class_index]++;
        counts->total++;
    }
}

static void append_marker(civ_buffer_t *out, const civ_redactor_t *redactor, unsigned class_index,
                          civ_redaction_counts_t *counts)
{
    civ_buffer_append_text(out, MARKER_BEGIN);
    civ_buffer_append_text(out, redactor->classes[class_index]);
    civ_buffer_append_byte(out, ']');
    count_one(counts, class_index);
}

/* @return non-zero when there was something to replace */
static int render(civ_buffer_t *out, const job_t *job, const civ_redaction_view_t *view,
                  civ_redaction_counts_t *counts)
{
    apr_size_t at = 0, end;
    int is_changed = 0;

    for (; at < view->length; at = end) {
        unsigned owner = view->owner[at];

        for (end = at + 1; end < view->length && view->owner[end] == owner; end++) {
        }
        if (owner == 0 || owner == CIV_REDACTION_KEEP) {
            civ_buffer_append(out, view->source + at, end - at);
        } else {
            append_marker(out, job->redactor, owner - 1, counts);
            is_changed = 1;
        }
    }
    return is_changed;
}

static const char *unexamined(const civ_redactor_t *redactor, civ_redaction_counts_t *counts,
                              apr_size_t *length_out, apr_pool_t *pool)
{
    civ_buffer_t out;

    civ_buffer_init(&out, 32, pool);
    append_marker(&out, redactor, CLASS_UNEXAMINED, counts);
    *length_out = out.length;
    return out.data;
}

/* A replacement can make visible what was hidden by what stood there: once more, until nothing is found. */
static apr_status_t settle(job_t *job, const char **text, apr_size_t *length, civ_redaction_counts_t *counts,
                           apr_pool_t *pool)
{
    apr_status_t status;
    int round;

    for (round = 0; round < ROUNDS_MAX; round++) {
        civ_redaction_view_t *view;
        civ_buffer_t out;

        apr_pool_clear(job->pool);
        view = civ_redaction_view(*text, *length, job->pool);
        status = examine(job, view, 0);
        if (status != APR_SUCCESS) {
            return status;
        }
        civ_buffer_init(&out, 256, pool);
        if (!render(&out, job, view, counts)) {
            return APR_SUCCESS;
        }
        if (out.length > CIV_REDACTION_INPUT_MAX) {
            return APR_EGENERAL;
        }
        *text = out.data;
        *length = out.length;
    }
    return APR_EGENERAL;
}

const char *civ_redact(const civ_redactor_t *redactor, const civ_redaction_options_t *options,
                       const char *text, apr_size_t length, civ_redaction_counts_t *counts,
                       apr_size_t *length_out, apr_pool_t *pool)
{
    job_t job = {redactor, options, NULL, NULL};
    apr_status_t status;

    if (length > CIV_REDACTION_INPUT_MAX) {
        return unexamined(redactor, counts, length_out, pool);
    }
    job.match = pcre2_match_data_create(4, NULL);
    if (job.match == NULL) {
        return unexamined(redactor, counts, length_out, pool);
    }
    apr_pool_create(&job.pool, pool);
    *length_out = length;
    status = settle(&job, &text, length_out, counts, pool);
    apr_pool_destroy(job.pool);
    pcre2_match_data_free(job.match);
    return status == APR_SUCCESS ? text : unexamined(redactor, counts, length_out, pool);
}
