/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file report.h
 * The result of a verification, on standard output. As text:
 *
 *     fault: block 12: the entries do not hash to the evidence root
 *     not checked: who made this export ...
 *     result: faulty; blocks 0 to 99, 100 read, 1 fault; newest block HASH; ledger "NAME", id HEX
 *
 * with "intact" instead of "faulty". With --json all of it as one object; formats.md has its members.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "ctl.h"
#include "progress.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "base/json_writer.h"
#include "base/keys.h"

typedef struct ctl_report_t {
    const ctl_t *ctl;
    ctl_progress_t progress;
    apr_uint64_t faults; /**< found so far */
    int cut;             /**< --max-faults was reached: there may be more */

    /* For the end; what is not known stays zero. */
    apr_uint64_t first, last, blocks;
    civ_digest_t newest;
    int newest_known;
    const char *name;
    civ_digest_t ledger_id;
    int ledger_id_known;
    const civ_public_key_t *key;
    const char *not_checked[4]; /**< sentences, ended by NULL */

    civ_buffer_t json_faults;
    civ_json_writer_t writer;
} ctl_report_t;

/** Begin; @a what for the progress. */
void ctl_report_start(ctl_report_t *report, const ctl_t *ctl, const char *what);

/** One fault. @return APR_SUCCESS, or APR_EOF when --max-faults is reached: then stop */
apr_status_t ctl_report_fault(ctl_report_t *report, apr_uint64_t block, const char *text);

/** A fault made of pieces. */
apr_status_t ctl_report_faultf(ctl_report_t *report, apr_uint64_t block, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Something that could not be checked: a sentence that stays. */
void ctl_report_not_checked(ctl_report_t *report, const char *sentence);

/** Print the end. @return CTL_DONE or CTL_FAULTS, CTL_FAILED when standard output cannot be written */
ctl_exit_e ctl_report_end(ctl_report_t *report);

#endif
