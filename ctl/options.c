/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The command line.
 */
#include "options.h"

#include <apr_file_info.h>
#include <apr_getopt.h>
#include <apr_strings.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef enum kind_e { FLAG, TEXT, PATH, NUMBER } kind_e;

typedef struct option_t {
    const char *name;
    kind_e kind;
    size_t field;
    const char *argument; /**< for --help */
    const char *description;
} option_t;

#define FIELD(name) offsetof(ctl_options_t, name)

static const option_t table[] = {
    {"another-ledger", FLAG, FIELD(another_ledger), NULL, "replace a ledger by another one"},
    {"backup", PATH, FIELD(backup), "DIR", "a backup, as \"civarcosctl backup\" makes it"},
    {"block-hash", TEXT, FIELD(block_hash), "HASH", "hash of the block that is voted on, in hex or base64"},
    {"body", TEXT, FIELD(body), "FILE", "the content of the request; \"-\" is standard input"},
    {"config", PATH, FIELD(config), "FILE", "the file that a worker of one's own is started with"},
    {"content-type", TEXT, FIELD(content_type), "TYPE", "media type of the content (application/json)"},
    {"created", NUMBER, FIELD(created), "SECONDS", "sign as of this time, in seconds since 1970 (now)"},
    {"curl", FLAG, FIELD(curl), NULL, "print a command for a shell"},
    {"database", TEXT, FIELD(database), "PARAMETERS",
     "connection of the database, as in CivarcosDatabase (STATE/civarcos.db)"},
    {"decision", TEXT, FIELD(decision), "accept|reject", "the vote"},
    {"difficulty", NUMBER, FIELD(difficulty), "BITS", "difficulty of the first blocks (8)"},
    {"driver", TEXT, FIELD(driver), "NAME", "apr_dbd's driver of the database (sqlite3)"},
    {"egress-allow", TEXT, FIELD(egress_allow), "PLACES",
     "where else may be connected to, as in CivarcosEgressAllow; separated by spaces or commas"},
    {"egress-plain-http", FLAG, FIELD(egress_plain_http), NULL, "as CivarcosEgressPlainHttp On"},
    {"from", NUMBER, FIELD(from), "N", "the first block (0)"},
    {"height", NUMBER, FIELD(height), "N", "height of the block that is voted on, or that must be there"},
    {"help", FLAG, FIELD(help), NULL, "show this text"},
    {"idempotency-key", TEXT, FIELD(idempotency_key), "KEY", "covered by the signature as well"},
    {"json", FLAG, FIELD(json), NULL, "print the result as one JSON object"},
    {"key", PATH, FIELD(key), "FILE", "a private key in PEM"},
    {"key-id", FLAG, FIELD(key_id), NULL, "print the id of a key that is there (RFC 7638)"},
    {"ledger-id", TEXT, FIELD(ledger_id), "HEX", "the id that the ledger must have"},
    {"lose-blocks", FLAG, FIELD(lose_blocks), NULL, "go back behind blocks that were acknowledged"},
    {"max-faults", NUMBER, FIELD(max_faults), "N", "stop after this many faults (1000)"},
    {"method", TEXT, FIELD(method), "METHOD", "of the request (POST with --body, else GET)"},
    {"min-validators", NUMBER, FIELD(min_validators), "N", "written into the first block (3)"},
    {"mirror", FLAG, FIELD(mirror), NULL, "import although this host's key is not the ledger's"},
    {"name", TEXT, FIELD(name), "NAME", "name of the ledger"},
    {"new-key", TEXT, FIELD(new_key), "FILE|PEM|BASE64",
     "the public key that follows: SPKI PEM, or 32 bytes"},
    {"organization", TEXT, FIELD(organization), "ID", "the organisation's id in the federation"},
    {"owner", TEXT, FIELD(owner), "USER", "as root: the account that the state folder is made for"},
    {"platform", TEXT, FIELD(platform), "NAME",
     "github, gitlab, bitbucket, azure_devops, jenkins, circle_ci"},
    {"prepare", FLAG, FIELD(prepare), NULL, "make the new key, and seal nothing with it yet"},
    {"project", TEXT, FIELD(project), "ID", "the project, as the platform calls it"},
    {"public", FLAG, FIELD(public_half), NULL, "print the public half of a key that is there"},
    {"public-key", TEXT, FIELD(public_key), "FILE|BASE64", "the ledger's public key: SPKI PEM, or 32 bytes"},
    {"quiet", FLAG, FIELD(quiet), NULL, "no progress, no notes"},
    {"replace", FLAG, FIELD(replace), NULL, "put the backup in place of the ledger that is there"},
    {"set-hash", TEXT, FIELD(set_hash), "HASH", "validator_set_hash of that block, in hex or base64"},
    {"signed-head", PATH, FIELD(signed_head), "FILE", "a signed head that was kept: its block must be there"},
    {"since", TEXT, FIELD(since), "TIME", "read again from here on: a date, or a time of RFC 3339"},
    {"state", PATH, FIELD(state), "DIR", "the state folder, as in CivarcosStateDir"},
    {"to", NUMBER, FIELD(to), "N", "the last block (the newest)"},
    {"url", TEXT, FIELD(url), "URL", "where the request is going to be sent"},
    {"with-key", FLAG, FIELD(with_key), NULL, "take the private keys along"},
};

#define COUNT (sizeof(table) / sizeof(table[0]))

/* Options have no letters; these numbers stand for them. */
#define FIRST_NUMBER 300

static int takes(const ctl_command_t *command, const char *name)
{
    const char *const *one;

    for (one = command->options; *one != NULL; one++)
        if (strcmp(*one, name) == 0)
            return 1;
    return strcmp(name, "help") == 0;
}

