/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json.c
 * yajl's events become a tree. All values of the containers still open lie in one growing array; when a
 * container ends, its own are sorted, checked and copied, exact in size, to the pool. What has been read of
 * each open container is also what the pointer of a problem is made from.
 */
#include "base/json.h"

#include "base/json_parser.h"
#include "base/json_scan.h"
#include "base/status.h"

#include <apr_strings.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

const civ_json_limits_t civ_json_request_limits = {1048576, 64, 100000, 1024};

void *civ_json_checked(void *memory)
{
    if (!memory) {
        abort(); /* as APR does without memory; yajl would write through NULL */
    }
    return memory;
}

static void *yajl_take(void *baton, size_t size)
{
    (void)baton;
    return civ_json_checked(malloc(size));
}

static void *yajl_resize(void *baton, void *memory, size_t size)
{
    (void)baton;
    return civ_json_checked(realloc(memory, size));
}

static void yajl_release(void *baton, void *memory)
{
    (void)baton;
    free(memory);
}

/* yajl's own words, which quote nothing of the document, without their line end. */
static void fail_syntax(civ_json_parser_t *parser)
{
    unsigned char *words = yajl_get_error(parser->handle, 0, NULL, 0);
    apr_size_t length = words ? strcspn((const char *)words, "\n") : 0;

    while (length > 0 && words[length - 1] == '.') {
        length--;
    }
    civ_problem_set_at(parser->problem, CIV_PROBLEM_MALFORMED_JSON, civ_json_pointer(parser), parser->pool,
                       "Not JSON: %.*s (near byte %" APR_SIZE_T_FMT ")", (int)length,
                       words ? (const char *)words : "", civ_json_token_end(parser));
    if (words) {
        yajl_free_error(parser->handle, words);
    }
}

static void fail_scan(civ_json_parser_t *parser, const civ_json_fault_t *fault)
{
    static const struct {
        civ_problem_kind_e kind;
        const char *what;
    } faults[] = {
        [CIV_JSON_FAULT_NONE] = {CIV_PROBLEM_NONE, ""},
        [CIV_JSON_FAULT_BYTE_ORDER_MARK] = {CIV_PROBLEM_MALFORMED_JSON,
                                            "A byte order mark before the document"},
        [CIV_JSON_FAULT_UTF8] = {CIV_PROBLEM_NOT_I_JSON, "Not valid UTF-8"},
        [CIV_JSON_FAULT_SURROGATE] = {CIV_PROBLEM_NOT_I_JSON, "Half of a surrogate pair"},
        [CIV_JSON_FAULT_CONTROL] = {CIV_PROBLEM_MALFORMED_JSON, "A control character"},
    };

    civ_json_fail(parser, faults[fault->kind].kind, faults[fault->kind].what, fault->offset);
}

/*
 * With a fault of the scan, yajl only sees what lies before it: it either finds an earlier fault of its own,
 * or leaves the frames as they stand at the fault.
 */
static apr_status_t feed(civ_json_parser_t *parser, const civ_json_fault_t *fault)
{
    apr_size_t usable = fault->kind ? fault->offset : parser->length;
    yajl_status status = yajl_parse(parser->handle, (const unsigned char *)parser->data, usable);

    if (status == yajl_status_ok && fault->kind) {
        fail_scan(parser, fault);
        return CIV_EINVALID;
    }
    if (status == yajl_status_ok) {
        parser->is_finishing = 1;
        status = yajl_complete_parse(parser->handle);
    }
    if (status == yajl_status_error) {
        fail_syntax(parser);
    }
    return status == yajl_status_ok ? APR_SUCCESS : CIV_EINVALID;
}

static apr_status_t run(civ_json_parser_t *parser)
{
    yajl_alloc_funcs memory = {yajl_take, yajl_resize, yajl_release, NULL};
    civ_json_fault_t fault;
    apr_status_t status;

    civ_json_scan(&fault, parser->data, parser->length);
    parser->capacity = FIRST_CAPACITY;
    parser->entries = civ_json_checked(malloc(parser->capacity * sizeof(civ_json_entry_t)));
    parser->handle = civ_json_checked(yajl_alloc(&civ_json_events, &memory, parser));
    yajl_config(parser->handle, yajl_dont_validate_strings, 1); /* the scan did, and more strictly */
    status = feed(parser, &fault);
    yajl_free(parser->handle);
    free(parser->entries);
    return status;
}

apr_status_t civ_json_parse(const civ_json_t **root, const char *data, apr_size_t length,
                            const civ_json_limits_t *limits, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_json_parser_t parser;
    apr_status_t status;

    *root = NULL;
    memset(&parser, 0, offsetof(civ_json_parser_t, frames));
    parser.data = length ? data : "";
    parser.length = length;
    parser.limits = limits;
    parser.problem = problem;
    parser.pool = pool;
    parser.depth_limit = limits->depth < CIV_JSON_MOST_LEVELS ? limits->depth : CIV_JSON_MOST_LEVELS;
    if (length > limits->size) {
        civ_problem_set_at(problem, CIV_PROBLEM_LIMIT_EXCEEDED, "", pool,
                           "The document is larger than %" APR_SIZE_T_FMT " bytes", limits->size);
        return CIV_EINVALID;
    }
    status = run(&parser);
    if (status == APR_SUCCESS) {
        *root = apr_pmemdup(pool, &parser.root, sizeof(parser.root));
    }
    return status;
}
