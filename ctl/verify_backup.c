/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Verifying a backup.
 */
#include "verify_backup.h"

#include <apr_strings.h>
#include <string.h>

#include "account.h"
#include "examine.h"
#include "options.h"

static apr_status_t compare_with_manifest(ctl_report_t *report, const ctl_manifest_t *manifest)
{
    apr_status_t status = APR_SUCCESS;

    if (report->ledger_id_known && !civ_digest_equal(&report->ledger_id, &manifest->ledger_id))
        status = ctl_report_fault(report, 0, "the manifest names another ledger's id");
    if (status == APR_SUCCESS && report->name != NULL && strcmp(report->name, manifest->ledger) != 0)
        status = ctl_report_fault(report, 0, "the manifest names another ledger");
    if (status == APR_SUCCESS && report->key != NULL &&
        memcmp(civ_public_key_raw(report->key), manifest->public_key, CIV_KEY_PUBLIC_SIZE) != 0)
        status = ctl_report_fault(report, 0, "the manifest names another key");
    if (status == APR_SUCCESS && report->last != manifest->height)
        status = ctl_report_faultf(report, report->last,
                                   "the manifest names block %" APR_UINT64_T_FMT " as the newest",
                                   manifest->height);
    if (status == APR_SUCCESS && report->newest_known &&
        !civ_digest_equal(&report->newest, &manifest->block_hash))
        status = ctl_report_fault(report, report->last, "the manifest has another hash for the newest block");
    return status;
}

ctl_exit_e ctl_backup_examine(ctl_report_t *report, const ctl_backup_t *backup, const char *database,
                              const char *head, const civ_public_key_t *key)
{
    ctl_exit_e result = ctl_examine_file(report, database, head, NULL, key);

    if (result == CTL_FAILED || report->cut)
        return result;
    compare_with_manifest(report, &backup->manifest);
    return report->faults == 0 ? CTL_DONE : CTL_FAULTS;
}

static ctl_exit_e check_files(ctl_report_t *report, const ctl_backup_t *backup)
{
    const char *fault;
    int i;

    for (i = 0; i < CTL_BACKUP_FILES; i++) {
        apr_status_t status;

        if (!backup->manifest.files[i].there)
            continue;
        status = ctl_backup_check(backup, (ctl_backup_file_e)i, backup->files[i], &fault, report->ctl->pool);
        if (status != APR_SUCCESS)
            return ctl_failed(status, "the file %s of the backup cannot be read", ctl_backup_names[i]);
        if (fault != NULL && ctl_report_fault(report, 0, fault) != APR_SUCCESS)
            break;
    }
    return CTL_DONE;
}

ctl_exit_e ctl_backup_verify(ctl_t *ctl, const char *path)
{
    ctl_backup_t *backup = apr_pcalloc(ctl->pool, sizeof(*backup));
    ctl_report_t report;
    ctl_pins_t pins;
    ctl_exit_e result = ctl_pins_read(&pins, ctl);

    if (result == CTL_DONE)
        result = ctl_account_of_folder(path, ctl->pool);
    if (result == CTL_DONE)
        result = ctl_backup_open(backup, path, ctl->pool);
    if (result != CTL_DONE)
        return result;
    ctl_report_start(&report, ctl, "verifying");
    result = check_files(&report, backup);
    if (result == CTL_DONE)
        result =
            ctl_backup_examine(&report, backup, apr_pstrcat(ctl->pool, path, "/", ctl_backup_names[0], NULL),
                               apr_pstrcat(ctl->pool, path, "/", ctl_backup_names[1], NULL), pins.key);
    if (result == CTL_FAILED)
        return result;
    if (pins.ledger_id_known && !civ_digest_equal(&pins.ledger_id, &report.ledger_id))
        ctl_report_fault(&report, 0, "the ledger's id is not the one given");
    if (pins.key == NULL && !pins.ledger_id_known)
        ctl_report_not_checked(&report, "whose ledger this is: compare its id with what you know, or give "
                                        "--public-key or --ledger-id");
    if (ctl->options->signed_head == NULL && ctl->options->height < 0)
        ctl_report_not_checked(&report,
                               "whether blocks were missing already when it was made: give --signed-head or "
                               "--height");
    return ctl_report_end(&report);
}
