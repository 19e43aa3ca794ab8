/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file examine.h
 * Validating the tables of a database as a step of a command.
 */
#ifndef CTL_EXAMINE_H
#define CTL_EXAMINE_H

#include "report.h"
#include "target.h"

/** Validate blocks @a first to @a last of an open ledger; faults and the numbers at the end go into @a report.
 *  @return as civ_ledger_validate; APR_EOF when faults became too many */
apr_status_t ctl_examine(ctl_report_t *report, const civ_offline_t *target, apr_uint64_t first,
                         apr_uint64_t last, civ_problem_t *problem);

/** Compare with what was kept elsewhere: --signed-head and --height. After ctl_examine. @return APR_SUCCESS, also with
 *  faults; APR_EOF when they became too many; errors of reading */
apr_status_t ctl_examine_kept(ctl_report_t *report, const civ_offline_t *target);

/** ctl_examine and ctl_examine_kept for a whole SQLite file that is nobody's yet. Complains when it cannot be read. @a head_file may be NULL. */
ctl_exit_e ctl_examine_file(ctl_report_t *report, const char *database, const char *head_file,
                            const char *name, const civ_public_key_t *key);

#endif
