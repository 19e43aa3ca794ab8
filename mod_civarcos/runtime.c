/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "runtime.h"

#include "folder.h"
#include "mount.h"
#include "nodes.h"
#include "starter.h"

#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <mod_watchdog.h>
#include <unixd.h>
#include <util_mutex.h>

#include <apr_allocator.h>
#include <apr_atomic.h>
#include <apr_file_info.h>
#include <apr_optional.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include <string.h>

APLOG_USE_MODULE(civarcos);

/** The statuses that the library adds mean nothing to apr_strerror; its messages say what they are about. */
#define OWN_STATUSES 1000

/* One per process, made anew by every load of the configuration: httpd resets a module's statics with it. */
static struct {
    apr_array_header_t *nodes; /* civ_slot_t *, those in use */
    apr_shm_t *memory;
    apr_uint32_t stopping; /* 1: the process is to end at once */
    apr_uint32_t house;    /* one of HOUSE_... */
    apr_pool_t *pool;      /* of the nodes of a child */
    civ_state_t *state;
    int is_restart; /* of this process: what fails must not end it */
} runtime;

/* What the watchdog's thread of this process is doing. */
#define HOUSE_FREE   0
#define HOUSE_KEPT   1 /* it is at work */
#define HOUSE_CLOSED 2 /* it is not to begin again */

/* How long a child that ends waits for that thread. httpd sends a second signal after three seconds. */
#define CLOSE_TRIES 500
#define CLOSE_PAUSE apr_time_from_msec(5)

/* How often a child tries to open a node whose folder was out of reach. */
#define REOPEN_INTERVAL APR_USEC_PER_SEC

/* --- the library's log --- */

static void write_log(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    if (status >= APR_OS_START_USERERR && status < APR_OS_START_USERERR + OWN_STATUSES) {
        status = APR_SUCCESS;
    }
    ap_log_error(APLOG_MARK, (int)level, status, (const server_rec *)baton, "%s", message);
}

static void open_log(civ_slot_t *slot)
{
    int level = ap_get_server_module_loglevel(slot->server, APLOG_MODULE_INDEX);

    slot->log.write = write_log;
    slot->log.baton = slot->server;
    slot->log.level = level > APLOG_DEBUG ? CIV_LOG_DEBUG : (civ_log_level_e)level;
}

/* --- in the parent --- */

int civ_runtime_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    return ap_mutex_register(pconf, CIV_MUTEX, NULL, APR_LOCK_DEFAULT, 0) == APR_SUCCESS
               ? OK
               : HTTP_INTERNAL_SERVER_ERROR;
}

int civ_runtime_is_restart(void)
{
    int generation = 0;

    return ap_mpm_query(AP_MPMQ_GENERATION, &generation) == APR_SUCCESS && generation > 0;
}

/* A node that is lost ends a start, but a restart only logs it. */
static int severity(void)
{
    return runtime.is_restart ? APLOG_CRIT : APLOG_EMERG;
}

static void bind_server(server_rec *server, server_rec *main_server, const civ_mounts_t *mounts,
                        apr_pool_t *pool)
{
    civ_server_config_t *config = apr_pmemdup(pool, civ_server_config(server), sizeof(*config));

    config->slot = civ_nodes_find(runtime.nodes, server, main_server);
    config->mounts = civ_mounts_of(mounts, server, pool);
    ap_set_module_config(server->module_config, &civarcos_module, config);
}

/* Give every server a record of its own and note what requests need to know. httpd shares the main server's
 * record with those that say nothing, and that is how they are recognised: so the main server's is replaced
 * last. */
static void bind_servers(server_rec *main_server, const civ_mounts_t *mounts, apr_pool_t *pool)
{
    server_rec *server;

    for (server = main_server->next; server; server = server->next) {
        bind_server(server, main_server, mounts, pool);
    }
    bind_server(main_server, main_server, mounts, pool);
}

/* The folders that this server has used: they outlive restarts. */
static apr_table_t *known_folders(void)
{
    static const char key[] = "mod_civarcos folders";
    apr_table_t **folders = ap_retained_data_get(key);

    if (!folders) {
        folders = ap_retained_data_create(key, sizeof(*folders));
        *folders = apr_table_make(ap_pglobal, 4);
    }
    return *folders;
}

