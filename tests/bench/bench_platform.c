/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bench_platform.c
 * Answers in a hash by their target, and a thread for each connection.
 */
#include "bench/bench_platform.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE_ITEMS 100
#define HEAD_MOST  16384
#define BASE       "/repos/" BENCH_PROJECT

typedef struct answer_t {
    const char *head; /**< of 200, with the empty line */
    const char *body;
    const char *etag;
    apr_size_t head_length, body_length;
} answer_t;

struct bench_platform_t {
    apr_pool_t *pool;
    apr_hash_t *answers;         /**< target -> answer_t; read only once it runs */
    apr_array_header_t *targets; /**< const char * */
    int listener, port;
    pthread_mutex_t lock; /**< guards the counts */
    bench_platform_counts_t counts;
};

/* --- answers --- */

static void add(bench_platform_t *platform, const char *target, const char *body, apr_size_t length,
                const char *link)
{
    answer_t *answer = apr_palloc(platform->pool, sizeof(*answer));

    answer->etag = apr_psprintf(platform->pool, "W/\"%lx-%d\"", (unsigned long)length,
                                apr_hash_count(platform->answers));
    answer->head =
        apr_psprintf(platform->pool,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nETag: %s\r\n"
                     "Content-Length: %lu\r\n%s\r\n",
                     answer->etag, (unsigned long)length, link);
    answer->head_length = strlen(answer->head);
    answer->body = body;
    answer->body_length = length;
    apr_hash_set(platform->answers, target, APR_HASH_KEY_STRING, answer);
    APR_ARRAY_PUSH(platform->targets, const char *) = target;
}

static void add_text(bench_platform_t *platform, const char *target, const char *body)
{
    add(platform, target, body, strlen(body), "");
}

/* As GitHub writes people: most of what it sends is links. */
static const char *person(int number, apr_pool_t *pool)
{
    const char *login = apr_psprintf(pool, "developer-%d", number % 97);

    return apr_psprintf(
        pool,
        "{\"login\":\"%s\",\"id\":%d,\"node_id\":\"MDQ6VXNlcjE=\",\"avatar_url\":\"https://"
        "avatars.example.org/"
        "u/%d?v=4\",\"gravatar_id\":\"\",\"url\":\"https://api.example.org/users/%s\",\"html_url\":\"https://"
        "example.org/%s\",\"followers_url\":\"https://api.example.org/users/%s/followers\",\"repos_url\":"
        "\"https://api.example.org/users/%s/repos\",\"events_url\":\"https://api.example.org/users/%s/events"
        "{/privacy}\",\"type\":\"User\",\"site_admin\":false}",
        login, 1000 + number % 97, number % 97, login, login, login, login, login);
}

static const char *instant(int number, apr_pool_t *pool)
{
    /* An hour between two, from 2020 on. */
    apr_time_exp_t time;

    apr_time_exp_gmt(&time, apr_time_from_sec(APR_INT64_C(1577836800) + (apr_int64_t)number * 3600));
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02dZ", time.tm_year + 1900, time.tm_mon + 1,
                        time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
}

static const char *sha(const char *kind, int number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%08x%08x%08x%08x%08x", (unsigned)number * 2654435761u, (unsigned)kind[0],
                        (unsigned)number, (unsigned)number * 40503u, (unsigned)number ^ 0x5bd1e995u);
}

