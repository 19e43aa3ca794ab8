/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl backup: a copy of one moment, taken while httpd writes.
 *
 * The signed head of the backup is made from the newest block of the copied database, so it is neither newer than that (a
 * restore would raise an alarm) nor older (blocks behind it could go missing unnoticed). The state folder's own one is read
 * before the copy is taken and must name a block of it: else a ledger that was cut short or rewritten would get a fresh
 * certificate here.
 */
#include <apr_strings.h>
#include <apr_time.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "manifest.h"
#include "network_key.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "target.h"

typedef struct job_t {
    ctl_t *ctl;
    civ_offline_t *target;
    const char *path; /**< of the backup */
    char *temporary;  /**< the folder until it is complete; NULL: not made */
    civ_signed_head_t kept;
    int kept_known;
    ctl_manifest_t manifest;
    ctl_progress_t progress;
} job_t;

static const char *file_of(const job_t *job, const char *name)
{
    return apr_pstrcat(job->ctl->pool, job->temporary, "/", name, NULL);
}

/* --- before the copy --- */

static ctl_exit_e look_at_ledger(job_t *job)
{
    civ_offline_t *target = job->target;
    civ_ledger_head_t head;
    const char *fault = target->fault;
    apr_status_t status = fault != NULL ? CIV_EINTEGRITY : APR_SUCCESS;

    if (status == APR_SUCCESS) {
        status = civ_head_file_read(&job->kept, target->ledger_config.head_file, target->name, target->key,
                                    job->ctl->pool);
        job->kept_known = status == APR_SUCCESS;
        if (APR_STATUS_IS_ENOENT(status)) {
            ctl_note(job->ctl,
                     "there is no signed head in the state folder: blocks that are missing at the end of the "
                     "ledger cannot be noticed");
            status = APR_SUCCESS;
        }
        if (status == CIV_EINTEGRITY)
            fault = "the signed head beside the database is damaged";
    }
    if (status == APR_SUCCESS)
        status = civ_ledger_examine_end(target->ledger, &head, NULL, &fault, job->ctl->pool);
    if (status == CIV_EINTEGRITY) {
        printf("fault: %s\n", ctl_printable(fault, job->ctl->pool));
        ctl_complain(
            "no backup is made of a ledger that contradicts itself; to keep it as evidence, copy the folder");
        return CTL_FAULTS;
    }
    return status == APR_SUCCESS ? CTL_DONE : ctl_failed(status, "the ledger cannot be read");
}

/* --- the copy --- */

static ctl_exit_e make_folder(job_t *job)
{
    struct stat info;

    if (lstat(job->path, &info) == 0) {
        ctl_complain("\"%s\" is there already; nothing was changed", job->path);
        return CTL_REFUSED;
    }
    job->temporary = apr_pstrcat(job->ctl->pool, job->path, ".XXXXXX", NULL);
    if (mkdtemp(job->temporary) != NULL)
        return CTL_DONE;
    job->temporary = NULL;
    return ctl_failed(
        errno,
        "the folder \"%s\" cannot be made (all is done with the rights of the owner of the state folder)",
        job->path);
}

/* SQLite asks now and then; the size that the copy has by then tells how far it is. */
static int look_up(void *baton)
{
    job_t *job = baton;
    struct stat from, to;
    apr_uint64_t total = 0, done = 0;

    if (stat(job->target->store_config.parameters, &from) == 0)
        total = (apr_uint64_t)from.st_size / 1024;
    if (stat(file_of(job, ctl_backup_names[CTL_BACKUP_DATABASE]), &to) == 0)
        done = (apr_uint64_t)to.st_size / 1024;
    return ctl_progress_tell(&job->progress, done, total) != APR_SUCCESS;
}