static int is_there(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    return !APR_STATUS_IS_ENOENT(apr_stat(&info, path, APR_FINFO_TYPE, pool));
}

static void remember_folders(apr_pool_t *ptemp)
{
    int i;

    for (i = 0; i < runtime.nodes->nelts; i++) {
        const char *folder = APR_ARRAY_IDX(runtime.nodes, i, civ_slot_t *)->config.state_dir;

        if (!apr_table_get(known_folders(), folder) && is_there(folder, ptemp)) {
            apr_table_set(known_folders(), folder, "");
        }
    }
}

static void report_lost(const civ_slot_t *slot, const char *error, apr_pool_t *pool)
{
    ap_log_error(APLOG_MARK, severity(), 0, slot->server, "CIV0310: the node of %s cannot start: %s",
                 civ_server_label(slot->server, pool), error ? error : "no reason was given");
}

/* All that is left to root. A folder that was there at an earlier start and is gone is not replaced under a running server:
 * that would quietly begin another ledger. */
static civ_start_e make_folders(apr_pool_t *ptemp)
{
    civ_start_e result = CIV_START_DONE;
    int i;

    for (i = 0; i < runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(runtime.nodes, i, civ_slot_t *);
        const char *folder = slot->config.state_dir;
        const char *error = NULL;

        if (apr_table_get(known_folders(), folder) && !is_there(folder, ptemp)) {
            error = apr_psprintf(
                ptemp, "its folder \"%s\" is gone; put it back, or stop and start to begin anew", folder);
        } else {
            civ_folder_make(folder, ap_unixd_config.user_id, ap_unixd_config.group_id, &error, ptemp);
        }
        if (error) {
            report_lost(slot, error, ptemp);
            slot->is_skipped = 1;
            result = CIV_START_FAILED;
        }
    }
    return result;
}

/* The segment that all processes of this configuration share: anonymous, so there is no file to attach to. */
static apr_status_t make_memory(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *main_server)
{
    apr_size_t count = (apr_size_t)runtime.nodes->nelts;
    civ_state_plan_t *plans = apr_pcalloc(ptemp, sizeof(*plans) * count);
    apr_size_t size = 0;
    apr_size_t i;
    apr_status_t status;

    for (i = 0; i < count; i++) {
        plans[i].hot_blocks = APR_ARRAY_IDX(runtime.nodes, i, civ_slot_t *)->config.hot_blocks;
    }
    status = civ_state_size(&size, plans, count);
    if (status == APR_SUCCESS) {
        status = apr_shm_create(&runtime.memory, size, NULL, pconf);
    }
    if (status == APR_SUCCESS) {
        status = civ_state_format(apr_shm_baseaddr_get(runtime.memory), size, plans, count);
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, severity(), status, main_server,
                     "CIV0311: cannot make %" APR_SIZE_T_FMT " bytes of shared memory", size);
    }
    return status;
}

/* Nobody gives back a POSIX semaphore for a process that was killed: all others would wait for ever. */
static apr_status_t check_mutex(const civ_slot_t *slot)
{
    if (strcmp(apr_global_mutex_name(slot->mutex), "posixsem") != 0) {
        return APR_SUCCESS;
    }
    ap_log_error(APLOG_MARK, severity(), 0, slot->server,
                 "CIV0348: a mutex of the kind \"posixsem\" stays held for ever when a process dies that "
                 "holds it; say "
                 "\"Mutex pthread " CIV_MUTEX "\", or choose fcntl or sysvsem");
    return APR_EINVAL;
}

