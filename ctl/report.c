/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Reporting what a verification found.
 */
#include "report.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "options.h"

#define FMT APR_UINT64_T_FMT

void ctl_report_start(ctl_report_t *report, const ctl_t *ctl, const char *what)
{
    memset(report, 0, sizeof(*report));
    report->ctl = ctl;
    ctl_progress_start(&report->progress, ctl, what, "blocks");
    civ_buffer_init(&report->json_faults, 256, ctl->pool);
    civ_json_writer_init(&report->writer, &report->json_faults);
    civ_json_begin_array(&report->writer);
}

apr_status_t ctl_report_fault(ctl_report_t *report, apr_uint64_t block, const char *text)
{
    report->faults++;
    if (report->ctl->options->json) {
        civ_json_begin_object(&report->writer);
        civ_json_member_uint(&report->writer, "block", block);
        civ_json_member_text(&report->writer, "fault", text);
        civ_json_end_object(&report->writer);
    } else {
        apr_pool_t *pool;

        apr_pool_create(&pool, report->ctl->pool);
        ctl_progress_hide(&report->progress);
        printf("fault: block %" FMT ": %s\n", block, ctl_printable(text, pool));
        apr_pool_destroy(pool);
    }
    if (report->faults < (apr_uint64_t)report->ctl->options->max_faults)
        return APR_SUCCESS;
    report->cut = 1;
    return APR_EOF;
}

apr_status_t ctl_report_faultf(ctl_report_t *report, apr_uint64_t block, const char *format, ...)
{
    char text[1000];
    va_list arguments;

    va_start(arguments, format);
    apr_vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return ctl_report_fault(report, block, text);
}

void ctl_report_not_checked(ctl_report_t *report, const char *sentence)
{
    unsigned i;

    for (i = 0; i + 1 < sizeof(report->not_checked) / sizeof(report->not_checked[0]); i++)
        if (report->not_checked[i] == NULL) {
            report->not_checked[i] = sentence;
            return;
        }
}

static void print_json(ctl_report_t *report)
{
    apr_pool_t *pool = report->ctl->pool;
    civ_json_writer_t writer;
    civ_buffer_t out;
    int i;

    civ_json_end_array(&report->writer);
    civ_buffer_init(&out, 1024, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "result", report->faults == 0 ? "intact" : "faulty");
    civ_json_member_text(&writer, "ledger", report->name);
    civ_json_member_text(&writer, "ledger_id",
                         report->ledger_id_known ? civ_digest_hex_dup(&report->ledger_id, pool) : NULL);
    civ_json_member_text(&writer, "public_key",
                         report->key != NULL
                             ? civ_base64_encode(civ_public_key_raw(report->key), CIV_KEY_PUBLIC_SIZE, pool)
                             : NULL);
    civ_json_member_uint(&writer, "first_block", report->first);
    civ_json_member_uint(&writer, "last_block", report->last);
    civ_json_member_uint(&writer, "blocks", report->blocks);
    civ_json_member_text(&writer, "newest_hash",
                         report->newest_known ? civ_digest_hex_dup(&report->newest, pool) : NULL);
    civ_json_member_uint(&writer, "fault_count", report->faults);
    civ_json_member_bool(&writer, "complete", !report->cut);
    civ_json_name(&writer, "faults");
    civ_json_raw(&writer, report->json_faults.data, report->json_faults.length);
    civ_json_name(&writer, "not_checked");
    civ_json_begin_array(&writer);
    for (i = 0; report->not_checked[i] != NULL; i++)
        civ_json_text(&writer, report->not_checked[i]);
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
    fwrite(out.data, 1, out.length, stdout);
    fputc('\n', stdout);
}

static void print_text(const ctl_report_t *report)
{
    apr_pool_t *pool = report->ctl->pool;
    int i;

    for (i = 0; report->not_checked[i] != NULL; i++)
        printf("not checked: %s\n", report->not_checked[i]);
    printf("result: %s; blocks %" FMT " to %" FMT ", %" FMT " read, %" FMT " fault%s%s",
           report->faults == 0 ? "intact" : "faulty", report->first, report->last, report->blocks,
           report->faults, report->faults == 1 ? "" : "s", report->cut ? ", given up" : "");
    if (report->newest_known)
        printf("; newest block %s", civ_digest_hex_dup(&report->newest, pool));
    if (report->name != NULL && report->ledger_id_known)
        printf("; ledger \"%s\", id %s", ctl_printable(report->name, pool),
               civ_digest_hex_dup(&report->ledger_id, pool));
    putchar('\n');
}

ctl_exit_e ctl_report_end(ctl_report_t *report)
{
    ctl_progress_end(&report->progress);
    if (report->ctl->options->json)
        print_json(report);
    else
        print_text(report);
    if (fflush(stdout) != 0 || ferror(stdout))
        return ctl_failed(apr_get_os_error(), "standard output cannot be written");
    return report->faults == 0 ? CTL_DONE : CTL_FAULTS;
}
