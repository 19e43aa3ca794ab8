/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Verifying an export.
 */
#include "verify_export.h"

#include <apr_strings.h>
#include <string.h>

#include "options.h"

#define FMT APR_UINT64_T_FMT

typedef struct walk_t {
    ctl_report_t *report;
    civ_verifier_t *verifier;
    ctl_lines_t *lines;
    const ctl_pins_t *pins;
    civ_signed_head_t kept; /**< --signed-head, once block 0 has said whose signature it must bear */
    int kept_known, kept_met;
    int policy_lost;  /**< a line that could not be read may have changed the difficulty */
    apr_int64_t last; /**< --to, or -1 */
    apr_pool_t *pool; /**< for a line */
} walk_t;

static apr_status_t take_fault(void *baton, apr_uint64_t height, const char *text)
{
    return ctl_report_fault(baton, height, text);
}

/** A line that is no block: what follows is judged by itself. */
static apr_status_t pass_over(walk_t *walk, const char *what)
{
    civ_verifier_t *v = walk->verifier;
    apr_status_t status = ctl_report_fault(walk->report, v->next_height, what);

    v->frontier_lost = 1;
    walk->policy_lost = v->next_height > 0;
    if (status == APR_SUCCESS)
        status = civ_verifier_begin(v, v->next_height, NULL, NULL, NULL, walk->pool);
    return status == APR_SUCCESS ? civ_verifier_end(v) : status;
}

static apr_status_t check_ledger_id(walk_t *walk)
{
    civ_verifier_t *v = walk->verifier;

    if (v->next_height != 1 || !walk->pins->ledger_id_known ||
        (v->ledger_known && civ_digest_equal(&v->ledger_id, &walk->pins->ledger_id)))
        return APR_SUCCESS;
    return ctl_report_faultf(walk->report, 0, "the ledger's id is %s, not the one given",
                             v->ledger_known ? civ_digest_hex_dup(&v->ledger_id, walk->pool) : "not known");
}

static apr_status_t read_signed_head(walk_t *walk)
{
    const char *path = walk->report->ctl->options->signed_head;
    const civ_verifier_t *v = walk->verifier;
    apr_status_t status = CIV_EINTEGRITY;

    if (v->next_height != 1 || path == NULL)
        return APR_SUCCESS;
    if (v->ledger_name != NULL && v->key != NULL)
        status = civ_head_file_read(&walk->kept, path, v->ledger_name, v->key, walk->pool);
    walk->kept_known = status == APR_SUCCESS;
    if (status == CIV_EINTEGRITY)
        return ctl_report_fault(walk->report, 0,
                                "the signed head given does not bear the signature of this ledger's key");
    if (status != APR_SUCCESS)
        ctl_failed(status, "the signed head \"%s\" cannot be read", path);
    return status;
}

static void meet_signed_head(walk_t *walk)
{
    const civ_verifier_t *v = walk->verifier;

    if (walk->kept_known && v->previous_known && v->next_height == walk->kept.height + 1)
        walk->kept_met = civ_digest_equal(&v->previous_hash, &walk->kept.block_hash);
}

static apr_status_t take_line(walk_t *walk, const char *line, apr_size_t length, civ_block_t **block)
{
    civ_problem_t problem;
    apr_status_t status = civ_export_read(block, line, length, &problem, walk->pool);

    if (status == CIV_EINVALID) {
        *block = NULL;
        return pass_over(walk, apr_psprintf(walk->pool, "its line is no block: %s", problem.detail));
    }
    if (status == APR_SUCCESS && walk->policy_lost) {
        walk->verifier->difficulty = (*block)->header.difficulty;
        walk->policy_lost = 0;
    }
    if (status == APR_SUCCESS)
        status = civ_export_verify_line(walk->verifier, *block, walk->pool);
    if (status == APR_SUCCESS)
        status = check_ledger_id(walk);
    if (status == APR_SUCCESS)
        status = read_signed_head(walk);
    meet_signed_head(walk);
    return status;
}

/** The progress of a file of a known size is that of its bytes, told in blocks. */
static apr_status_t tell(walk_t *walk)
{
    const ctl_lines_t *lines = walk->lines;
    apr_uint64_t done = walk->report->blocks, total = 0;

    if (lines->size > 0 && lines->read > 0)
        total = (apr_uint64_t)((double)done * (double)lines->size / (double)lines->read);
    return ctl_progress_tell(&walk->report->progress, done, total);
}