static const char *commit(int number, apr_pool_t *pool)
{
    const char *when = instant(number, pool), *id = sha("commit", number, pool);

    return apr_psprintf(
        pool,
        "{\"sha\":\"%s\",\"node_id\":\"C_kwDO\",\"commit\":{\"author\":{\"name\":\"Developer %d\",\"email\":"
        "\"developer-%d@example.org\",\"date\":\"%s\"},\"committer\":{\"name\":\"Developer %d\",\"email\":"
        "\"developer-%d@example.org\",\"date\":\"%s\"},\"message\":\"Change number %d of the module\\n\\nIt "
        "does what was asked for, and is tested; see the description of the pull request it came "
        "with.\\n\",\"tree\":{\"sha\":\"%s\",\"url\":\"https://api.example.org/trees/%s\"},\"url\":\"https://"
        "api.example.org/commits/%s\",\"comment_count\":0,\"verification\":{\"verified\":false,\"reason\":"
        "\"unsigned\",\"signature\":null,\"payload\":null,\"verified_at\":null}},\"url\":\"https://"
        "api.example.org/commits/%s\",\"html_url\":\"https://example.org/" BENCH_PROJECT
        "/commit/%s\",\"comments_url\":\"https://api.example.org/commits/%s/comments\",\"author\":%s,"
        "\"committer\":%s,\"parents\":[{\"sha\":\"%s\",\"url\":\"https://api.example.org/commits/x\"}]}",
        id, number % 97, number % 97, when, number % 97, number % 97, when, number, sha("tree", number, pool),
        id, id, id, id, id, person(number, pool), person(number, pool), sha("commit", number - 1, pool));
}

static const char *side(const char *name, int number, apr_pool_t *pool)
{
    return apr_psprintf(
        pool,
        "{\"label\":\"octo:%s\",\"ref\":\"%s\",\"sha\":\"%s\",\"user\":%s,\"repo\":{\"id\":77,"
        "\"name\":\"large\",\"full_name\":\"" BENCH_PROJECT "\",\"private\":false,\"owner\":%s,"
        "\"html_url\":\"https://example.org/" BENCH_PROJECT "\",\"fork\":false,"
        "\"default_branch\":\"main\"}}",
        name, name, sha(name, number, pool), person(0, pool), person(0, pool));
}

static const char *pull(int number, apr_pool_t *pool)
{
    const char *when = instant(number * 4, pool);

    return apr_psprintf(
        pool,
        "{\"url\":\"https://api.example.org/pulls/%d\",\"id\":%d,\"node_id\":\"PR_kwDO\",\"html_url\":"
        "\"https://example.org/" BENCH_PROJECT
        "/pull/%d\",\"number\":%d,\"state\":\"closed\",\"locked\":false,"
        "\"title\":\"Pull request %d\",\"user\":%s,\"body\":\"What it changes and "
        "why.\",\"created_at\":\"%s\","
        "\"updated_at\":\"%s\",\"closed_at\":\"%s\",\"merged_at\":\"%s\",\"merge_commit_sha\":\"%s\","
        "\"assignees\":[],\"requested_reviewers\":[],\"labels\":[],\"milestone\":null,\"draft\":false,"
        "\"head\":%s,\"base\":%s,\"author_association\":\"MEMBER\",\"auto_merge\":null}",
        number, 500000 + number, number, number, number, person(number, pool), when, when, when, when,
        sha("commit", number, pool), side("topic", number, pool), side("main", number, pool));
}