static ctl_exit_e copy_database(job_t *job)
{
    const char *path = file_of(job, ctl_backup_names[CTL_BACKUP_DATABASE]);
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(job->target->store, &db);

    ctl_progress_start(&job->progress, job->ctl, "copying", "KiB");
    if (status == APR_SUCCESS) {
        status = civ_db_copy(db, path, look_up, job);
        civ_store_release(job->target->store, db);
    }
    ctl_progress_hide(&job->progress);
    if (status == APR_ENOTIMPL) {
        ctl_complain(
            "a database of this kind has tools of its own for backups (PostgreSQL: pg_dump, pg_basebackup)");
        return CTL_REFUSED;
    }
    return status == APR_SUCCESS ? CTL_DONE : ctl_failed(status, "the database cannot be copied");
}

/* --- what belongs to it --- */

/** The end of the chain as the copy has it: for the signed head, and for the manifest. */
static ctl_exit_e look_at_copy(job_t *job)
{
    apr_pool_t *pool = job->ctl->pool;
    const civ_offline_config_t config = {.database_parameters =
                                             file_of(job, ctl_backup_names[CTL_BACKUP_DATABASE]),
                                         .ledger_name = job->target->name,
                                         .public_key = job->target->key,
                                         .log = &job->ctl->log};
    const char *error, *fault = NULL;
    civ_ledger_head_t head;
    civ_block_t *newest;
    civ_offline_t *copy;
    apr_status_t status = civ_offline_open(&copy, &config, &error, pool);

    if (status == APR_SUCCESS)
        status = civ_ledger_examine_end(copy->ledger, &head, &newest, &fault, pool);
    if (status == APR_SUCCESS && job->kept_known)
        status = civ_ledger_compare_signed_head(copy->ledger, &job->kept, &fault, pool);
    if (fault != NULL) {
        printf("fault: %s\n", ctl_printable(fault, pool));
        return CTL_FAULTS;
    }
    if (status == APR_SUCCESS)
        status =
            civ_head_file_write(file_of(job, ctl_backup_names[CTL_BACKUP_HEAD]), newest, copy->name, pool);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the copy cannot be completed");
    job->manifest.height = head.height;
    job->manifest.block_hash = head.block_hash;
    job->manifest.entries = head.frontier.size;
    job->manifest.ledger = job->target->name;
    job->manifest.ledger_id = job->target->ledger_id;
    memcpy(job->manifest.public_key, civ_public_key_raw(job->target->key), CIV_KEY_PUBLIC_SIZE);
    return CTL_DONE;
}

static ctl_exit_e copy_keys(job_t *job)
{
    civ_node_config_t config = {.state_dir = job->ctl->options->state};
    const char *path = civ_node_key_path(&config, job->ctl->pool);
    civ_key_t *key;
    ctl_exit_e result = ctl_network_key_copy(job->ctl, &config, job->temporary, job->ctl->options->with_key);
    apr_status_t status;

    if (result != CTL_DONE || !job->ctl->options->with_key)
        return result;
    status = civ_key_load(&key, path, job->ctl->pool);
    if (status == APR_SUCCESS)
        status = civ_key_save(key, file_of(job, ctl_backup_names[CTL_BACKUP_KEY]), job->ctl->pool);
    return status == APR_SUCCESS ? CTL_DONE : ctl_failed(status, "the key \"%s\" cannot be copied", path);
}

static apr_status_t describe_file(job_t *job, ctl_backup_file_e which)
{
    int file = open(file_of(job, ctl_backup_names[which]), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    apr_status_t status;

    if (file < 0)
        return errno == ENOENT && which >= CTL_BACKUP_KEY ? APR_SUCCESS : apr_get_os_error();
    status = civ_digest_file(&job->manifest.files[which].sha256, &job->manifest.files[which].size, file);
    if (status == APR_SUCCESS)
        status = ctl_output_sync(file);
    close(file);
    job->manifest.files[which].there = 1;
    return status;
}

static ctl_exit_e write_manifest(job_t *job)
{
    const char *path = file_of(job, CTL_MANIFEST_NAME);
    char created[CIV_TIMESTAMP_SIZE];
    ctl_output_t output;
    const char *text;
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; i < CTL_BACKUP_FILES && status == APR_SUCCESS; i++)
        status = describe_file(job, (ctl_backup_file_e)i);
    job->manifest.created = civ_timestamp_format(created, civ_timestamp_now());
    text = ctl_manifest_write(&job->manifest, job->ctl->pool);
    if (status == APR_SUCCESS)
        status = ctl_output_open(&output, path, job->ctl->pool);
    if (status == APR_SUCCESS) {
        status = ctl_output_write(&output, text, strlen(text));
        if (status == APR_SUCCESS)
            status = ctl_output_finish(&output);
        ctl_output_abandon(&output);
    }
    return status == APR_SUCCESS ? CTL_DONE : ctl_failed(status, "the backup cannot be written");
}

