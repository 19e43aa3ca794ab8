/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file early_reader.c
 * A module for httpd that reads the content of requests before any handler does, and hands on what it has read, as web
 * application firewalls do.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#define FILTER "EARLY_READER"

extern module AP_MODULE_DECLARE_DATA early_reader_module;

static int has_ended(const apr_bucket_brigade *brigade)
{
    return !APR_BRIGADE_EMPTY(brigade) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade));
}

static int read_all(request_rec *r)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *kept = apr_brigade_create(r->pool, alloc);
    apr_bucket_brigade *some = apr_brigade_create(r->pool, alloc);

    if (r->main || r->prev || !ap_request_has_body(r)) {
        return DECLINED;
    }
    while (!has_ended(kept)) {
        if (ap_get_brigade(r->input_filters, some, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN) !=
            APR_SUCCESS) {
            return HTTP_BAD_REQUEST;
        }
        ap_save_brigade(NULL, &kept, &some, r->pool);
    }
    ap_set_module_config(r->request_config, &early_reader_module, kept);
    return DECLINED;
}

static apr_status_t hand_on(ap_filter_t *filter, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                            apr_read_type_e block, apr_off_t bytes)
{
    apr_bucket_brigade *kept = filter->ctx;

    (void)mode;
    (void)block;
    (void)bytes;
    APR_BRIGADE_CONCAT(brigade, kept);
    ap_remove_input_filter(filter);
    return APR_SUCCESS;
}

static void insert(request_rec *r)
{
    void *kept = ap_get_module_config(r->request_config, &early_reader_module);

    if (kept) {
        ap_add_input_filter(FILTER, kept, r, r->connection);
    }
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_register_input_filter(FILTER, hand_on, NULL, AP_FTYPE_CONTENT_SET);
    ap_hook_access_checker(read_all, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_insert_filter(insert, NULL, NULL, APR_HOOK_FIRST);
}

AP_DECLARE_MODULE(early_reader) = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks,
                                   AP_MODULE_FLAG_NONE};
