/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file directives.c
 * Reading the directives. Every setter names the bad value and what would be good.
 */
#include "module.h"

#include "base/canonical.h"
#include "base/message_signature.h"
#include "federation/benchmarks.h"
#include "federation/release.h"
#include "sync/catalogue.h"

#include <http_core.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include <stddef.h>
#include <string.h>

#define MAX_BODY_DEFAULT APR_INT64_C(1048576)
#define MAX_BODY_LEAST   APR_INT64_C(1024)
#define MAX_BODY_MOST    APR_INT64_C(67108864)

/** Nonces are kept for as long, so this is bounded. */
#define SIGNATURE_MOST          apr_time_from_sec(3600)
#define SIGNATURE_BACK_DEFAULT  apr_time_from_sec(300)
#define SIGNATURE_AHEAD_DEFAULT apr_time_from_sec(60)

#define BYTES_MOST           (APR_INT64_C(1) << 50)
#define DATABASE_MAP_DEFAULT (APR_INT64_C(1) << 31)

#define SYNC_WAIT_DEFAULT apr_time_from_sec(30)
#define SYNC_WAIT_MOST    apr_time_from_sec(300)

static const struct {
    const char *directive;
    civ_scope_e scope;
} settings[CIV_SETTING_COUNT] = {
#define CIV_SETTING_FACTS(setting, directive, scope, member) {directive, scope},
    CIV_SETTINGS(CIV_SETTING_FACTS)};

_Static_assert(CIV_SETTING_COUNT <= 8 * sizeof(((civ_server_config_t *)0)->set),
               "each setting has a bit of civ_server_config_t.set");
_Static_assert(sizeof(CIV_SETTING_BIT(0)) == sizeof(((civ_server_config_t *)0)->set),
               "what makes a bit makes every bit of civ_server_config_t.set");

const char *civ_setting_directive(civ_setting_e setting)
{
    return settings[setting].directive;
}

civ_scope_e civ_setting_scope(civ_setting_e setting)
{
    return settings[setting].scope;
}

void *civ_config_create(apr_pool_t *pool, server_rec *server)
{
    civ_server_config_t *config = apr_pcalloc(pool, sizeof(*config));

    (void)server;
    config->values.node = civ_node_defaults;
    config->values.node.database_map = DATABASE_MAP_DEFAULT;
    config->values.max_body = MAX_BODY_DEFAULT;
    config->values.worker = CIV_WORKER_MANAGED;
    config->values.worker_program = CIV_WORKER_PROGRAM;
    config->values.sync_wait = SYNC_WAIT_DEFAULT;
    config->values.signature_back = SIGNATURE_BACK_DEFAULT;
    config->values.signature_ahead = SIGNATURE_AHEAD_DEFAULT;
    return config;
}

/* A virtual host with a state folder is a node of its own: it takes over everything but what tells nodes
 * apart. */
static int is_inherited(civ_setting_e setting, const civ_server_config_t *add)
{
    civ_scope_e scope = settings[setting].scope;
    int is_own = scope == CIV_SCOPE_IDENTITY || scope == CIV_SCOPE_NAME;

    return !(add->set & CIV_SETTING_BIT(setting)) &&
           !(is_own && add->set & CIV_SETTING_BIT(CIV_SETTING_STATE_DIR));
}

void *civ_config_merge(apr_pool_t *pool, void *base_config, void *add_config)
{
    const civ_server_config_t *base = base_config;
    const civ_server_config_t *add = add_config;
    civ_server_config_t *merged = apr_pmemdup(pool, add, sizeof(*add));

#define CIV_SETTING_MERGE(setting, directive, scope, member)                                                 \
    if (is_inherited(CIV_SETTING_##setting, add)) {                                                          \
        merged->values.member = base->values.member;                                                         \
    }
    CIV_SETTINGS(CIV_SETTING_MERGE)
    return merged;
}

/* Remember that and where a setting was given. */
static civ_settings_t *note(cmd_parms *cmd, civ_setting_e setting)
{
    civ_server_config_t *config = civ_server_config(cmd->server);

    config->set |= CIV_SETTING_BIT(setting);
    config->where[setting] =
        apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
    return &config->values;
}

/* A whole number; no sign, no unit. */
static apr_status_t parse_number(apr_int64_t *out, const char *text)
{
    apr_size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits]) {
        return APR_EINVAL;
    }
    *out = apr_atoi64(text);
    return APR_SUCCESS;
}

