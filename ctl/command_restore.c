/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl restore: a backup becomes the ledger of a state folder.
 *
 * The order of the last steps. The old database stays in its place until the new one takes that place in one step; before,
 * it is linked into a folder of its own, so nothing is lost. The signed head follows: broken off between the two, a ledger
 * that went back stands beside a newer signed head, and the server refuses to write until the restore was repeated.
 */
#include <apr_strings.h>
#include <apr_time.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "incoming.h"
#include "network_key.h"
#include "options.h"
#include "output.h"
#include "place.h"
#include "verify_backup.h"

#define FMT APR_UINT64_T_FMT

typedef struct job_t {
    ctl_t *ctl;
    civ_node_config_t config;
    ctl_backup_t backup;
    ctl_incoming_t incoming;
    ctl_report_t report;
    ctl_pins_t pins;
    civ_offline_t *fresh;        /**< the backup's ledger, while it is compared */
    const char *database, *head; /**< where they belong */
    int occupied;                /**< there is a database or a signed head */
    const char *aside;           /**< the folder of what was replaced; NULL: nothing was */
    int placed;                  /**< the database has its name */
} job_t;

/* --- into the incoming folder --- */

static apr_status_t copy_bytes(int from, int to)
{
    char buffer[65536];
    ssize_t got;

    if (lseek(from, 0, SEEK_SET) != 0)
        return apr_get_os_error();
    while ((got = read(from, buffer, sizeof(buffer))) != 0) {
        ssize_t put = 0;

        if (ctl_interrupt_signal() != 0)
            return CIV_EINTERRUPTED;
        if (got < 0 && errno != EINTR)
            return apr_get_os_error();
        while (put < got) {
            ssize_t wrote = write(to, buffer + put, (size_t)(got - put));

            if (wrote < 0 && errno != EINTR)
                return apr_get_os_error();
            put += wrote > 0 ? wrote : 0;
        }
    }
    return ctl_output_sync(to);
}

/** Copy one file of the backup, and compare the copy with the manifest. */
static ctl_exit_e take_file(job_t *job, ctl_backup_file_e which, const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    const char *fault = NULL;
    apr_status_t status;

    if (file < 0)
        return ctl_failed(errno, "\"%s\" cannot be written", path);
    status = copy_bytes(job->backup.files[which], file);
    if (status == APR_SUCCESS && lseek(file, 0, SEEK_SET) != 0)
        status = apr_get_os_error();
    if (status == APR_SUCCESS)
        status = ctl_backup_check(&job->backup, which, file, &fault, job->ctl->pool);
    close(file);
    if (fault != NULL)
        ctl_report_fault(&job->report, 0, fault);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the file %s of the backup cannot be copied", ctl_backup_names[which]);
    return fault == NULL ? CTL_DONE : CTL_FAULTS;
}

static ctl_exit_e take_and_verify(job_t *job)
{
    ctl_exit_e result = take_file(job, CTL_BACKUP_DATABASE, job->incoming.database);

    if (result == CTL_DONE)
        result = take_file(job, CTL_BACKUP_HEAD, job->incoming.head);
    if (result == CTL_DONE)
        result = ctl_backup_examine(&job->report, &job->backup, job->incoming.database, job->incoming.head,
                                    job->pins.key);
    if (result == CTL_DONE && job->pins.ledger_id_known &&
        !civ_digest_equal(&job->pins.ledger_id, &job->report.ledger_id)) {
        ctl_report_fault(&job->report, 0, "the ledger's id is not the one given");
        result = CTL_FAULTS;
    }
    return result;
}

/* --- what is there already --- */

static int exists(const char *path, int unless_empty)
{
    struct stat info;

    return lstat(path, &info) == 0 && !(unless_empty && S_ISREG(info.st_mode) && info.st_size == 0);
}

static ctl_exit_e may_lose(const job_t *job, const char *what)
{
    if (job->ctl->options->lose_blocks) {
        ctl_note(job->ctl, "%s; it is replaced because of --lose-blocks", what);
        return CTL_DONE;
    }
    ctl_complain("%s; to give up what was acknowledged, say --lose-blocks", what);
    return CTL_REFUSED;
}

