/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file message_derived.c
 * What is derived from a request: section 2.2 of RFC 9421.
 */
#include "base/encoding.h"
#include "base/message_private.h"

#include <apr_cstr.h>
#include <apr_strings.h>

#include <string.h>

/** The parts of a request target. */
typedef struct target_t {
    const char *authority; /**< of the absolute form; else NULL */
    const char *path;      /**< never empty */
    const char *query;     /**< with its question mark; "?" where there is none */
} target_t;

/* @return 0 for what has no path: the form of CONNECT, or nothing of a target at all */
static int split(target_t *target, const char *text, apr_pool_t *pool)
{
    const char *rest = text, *mark;

    memset(target, 0, sizeof(*target));
    if (text[0] != '/' && strcmp(text, "*") != 0) {
        const char *colon = strstr(text, "://");

        if (colon == NULL || colon == text)
            return 0;
        rest = colon + 3 + strcspn(colon + 3, "/?");
        target->authority = apr_pstrmemdup(pool, colon + 3, (apr_size_t)(rest - colon - 3));
    }
    mark = strchr(rest, '?');
    target->query = mark != NULL ? mark : "?";
    target->path = mark != NULL ? apr_pstrmemdup(pool, rest, (apr_size_t)(mark - rest)) : rest;
    if (target->path[0] != '/')
        target->path = "/";
    return 1;
}

/* --- authority --- */

static const struct {
    const char *scheme, *port;
} default_ports[] = {{"http", "80"}, {"https", "443"}};

static int is_default_port(const char *scheme, const char *port)
{
    apr_size_t i;

    for (i = 0; i < sizeof(default_ports) / sizeof(default_ports[0]); i++)
        if (apr_cstr_casecmp(default_ports[i].scheme, scheme) == 0 &&
            strcmp(default_ports[i].port, port) == 0)
            return 1;
    return 0;
}

/* Letters, digits and what else a name or an address may have; user names do not belong here. */
static int is_host(const char *host)
{
    apr_size_t length = strlen(host);

    if (host[0] == '[')
        return length > 2 && strspn(host + 1, "0123456789abcdefABCDEF:.%vV") == length - 2 &&
               host[length - 1] == ']';
    return length > 0 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=%") ==
               length;
}

static char *lower(char *text)
{
    char *byte;

    for (byte = text; *byte != '\0'; byte++)
        if (*byte >= 'A' && *byte <= 'Z')
            *byte = (char)(*byte - 'A' + 'a');
    return text;
}

const char *civ_authority_normalize(const char *authority, const char *scheme, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, authority);
    char *colon = strrchr(text, ':');
    const char *port = "";

    /* The colons of an IPv6 address are inside of its brackets. */
    if (colon != NULL && strchr(colon, ']') == NULL) {
        *colon = '\0';
        port = colon + 1;
    }
    if (!is_host(text) || port[strspn(port, "0123456789")] != '\0' || strlen(port) > 5)
        return NULL;
    lower(text);
    return port[0] == '\0' || is_default_port(scheme, port) ? text : apr_pstrcat(pool, text, ":", port, NULL);
}

/* --- query parameters --- */

/* Decode what a form would send, and encode it again the one way that signatures have. */
static void recode(civ_buffer_t *out, const char *text, apr_size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    apr_size_t i;

    for (i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte == '+') {
            byte = ' ';
        } else if (byte == '%' && i + 2 < length && civ_hex_value(text[i + 1]) >= 0 &&
                   civ_hex_value(text[i + 2]) >= 0) {
            byte = (unsigned char)(civ_hex_value(text[i + 1]) << 4 | civ_hex_value(text[i + 2]));
            i += 2;
        }
        if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
            byte == '*' || byte == '-' || byte == '.' || byte == '_') {
            civ_buffer_append_byte(out, (char)byte);
        } else {
            civ_buffer_append_byte(out, '%');
            civ_buffer_append_byte(out, digits[byte >> 4]);
            civ_buffer_append_byte(out, digits[byte & 15]);
        }
    }
}

static civ_component_fault_e write_query_parameter(civ_buffer_t *out, const char *query, const char *wanted)
{
    const char *at = query + 1;
    civ_buffer_t name;
    int found = 0;

    civ_buffer_init(&name, 64, out->pool);
    while (*at != '\0') {
        apr_size_t length = strcspn(at, "&");
        const char *equals = memchr(at, '=', length);
        apr_size_t name_length = equals != NULL ? (apr_size_t)(equals - at) : length;

        name.length = 0;
        name.data[0] = '\0';
        recode(&name, at, name_length);
        if (length > 0 && strcmp(name.data, wanted) == 0) {
            if (found++ > 0)
                return CIV_COMPONENT_AMBIGUOUS;
            if (equals != NULL)
                recode(out, equals + 1, length - name_length - 1);
        }
        at += length;
        at += *at == '&';
    }
    return found ? CIV_COMPONENT_FINE : CIV_COMPONENT_MISSING;
}

/* --- derived components --- */

/* Visible ASCII, or there could be a line feed in the base that nobody signed. */
static civ_component_fault_e write_visible(civ_buffer_t *out, const char *text)
{
    const char *byte;

    if (text == NULL || text[0] == '\0')
        return CIV_COMPONENT_MISSING;
    for (byte = text; *byte != '\0'; byte++)
        if (*byte <= ' ' || *byte > '~')
            return CIV_COMPONENT_INVALID;
    civ_buffer_append(out, text, (apr_size_t)(byte - text));
    return CIV_COMPONENT_FINE;
}

