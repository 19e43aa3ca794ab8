/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl import: from an export to a ledger that can be served.
 */
#include <apr_strings.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "examine.h"
#include "incoming.h"
#include "ledger/import.h"
#include "options.h"
#include "place.h"
#include "verify_export.h"

typedef struct job_t {
    ctl_t *ctl;
    civ_node_config_t config;
    ctl_pins_t pins;
    ctl_lines_t *lines;
    ctl_incoming_t incoming;
    ctl_report_t report; /**< of reading the export */
    civ_verifier_t verifier;
    civ_import_t *import;
    civ_block_t newest; /**< header, hash and signature of it; its entries are gone */
    int mirror;         /**< there is no key to append with */
} job_t;

/* --- the key --- */

/** The state folder's key decides whether the ledger can be appended to. */
static ctl_exit_e look_at_key(job_t *job)
{
    const char *path = civ_node_key_path(&job->config, job->ctl->pool);
    civ_key_t *key;
    apr_status_t status = civ_key_load(&key, path, job->ctl->pool);

    if (APR_STATUS_IS_ENOENT(status)) {
        job->mirror = 1;
        return CTL_DONE;
    }
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the key \"%s\" cannot be used", path);
    job->mirror = job->ctl->options->mirror;
    if (job->mirror)
        return CTL_DONE;
    if (job->pins.key != NULL && memcmp(civ_public_key_raw(job->pins.key),
                                        civ_public_key_raw(civ_key_public(key)), CIV_KEY_PUBLIC_SIZE) != 0) {
        ctl_complain(
            "\"%s\" is not the private half of --public-key; without it only a mirror can be made: --mirror",
            path);
        return CTL_REFUSED;
    }
    if (job->pins.key == NULL)
        job->pins.key_from_state = 1;
    job->pins.key = civ_key_public(key);
    return CTL_DONE;
}

/* --- from lines to rows --- */

static apr_status_t take_block(void *baton, const civ_block_t *block, apr_pool_t *pool)
{
    job_t *job = baton;

    job->newest = *block;
    job->newest.entries = NULL;
    return civ_import_block(job->import, block, pool);
}

static apr_status_t fill_tables(job_t *job, civ_db_t *db, apr_pool_t *pool)
{
    apr_status_t status = civ_import_begin(&job->import, db, pool);

    if (status == APR_SUCCESS)
        status = ctl_export_walk(&job->report, &job->verifier, job->lines, &job->pins, -1, take_block, job);
    if (status == APR_SUCCESS && job->report.faults == 0)
        status = civ_import_finish(job->import, &job->verifier, pool);
    civ_db_rollback(db);
    return status;
}

/* The file is made here, never by the way of opening a database. */
static apr_status_t make_file(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (file < 0)
        return apr_get_os_error();
    close(file);
    return APR_SUCCESS;
}

static ctl_exit_e read_export(job_t *job)
{
    civ_node_config_t config = {.state_dir = job->config.state_dir,
                                .database_parameters = job->incoming.database};
    civ_store_config_t store;
    apr_pool_t *pool;
    civ_db_t *db;
    apr_status_t status;

    /* The database is closed with this pool, and so in one piece. */
    apr_pool_create(&pool, job->ctl->pool);
    civ_node_store_config(&store, &config, &job->ctl->log, pool);
    status = make_file(job->incoming.database);
    if (status == APR_SUCCESS)
        status = civ_node_upgrade_schema(&store, pool);
    if (status == APR_SUCCESS)
        status = civ_db_open(&db, &store, pool);
    if (status == APR_SUCCESS)
        status = fill_tables(job, db, pool);
    apr_pool_destroy(pool);
    if (status != APR_SUCCESS && status != APR_EOF) {
        ctl_progress_hide(&job->report.progress);
        return ctl_failed(status, "the import is given up, nothing was changed");
    }
    return job->report.faults == 0 ? CTL_DONE : CTL_FAULTS;
}