/** Whether the backup has a block that was acknowledged. */
static ctl_exit_e compare_block(const job_t *job, const civ_signed_head_t *known, const char *whose)
{
    apr_pool_t *pool = job->ctl->pool;
    const char *fault = NULL;
    apr_status_t status = civ_ledger_compare_signed_head(job->fresh->ledger, known, &fault, pool);

    if (status != APR_SUCCESS)
        return ctl_failed(status, "the backup cannot be read");
    if (fault == NULL)
        return CTL_DONE;
    return may_lose(job, apr_psprintf(pool,
                                      "the backup ends with block %" FMT " and does not have block %" FMT
                                      " (%s), the "
                                      "newest of %s",
                                      job->report.last, known->height,
                                      civ_digest_hex_dup(&known->block_hash, pool), whose));
}

/** The signed head that is there names a block that was acknowledged, whatever has become of the database. */
static ctl_exit_e compare_heads(const job_t *job)
{
    civ_signed_head_t old;
    apr_status_t status;

    if (!exists(job->head, 0))
        return CTL_DONE;
    status = civ_head_file_read(&old, job->head, job->fresh->name, job->fresh->key, job->ctl->pool);
    if (status == APR_SUCCESS)
        return compare_block(job, &old, "the signed head that is there");
    if (job->ctl->options->another_ledger)
        return CTL_DONE;
    return may_lose(job, "the signed head that is there is damaged, or is not this ledger's");
}

static ctl_exit_e compare_ledgers(const job_t *job, civ_offline_t *old)
{
    civ_signed_head_t newest;
    civ_ledger_head_t head;

    if (!civ_digest_equal(&old->ledger_id, &job->fresh->ledger_id)) {
        if (job->ctl->options->another_ledger)
            return CTL_DONE;
        ctl_complain(
            "the ledger that is there is another one (\"%s\", id %s); to replace it, say --another-ledger",
            old->name, civ_digest_hex_dup(&old->ledger_id, job->ctl->pool));
        return CTL_REFUSED;
    }
    if (civ_ledger_read_head(old->ledger, &head, job->ctl->pool) != APR_SUCCESS)
        return may_lose(job, "the end of the ledger that is there cannot be read");
    newest.height = head.height;
    newest.block_hash = head.block_hash;
    return compare_block(job, &newest, "the ledger that is there");
}

static ctl_exit_e compare_databases(const job_t *job, apr_pool_t *pool)
{
    const civ_offline_config_t config = {.database_parameters = job->database, .log = &job->ctl->log};
    const char *error;
    civ_offline_t *old;

    if (!exists(job->database, 1))
        return CTL_DONE;
    if (civ_offline_open(&old, &config, &error, pool) != APR_SUCCESS || old->fault != NULL)
        return may_lose(job, "the database that is there cannot be read as a ledger's");
    return compare_ledgers(job, old);
}

/** Compare what is there with the backup, as it lies in the incoming folder. */
static ctl_exit_e compare(job_t *job)
{
    const civ_offline_config_t config = {.database_parameters = job->incoming.database,
                                         .log = &job->ctl->log};
    ctl_exit_e result = CTL_FAILED;
    const char *error;
    apr_pool_t *pool;

    /* Both databases are closed with this pool. */
    apr_pool_create(&pool, job->ctl->pool);
    if (civ_offline_open(&job->fresh, &config, &error, pool) == APR_SUCCESS) {
        result = compare_databases(job, pool);
        if (result == CTL_DONE)
            result = compare_heads(job);
    } else {
        ctl_complain("%s", error);
    }
    apr_pool_destroy(pool);
    return result;
}

/** See that no server has the database open, and fold its log into it, so that the file is all there is to keep. */
static ctl_exit_e seclude(job_t *job)
{
    civ_store_config_t store;
    apr_pool_t *pool;
    civ_db_t *db;
    apr_status_t status;

    if (!exists(job->database, 1))
        return CTL_DONE;
    apr_pool_create(&pool, job->ctl->pool);
    civ_node_store_config(&store, &job->config, NULL, pool);
    status = civ_db_open(&db, &store, pool);
    if (status == APR_SUCCESS)
        status = civ_db_seclude(db);
    apr_pool_destroy(pool);
    if (status == CIV_EBUSY) {
        ctl_complain("\"%s\" is in use: stop httpd first", job->database);
        return CTL_REFUSED;
    }
    /* What cannot even be opened is put aside as it is, with its log. */
    if (status != APR_SUCCESS)
        ctl_note(job->ctl, "\"%s\" cannot be opened; make sure that httpd is stopped", job->database);
    return CTL_DONE;
}

