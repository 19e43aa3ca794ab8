/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Progress.
 */
#include "progress.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "options.h"

#define REDRAW_EVERY apr_time_from_msec(100)
#define LINE_EVERY   apr_time_from_sec(5)
#define BAR_WIDTH    24

#define FMT APR_UINT64_T_FMT

static int is_terminal(void)
{
    const char *kind = getenv("TERM");

    return isatty(STDERR_FILENO) && (kind == NULL || strcmp(kind, "dumb") != 0);
}

void ctl_progress_start(ctl_progress_t *progress, const ctl_t *ctl, const char *what, const char *unit)
{
    memset(progress, 0, sizeof(*progress));
    progress->what = what;
    progress->unit = unit;
    progress->wanted = !ctl->options->quiet;
    progress->terminal = is_terminal();
    progress->started = progress->shown = apr_time_now();
}

/** Units a second since the start. */
static apr_uint64_t rate_of(const ctl_progress_t *progress, apr_time_t now)
{
    apr_time_t took = now - progress->started;

    return took > 0 ? progress->done * APR_USEC_PER_SEC / (apr_uint64_t)took : 0;
}

static void write_rest(char *out, apr_size_t size, const ctl_progress_t *progress, apr_uint64_t rate)
{
    apr_uint64_t left;

    out[0] = '\0';
    if (rate == 0 || progress->total <= progress->done)
        return;
    left = (progress->total - progress->done) / rate + 1;
    if (left < 3600)
        apr_snprintf(out, size, ", %" FMT ":%02d left", left / 60, (int)(left % 60));
    else
        apr_snprintf(out, size, ", %" FMT ":%02d:%02d left", left / 3600, (int)(left / 60 % 60),
                     (int)(left % 60));
}

static void write_text(char *out, apr_size_t size, const ctl_progress_t *progress, apr_time_t now)
{
    apr_uint64_t rate = rate_of(progress, now);
    const char *note = progress->note != NULL ? progress->note : "";
    char rest[48];

    write_rest(rest, sizeof(rest), progress, rate);
    if (progress->total > 0)
        apr_snprintf(out, size, "%3d %%, %" FMT " of %" FMT " %s%s, %" FMT "/s%s",
                     (int)(100.0 * (double)progress->done / (double)progress->total), progress->done,
                     progress->total, progress->unit, note, rate, rest);
    else
        apr_snprintf(out, size, "%" FMT " %s%s, %" FMT "/s", progress->done, progress->unit, note, rate);
}

static void write_bar(char out[BAR_WIDTH + 3], const ctl_progress_t *progress)
{
    int filled = (int)((double)BAR_WIDTH * (double)progress->done / (double)progress->total);

    if (filled > BAR_WIDTH)
        filled = BAR_WIDTH;
    memset(out, '.', BAR_WIDTH + 2);
    memset(out + 1, '#', (size_t)filled);
    out[0] = '[';
    out[BAR_WIDTH + 1] = ']';
    out[BAR_WIDTH + 2] = '\0';
}

static int columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static void draw(ctl_progress_t *progress, apr_time_t now)
{
    char text[240], bar[BAR_WIDTH + 3] = "", line[320];

    write_text(text, sizeof(text), progress, now);
    if (progress->total > 0)
        write_bar(bar, progress);
    apr_snprintf(line, sizeof(line), "%s %s %s", progress->what, bar, text);
    /* A line that wraps could not be drawn over. */
    fprintf(stderr, "\r%.*s\033[K", columns() - 1, line);
    fflush(stderr);
    progress->drawn = 1;
}

apr_status_t ctl_progress_tell(ctl_progress_t *progress, apr_uint64_t done, apr_uint64_t total)
{
    apr_time_t now = apr_time_now();

    progress->done = done;
    progress->total = total > 0 && total < done ? done : total;
    if (progress->wanted && progress->terminal && now - progress->shown >= REDRAW_EVERY) {
        progress->shown = now;
        draw(progress, now);
    } else if (progress->wanted && !progress->terminal && now - progress->shown >= LINE_EVERY) {
        char text[240];

        progress->shown = now;
        write_text(text, sizeof(text), progress, now);
        fprintf(stderr, "%s: %s\n", progress->what, text);
    }
    return ctl_interrupt_signal() != 0 ? CIV_EINTERRUPTED : APR_SUCCESS;
}

void ctl_progress_hide(ctl_progress_t *progress)
{
    if (!progress->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->drawn = 0;
}

void ctl_progress_end(ctl_progress_t *progress)
{
    if (!progress->wanted || !progress->terminal)
        return;
    draw(progress, apr_time_now());
    fputc('\n', stderr);
    progress->drawn = 0;
}