static const apr_getopt_option_t *make_getopt_table(const ctl_command_t *command, apr_pool_t *pool)
{
    apr_getopt_option_t *options = apr_pcalloc(pool, (COUNT + 1) * sizeof(*options));
    unsigned i, count = 0;

    for (i = 0; i < COUNT; i++) {
        if (!takes(command, table[i].name))
            continue;
        options[count].name = table[i].name;
        options[count].optch = FIRST_NUMBER + (int)i;
        options[count++].has_arg = table[i].kind != FLAG;
    }
    return options;
}

static void *field_of(ctl_options_t *options, const option_t *option)
{
    return (char *)options + option->field;
}

static ctl_exit_e set_number(ctl_options_t *options, const option_t *option, const char *text)
{
    apr_int64_t *number = field_of(options, option);
    char *end;

    errno = 0;
    *number = apr_strtoi64(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0)
        return CTL_DONE;
    ctl_complain("--%s takes a number, not \"%s\"", option->name, text);
    return CTL_USAGE;
}

/* Absolute, because where we stand may not be readable for the account that we become. */
ctl_exit_e ctl_options_path(const char **path, const char *given, apr_pool_t *pool)
{
    char *merged;
    apr_status_t status = apr_filepath_merge(&merged, NULL, given, APR_FILEPATH_NOTRELATIVE, pool);
    apr_size_t length;

    if (status != APR_SUCCESS || given[0] == '\0') {
        ctl_complain("\"%s\" is no path", given);
        return CTL_USAGE;
    }
    for (length = strlen(merged); length > 1 && merged[length - 1] == '/'; length--)
        merged[length - 1] = '\0';
    *path = merged;
    return CTL_DONE;
}

static ctl_exit_e set(ctl_options_t *options, int number, const char *text, apr_pool_t *pool)
{
    const option_t *option = &table[number - FIRST_NUMBER];

    switch (option->kind) {
    case FLAG:
        *(int *)field_of(options, option) = 1;
        return CTL_DONE;
    case NUMBER:
        return set_number(options, option, text);
    case PATH:
        return ctl_options_path(field_of(options, option), text, pool);
    default:
        *(const char **)field_of(options, option) = text;
        return CTL_DONE;
    }
}

static void be_silent(void *baton, const char *format, ...)
{
    (void)baton;
    (void)format;
}

static ctl_exit_e read_all(ctl_options_t *options, const ctl_command_t *command, apr_getopt_t *getopt,
                           apr_pool_t *pool)
{
    const apr_getopt_option_t *wanted = make_getopt_table(command, pool);
    const char *text;
    int number;
    apr_status_t status;

    for (;;) {
        int at = getopt->ind;

        status = apr_getopt_long(getopt, wanted, &number, &text);
        if (status == APR_EOF)
            return CTL_DONE;
        if (status == APR_BADARG) {
            ctl_complain("%s needs a value", getopt->argv[at]);
            return CTL_USAGE;
        }
        if (status != APR_SUCCESS) {
            ctl_complain("\"%s\" is not understood; see \"civarcosctl %s --help\"",
                         at < getopt->argc ? getopt->argv[at] : "", command->name);
            return CTL_USAGE;
        }
        if (set(options, number, text, pool) != CTL_DONE)
            return CTL_USAGE;
    }
}

/* To apr_getopt a lone "-" is an option without a name. Here it is an argument: standard input or output. */
#define DASH "\1-"

static const char **without_dashes(int argc, const char *const *argv, apr_pool_t *pool)
{
    const char **copy = apr_pmemdup(pool, argv, ((apr_size_t)argc + 1) * sizeof(*argv));
    int i;

    for (i = 0; i < argc; i++)
        if (strcmp(copy[i], "-") == 0)
            copy[i] = DASH;
    return copy;
}

static const char *const *with_dashes(const char **arguments, int count)
{
    int i;

    for (i = 0; i < count; i++)
        if (strcmp(arguments[i], DASH) == 0)
            arguments[i] = "-";
    return arguments;
}

ctl_exit_e ctl_options_read(ctl_options_t *options, const ctl_command_t *command, int argc,
                            const char *const *argv, apr_pool_t *pool)
{
    apr_getopt_t *getopt;

    memset(options, 0, sizeof(*options));
    options->from = options->to = options->height = options->difficulty = options->min_validators = -1;
    options->created = -1;
    options->max_faults = 1000;
    if (apr_getopt_init(&getopt, pool, argc, without_dashes(argc, argv, pool)) != APR_SUCCESS)
        return CTL_USAGE;
    getopt->interleave = 1;
    getopt->errfn = be_silent;
    if (read_all(options, command, getopt, pool) != CTL_DONE)
        return CTL_USAGE;
    options->argument_count = argc - getopt->ind;
    options->arguments = with_dashes(getopt->argv + getopt->ind, options->argument_count);
    if (options->help)
        return CTL_DONE;
    if (options->argument_count < command->least || options->argument_count > command->most) {
        ctl_complain("usage: civarcosctl %s [options] %s; see \"civarcosctl %s --help\"", command->name,
                     command->arguments, command->name);
        return CTL_USAGE;
    }
    return CTL_DONE;
}

void ctl_options_help(const ctl_command_t *command)
{
    unsigned i;

    printf("usage: civarcosctl %s [options] %s\n\n%s.\n\n%s\n", command->name, command->arguments,
           command->summary, command->details);
    for (i = 0; i < COUNT; i++) {
        char left[64];

        if (!takes(command, table[i].name))
            continue;
        apr_snprintf(left, sizeof(left), "--%s%s%s", table[i].name, table[i].kind != FLAG ? " " : "",
                     table[i].kind != FLAG ? table[i].argument : "");
        printf("  %-26s  %s\n", left, table[i].description);
    }
}