static ctl_exit_e may_replace(job_t *job)
{
    ctl_exit_e result;

    job->occupied = exists(job->database, 1) || exists(job->head, 0) ||
                    exists(apr_pstrcat(job->ctl->pool, job->database, "-wal", NULL), 0);
    if (!job->occupied)
        return CTL_DONE;
    if (!job->ctl->options->replace) {
        ctl_complain("there is a ledger in \"%s\" already; to put the backup in its place, say --replace",
                     job->config.state_dir);
        return CTL_REFUSED;
    }
    result = compare(job);
    return result == CTL_DONE ? seclude(job) : result;
}

/* --- into place --- */

static apr_status_t put_aside(const job_t *job, const char *path, int move)
{
    const char *slash = strrchr(path, '/');
    const char *to = apr_pstrcat(job->ctl->pool, job->aside, slash, NULL);

    if (!exists(path, 0))
        return APR_SUCCESS;
    if ((move ? rename(path, to) : link(path, to)) != 0)
        return apr_get_os_error();
    return ctl_output_sync_folder_of(to, job->ctl->pool);
}

/** Keep what is there in a folder of its own. */
static ctl_exit_e keep_old(job_t *job)
{
    apr_pool_t *pool = job->ctl->pool;
    char now[CIV_TIMESTAMP_SIZE];
    apr_status_t status = APR_SUCCESS;

    if (!job->occupied)
        return CTL_DONE;
    job->aside = apr_pstrcat(pool, job->config.state_dir, "/replaced-",
                             civ_timestamp_format(now, civ_timestamp_now()), NULL);
    if (mkdir(job->aside, 0700) != 0)
        status = apr_get_os_error();
    if (status == APR_SUCCESS)
        status = put_aside(job, job->database, 0);
    if (status == APR_SUCCESS)
        status = put_aside(job, job->head, 0);
    /* Only where the database could not be opened: a log must never stand beside another database than its own. */
    if (status == APR_SUCCESS)
        status = put_aside(job, apr_pstrcat(pool, job->database, "-wal", NULL), 1);
    if (status == APR_SUCCESS)
        status = put_aside(job, apr_pstrcat(pool, job->database, "-shm", NULL), 1);
    if (status == APR_SUCCESS)
        status = ctl_output_sync_folder_of(job->aside, pool);
    return status == APR_SUCCESS
               ? CTL_DONE
               : ctl_failed(status, "what is there cannot be put aside in \"%s\"", job->aside);
}

static ctl_exit_e place(job_t *job)
{
    apr_status_t status = ctl_incoming_place(&job->incoming, job->occupied);

    job->placed = access(job->incoming.database, F_OK) != 0;
    if (status == APR_SUCCESS && rename(job->incoming.head, job->head) != 0)
        status = apr_get_os_error();
    if (status == APR_SUCCESS)
        status = ctl_output_sync_folder_of(job->head, job->ctl->pool);
    if (status == APR_SUCCESS)
        return CTL_DONE;
    return ctl_failed(status, "the backup cannot be put into its place%s",
                      job->placed ? " completely: repeat the restore before httpd is started" : "");
}

/* --- the key --- */

/* By way of the incoming folder, so that a key is there whole or not at all. */
static apr_status_t take_key(job_t *job, const char *path)
{
    apr_pool_t *pool = job->ctl->pool;
    const char *copy = apr_pstrcat(pool, job->incoming.folder, "/", ctl_backup_names[CTL_BACKUP_KEY], NULL);
    civ_key_t *key;
    apr_status_t status;

    if (job->backup.files[CTL_BACKUP_KEY] < 0)
        return APR_ENOENT;
    if (mkdir(apr_pstrcat(pool, job->config.state_dir, "/keys", NULL), 0700) != 0 && errno != EEXIST)
        return apr_get_os_error();
    if (take_file(job, CTL_BACKUP_KEY, copy) != CTL_DONE)
        return CIV_EINVALID;
    status = civ_key_load(&key, copy, pool);
    return status == APR_SUCCESS ? civ_key_save(key, path, pool) : status;
}

/** The key that is there stays; the backup's is taken where there is none. */
static ctl_exit_e see_to_key(job_t *job)
{
    const char *path = civ_node_key_path(&job->config, job->ctl->pool);
    civ_key_t *key;
    apr_status_t status = civ_key_load(&key, path, job->ctl->pool);

    if (APR_STATUS_IS_ENOENT(status)) {
        status = take_key(job, path);
        if (APR_STATUS_IS_ENOENT(status)) {
            ctl_note(job->ctl, "the ledger's private key is not in the backup: put it back as \"%s\"", path);
            return CTL_DONE;
        }
        if (status == APR_SUCCESS)
            status = civ_key_load(&key, path, job->ctl->pool);
    }
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the key \"%s\" cannot be used", path);
    if (memcmp(civ_public_key_raw(civ_key_public(key)), job->backup.manifest.public_key,
               CIV_KEY_PUBLIC_SIZE) != 0)
        ctl_note(job->ctl, "the key \"%s\" is not this ledger's: it can be read, not appended to", path);
    return CTL_DONE;
}

