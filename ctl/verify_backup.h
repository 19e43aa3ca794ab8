/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file verify_backup.h
 * Verifying a backup: its files against the manifest, its database as any ledger, and the manifest against that.
 */
#ifndef CTL_VERIFY_BACKUP_H
#define CTL_VERIFY_BACKUP_H

#include "manifest.h"
#include "report.h"
#include "target.h"

/**
 * Validate the database and the signed head at the given paths, and compare their end with the manifest.
 * @param report started by the caller, who also ends it
 * @param key what the ledger's key must be; NULL: what block 0 says
 * @return CTL_DONE, CTL_FAULTS or CTL_FAILED
 */
ctl_exit_e ctl_backup_examine(ctl_report_t *report, const ctl_backup_t *backup, const char *database,
                              const char *head, const civ_public_key_t *key);

/** Verify a backup: the command for --backup. */
ctl_exit_e ctl_backup_verify(ctl_t *ctl, const char *path);

#endif