static const char *number_in(cmd_parms *cmd, const char *text, apr_int64_t least, apr_int64_t most,
                             apr_int64_t *out)
{
    if (parse_number(out, text) != APR_SUCCESS || *out < least || *out > most) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is not a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT,
                            cmd->cmd->name, text, least, most);
    }
    return NULL;
}

/* A length of time with a unit (ms, s, min, h); without one, in @a plain_unit. */
static const char *time_in(cmd_parms *cmd, const char *text, const char *plain_unit,
                           apr_interval_time_t least, apr_interval_time_t most, apr_interval_time_t *out)
{
    if (!apr_isdigit(text[0]) || strspn(text, "0123456789") > 12 ||
        ap_timeout_parameter_parse(text, out, plain_unit) != APR_SUCCESS || *out < least || *out > most) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is not a time from %" APR_TIME_T_FMT " ms to %" APR_TIME_T_FMT
                            " ms (units: ms, s, min, h)",
                            cmd->cmd->name, text, apr_time_as_msec(least), apr_time_as_msec(most));
    }
    return NULL;
}

/* Bytes, with K, M or G for powers of 1024. */
static const char *bytes_in(cmd_parms *cmd, const char *text, apr_int64_t *out)
{
    static const char suffixes[] = "KMG";
    apr_size_t length = strlen(text);
    const char *suffix = length > 1 ? strchr(suffixes, apr_toupper(text[length - 1])) : NULL;
    unsigned shift = suffix ? 10 * (unsigned)(suffix - suffixes + 1) : 0;

    if (parse_number(out, suffix ? apr_pstrmemdup(cmd->pool, text, length - 1) : text) != APR_SUCCESS ||
        *out > BYTES_MOST >> shift) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is not a number of bytes from 0 to 1048576G (suffixes: K, M, G)",
                            cmd->cmd->name, text);
    }
    *out <<= shift;
    return NULL;
}

/** A setting that is one number, and what is allowed for it. */
typedef struct quantity_t {
    civ_setting_e setting;
    enum { PLAIN, TIME, BYTES } kind;
    apr_int64_t least, most;
    const char *plain_unit; /**< of a time without a unit */
    apr_size_t offset;      /**< in civ_settings_t; its size is that of an apr_int64_t or an int */
    apr_size_t size;
} quantity_t;

/* For all directives that set one number; cmd->info says which. */
static const char *set_quantity(cmd_parms *cmd, void *unused, const char *text)
{
    const quantity_t *quantity = cmd->info;
    apr_int64_t value;
    const char *error;
    void *member;

    (void)unused;
    switch (quantity->kind) {
    case TIME:
        error = time_in(cmd, text, quantity->plain_unit, quantity->least, quantity->most, &value);
        break;
    case BYTES:
        error = bytes_in(cmd, text, &value);
        break;
    default:
        error = number_in(cmd, text, quantity->least, quantity->most, &value);
    }
    if (error) {
        return error;
    }
    member = (char *)note(cmd, quantity->setting) + quantity->offset;
    if (quantity->size == sizeof(apr_int64_t)) {
        *(apr_int64_t *)member = value;
    } else {
        *(int *)member = (int)value;
    }
    return NULL;
}

