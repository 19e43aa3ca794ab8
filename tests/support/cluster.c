/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "support/cluster.h"

#include "support/postgres.h"
#include "support/runner.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_time.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_CLUSTERS 16
#define START_WAIT    apr_time_from_sec(60)
#define STOP_WAIT     apr_time_from_sec(60)
#define PAUSE         apr_time_from_msec(10)

/* Small, and with everything that real use has, above all fsync. */
static const char common[] = "listen_addresses = '127.0.0.1'\n"
                             "fsync = on\n"
                             "max_connections = 100\n"
                             "shared_buffers = 32MB\n"
                             "max_wal_senders = 4\n"
                             "wal_level = replica\n"
                             "logging_collector = off\n"
                             "log_line_prefix = '%m %p %u '\n";

static const char access_rules[] = "local all all trust\n"
                                   "host all " CLUSTER_LOCKED_ROLE " 127.0.0.1/32 scram-sha-256\n"
                                   "host all all 127.0.0.1/32 trust\n"
                                   "local replication all trust\n"
                                   "host replication all 127.0.0.1/32 trust\n";

static struct {
    cluster_t *clusters[MOST_CLUSTERS];
    int count;
    pid_t owner; /* forked processes of a test end nothing */
    apr_pool_t *pool;
} made;

/* -- Programs
 * --------------------------------------------------------------------------------------------------- */

/* Distributions put the server's programs beside those of other versions. */
static const char *find_program(const char *name)
{
    static const char *const patterns[] = {"/usr/lib/postgresql/*/bin/", "/usr/pgsql-*/bin/", "/usr/bin/",
                                           "/usr/local/bin/"};
    const char *given = getenv("CIVARCOS_PGBIN");
    const char *found = NULL;
    size_t i;

    if (given && *given) {
        return apr_pstrcat(test_pool(), given, "/", name, NULL);
    }
    for (i = 0; !found && i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        glob_t names;

        if (glob(apr_pstrcat(test_pool(), patterns[i], name, NULL), 0, NULL, &names) == 0) {
            found = apr_pstrdup(test_pool(), names.gl_pathv[names.gl_pathc - 1]);
            globfree(&names);
        }
    }
    return found ? found : name;
}

/* PostgreSQL refuses to be root. */
static const struct passwd *account(void)
{
    const struct passwd *entry = getpwnam("postgres");

    return entry ? entry : getpwnam("nobody");
}

/* In a new process: become the account and the program, and end when the test does. */
static void become(const char *const *argv, const char *log)
{
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    int input = open("/dev/null", O_RDONLY);
    const struct passwd *entry = account();

    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (geteuid() == 0 && (!entry || setgroups(0, NULL) || setgid(entry->pw_gid) || setuid(entry->pw_uid))) {
        _exit(126);
    }
    unsetenv("LD_PRELOAD");
    setenv("LC_ALL", "C", 1);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

static pid_t launch(const char *const *argv, const char *log)
{
    pid_t pid = fork();

    if (pid == 0) {
        become(argv, log);
    }
    return pid;
}

static int run(const char *const *argv, const char *log)
{
    pid_t pid = launch(argv, log);
    int status = -1;

    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        continue;
    }
    if (status != 0) {
        test_note("%s: %s", argv[0], test_read_file(log, NULL));
    }
    return status == 0 ? 0 : -1;
}

/* -- Folders
 * ---------------------------------------------------------------------------------------------------- */

static int free_port(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    int port = -1;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)&address, length) == 0 &&
        getsockname(descriptor, (struct sockaddr *)&address, &length) == 0) {
        port = ntohs(address.sin_port);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return port;
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *position)
{
    (void)info;
    (void)flag;
    (void)position;
    remove(path);
    return 0;
}

/* Short, since the name of a socket may not be long. */
static cluster_t *make_folder(void)
{
    char *folder = apr_pstrdup(made.pool, "/tmp/civarcos-pg-XXXXXX");
    const struct passwd *entry = account();
    cluster_t *cluster = apr_pcalloc(made.pool, sizeof(*cluster));

    if (made.count == MOST_CLUSTERS || !mkdtemp(folder) || chmod(folder, 0755) ||
        (geteuid() == 0 && entry && chown(folder, entry->pw_uid, entry->pw_gid))) {
        return NULL;
    }
    cluster->folder = folder;
    cluster->port = free_port();
    made.clusters[made.count++] = cluster;
    return cluster;
}

static const char *in(const cluster_t *cluster, const char *name)
{
    return apr_pstrcat(test_pool(), cluster->folder, "/", name, NULL);
}

static int write_file(const char *path, const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);
    int failed = !file || fputs(text, file) < 0;

    return (file && fclose(file)) || failed ? -1 : 0;
}

static int configure(const cluster_t *cluster, const char *settings)
{
    const char *text = apr_psprintf(test_pool(), "%sport = %d\nunix_socket_directories = '%s'\n%s", common,
                                    cluster->port, cluster->folder, settings);

    return write_file(in(cluster, "data/postgresql.conf"), "a", text) ||
                   write_file(in(cluster, "data/pg_hba.conf"), "w", access_rules)
               ? -1
               : 0;
}

static void begin_all(void)
{
    if (!made.pool) {
        apr_pool_create(&made.pool, NULL);
        made.owner = getpid();
        atexit(cluster_end_all);
    }
}

/* -- Servers
 * ---------------------------------------------------------------------------------------------------- */

const char *cluster_parameters(const cluster_t *cluster, const char *role, const char *more, apr_pool_t *pool)
{
    return apr_psprintf(pool, "host=%s port=%d dbname=tests user=%s %s", cluster->folder, cluster->port, role,
                        more);
}