/** What was written is read back and validated, indexes and all. */
static ctl_exit_e read_back(job_t *job)
{
    ctl_report_t report;
    ctl_exit_e result;

    ctl_progress_end(&job->report.progress);
    ctl_report_start(&report, job->ctl, "validating");
    result =
        ctl_examine_file(&report, job->incoming.database, NULL, job->verifier.ledger_name, job->verifier.key);
    ctl_progress_end(&report.progress);
    job->report.faults += report.faults;
    if (result == CTL_DONE && (report.blocks != job->report.blocks ||
                               !civ_digest_equal(&report.newest, &job->verifier.previous_hash))) {
        ctl_complain("what was written is not what was read");
        return CTL_FAILED;
    }
    return result;
}

static ctl_exit_e put_in_place(job_t *job)
{
    apr_status_t status = ctl_incoming_place(&job->incoming, 0);

    if (status != APR_SUCCESS)
        return ctl_failed(status, "the import is given up, nothing was changed");
    status = civ_head_file_write(civ_node_head_path(&job->config, job->ctl->pool), &job->newest,
                                 job->verifier.ledger_name, job->ctl->pool);
    if (status != APR_SUCCESS)
        return ctl_failed(
            status, "the ledger is complete and in its place, but its signed head could not be written");
    return CTL_DONE;
}

static ctl_exit_e finish(job_t *job, ctl_exit_e result)
{
    ctl_exit_e printed;

    ctl_incoming_close(&job->incoming);
    if (result == CTL_FAILED)
        return result;
    if (job->pins.key == NULL && !job->pins.ledger_id_known)
        ctl_report_not_checked(&job->report,
                               "who made this export: compare the ledger's id with what you know");
    job->report.progress.wanted = 0;
    printed = ctl_report_end(&job->report);
    if (result != CTL_DONE || printed != CTL_DONE) {
        ctl_complain("nothing was imported");
        return result != CTL_DONE ? result : printed;
    }
    fprintf(job->ctl->options->json ? stderr : stdout, "imported: %s%s\n", job->incoming.target,
            job->mirror ? "; a mirror, that cannot be appended to: the ledger's key is not here" : "");
    return CTL_DONE;
}

static ctl_exit_e import(job_t *job)
{
    ctl_exit_e result = ctl_place_is_free(&job->config, job->ctl->pool);
    const char *target = job->config.database_parameters != NULL
                             ? job->config.database_parameters
                             : civ_node_database_path(&job->config, job->ctl->pool);

    if (result == CTL_DONE)
        result = look_at_key(job);
    if (result == CTL_DONE)
        result = ctl_incoming_open(&job->incoming, target, job->ctl->pool);
    if (result != CTL_DONE)
        return result;
    ctl_report_start(&job->report, job->ctl, "importing");
    result = read_export(job);
    if (result == CTL_DONE)
        result = read_back(job);
    if (result == CTL_DONE)
        result = put_in_place(job);
    return finish(job, result);
}

static ctl_exit_e run(ctl_t *ctl)
{
    const ctl_options_t *options = ctl->options;
    job_t *job = apr_pcalloc(ctl->pool, sizeof(*job));
    ctl_exit_e result;
    apr_status_t status;

    if (options->state == NULL) {
        ctl_complain("import needs --state DIR");
        return CTL_USAGE;
    }
    job->ctl = ctl;
    job->config.state_dir = options->state;
    job->config.database_parameters = options->database;
    result = ctl_pins_read(&job->pins, ctl);
    if (result != CTL_DONE)
        return result;
    /* As whoever calls: what he may read, he may import. */
    status = ctl_lines_open(&job->lines, options->arguments[0], ctl->pool);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "\"%s\" cannot be read", options->arguments[0]);
    result = ctl_place_enter(ctl);
    return result == CTL_DONE ? import(job) : result;
}

static const char *const options[] = {"state",     "owner",       "database", "name",       "public-key",
                                      "ledger-id", "signed-head", "height",   "max-faults", "json",
                                      "mirror",    "quiet",       NULL};

const ctl_command_t ctl_command_import = {
    "import",
    "FILE",
    1,
    1,
    "Make a ledger from an export",
    options,
    "Reads an export (\"-\": standard input) into a state folder that has no ledger. Everything is verified "
    "first, as\n"
    "\"verify\" does; the tables are built in STATE/incoming, validated, and get their name in one step. "
    "With the slightest\n"
    "fault nothing is imported (exit status 1). To append to the ledger later its private key must lie in\n"
    "STATE/keys/ledger.pem; else the result is a mirror that can be read, verified and exported.\n",
    run,
};