static apr_status_t make_mutexes(apr_pool_t *pconf)
{
    int i;

    for (i = 0; i < runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(runtime.nodes, i, civ_slot_t *);
        /* httpd logs the reason when this fails. */
        apr_status_t status =
            ap_global_mutex_create(&slot->mutex, NULL, CIV_MUTEX, apr_itoa(pconf, i), slot->server, pconf, 0);

        if (status == APR_SUCCESS) {
            status = check_mutex(slot);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

static int is_stopping(void *baton)
{
    (void)baton;
    return apr_atomic_read32(&runtime.stopping) != 0 || civ_starter_is_orphan();
}

/* This process's view of the shared memory; NULL (all is read from the database) where it is unusable. */
static civ_state_t *attach_memory(server_rec *server, apr_pool_t *pool)
{
    civ_state_t *state = NULL;
    apr_status_t status = civ_state_attach(&state, apr_shm_baseaddr_get(runtime.memory),
                                           apr_shm_size_get(runtime.memory), pool);

    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "CIV0312: the shared memory is damaged; this process works without it");
        return NULL;
    }
    return state;
}

static apr_status_t open_node(civ_slot_t *slot, civ_state_t *state, int level, apr_pool_t *pool)
{
    const char *error = NULL;
    civ_node_t *node = NULL;
    apr_status_t status;

    slot->hot = state ? civ_state_node(state, slot->index) : NULL;
    slot->context.hot = slot->hot;
    slot->context.mutex = slot->mutex;
    slot->context.interrupted = is_stopping;
    slot->context.log = &slot->log;
    status = civ_node_open(&node, &slot->config, &slot->context, &error, pool);
    if (status == APR_SUCCESS) {
        /* Other threads may look at any time. */
        __atomic_store_n(&slot->node, node, __ATOMIC_RELEASE);
    } else {
        ap_log_error(APLOG_MARK, level, 0, slot->server, "CIV0313: the node of %s cannot be opened: %s",
                     civ_server_label(slot->server, pool), error ? error : "no reason was given");
    }
    return status;
}

/* For the nodes of a child: what an attempt that fails has left goes with its pool. */
static apr_status_t try_open_node(civ_slot_t *slot, int level)
{
    apr_pool_t *pool;
    apr_status_t status;

    apr_pool_create(&pool, runtime.pool);
    slot->next_open = apr_time_now() + REOPEN_INTERVAL;
    status = open_node(slot, runtime.state, level, pool);
    if (status != APR_SUCCESS) {
        apr_pool_destroy(pool);
    }
    return status;
}

/* Why it fails was logged when the child began. */
static void reopen_node(civ_slot_t *slot)
{
    if (try_open_node(slot, APLOG_DEBUG) == APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, slot->server, "CIV0318: the node %s is open now",
                     slot->config.ledger_name);
    }
}

/* Further ahead than one interval: the clock was set back. */
static int is_time(const civ_slot_t *slot)
{
    apr_time_t now = apr_time_now();

    return now >= slot->next_open || slot->next_open - now > REOPEN_INTERVAL;
}

civ_node_t *civ_runtime_node(civ_slot_t *slot)
{
    civ_node_t *node = __atomic_load_n(&slot->node, __ATOMIC_ACQUIRE);

    if (node || !slot->is_usable || apr_atomic_cas32(&slot->opening, 1, 0) != 0) {
        return node;
    }
    if (!slot->node && is_time(slot) && !is_stopping(NULL)) {
        reopen_node(slot);
    }
    node = slot->node;
    apr_atomic_set32(&slot->opening, 0);
    return node;
}

static void report_start(const civ_slot_t *slot, apr_status_t status, apr_pool_t *pool)
{
    const char *label = civ_server_label(slot->server, pool);

    if (status == CIV_EINVALID || status == CIV_EINTEGRITY) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, slot->server,
                     "CIV0317: the ledger of %s can be read but not written, for the reason given above",
                     label);
    } else if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, slot->server,
                     "CIV0314: the ledger of %s is not ready; it is tried again with every request", label);
    }
}

/* What the starting process is told. */
typedef struct start_t {
    server_rec *main_server;
    int is_rehearsal;
    apr_pool_t *pool;
} start_t;

/* Of a real start: the mutex, schema, genesis and hot state. */
static civ_start_e bring_up(civ_slot_t *slot, apr_pool_t *pool)
{
    apr_status_t status = civ_node_start(slot->node, pool);

    report_start(slot, status, pool);
    return status == APR_SUCCESS ? CIV_START_DONE : CIV_START_DEGRADED;
}

