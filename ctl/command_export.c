/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * civarcosctl export: the bytes that GET /blockchain/export gives, from the database.
 */
#include <apr_strings.h>
#include <string.h>

#include "options.h"
#include "output.h"
#include "progress.h"
#include "target.h"

typedef struct export_t {
    ctl_output_t output;
    ctl_progress_t progress;
    apr_uint64_t first, last;
} export_t;

static apr_status_t write_line(void *baton, const civ_block_t *block, apr_pool_t *pool)
{
    export_t *export = baton;
    civ_buffer_t line;
    apr_status_t status;

    civ_buffer_init(&line, 4096, pool);
    civ_block_write_json(&line, block, pool);
    civ_buffer_append_byte(&line, '\n');
    status = ctl_output_write(&export->output, line.data, line.length);
    if (status != APR_SUCCESS)
        return status;
    return ctl_progress_tell(&export->progress, block->header.height - export->first + 1,
                             export->last - export->first + 1);
}

static ctl_exit_e find_range(export_t *export, const ctl_options_t *options, const civ_offline_t *target,
                             apr_pool_t *pool)
{
    civ_ledger_head_t head;
    apr_status_t status = civ_ledger_read_head(target->ledger, &head, pool);

    if (status != APR_SUCCESS) {
        ctl_failed(status, "the ledger cannot be exported (\"civarcosctl verify\" says more)");
        return status == CIV_EINTEGRITY ? CTL_FAULTS : CTL_FAILED;
    }
    export->first = options->from >= 0 ? (apr_uint64_t)options->from : 0;
    export->last = options->to >= 0 ? (apr_uint64_t)options->to : head.height;
    if (export->last <= head.height && export->first <= export->last)
        return CTL_DONE;
    ctl_complain("the ledger has blocks 0 to %" APR_UINT64_T_FMT, head.height);
    return CTL_USAGE;
}

static ctl_exit_e write_all(export_t *export, ctl_t *ctl, const civ_offline_t *target)
{
    const char *path = ctl->options->argument_count > 0 ? ctl->options->arguments[0] : NULL;
    apr_status_t status = ctl_output_open(&export->output, path, ctl->pool);

    if (APR_STATUS_IS_EEXIST(status)) {
        ctl_complain("\"%s\" is there already; nothing was changed", path);
        return CTL_REFUSED;
    }
    if (status != APR_SUCCESS)
        return ctl_failed(status, "\"%s\" cannot be written", path);
    ctl_progress_start(&export->progress, ctl, "exporting", "blocks");
    status = civ_ledger_walk(target->ledger, export->first, export->last, write_line, export, ctl->pool);
    if (status == APR_SUCCESS)
        status = ctl_output_finish(&export->output);
    if (status == APR_SUCCESS) {
        ctl_progress_end(&export->progress);
        return CTL_DONE;
    }
    ctl_output_abandon(&export->output);
    ctl_progress_hide(&export->progress);
    ctl_failed(status, "the export is not complete (\"civarcosctl verify\" may say more)");
    return status == CIV_EINTEGRITY ? CTL_FAULTS : CTL_FAILED;
}

static ctl_exit_e run(ctl_t *ctl)
{
    civ_offline_t *target;
    export_t export;
    ctl_pins_t pins;
    ctl_exit_e result = ctl_pins_read(&pins, ctl);

    memset(&export, 0, sizeof(export));
    if (result == CTL_DONE)
        result = ctl_target_open(&target, &pins, ctl);
    if (result == CTL_DONE)
        result = find_range(&export, ctl->options, target, ctl->pool);
    return result == CTL_DONE ? write_all(&export, ctl, target) : result;
}

static const char *const options[] = {"state", "driver", "database", "from", "to", "quiet", NULL};

const ctl_command_t ctl_command_export = {
    "export",
    "[FILE]",
    0,
    1,
    "Write the ledger as NDJSON, one block a line",
    options,
    "The bytes are those of GET /blockchain/export. FILE must not exist and appears when it is complete; "
    "without FILE, or\n"
    "with \"-\", standard output is written, and only the exit status says whether it is complete: 0 when it "
    "is, 1 when a\n"
    "block contradicts its own hashes, 3 when something cannot be read or written. As root all is done with "
    "the rights of\n"
    "the owner of the state folder, so where he may not write, let the shell: civarcosctl export ... >FILE\n",
    run,
};