static int is_up(const cluster_t *cluster)
{
    return PQping(apr_psprintf(test_pool(),
                               "host=%s port=%d dbname=postgres user=" CLUSTER_OWNER " connect_timeout=5",
                               cluster->folder, cluster->port)) == PQPING_OK;
}

int cluster_start(cluster_t *cluster)
{
    const char *argv[] = {find_program("postgres"), "-D", in(cluster, "data"), NULL};
    apr_time_t deadline = apr_time_now() + START_WAIT;

    cluster->pid = launch(argv, in(cluster, "log"));
    while (cluster->pid > 0 && !is_up(cluster)) {
        if (waitpid(cluster->pid, NULL, WNOHANG) != 0 || apr_time_now() > deadline) {
            test_note("PostgreSQL does not start: %s", test_read_file(in(cluster, "log"), NULL));
            cluster_stop(cluster, SIGQUIT);
            return -1;
        }
        apr_sleep(PAUSE);
    }
    return cluster->pid > 0 ? 0 : -1;
}

void cluster_stop(cluster_t *cluster, int signal_number)
{
    apr_time_t deadline = apr_time_now() + STOP_WAIT;
    pid_t group = cluster->pid;

    if (group <= 0) {
        return;
    }
    /* Its children notice by themselves that it is gone, but not at once. */
    kill(signal_number == SIGKILL ? -group : group, signal_number);
    while (waitpid(group, NULL, WNOHANG) == 0) {
        if (apr_time_now() > deadline) {
            kill(-group, SIGKILL);
            waitpid(group, NULL, 0);
            break;
        }
        apr_sleep(PAUSE);
    }
    cluster->pid = 0;
}

static const char *sql_in(const cluster_t *cluster, const char *database, const char *sql)
{
    PGconn *connection = PQconnectdb(
        apr_psprintf(test_pool(), "host=%s port=%d dbname=%s user=" CLUSTER_OWNER " connect_timeout=10",
                     cluster->folder, cluster->port, database));
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    const char *value = NULL;

    if (status == PGRES_COMMAND_OK) {
        value = "";
    } else if (status == PGRES_TUPLES_OK) {
        value = PQntuples(result) > 0 ? apr_pstrdup(test_pool(), PQgetvalue(result, 0, 0)) : "";
    } else {
        test_note("%s: %s", sql, PQerrorMessage(connection));
    }
    PQclear(result);
    PQfinish(connection);
    return value;
}

const char *cluster_sql(const cluster_t *cluster, const char *sql)
{
    return sql_in(cluster, "tests", sql);
}

static int make_roles(const cluster_t *cluster)
{
    static const char plain[] = "CREATE DATABASE tests TEMPLATE template0 ENCODING 'UTF8'";
    static const char ordered[] =
        "CREATE DATABASE tests TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu "
        "ICU_LOCALE 'en-US' LC_COLLATE 'C' LC_CTYPE 'C'";
    const char *version = sql_in(cluster, "postgres", "SHOW server_version_num");

    return version && sql_in(cluster, "postgres", "CREATE ROLE " CLUSTER_ROLE " LOGIN") &&
                   sql_in(cluster, "postgres",
                          "CREATE ROLE " CLUSTER_LOCKED_ROLE
                          " LOGIN PASSWORD 'Ge''heim 42' IN ROLE " CLUSTER_ROLE) &&
                   ((strtol(version, NULL, 10) >= 150000 && sql_in(cluster, "postgres", ordered)) ||
                    sql_in(cluster, "postgres", plain)) &&
                   sql_in(cluster, "tests", "GRANT CREATE ON DATABASE tests TO " CLUSTER_ROLE) &&
                   sql_in(cluster, "tests", "GRANT CREATE ON SCHEMA public TO " CLUSTER_ROLE)
               ? 0
               : -1;
}

cluster_t *cluster_make(const char *settings)
{
    cluster_t *cluster;

    begin_all();
    cluster = make_folder();
    if (cluster) {
        const char *argv[] = {find_program("initdb"),
                              "-D",
                              in(cluster, "data"),
                              "-U",
                              CLUSTER_OWNER,
                              "-A",
                              "trust",
                              "-N",
                              "-E",
                              "UTF8",
                              "--locale=C",
                              NULL};

        if (run(argv, in(cluster, "initdb.log")) == 0 && configure(cluster, settings) == 0 &&
            cluster_start(cluster) == 0 && make_roles(cluster) == 0) {
            return cluster;
        }
    }
    test_note("no PostgreSQL");
    return NULL;
}

cluster_t *cluster_make_standby(const cluster_t *primary, const char *name)
{
    cluster_t *cluster = make_folder();
    const char *source =
        apr_psprintf(test_pool(), "host=127.0.0.1 port=%d user=" CLUSTER_OWNER " application_name=%s",
                     primary->port, name);

    if (cluster) {
        const char *argv[] = {find_program("pg_basebackup"),
                              "-d",
                              source,
                              "-D",
                              in(cluster, "data"),
                              "-R",
                              "-X",
                              "stream",
                              "-c",
                              "fast",
                              "-N",
                              NULL};
        const char *port = apr_psprintf(test_pool(), "port = %d\nunix_socket_directories = '%s'\n",
                                        cluster->port, cluster->folder);

        if (run(argv, in(cluster, "backup.log")) == 0 &&
            write_file(in(cluster, "data/postgresql.conf"), "a", port) == 0 && cluster_start(cluster) == 0) {
            return cluster;
        }
    }
    test_note("no standby");
    return NULL;
}

void cluster_end_all(void)
{
    int i;

    if (getpid() != made.owner) {
        return;
    }
    for (i = 0; i < made.count; i++) {
        cluster_stop(made.clusters[i], SIGQUIT);
        if (!getenv("CIVARCOS_KEEP")) {
            nftw(made.clusters[i]->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        }
    }
    made.count = 0;
}