static const char *set_state_dir(cmd_parms *cmd, void *unused, const char *path)
{
    char *full = ap_server_root_relative(cmd->pool, path);
    apr_size_t length;

    (void)unused;
    if (!full) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a path", cmd->cmd->name, path);
    }
    length = strlen(full);
    while (length > 1 && full[length - 1] == '/') {
        full[--length] = '\0';
    }
    if (length <= 1) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is the root of the file system; give it a folder of its own",
                            cmd->cmd->name, path);
    }
    note(cmd, CIV_SETTING_STATE_DIR)->node.state_dir = full;
    return NULL;
}

static const char *set_database(cmd_parms *cmd, void *unused, const char *driver, const char *parameters)
{
    (void)unused;
    if (driver[strspn(driver, "abcdefghijklmnopqrstuvwxyz0123456789")]) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not the name of a database driver: sqlite3 or pgsql",
                            cmd->cmd->name, driver);
    }
    if (parameters && strcmp(driver, "sqlite3") == 0) {
        const char *path = ap_server_root_relative(cmd->pool, parameters);

        if (!path) {
            return apr_psprintf(cmd->pool, "%s: \"%s\" is not a path", cmd->cmd->name, parameters);
        }
        parameters = path;
    }
    note(cmd, CIV_SETTING_DATABASE_DRIVER)->node.database_driver = driver;
    note(cmd, CIV_SETTING_DATABASE_PARAMETERS)->node.database_parameters = parameters;
    return NULL;
}

static const char *set_database_pool(cmd_parms *cmd, void *unused, const char *least, const char *most)
{
    apr_int64_t low = 0;
    apr_int64_t high = 0;
    const char *error = number_in(cmd, least, 0, 1024, &low);

    (void)unused;
    if (!error) {
        error = number_in(cmd, most, 1, 1024, &high);
    }
    if (error) {
        return error;
    }
    if (low > high) {
        return apr_psprintf(cmd->pool, "%s: the least number, %s, is above the greatest, %s", cmd->cmd->name,
                            least, most);
    }
    note(cmd, CIV_SETTING_POOL_MIN)->node.pool_min = (int)low;
    note(cmd, CIV_SETTING_POOL_MAX)->node.pool_max = (int)high;
    return NULL;
}

static const char *set_ledger_name(cmd_parms *cmd, void *unused, const char *name)
{
    const char *byte;
    apr_size_t length = strlen(name);

    (void)unused;
    for (byte = name; *byte > ' ' && *byte < 0x7f; byte++) {
        continue;
    }
    if (*byte || length < 1 || length > 255) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is not 1 to 255 printable ASCII characters without a space",
                            cmd->cmd->name, name);
    }
    note(cmd, CIV_SETTING_LEDGER_NAME)->node.ledger_name = name;
    return NULL;
}

static const char *set_federation_join(cmd_parms *cmd, void *unused, const char *word)
{
    static const char *const words[] = {
        [CIV_JOIN_OPEN] = "open", [CIV_JOIN_SIGNED] = "signed", [CIV_JOIN_CLOSED] = "closed"};
    unsigned i;

    (void)unused;
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(word, words[i]) == 0) {
            note(cmd, CIV_SETTING_FEDERATION_JOIN)->node.federation_join = (civ_join_policy_e)i;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool, "%s: \"%s\" is none of open, signed, closed", cmd->cmd->name, word);
}

/* "2/3". Not more than all, and more than half, since both sides could have decided otherwise. */
static const char *set_federation_threshold(cmd_parms *cmd, void *unused, const char *text)
{
    const char *slash = strchr(text, '/');
    apr_int64_t part;
    apr_int64_t whole;
    civ_fraction_t *fraction;

    (void)unused;
    if (!slash ||
        parse_number(&part, apr_pstrmemdup(cmd->pool, text, (apr_size_t)(slash - text))) != APR_SUCCESS ||
        parse_number(&whole, slash + 1) != APR_SUCCESS || whole > 1000 || part > whole || 2 * part <= whole) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is not a fraction such as 2/3, above one half, with terms up to 1000",
                            cmd->cmd->name, text);
    }
    fraction = &note(cmd, CIV_SETTING_FEDERATION_THRESHOLD)->node.federation_threshold;
    fraction->part = (apr_uint32_t)part;
    fraction->whole = (apr_uint32_t)whole;
    return NULL;
}