static apr_status_t walk_lines(walk_t *walk, ctl_export_block_fn each, void *baton)
{
    civ_verifier_t *v = walk->verifier;
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && (walk->last < 0 || v->next_height <= (apr_uint64_t)walk->last)) {
        civ_block_t *block = NULL;
        const char *line;
        apr_size_t length;
        int whole;

        status = ctl_lines_next(walk->lines, &line, &length, CIV_EXPORT_LINE_SIZE, &whole);
        if (status == APR_ENOSPC)
            return ctl_report_fault(walk->report, v->next_height, "its line is longer than a block can be");
        if (status == APR_EOF)
            return APR_SUCCESS;
        if (status == APR_SUCCESS)
            status = whole ? take_line(walk, line, length, &block)
                           : pass_over(walk, "its line is cut off: the export is not complete");
        if (status == APR_SUCCESS && each != NULL && block != NULL && walk->report->faults == 0)
            status = each(baton, block, walk->pool);
        walk->report->blocks++;
        if (status == APR_SUCCESS)
            status = tell(walk);
        apr_pool_clear(walk->pool);
    }
    return status;
}

/** Whether all is there that should be. With --to the end was left out on purpose. */
static apr_status_t compare_end(walk_t *walk)
{
    const civ_verifier_t *v = walk->verifier;
    apr_int64_t wanted = walk->report->ctl->options->height;
    apr_uint64_t newest = v->next_height > 0 ? v->next_height - 1 : 0;
    apr_status_t status = APR_SUCCESS;

    if (walk->kept_known && walk->kept.height < v->next_height && !walk->kept_met)
        status = ctl_report_fault(walk->report, walk->kept.height,
                                  "this block is another one than the signed head names");
    if (walk->last >= 0 || status != APR_SUCCESS)
        return status;
    if (walk->kept_known && walk->kept.height > newest)
        status = ctl_report_faultf(walk->report, newest,
                                   "the export ends here, but the signed head names block %" FMT
                                   ": it is cut short",
                                   walk->kept.height);
    if (status == APR_SUCCESS && wanted >= 0 && newest < (apr_uint64_t)wanted)
        status = ctl_report_faultf(walk->report, newest,
                                   "the export ends here, not at block %" APR_INT64_T_FMT ": it is cut short",
                                   wanted);
    return status;
}

static void fill_report(ctl_report_t *report, const civ_verifier_t *v)
{
    report->last = v->next_height > 0 ? v->next_height - 1 : 0;
    report->newest = v->previous_hash;
    report->newest_known = v->previous_known;
    report->name = v->ledger_name;
    report->ledger_id = v->ledger_id;
    report->ledger_id_known = v->ledger_known;
    report->key = v->key;
}

apr_status_t ctl_export_walk(ctl_report_t *report, civ_verifier_t *verifier, ctl_lines_t *lines,
                             const ctl_pins_t *pins, apr_int64_t last, ctl_export_block_fn each, void *baton)
{
    walk_t walk = {.report = report, .verifier = verifier, .lines = lines, .pins = pins, .last = last};
    apr_status_t status;

    apr_pool_create(&walk.pool, report->ctl->pool);
    civ_verifier_init(verifier, pins->name, pins->key, take_fault, report, report->ctl->pool);
    status = walk_lines(&walk, each, baton);
    if (status == APR_SUCCESS && report->blocks == 0)
        status = ctl_report_fault(report, 0, "the export holds no block");
    if (status == APR_SUCCESS)
        status = compare_end(&walk);
    fill_report(report, verifier);
    apr_pool_destroy(walk.pool);
    return status;
}

static void say_what_was_not_checked(ctl_report_t *report, const ctl_pins_t *pins)
{
    const ctl_options_t *options = report->ctl->options;

    if (pins->key == NULL && !pins->ledger_id_known)
        ctl_report_not_checked(
            report, "who made this export: anybody can make a chain that is sound in itself; compare the "
                    "ledger's id with what you know, or give --public-key or --ledger-id");
    if (options->signed_head == NULL && options->height < 0)
        ctl_report_not_checked(report,
                               "whether blocks are missing at its end: give --signed-head or --height");
}

ctl_exit_e ctl_export_verify(ctl_t *ctl, const char *path)
{
    const ctl_options_t *options = ctl->options;
    civ_verifier_t verifier;
    ctl_report_t report;
    ctl_lines_t *lines;
    ctl_pins_t pins;
    ctl_exit_e result;
    apr_status_t status;

    if (options->from > 0) {
        ctl_complain("--from: an export can only be verified from its first block on");
        return CTL_USAGE;
    }
    result = ctl_pins_read(&pins, ctl);
    if (result != CTL_DONE)
        return result;
    status = ctl_lines_open(&lines, path, ctl->pool);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "\"%s\" cannot be read", path);
    ctl_report_start(&report, ctl, "verifying");
    status = ctl_export_walk(&report, &verifier, lines, &pins, options->to, NULL, NULL);
    if (status != APR_SUCCESS && status != APR_EOF) {
        ctl_progress_hide(&report.progress);
        return ctl_failed(status, "\"%s\" cannot be read to its end", lines->name);
    }
    say_what_was_not_checked(&report, &pins);
    return ctl_report_end(&report);
}