/** A request, and the parts of its target. */
typedef struct derived_t {
    const civ_message_t *message;
    target_t target;
    int is_split; /**< target counts */
} derived_t;

typedef civ_component_fault_e writer_fn(civ_buffer_t *out, const derived_t *derived,
                                        const civ_structured_item_t *component);

static civ_component_fault_e write_method(civ_buffer_t *out, const derived_t *derived,
                                          const civ_structured_item_t *component)
{
    (void)component;
    return write_visible(out, derived->message->method);
}

static civ_component_fault_e write_scheme(civ_buffer_t *out, const derived_t *derived,
                                          const civ_structured_item_t *component)
{
    (void)component;
    return derived->message->scheme != NULL
               ? write_visible(out, lower(apr_pstrdup(out->pool, derived->message->scheme)))
               : CIV_COMPONENT_MISSING;
}

/* What the absolute form says goes before the Host header. */
static civ_component_fault_e write_authority(civ_buffer_t *out, const derived_t *derived,
                                             const civ_structured_item_t *component)
{
    const civ_message_t *message = derived->message;
    const char *given = derived->target.authority != NULL ? derived->target.authority : message->authority;
    const char *authority;

    (void)component;
    if (given == NULL || message->scheme == NULL)
        return CIV_COMPONENT_MISSING;
    authority = civ_authority_normalize(given, message->scheme, out->pool);
    return authority != NULL ? write_visible(out, authority) : CIV_COMPONENT_INVALID;
}

static civ_component_fault_e write_path(civ_buffer_t *out, const derived_t *derived,
                                        const civ_structured_item_t *component)
{
    (void)component;
    return write_visible(out, derived->is_split ? derived->target.path : NULL);
}

static civ_component_fault_e write_query(civ_buffer_t *out, const derived_t *derived,
                                         const civ_structured_item_t *component)
{
    (void)component;
    return write_visible(out, derived->is_split ? derived->target.query : NULL);
}

static civ_component_fault_e write_request_target(civ_buffer_t *out, const derived_t *derived,
                                                  const civ_structured_item_t *component)
{
    (void)component;
    return write_visible(out, derived->message->target);
}

static civ_component_fault_e write_target_uri(civ_buffer_t *out, const derived_t *derived,
                                              const civ_structured_item_t *component)
{
    civ_component_fault_e fault = write_scheme(out, derived, component);

    if (fault != CIV_COMPONENT_FINE)
        return fault;
    civ_buffer_append_text(out, "://");
    fault = write_authority(out, derived, component);
    if (fault == CIV_COMPONENT_FINE)
        fault = write_path(out, derived, component);
    /* A lone question mark is @query's way to say that there is none. */
    if (fault == CIV_COMPONENT_FINE && strchr(derived->message->target, '?') != NULL)
        fault = write_query(out, derived, component);
    return fault;
}

static civ_component_fault_e write_named_parameter(civ_buffer_t *out, const derived_t *derived,
                                                   const civ_structured_item_t *component)
{
    const char *wanted = civ_structured_string(civ_structured_parameter(&component->parameters, "name"));

    if (wanted == NULL)
        return CIV_COMPONENT_PARAMETER_UNKNOWN;
    return derived->is_split ? write_query_parameter(out, derived->target.query, wanted)
                             : CIV_COMPONENT_MISSING;
}

static civ_component_fault_e write_status(civ_buffer_t *out, const derived_t *derived,
                                          const civ_structured_item_t *component)
{
    (void)component;
    if (derived->message->status == 0)
        return CIV_COMPONENT_MISSING;
    civ_buffer_append_format(out, "%03d", derived->message->status);
    return CIV_COMPONENT_FINE;
}

static const struct {
    const char *name;
    writer_fn *write;
    int is_of_response;
} components[] = {
    {"@method", write_method, 0},
    {"@target-uri", write_target_uri, 0},
    {"@authority", write_authority, 0},
    {"@scheme", write_scheme, 0},
    {"@request-target", write_request_target, 0},
    {"@path", write_path, 0},
    {"@query", write_query, 0},
    {"@query-param", write_named_parameter, 0},
    {"@status", write_status, 1},
};

#define COMPONENTS (sizeof(components) / sizeof(components[0]))

static apr_size_t find(const char *name)
{
    apr_size_t i;

    for (i = 0; i < COMPONENTS && strcmp(components[i].name, name) != 0; i++)
        continue;
    return i;
}

int civ_derived_is_known(const char *name)
{
    return find(name) < COMPONENTS;
}

civ_component_fault_e civ_derived_value(civ_buffer_t *out, const civ_message_t *message,
                                        const civ_structured_item_t *component)
{
    apr_size_t index = find(component->bare.text);
    derived_t derived = {message, {NULL, NULL, NULL}, 0};

    /* A response has nothing of a request but through ";req", and the other way round. */
    if (components[index].is_of_response != (message->status != 0))
        return CIV_COMPONENT_MISSING;
    derived.is_split = message->target != NULL && split(&derived.target, message->target, out->pool);
    return components[index].write(out, &derived, component);
}