static civ_start_e start_node(civ_slot_t *slot, civ_state_t *state, const start_t *start)
{
    const char *error = NULL;

    if (civ_node_prepare(&slot->config, ap_unixd_config.user_id, ap_unixd_config.group_id, &error,
                         start->pool) != APR_SUCCESS) {
        report_lost(slot, error, start->pool);
        return CIV_START_FAILED;
    }
    if (!start->is_rehearsal &&
        apr_global_mutex_child_init(&slot->mutex, apr_global_mutex_lockfile(slot->mutex), start->pool) !=
            APR_SUCCESS) {
        report_lost(slot, "its mutex cannot be used", start->pool);
        return CIV_START_FAILED;
    }
    if (open_node(slot, state, severity(), start->pool) != APR_SUCCESS) {
        return CIV_START_FAILED;
    }
    return start->is_rehearsal ? CIV_START_DONE : bring_up(slot, start->pool);
}

/* Runs in a process of its own (starter.h), which ends with it: nothing is closed. A database that is down is no reason not to
 * serve the rest of this server. */
static civ_start_e start_nodes(void *baton)
{
    start_t *start = baton;
    civ_start_e worst = CIV_START_DONE;
    civ_state_t *state = NULL;
    int i;

    apr_pool_create(&start->pool, NULL);
    apr_pool_tag(start->pool, "civarcos start");
    if (!start->is_rehearsal) {
        state = attach_memory(start->main_server, start->pool);
    }
    for (i = 0; i < runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(runtime.nodes, i, civ_slot_t *);
        civ_start_e result = slot->is_skipped ? CIV_START_FAILED : start_node(slot, state, start);

        worst = result > worst ? result : worst;
    }
    return worst;
}

static civ_start_e start_all(server_rec *main_server, int is_rehearsal, apr_pool_t *ptemp)
{
    start_t start = {main_server, is_rehearsal, NULL};
    civ_start_e folders = make_folders(ptemp);
    civ_start_e result = folders == CIV_START_DONE || runtime.is_restart
                             ? civ_starter_run(start_nodes, &start, main_server, ptemp)
                             : folders;

    remember_folders(ptemp);
    return result;
}

/* --- housekeeping --- */

static void keep_nodes(apr_pool_t *pool)
{
    int i;

    for (i = 0; i < runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(runtime.nodes, i, civ_slot_t *);
        civ_node_t *node = civ_runtime_node(slot);
        apr_pool_t *round;

        if (!node || apr_atomic_read32(&runtime.stopping)) {
            continue;
        }
        /* What fails is logged below, and tried again in a second. */
        apr_pool_create(&round, pool);
        civ_node_maintain(node, round);
        apr_pool_destroy(round);
    }
}

static apr_status_t keep_house(int state, void *baton, apr_pool_t *pool)
{
    (void)baton;
    if (state == AP_WATCHDOG_STATE_RUNNING &&
        apr_atomic_cas32(&runtime.house, HOUSE_KEPT, HOUSE_FREE) == HOUSE_FREE) {
        keep_nodes(pool);
        apr_atomic_set32(&runtime.house, HOUSE_FREE);
    }
    return APR_SUCCESS;
}

/* mod_watchdog's thread is not joined when a child ends: it may be at work until the very end, but not on nodes that are
 * being closed. @return 0 when it cannot be stopped in time */
static int close_house(void)
{
    int tries;

    apr_atomic_set32(&runtime.stopping, 1);
    for (tries = 0; tries < CLOSE_TRIES; tries++) {
        if (apr_atomic_cas32(&runtime.house, HOUSE_CLOSED, HOUSE_FREE) == HOUSE_FREE) {
            return 1;
        }
        apr_sleep(CLOSE_PAUSE);
    }
    return 0;
}

/* A watchdog of our own, so that nobody waits for us; in one process at a time, whichever gets it. */
static apr_status_t employ_housekeeper(apr_pool_t *pconf, server_rec *main_server)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t status = APR_ENOTIMPL;

    if (get && add) {
        status = get(&watchdog, "_civarcos_", 0, 1, pconf);
    }
    if (status == APR_SUCCESS) {
        status = add(watchdog, AP_WD_TM_INTERVAL, NULL, keep_house);
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, severity(), status, main_server,
                     "CIV0315: mod_watchdog takes no task from us");
    }
    return status;
}

static void open_logs(void)
{
    int i;

    for (i = 0; i < runtime.nodes->nelts; i++) {
        open_log(APR_ARRAY_IDX(runtime.nodes, i, civ_slot_t *));
    }
}