static ctl_exit_e see_to_network_key(job_t *job)
{
    ctl_backup_file_e which;
    ctl_exit_e result = CTL_DONE;

    for (which = CTL_BACKUP_NETWORK_KEY; which <= CTL_BACKUP_NETWORK_ID && result == CTL_DONE; which++)
        if (job->backup.files[which] >= 0)
            result = take_file(
                job, which,
                apr_pstrcat(job->ctl->pool, job->incoming.folder, "/", ctl_backup_names[which], NULL));
    return result == CTL_DONE ? ctl_network_key_put(job->ctl, &job->config, job->incoming.folder) : result;
}

/* --- all together --- */

static ctl_exit_e restore(job_t *job)
{
    ctl_exit_e result = ctl_incoming_open(&job->incoming, job->database, job->ctl->pool), printed;

    if (result != CTL_DONE)
        return result;
    ctl_report_start(&job->report, job->ctl, "verifying");
    result = take_and_verify(job);
    if (result == CTL_DONE || result == CTL_FAULTS) {
        printed = ctl_report_end(&job->report);
        result = result == CTL_DONE ? printed : result;
    }
    if (result == CTL_DONE)
        result = may_replace(job);
    if (result == CTL_DONE)
        result = see_to_key(job);
    if (result == CTL_DONE)
        result = see_to_network_key(job);
    if (result == CTL_DONE)
        result = keep_old(job);
    if (result == CTL_DONE)
        result = place(job);
    ctl_incoming_close(&job->incoming);
    if (result == CTL_DONE &&
        exists(apr_pstrcat(job->ctl->pool, job->config.state_dir, "/read-only", NULL), 0))
        ctl_note(job->ctl,
                 "an alarm is kept in \"%s/read-only\": remove that file when the matter is settled",
                 job->config.state_dir);
    if (result == CTL_DONE)
        printf("restored: %s%s%s\n", job->database,
               job->aside != NULL ? "; what was there before is in " : "",
               job->aside != NULL ? job->aside : "");
    else if (!job->placed)
        ctl_complain("nothing was restored");
    return result;
}

static ctl_exit_e run(ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    job_t *job = apr_pcalloc(ctl->pool, sizeof(*job));
    const char *path;
    ctl_exit_e result;

    if (options->state == NULL) {
        ctl_complain("restore needs --state DIR");
        return CTL_USAGE;
    }
    job->ctl = ctl;
    job->config = civ_node_defaults;
    job->config.state_dir = options->state;
    job->config.database_parameters = options->database;
    job->database =
        options->database != NULL ? options->database : civ_node_database_path(&job->config, ctl->pool);
    job->head = civ_node_head_path(&job->config, ctl->pool);
    result = ctl_options_path(&path, options->arguments[0], ctl->pool);
    if (result == CTL_DONE)
        result = ctl_pins_read(&job->pins, ctl);
    /* As whoever calls, who may well be the only one who can read his backups. */
    if (result == CTL_DONE)
        result = ctl_backup_open(&job->backup, path, ctl->pool);
    if (result == CTL_DONE)
        result = ctl_place_enter(ctl);
    return result == CTL_DONE ? restore(job) : result;
}

static const char *const options[] = {"state",      "owner",   "database",    "public-key",
                                      "ledger-id",  "replace", "lose-blocks", "another-ledger",
                                      "max-faults", "quiet",   NULL};

const ctl_command_t ctl_command_restore = {
    "restore",
    "DIR",
    1,
    1,
    "Put a backup into a state folder",
    options,
    "The backup is copied to STATE/incoming and verified there, completely, before anything else is touched; "
    "with a fault\n"
    "nothing is restored (exit status 1). Stop httpd first. A ledger that is there already is only replaced "
    "with --replace,\n"
    "and kept in STATE/replaced-TIME. If the backup lacks blocks that were acknowledged, as the ledger that "
    "is there or its\n"
    "signed head say, --lose-blocks is needed as well; for a ledger with another id, --another-ledger. A "
    "refusal (exit\n"
    "status 4) changes nothing.\n",
    run,
};
