/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Validating.
 */
#include "examine.h"

#include <apr_strings.h>

#include "options.h"

static apr_status_t take_fault(void *baton, const civ_fault_t *fault)
{
    return ctl_report_fault(baton, fault->block_index, fault->text);
}

static apr_status_t tell_progress(void *baton, apr_uint64_t done, apr_uint64_t total)
{
    ctl_report_t *report = baton;

    return ctl_progress_tell(&report->progress, done, total);
}

static void fill_report(ctl_report_t *report, const civ_offline_t *target, const civ_validation_t *validation)
{
    civ_problem_t problem;
    civ_block_t *newest;

    report->first = validation->first;
    report->last = validation->last;
    report->blocks = validation->blocks;
    report->name = target->name;
    report->key = target->key;
    report->ledger_id = target->ledger_id;
    report->ledger_id_known = target->fault == NULL;
    if (civ_ledger_block(target->ledger, validation->last, &newest, &problem, report->ctl->pool) ==
        APR_SUCCESS) {
        report->newest = newest->hash;
        report->newest_known = 1;
    }
}

apr_status_t ctl_examine(ctl_report_t *report, const civ_offline_t *target, apr_uint64_t first,
                         apr_uint64_t last, civ_problem_t *problem)
{
    civ_validation_t validation;
    apr_status_t status = civ_ledger_validate(target->ledger, first, last, take_fault, tell_progress, report,
                                              &validation, problem, report->ctl->pool);

    if (status == APR_SUCCESS || status == APR_EOF)
        fill_report(report, target, &validation);
    if (status == APR_SUCCESS)
        status = ctl_progress_tell(&report->progress, validation.last - validation.first + 1,
                                   validation.last - validation.first + 1);
    return status;
}

apr_status_t ctl_examine_kept(ctl_report_t *report, const civ_offline_t *target)
{
    const ctl_options_t *options = report->ctl->options;
    civ_signed_head_t kept;
    const char *fault = NULL;
    apr_status_t status = APR_SUCCESS;

    if (options->height >= 0 && options->to < 0 && report->last < (apr_uint64_t)options->height)
        status = ctl_report_faultf(report, report->last,
                                   "the ledger ends here, not at block %" APR_INT64_T_FMT, options->height);
    if (options->signed_head == NULL || status != APR_SUCCESS)
        return status;
    status = CIV_EINTEGRITY;
    if (target->name != NULL && target->key != NULL)
        status =
            civ_head_file_read(&kept, options->signed_head, target->name, target->key, report->ctl->pool);
    if (status == CIV_EINTEGRITY)
        return ctl_report_fault(report, 0,
                                "the signed head given does not bear the signature of this ledger's key");
    if (status == APR_SUCCESS)
        status = civ_ledger_compare_signed_head(target->ledger, &kept, &fault, report->ctl->pool);
    if (status == APR_SUCCESS && fault != NULL)
        status = ctl_report_fault(report, kept.height, fault);
    return status;
}

/** What must outlive the ledger that it comes from. */
static void keep(ctl_report_t *report)
{
    apr_pool_t *pool = report->ctl->pool;
    civ_public_key_t *key = NULL;

    if (report->name != NULL)
        report->name = apr_pstrdup(pool, report->name);
    if (report->key != NULL &&
        civ_public_key_from_raw(&key, civ_public_key_raw(report->key), pool) != APR_SUCCESS)
        key = NULL;
    report->key = key;
}

ctl_exit_e ctl_examine_file(ctl_report_t *report, const char *database, const char *head_file,
                            const char *name, const civ_public_key_t *key)
{
    const ctl_t *ctl = report->ctl;
    const civ_offline_config_t config = {.database_parameters = database,
                                         .head_file = head_file,
                                         .ledger_name = name,
                                         .public_key = key,
                                         .log = &ctl->log};
    civ_problem_t problem;
    civ_offline_t *target;
    apr_pool_t *pool;
    const char *error;
    apr_status_t status;

    /* Closed again on return, so that the file can be moved. */
    apr_pool_create(&pool, ctl->pool);
    status = civ_offline_open(&target, &config, &error, pool);
    if (status != APR_SUCCESS) {
        ctl_complain("%s", error);
    } else {
        status = ctl_examine(report, target, 0, APR_UINT64_MAX, &problem);
        if (status == APR_SUCCESS)
            status = ctl_examine_kept(report, target);
        keep(report);
        if (status != APR_SUCCESS && status != APR_EOF) {
            ctl_progress_hide(&report->progress);
            ctl_failed(status, "\"%s\" cannot be read", database);
        }
    }
    apr_pool_destroy(pool);
    if (status != APR_SUCCESS && status != APR_EOF)
        return CTL_FAILED;
    return report->faults == 0 ? CTL_DONE : CTL_FAULTS;
}
