/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl verify: a live database, an export, a backup.
 */
#include <apr_strings.h>
#include <string.h>

#include "examine.h"
#include "options.h"
#include "report.h"
#include "target.h"
#include "verify_backup.h"
#include "verify_export.h"

static apr_status_t check_identity(ctl_report_t *report, const civ_offline_t *target, const ctl_pins_t *pins)
{
    apr_status_t status = APR_SUCCESS;

    if (pins->ledger_id_known && !civ_digest_equal(&pins->ledger_id, &target->ledger_id))
        status = ctl_report_faultf(report, 0, "the ledger's id is %s, not the one given",
                                   civ_digest_hex_dup(&target->ledger_id, report->ctl->pool));
    return status;
}

static void say_what_was_not_checked(ctl_report_t *report, const ctl_pins_t *pins)
{
    const ctl_options_t *options = report->ctl->options;

    if (pins->key == NULL && !pins->ledger_id_known)
        ctl_report_not_checked(report, "whose ledger this is: compare its id with what you know, or give "
                                       "--public-key or --ledger-id");
    if (options->state == NULL && options->signed_head == NULL && options->height < 0 && options->to < 0)
        ctl_report_not_checked(
            report, "whether blocks are missing at its end: give --state, --signed-head or --height");
}

static ctl_exit_e verify_database(ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    apr_uint64_t first = options->from > 0 ? (apr_uint64_t)options->from : 0;
    apr_uint64_t last = options->to >= 0 ? (apr_uint64_t)options->to : APR_UINT64_MAX;
    civ_problem_t problem;
    civ_offline_t *target;
    ctl_report_t report;
    ctl_pins_t pins;
    ctl_exit_e result = ctl_pins_read(&pins, ctl);
    apr_status_t status;

    if (result == CTL_DONE)
        result = ctl_target_open(&target, &pins, ctl);
    if (result != CTL_DONE)
        return result;
    ctl_report_start(&report, ctl, "verifying");
    status = check_identity(&report, target, &pins);
    if (status == APR_SUCCESS)
        status = ctl_examine(&report, target, first, last, &problem);
    if (status == APR_NOTFOUND) {
        ctl_complain("%s", problem.detail);
        return CTL_USAGE;
    }
    if (status == APR_SUCCESS)
        status = ctl_examine_kept(&report, target);
    if (status != APR_SUCCESS && status != APR_EOF) {
        ctl_progress_hide(&report.progress);
        return ctl_failed(status, "the ledger cannot be verified");
    }
    say_what_was_not_checked(&report, &pins);
    return ctl_report_end(&report);
}

static ctl_exit_e run(ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;

    int kinds = (options->argument_count > 0) + (options->backup != NULL) +
                (options->state != NULL || options->database != NULL);

    if (kinds > 1) {
        ctl_complain("a file, --backup, or --state and --database: only one of them at a time");
        return CTL_USAGE;
    }
    if (options->backup != NULL)
        return ctl_backup_verify(ctl, options->backup);
    return options->argument_count > 0 ? ctl_export_verify(ctl, options->arguments[0]) : verify_database(ctl);
}

static const char *const options[] = {"state",  "driver",     "database",   "backup",    "from",
                                      "to",     "name",       "public-key", "ledger-id", "signed-head",
                                      "height", "max-faults", "json",       "quiet",     NULL};

const ctl_command_t ctl_command_verify = {
    "verify",
    "[FILE]",
    0,
    1,
    "Verify a ledger: every hash, link, proof of work and signature",
    options,
    "Without FILE the database of the state folder is verified, while httpd runs or not; with FILE an "
    "export, \"-\" for\n"
    "standard input; with --backup a backup.\n"
    "\n"
    "Exit status: 0 intact, 1 faults were found, 2 the command line is wrong, 3 something could not be "
    "read.\n",
    run,
};