/* A decimal number as in JSON, whatever the locale. */
static int read_decimal(cmd_parms *cmd, const char *text, double *value)
{
    static const civ_json_limits_t limits = {.size = 64, .depth = 1, .values = 1, .name_length = 1};
    const civ_json_t *number;

    if (civ_json_parse(&number, text, strlen(text), &limits, NULL, cmd->temp_pool) != APR_SUCCESS ||
        number->type != CIV_JSON_NUMBER) {
        return 0;
    }
    *value = civ_canonical_read_number(number->as.text.text);
    return *value >= -CIV_RELEASE_LARGEST && *value <= CIV_RELEASE_LARGEST;
}

static const char *set_benchmark_bounds(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    civ_metric_bounds_t bounds = {NULL, 0, 0, 0};
    civ_settings_t *values;

    (void)unused;
    if (argc < 3 || argc > 4) {
        return apr_psprintf(cmd->pool,
                            "%s takes a metric, the least and the greatest value, and perhaps a grid",
                            cmd->cmd->name);
    }
    if (!civ_metric_name_is_valid(argv[0])) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not 1 to 64 of A-Z a-z 0-9 _ . -", cmd->cmd->name,
                            argv[0]);
    }
    if (!read_decimal(cmd, argv[1], &bounds.low) || !read_decimal(cmd, argv[2], &bounds.high) ||
        bounds.low >= bounds.high) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" and \"%s\" are not two numbers of which the second is greater",
                            cmd->cmd->name, argv[1], argv[2]);
    }
    if (argc == 4 && (!read_decimal(cmd, argv[3], &bounds.grid) || bounds.grid < 1e-9 ||
                      bounds.grid > bounds.high - bounds.low)) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not a step from 1e-9 to the distance of the bounds",
                            cmd->cmd->name, argv[3]);
    }
    bounds.metric = argv[0];
    values = note(cmd, CIV_SETTING_BENCHMARK_BOUNDS);
    if (!values->node.benchmark_bounds) {
        values->node.benchmark_bounds = apr_array_make(cmd->pool, 4, sizeof(civ_metric_bounds_t));
    }
    APR_ARRAY_PUSH(values->node.benchmark_bounds, civ_metric_bounds_t) = bounds;
    return NULL;
}

/* Called for each word; all of them, of all lines, make the list. */
static const char *set_egress_allow(cmd_parms *cmd, void *unused, const char *entry)
{
    const char *fault = civ_egress_entry_fault(entry, cmd->pool);
    civ_settings_t *values;

    (void)unused;
    if (fault) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" %s", cmd->cmd->name, entry, fault);
    }
    values = note(cmd, CIV_SETTING_EGRESS_ALLOW);
    if (!values->node.egress_allow) {
        values->node.egress_allow = apr_array_make(cmd->pool, 4, sizeof(const char *));
    }
    APR_ARRAY_PUSH(values->node.egress_allow, const char *) = entry;
    return NULL;
}

static const char *set_egress_plain_http(cmd_parms *cmd, void *unused, int on)
{
    (void)unused;
    note(cmd, CIV_SETTING_EGRESS_PLAIN_HTTP)->node.egress_plain_http = on;
    return NULL;
}

static const char *set_sync_ledger(cmd_parms *cmd, void *unused, int on)
{
    (void)unused;
    note(cmd, CIV_SETTING_SYNC_LEDGER)->node.sync_ledger = on;
    return NULL;
}