/* httpd runs post_config twice at start. The first time is still in front of the administrator's eyes: only what is
 * likely to fail, and does no harm twice, is done then. */
static int rehearse(const civ_mounts_t *mounts, apr_pool_t *ptemp, server_rec *main_server)
{
    runtime.nodes = civ_nodes_collect(main_server, mounts, 0, ptemp);
    open_logs();
    return !runtime.nodes->nelts || start_all(main_server, 1, ptemp) != CIV_START_FAILED
               ? OK
               : HTTP_INTERNAL_SERVER_ERROR;
}

/* What all nodes have in common. */
static int make_common(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *main_server)
{
    return civ_store_initialize(pconf) == APR_SUCCESS &&
           make_memory(pconf, ptemp, main_server) == APR_SUCCESS && make_mutexes(pconf) == APR_SUCCESS &&
           employ_housekeeper(pconf, main_server) == APR_SUCCESS;
}

int civ_runtime_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    const civ_mounts_t *mounts = civ_mounts_read(pconf);
    int has_common;

    (void)plog;
    if (!civ_mounts_any(mounts, NULL)) {
        return OK;
    }
    runtime.is_restart = civ_runtime_is_restart();
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return rehearse(mounts, ptemp, main_server);
    }
    runtime.nodes = civ_nodes_collect(main_server, mounts, 0, pconf);
    bind_servers(main_server, mounts, pconf);
    open_logs();
    has_common = make_common(pconf, ptemp, main_server);
    if ((!has_common || start_all(main_server, 0, ptemp) == CIV_START_FAILED) && !runtime.is_restart) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!has_common) {
        runtime.nodes = NULL;
    }
    return OK;
}

/* --- in a child --- */

/* prefork destroys pchild from within its signal handler, in the middle of whatever request is being served; and the
 * watchdog's thread goes on in any case. Nothing is closed under either: the system clears it away, and the database is
 * safe whenever a process ends. */
static apr_status_t close_pool(void *baton)
{
    int i;

    for (i = 0; i < runtime.nodes->nelts; i++) {
        if (apr_atomic_read32(&APR_ARRAY_IDX(runtime.nodes, i, civ_slot_t *)->busy)) {
            return APR_SUCCESS;
        }
    }
    if (close_house()) {
        apr_pool_destroy(baton);
    }
    return APR_SUCCESS;
}

/* Where this process's nodes live: a pool without a parent, which only close_pool destroys. */
static apr_pool_t *make_pool(apr_pool_t *pchild)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *mutex;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        return pchild;
    }
    if (apr_pool_create_unmanaged_ex(&pool, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return pchild;
    }
    apr_allocator_owner_set(allocator, pool);
    apr_pool_tag(pool, "civarcos nodes");
    if (apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return pchild;
    }
    apr_allocator_mutex_set(allocator, mutex);
    apr_pool_cleanup_register(pchild, pool, close_pool, apr_pool_cleanup_null);
    return pool;
}

void civ_runtime_child_init(apr_pool_t *pchild, server_rec *main_server)
{
    int is_threaded = 0;
    int i;

    if (!runtime.nodes || !runtime.nodes->nelts) {
        return;
    }
    ap_mpm_query(AP_MPMQ_IS_THREADED, &is_threaded);
    runtime.pool = make_pool(pchild);
    runtime.state = attach_memory(main_server, runtime.pool);
    for (i = 0; i < runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(runtime.nodes, i, civ_slot_t *);
        apr_status_t status =
            apr_global_mutex_child_init(&slot->mutex, apr_global_mutex_lockfile(slot->mutex), runtime.pool);

        if (status != APR_SUCCESS) {
            ap_log_error(
                APLOG_MARK, APLOG_CRIT, status, slot->server,
                "CIV0316: this process cannot use the mutex of the node of %s and serves nothing of it",
                civ_server_label(slot->server, runtime.pool));
            continue;
        }
        slot->is_serial = !is_threaded;
        slot->is_usable = !slot->is_skipped;
        if (slot->is_usable) {
            try_open_node(slot, APLOG_ERR);
        }
    }
}

void civ_runtime_child_stopping(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    if (!graceful) {
        apr_atomic_set32(&runtime.stopping, 1);
    }
}