/* Newest first. */
static void add_list(bench_platform_t *platform, const char *target, int count,
                     const char *(*write)(int number, apr_pool_t *pool))
{
    int pages = (count + PAGE_ITEMS - 1) / PAGE_ITEMS, page, i;
    apr_pool_t *pool;

    apr_pool_create(&pool, platform->pool);
    for (page = 0; page < pages; page++) {
        apr_array_header_t *parts = apr_array_make(pool, PAGE_ITEMS, sizeof(const char *));
        const char *body, *link = "";

        for (i = count - page * PAGE_ITEMS; i > 0 && i > count - (page + 1) * PAGE_ITEMS; i--)
            APR_ARRAY_PUSH(parts, const char *) = write(i, pool);
        body = apr_pstrcat(platform->pool, "[", apr_array_pstrcat(pool, parts, ','), "]", NULL);
        if (page + 1 < pages)
            link = apr_psprintf(platform->pool, "Link: <http://127.0.0.1:%d%s&page=%d>; rel=\"next\"\r\n",
                                platform->port, target, page + 2);
        add(platform, page == 0 ? target : apr_psprintf(platform->pool, "%s&page=%d", target, page + 1), body,
            strlen(body), link);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
}

static void add_all(bench_platform_t *platform, int commits, int pulls)
{
    const char *head =
        apr_pstrcat(platform->pool, BASE "/commits/", sha("commit", commits, platform->pool), NULL);
    int i;

    add_text(platform, BASE,
             "{\"id\":77,\"full_name\":\"" BENCH_PROJECT "\",\"created_at\":\"2020-01-01T00:00:00Z\","
             "\"updated_at\":\"2026-01-01T00:00:00Z\",\"default_branch\":\"main\",\"private\":false,"
             "\"owner\":{\"login\":\"octo\"}}");
    add_list(platform, BASE "/pulls?state=all&sort=updated&direction=desc&per_page=100", pulls, pull);
    for (i = 1; i <= pulls; i++)
        add_text(platform, apr_psprintf(platform->pool, BASE "/pulls/%d/reviews?per_page=100", i), "[]");
    add_list(platform, BASE "/commits?per_page=100", commits, commit);
    add_text(platform, apr_pstrcat(platform->pool, head, "/check-runs?per_page=100", NULL),
             "{\"total_count\":0,\"check_runs\":[]}");
    add_text(platform, apr_pstrcat(platform->pool, head, "/check-runs?filter=latest&per_page=100", NULL),
             "{\"total_count\":0,\"check_runs\":[]}");
    add_text(platform, apr_pstrcat(platform->pool, head, "/status?per_page=100", NULL),
             "{\"total_count\":0,\"state\":\"pending\",\"statuses\":[]}");
    add_text(platform, BASE "/actions/artifacts?per_page=100", "{\"total_count\":0,\"artifacts\":[]}");
    add_text(platform, BASE "/releases?per_page=100", "[]");
    add_text(platform, BASE "/languages", "{\"C\":1000}");
    add_text(platform, BASE "/stats/participation", "{\"all\":[1,2,3],\"owner\":[1,2,3]}");
    add_text(platform, BASE "/stats/code_frequency", "[[1577836800,10,-5]]");
}

/* --- serving --- */

static int send_parts(int descriptor, const char *head, apr_size_t head_length, const char *body,
                      apr_size_t body_length)
{
    struct iovec parts[2] = {{(void *)head, head_length}, {(void *)body, body_length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    while (parts[0].iov_len + parts[1].iov_len > 0) {
        ssize_t sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
        int i;

        if (sent <= 0)
            return -1;
        for (i = 0; i < 2; i++) {
            size_t part = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;

            parts[i].iov_base = (char *)parts[i].iov_base + part;
            parts[i].iov_len -= part;
            sent -= (ssize_t)part;
        }
    }
    return 0;
}

/* Runs are named by a window of time, which is never the same. */
static const answer_t *find(const bench_platform_t *platform, const char *target)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n";
    static const char body[] = "{\"total_count\":0,\"workflow_runs\":[]}";
    static const answer_t runs = {head, body, "none", sizeof(head) - 1, sizeof(body) - 1};

    if (strncmp(target, BASE "/actions/runs?", strlen(BASE "/actions/runs?")) == 0)
        return &runs;
    return apr_hash_get(platform->answers, target, APR_HASH_KEY_STRING);
}

static int answer(bench_platform_t *platform, int descriptor, char *head)
{
    static const char none[] = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
                               "Content-Length: 23\r\n\r\n{\"message\":\"Not Found\"}";
    char *target = strchr(head, ' ');
    const answer_t *found;
    int is_known;

    if (target == NULL)
        return -1;
    is_known = 0;
    {
        char *known = strstr(head, "If-None-Match: ");
        char *end = strchr(target + 1, ' ');

        if (end == NULL)
            return -1;
        *end = '\0';
        found = find(platform, target + 1);
        is_known =
            known != NULL && found != NULL && strncmp(known + 15, found->etag, strlen(found->etag)) == 0;
    }
    pthread_mutex_lock(&platform->lock);
    platform->counts.requests++;
    platform->counts.unchanged += is_known ? 1 : 0;
    platform->counts.unknown += found == NULL ? 1 : 0;
    platform->counts.bytes += found != NULL && !is_known ? found->body_length : 0;
    pthread_mutex_unlock(&platform->lock);
    if (found == NULL) {
        fprintf(stderr, "# nothing is there for %s\n", target + 1);
        return send_parts(descriptor, none, sizeof(none) - 1, "", 0);
    }
    if (is_known) {
        static const char unchanged[] = "HTTP/1.1 304 Not Modified\r\n\r\n";

        return send_parts(descriptor, unchanged, sizeof(unchanged) - 1, "", 0);
    }
    return send_parts(descriptor, found->head, found->head_length, found->body, found->body_length);
}

typedef struct connection_t {
    bench_platform_t *platform;
    int descriptor;
} connection_t;

static void *serve(void *baton)
{
    connection_t connection = *(connection_t *)baton;
    char head[HEAD_MOST];
    size_t length = 0;

    free(baton);
    for (;;) {
        ssize_t got = recv(connection.descriptor, head + length, sizeof(head) - 1 - length, 0);

        if (got <= 0)
            break;
        length += (size_t)got;
        head[length] = '\0';
        if (strstr(head, "\r\n\r\n") == NULL)
            continue;
        /* One request after the other: nobody sends the next before he has the answer. */
        if (answer(connection.platform, connection.descriptor, head) != 0)
            break;
        length = 0;
    }
    close(connection.descriptor);
    return NULL;
}

static void *take_clients(void *baton)
{
    bench_platform_t *platform = baton;
    int client, one = 1;

    while ((client = accept(platform->listener, NULL, NULL)) >= 0) {
        connection_t *connection = malloc(sizeof(*connection));
        pthread_t thread;

        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (connection == NULL)
            return NULL;
        connection->platform = platform;
        connection->descriptor = client;
        if (pthread_create(&thread, NULL, serve, connection) == 0)
            pthread_detach(thread);
    }
    return NULL;
}

bench_platform_t *bench_platform_start(int commits, int pulls, apr_pool_t *pool)
{
    bench_platform_t *platform = apr_pcalloc(pool, sizeof(*platform));
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    pthread_t thread;

    platform->pool = pool;
    platform->answers = apr_hash_make(pool);
    platform->targets = apr_array_make(pool, 8192, sizeof(const char *));
    pthread_mutex_init(&platform->lock, NULL);
    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    platform->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (platform->listener < 0 ||
        bind(platform->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(platform->listener, 64) != 0 ||
        getsockname(platform->listener, (struct sockaddr *)&address, &length) != 0)
        return NULL;
    platform->port = ntohs(address.sin_port);
    add_all(platform, commits, pulls);
    return pthread_create(&thread, NULL, take_clients, platform) == 0 ? platform : NULL;
}

const char *bench_platform_url(const bench_platform_t *platform)
{
    return apr_psprintf(platform->pool, "http://127.0.0.1:%d", platform->port);
}

bench_platform_counts_t bench_platform_counts(bench_platform_t *platform)
{
    bench_platform_counts_t counts;

    pthread_mutex_lock(&platform->lock);
    counts = platform->counts;
    pthread_mutex_unlock(&platform->lock);
    return counts;
}

const char *const *bench_platform_targets(const bench_platform_t *platform)
{
    const char **targets =
        apr_pcalloc(platform->pool, ((apr_size_t)platform->targets->nelts + 1) * sizeof(*targets));

    memcpy(targets, platform->targets->elts, (apr_size_t)platform->targets->nelts * sizeof(*targets));
    return targets;
}