/* One worker serves all nodes of a server. */
static const char *set_worker(cmd_parms *cmd, void *unused, const char *word, const char *program)
{
    static const char *const words[] = {
        [CIV_WORKER_MANAGED] = "managed", [CIV_WORKER_EXTERNAL] = "external", [CIV_WORKER_OFF] = "off"};
    const char *error = ap_check_cmd_context(cmd, NOT_IN_VIRTUALHOST);
    unsigned i;

    (void)unused;
    if (error) {
        return error;
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]) && strcasecmp(word, words[i]) != 0; i++) {
        continue;
    }
    if (i == sizeof(words) / sizeof(words[0])) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is none of managed, external, off", cmd->cmd->name, word);
    }
    if (program && (i != CIV_WORKER_MANAGED || program[0] != '/')) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not an absolute path of a program to be managed",
                            cmd->cmd->name, program);
    }
    /* Of two directives the last one holds, its silence too. */
    note(cmd, CIV_SETTING_WORKER)->worker = (civ_worker_e)i;
    note(cmd, CIV_SETTING_WORKER_PROGRAM)->worker_program = program ? program : CIV_WORKER_PROGRAM;
    return NULL;
}

static int is_scheduled(const apr_array_header_t *schedules, const civ_schedule_order_t *order)
{
    int i;

    for (i = 0; schedules && i < schedules->nelts; i++) {
        const civ_schedule_order_t *other = &APR_ARRAY_IDX(schedules, i, civ_schedule_order_t);

        if (strcmp(other->platform, order->platform) == 0 &&
            strcmp(other->project_id, order->project_id) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *set_sync_schedule(cmd_parms *cmd, void *unused, const char *name, const char *project,
                                     const char *interval)
{
    const civ_platform_t *platform = civ_platform_find(name);
    civ_schedule_order_t order = {name, project, 0};
    civ_problem_t problem = {0};
    civ_settings_t *values;

    (void)unused;
    if (!platform) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is none of %s", cmd->cmd->name, name,
                            civ_platform_names(cmd->pool));
    }
    if (civ_platform_check_project(platform, project, &problem, cmd->pool) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" cannot be a project of %s: %s", cmd->cmd->name, project,
                            name, problem.detail);
    }
    if (civ_schedule_interval_parse(&order.every, interval) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is not a whole number of s, m, h or d from a minute to 31 days",
                            cmd->cmd->name, interval);
    }
    values = note(cmd, CIV_SETTING_SYNC_SCHEDULES);
    if (is_scheduled(values->node.sync_schedules, &order)) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" of %s has a schedule already", cmd->cmd->name, project,
                            name);
    }
    if (!values->node.sync_schedules) {
        values->node.sync_schedules = apr_array_make(cmd->pool, 4, sizeof(civ_schedule_order_t));
    }
    APR_ARRAY_PUSH(values->node.sync_schedules, civ_schedule_order_t) = order;
    return NULL;
}

static const char *set_signature_window(cmd_parms *cmd, void *unused, const char *back, const char *ahead)
{
    apr_interval_time_t old;
    apr_interval_time_t early;
    const char *error = time_in(cmd, back, "s", apr_time_from_sec(1), SIGNATURE_MOST, &old);

    (void)unused;
    if (!error) {
        error = time_in(cmd, ahead, "s", 0, SIGNATURE_MOST, &early);
    }
    if (!error) {
        note(cmd, CIV_SETTING_SIGNATURE_BACK)->signature_back = old;
        note(cmd, CIV_SETTING_SIGNATURE_AHEAD)->signature_ahead = early;
    }
    return error;
}