/* A folder is only replaced by rename(2) where it is empty. */
static ctl_exit_e give_name(job_t *job)
{
    apr_status_t status = APR_SUCCESS;

    if (ctl_interrupt_signal() != 0)
        return CTL_FAILED;
    if (rename(job->temporary, job->path) != 0)
        status = apr_get_os_error();
    else
        job->temporary = NULL;
    if (status == APR_SUCCESS)
        status = ctl_output_sync_folder_of(job->path, job->ctl->pool);
    return status == APR_SUCCESS ? CTL_DONE
                                 : ctl_failed(status, "the backup cannot be named \"%s\"", job->path);
}

static void give_up(job_t *job)
{
    int i;

    if (job->temporary == NULL)
        return;
    unlink(file_of(job, CTL_MANIFEST_NAME));
    unlink(file_of(job, "civarcos.db-journal"));
    for (i = 0; i < CTL_BACKUP_FILES; i++)
        unlink(file_of(job, ctl_backup_names[i]));
    rmdir(job->temporary);
}

static ctl_exit_e run(ctl_t *ctl)
{
    job_t *job = apr_pcalloc(ctl->pool, sizeof(*job));
    ctl_pins_t pins;
    ctl_exit_e result;

    job->ctl = ctl;
    if (ctl->options->state == NULL) {
        ctl_complain("backup needs --state DIR");
        return CTL_USAGE;
    }
    result = ctl_options_path(&job->path, ctl->options->arguments[0], ctl->pool);
    if (result == CTL_DONE)
        result = ctl_pins_read(&pins, ctl);
    if (result == CTL_DONE)
        result = ctl_target_open(&job->target, &pins, ctl);
    if (result == CTL_DONE)
        result = look_at_ledger(job);
    if (result == CTL_DONE)
        result = make_folder(job);
    if (result == CTL_DONE)
        result = copy_database(job);
    if (result == CTL_DONE)
        result = look_at_copy(job);
    if (result == CTL_DONE)
        result = copy_keys(job);
    if (result == CTL_DONE)
        result = write_manifest(job);
    if (result == CTL_DONE)
        result = give_name(job);
    give_up(job);
    if (result == CTL_DONE)
        printf("backup: %s; blocks 0 to %" APR_UINT64_T_FMT "; newest block %s; ledger \"%s\", id %s%s\n",
               job->path, job->manifest.height, civ_digest_hex_dup(&job->manifest.block_hash, ctl->pool),
               ctl_printable(job->manifest.ledger, ctl->pool),
               civ_digest_hex_dup(&job->manifest.ledger_id, ctl->pool),
               ctl->options->with_key ? "; with the private keys" : "");
    return result;
}

static const char *const options[] = {"state", "driver", "database", "with-key", "quiet", NULL};

const ctl_command_t ctl_command_backup = {
    "backup",
    "DIR",
    1,
    1,
    "Copy a ledger, while httpd runs or not",
    options,
    "Makes the folder DIR, which must not exist, with the database as it was in one moment, a signed head "
    "for exactly that\n"
    "moment, and a manifest. DIR appears when all of it is on disk. The private keys are only taken along "
    "with "
    "--with-key.\n"
    "All is done with the rights of the owner of the state folder, also as root: he must be able to write "
    "where DIR is\n"
    "going to be. A ledger whose end contradicts itself or its signed head is not copied (exit status 1).\n",
    run,
};
