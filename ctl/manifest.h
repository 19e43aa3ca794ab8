/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file manifest.h
 * A backup is a folder with a database, a signed head, perhaps the key, and a manifest that says what they are.
 * docs/formats.md has the format of the manifest.
 */
#ifndef CTL_MANIFEST_H
#define CTL_MANIFEST_H

#include "ctl.h"

#include "base/digest.h"
#include "base/keys.h"

#define CTL_MANIFEST_NAME "manifest.json"

typedef enum ctl_backup_file_e {
    CTL_BACKUP_DATABASE,
    CTL_BACKUP_HEAD,
    CTL_BACKUP_KEY,         /**< only with --with-key */
    CTL_BACKUP_NETWORK_KEY, /**< only with --with-key, and where there is one */
    CTL_BACKUP_NETWORK_ID,  /**< where there is one */
    CTL_BACKUP_FILES
} ctl_backup_file_e;

/** Their names in the folder of the backup. */
extern const char *const ctl_backup_names[CTL_BACKUP_FILES];

typedef struct ctl_manifest_t {
    const char *created; /**< RFC 3339 */
    const char *ledger;
    civ_digest_t ledger_id;
    unsigned char public_key[CIV_KEY_PUBLIC_SIZE];
    apr_uint64_t height, entries;
    civ_digest_t block_hash;
    struct {
        int there;
        apr_uint64_t size;
        civ_digest_t sha256;
    } files[CTL_BACKUP_FILES];
} ctl_manifest_t;

/** The manifest as text, on @a pool. */
const char *ctl_manifest_write(const ctl_manifest_t *manifest, apr_pool_t *pool);

/** Read it back. @param problem a sentence on failure. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t ctl_manifest_read(ctl_manifest_t *manifest, const char *text, apr_size_t length,
                               const char **problem, apr_pool_t *pool);

/** A backup whose files are open, so that they are the caller's to read whatever account he becomes. */
typedef struct ctl_backup_t {
    const char *path;
    ctl_manifest_t manifest;
    int files[CTL_BACKUP_FILES]; /**< -1 where there is none */
} ctl_backup_t;

/**
 * Open a backup and read its manifest. Files that are links, or belong to somebody else than the folder, are refused.
 * Complains. @return CTL_DONE; CTL_FAULTS where it is no complete backup; CTL_FAILED
 */
ctl_exit_e ctl_backup_open(ctl_backup_t *backup, const char *path, apr_pool_t *pool);

/** Compare size and hash of a file with the manifest. @param file open, at its beginning
 *  @param fault set to a sentence when they differ, else NULL */
apr_status_t ctl_backup_check(const ctl_backup_t *backup, ctl_backup_file_e which, int file,
                              const char **fault, apr_pool_t *pool);

#endif