/* A pattern would take requests for other servers as well, which is what the authority is looked at for. */
static const char *set_authority(cmd_parms *cmd, void *unused, const char *text)
{
    const char *normal = civ_authority_normalize(text, "", cmd->pool);
    const char *port = normal && *normal != '[' ? strchr(normal, ':') : NULL;
    apr_array_header_t *authorities;
    civ_settings_t *values;

    (void)unused;
    if (normal && *normal == '[') {
        port = strstr(normal, "]:") ? strstr(normal, "]:") + 1 : NULL;
    }
    if (!normal || strpbrk(normal, "*?") ||
        (port && (apr_atoi64(port + 1) < 1 || apr_atoi64(port + 1) > 65535))) {
        return apr_psprintf(
            cmd->pool,
            "%s: \"%s\" is not the name or address of a host, with or without :port; patterns "
            "and URLs do not count",
            cmd->cmd->name, text);
    }
    values = note(cmd, CIV_SETTING_AUTHORITIES);
    authorities = values->authorities ? apr_array_copy(cmd->pool, values->authorities)
                                      : apr_array_make(cmd->pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(authorities, const char *) = normal;
    values->authorities = authorities;
    return NULL;
}

#define TAKES_1(name, setter, what) AP_INIT_TAKE1(name, setter, NULL, RSRC_CONF, what)

#define QUANTITY(kind, setting, member, least, most, unit)                                                   \
    (void *)&(const quantity_t)                                                                              \
    {                                                                                                        \
        CIV_SETTING_##setting, kind, least, most, unit, offsetof(civ_settings_t, member),                    \
            sizeof(((civ_settings_t *)0)->member)                                                            \
    }
#define TAKES_NUMBER(name, setting, member, least, most, what)                                               \
    AP_INIT_TAKE1(name, set_quantity, QUANTITY(PLAIN, setting, member, least, most, NULL), RSRC_CONF, what)
#define TAKES_TIME(name, setting, member, least, most, unit, what)                                           \
    AP_INIT_TAKE1(name, set_quantity, QUANTITY(TIME, setting, member, least, most, unit), RSRC_CONF, what)
#define TAKES_BYTES(name, setting, member, what)                                                             \
    AP_INIT_TAKE1(name, set_quantity, QUANTITY(BYTES, setting, member, 0, BYTES_MOST, NULL), RSRC_CONF, what)

const command_rec civ_directives[] = {
    TAKES_1(CIV_DIRECTIVE_STATE_DIR, set_state_dir, "the folder of keys, database and run files"),
    AP_INIT_TAKE12(CIV_DIRECTIVE_DATABASE, set_database, NULL, RSRC_CONF,
                   "the apr_dbd driver and its connection parameters"),
    AP_INIT_TAKE2(CIV_DIRECTIVE_DATABASE_POOL, set_database_pool, NULL, RSRC_CONF,
                  "the least and the greatest number of connections of one child"),
    TAKES_BYTES(CIV_DIRECTIVE_DATABASE_MAP, DATABASE_MAP, node.database_map,
                "bytes of SQLite's file that are read from a mapping"),
    TAKES_1(CIV_DIRECTIVE_LEDGER_NAME, set_ledger_name, "the name of the ledger, fixed once it exists"),
    TAKES_NUMBER(CIV_DIRECTIVE_DIFFICULTY, DIFFICULTY, node.difficulty, 0, 32,
                 "leading zero bits of a block hash, 0 to 32"),
    TAKES_NUMBER(CIV_DIRECTIVE_MIN_VALIDATORS, MIN_VALIDATORS, node.min_validators, 1, 1000,
                 "validators a consensus needs, 1 to 1000"),
    TAKES_TIME(CIV_DIRECTIVE_SEAL_INTERVAL, SEAL_INTERVAL, node.seal_interval, apr_time_from_msec(100),
               apr_time_from_sec(86400), "s", "how long pending evidence waits at most"),
    TAKES_NUMBER(CIV_DIRECTIVE_SEAL_COUNT, SEAL_COUNT, node.seal_count, 1, CIV_BLOCK_MAX_ENTRIES,
                 "how much pending evidence waits at most, 1 to 10000"),
    TAKES_NUMBER(CIV_DIRECTIVE_MAX_BODY, MAX_BODY, max_body, MAX_BODY_LEAST, MAX_BODY_MOST,
                 "bytes of a request body, 1024 to 67108864"),
    TAKES_NUMBER(CIV_DIRECTIVE_QUEUE_LIMIT, QUEUE_LIMIT, node.queue_limit, 1, 1000000,
                 "adds that wait in one child, 1 to 1000000"),
    TAKES_NUMBER(CIV_DIRECTIVE_HOT_BLOCKS, HOT_BLOCKS, node.hot_blocks, 0, 65536,
                 "newest blocks kept in shared memory, 0 to 65536"),
    TAKES_TIME(CIV_DIRECTIVE_STATE_REFRESH, STATE_REFRESH, node.state_refresh, 0, apr_time_from_sec(60), "ms",
               "milliseconds between looks at the database, 0 to 60000"),
    TAKES_BYTES(CIV_DIRECTIVE_MIN_FREE, MIN_FREE, node.min_free,
                "free bytes on disk below which nothing is written"),
    TAKES_1(CIV_DIRECTIVE_FEDERATION_JOIN, set_federation_join, "who may join: open, signed or closed"),
    TAKES_NUMBER(CIV_DIRECTIVE_FEDERATION_MIN_VOTES, FEDERATION_MIN_VOTES, node.federation_min_votes, 1, 1000,
                 "votes that a decision on shared evidence takes, 1 to 1000"),
    TAKES_1(CIV_DIRECTIVE_FEDERATION_THRESHOLD, set_federation_threshold,
            "the share of the votes that decides, such as 2/3"),
    AP_INIT_TAKE_ARGV(CIV_DIRECTIVE_BENCHMARK_BOUNDS, set_benchmark_bounds, NULL, RSRC_CONF,
                      "a metric, its least and greatest value, and perhaps the step of its statistics"),
    TAKES_NUMBER(CIV_DIRECTIVE_BENCHMARK_MINIMUM, BENCHMARK_MINIMUM, node.benchmark_min_contributors, 2, 1000,
                 "contributors that a published statistic takes, 2 to 1000"),
    AP_INIT_ITERATE(
        CIV_DIRECTIVE_EGRESS_ALLOW, set_egress_allow, NULL, RSRC_CONF,
        "hosts and blocks of addresses that connectors may connect to though they are not public"),
    AP_INIT_FLAG(CIV_DIRECTIVE_EGRESS_PLAIN_HTTP, set_egress_plain_http, NULL, RSRC_CONF,
                 "whether other servers may be named with http"),
    AP_INIT_TAKE12(CIV_DIRECTIVE_WORKER, set_worker, NULL, RSRC_CONF,
                   "who runs the worker: managed (and which program), external or off"),
    TAKES_NUMBER(CIV_DIRECTIVE_WORKER_THREADS, WORKER_THREADS, node.worker_threads, 1,
                 CIV_WORKER_THREADS_MOST, "jobs of a node that the worker does at once, 1 to 16"),
    TAKES_TIME(CIV_DIRECTIVE_SYNC_WAIT, SYNC_WAIT, sync_wait, 0, SYNC_WAIT_MOST, "s",
               "how long a request waits for the synchronisation that it asks for"),
    AP_INIT_TAKE3(CIV_DIRECTIVE_SYNC_SCHEDULE, set_sync_schedule, NULL, RSRC_CONF,
                  "a platform, a project of it, and how often that is synchronised"),
    AP_INIT_FLAG(CIV_DIRECTIVE_SYNC_LEDGER, set_sync_ledger, NULL, RSRC_CONF,
                 "whether what is synchronised goes into the ledger as well"),
    AP_INIT_TAKE2(CIV_DIRECTIVE_SIGNATURE_WINDOW, set_signature_window, NULL, RSRC_CONF,
                  "how old a signed request may be, and how far ahead its clock"),
    AP_INIT_ITERATE(CIV_DIRECTIVE_AUTHORITY, set_authority, NULL, RSRC_CONF,
                    "hosts, with ports, that signed requests may be sent to"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};
