/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file verify_export.h
 * Going through an export line by line, judging each block as the next one of its chain, in constant memory.
 */
#ifndef CTL_VERIFY_EXPORT_H
#define CTL_VERIFY_EXPORT_H

#include "lines.h"
#include "report.h"
#include "target.h"

#include "ledger/export_reader.h"

/** Takes each block that could be read, with whether it is without fault. Anything but APR_SUCCESS ends the walk. */
typedef apr_status_t (*ctl_export_block_fn)(void *baton, const civ_block_t *block, apr_pool_t *pool);

/**
 * Go through all of @a lines, and compare with @a pins, --signed-head and --height. Faults go into @a report, whose end is filled in.
 * @param verifier left at the end of the chain; lives on the pool of @a report
 * @param last stop after this block; -1: all
 * @param each called for each block before the first fault; NULL: nothing is
 * @return APR_SUCCESS, also with faults; APR_EOF when they became too many; errors of reading, CIV_EINTERRUPTED, or what
 * @a each returned
 */
apr_status_t ctl_export_walk(ctl_report_t *report, civ_verifier_t *verifier, ctl_lines_t *lines,
                             const ctl_pins_t *pins, apr_int64_t last, ctl_export_block_fn each, void *baton);

/** Verify the export @a path ("-": standard input): the command for files. */
ctl_exit_e ctl_export_verify(ctl_t *ctl, const char *path);

#endif
