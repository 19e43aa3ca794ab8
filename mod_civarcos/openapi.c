/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "openapi.h"

#include "openapi_schemas.h"
#include "routes.h"
#include "version.h"

#include "base/json_writer.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* What a status means here; those that carry a problem say so. */
static const struct {
    int status;
    const char *description;
    int is_problem;
} statuses[] = {
    {200, "Done", 0},
    {201, "Made; Location tells where it is", 0},
    {202, "Accepted", 0},
    {304, "The client has it already", 0},
    {400, "Malformed or invalid", 1},
    {401, "Not signed as it must be; Accept-Signature says how", 1},
    {403, "Not allowed", 1},
    {404, "There is no such thing", 1},
    {406, "Nothing that the client accepts", 1},
    {408, "The request came too slowly", 0},
    {409, "In conflict with the state", 1},
    {413, "The body is too large", 1},
    {415, "The body is not JSON in UTF-8, or is encoded", 1},
    {422, "The Idempotency-Key was used with another body", 1},
    {429, "Too many at once; Retry-After tells when", 1},
    {502, "A platform has not done it", 1},
    {503, "Not now; Retry-After tells when", 1},
};

static void write_raw(civ_json_writer_t *writer, const char *json)
{
    civ_json_raw(writer, json, strlen(json));
}

static void write_parameter(civ_json_writer_t *writer, const char *name, const char *in, int required,
                            const char *description, const char *schema)
{
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "name", name);
    civ_json_member_text(writer, "in", in);
    civ_json_member_bool(writer, "required", required);
    civ_json_member_text(writer, "description", description);
    civ_json_name(writer, "schema");
    write_raw(writer, schema);
    civ_json_end_object(writer);
}

/* A route that may answer before its work is over. */
static int is_deferrable(const civ_route_t *route)
{
    int i;

    for (i = 0; i < CIV_ROUTE_STATUSES && route->failures[i]; i++) {
        if (route->failures[i] == 202) {
            return 1;
        }
    }
    return 0;
}

static void write_parameters(civ_json_writer_t *writer, const civ_route_t *route)
{
    const civ_field_t *field;

    civ_json_name(writer, "parameters");
    civ_json_begin_array(writer);
    for (field = route->parameters; field && field->name; field++) {
        write_parameter(writer, field->name, field->need == CIV_IN_PATH ? "path" : "query",
                        field->need == CIV_IN_PATH, field->description, civ_openapi_types[field->type]);
    }
    if (route->body) {
        write_parameter(writer, "Idempotency-Key", "header", 0,
                        "A repeat with the same key and body within 24 hours gets the first answer again",
                        "{\"type\":\"string\",\"minLength\":1,\"maxLength\":255}");
    }
    if (is_deferrable(route)) {
        write_parameter(writer, "Prefer", "header", 0,
                        "respond-async, or wait=N: seconds to wait for the work to be over",
                        "{\"type\":\"string\"}");
    }
    civ_json_end_array(writer);
}

/* An object schema of fields, closed or open to more; answers start with "success". */
static void write_object_schema(civ_json_writer_t *writer, const civ_field_t *fields, int is_answer)
{
    const civ_field_t *field;

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "type", "object");
    civ_json_name(writer, "required");
    civ_json_begin_array(writer);
    if (is_answer) {
        civ_json_text(writer, "success");
    }
    for (field = fields; field->name; field++) {
        if (field->need == CIV_REQUIRED) {
            civ_json_text(writer, field->name);
        }
    }
    civ_json_end_array(writer);
    civ_json_name(writer, "properties");
    civ_json_begin_object(writer);
    if (is_answer) {
        civ_json_name(writer, "success");
        write_raw(writer, "{\"type\":\"boolean\"}");
    }
    for (field = fields; field->name; field++) {
        civ_json_name(writer, field->name);
        write_raw(writer, civ_openapi_types[field->type]);
    }
    civ_json_end_object(writer);
    if (!is_answer) {
        civ_json_member_bool(writer, "additionalProperties", 0);
    }
    civ_json_end_object(writer);
}

static void begin_content(civ_json_writer_t *writer, const char *media_type)
{
    civ_json_name(writer, "content");
    civ_json_begin_object(writer);
    civ_json_name(writer, media_type);
    civ_json_begin_object(writer);
    civ_json_name(writer, "schema");
}

static void end_content(civ_json_writer_t *writer)
{
    civ_json_end_object(writer);
    civ_json_end_object(writer);
}

static void write_request_body(civ_json_writer_t *writer, const civ_route_t *route)
{
    civ_json_name(writer, "requestBody");
    civ_json_begin_object(writer);
    civ_json_member_bool(writer, "required", 1);
    begin_content(writer, "application/json");
    if (route->body != civ_raw_body) {
        write_object_schema(writer, route->body, 0);
    } else {
        write_raw(writer, "{\"type\":\"object\",\"description\":\"What the platform sends\"}");
    }
    end_content(writer);
    civ_json_end_object(writer);
}

static void write_success_content(civ_json_writer_t *writer, const civ_route_t *route)
{
    begin_content(writer, route->media_type);
    if (route->answer) {
        write_object_schema(writer, route->answer, 1);
    } else if (strcmp(route->media_type, "application/json") == 0) {
        write_raw(writer, "{\"type\":\"object\"}");
    } else {
        write_raw(writer, civ_openapi_types[CIV_TYPE_STRING]);
    }
    end_content(writer);
}

static void write_response(civ_json_writer_t *writer, const civ_route_t *route, int status)
{
    apr_size_t i = 0;
    char name[12];

    while (statuses[i].status != status) {
        i++;
    }
    apr_snprintf(name, sizeof(name), "%d", status);
    civ_json_name(writer, name);
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "description", statuses[i].description);
    if (status == route->status || status == 200) {
        write_success_content(writer, route);
    } else if (status == 202) {
        begin_content(writer, "application/json");
        write_raw(writer, CIV_OPENAPI_SCHEMA("Accepted"));
        end_content(writer);
    } else if (statuses[i].is_problem) {
        begin_content(writer, "application/problem+json");
        write_raw(writer, CIV_OPENAPI_SCHEMA("Problem"));
        end_content(writer);
    }
    civ_json_end_object(writer);
}

static void write_responses(civ_json_writer_t *writer, const civ_route_t *route)
{
    int i;

    civ_json_name(writer, "responses");
    civ_json_begin_object(writer);
    write_response(writer, route, route->status);
    for (i = 0; i < CIV_ROUTE_STATUSES && route->failures[i]; i++) {
        write_response(writer, route, route->failures[i]);
    }
    civ_json_name(writer, "default");
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "description", "Another error");
    begin_content(writer, "application/problem+json");
    write_raw(writer, CIV_OPENAPI_SCHEMA("Problem"));
    end_content(writer);
    civ_json_end_object(writer);
    civ_json_end_object(writer);
}

/* "get" and "/blockchain/block/{index}" become "get_blockchain_block_index". */
static const char *operation_id(const char *method, const char *template, apr_pool_t *pool)
{
    char *id = apr_pstrcat(pool, method, template, NULL);
    char *out = id;
    const char *in;

    for (in = id; *in; in++) {
        if (apr_isalnum(*in)) {
            *out++ = *in;
        } else if (out[-1] != '_' && in[1]) {
            *out++ = '_';
        }
    }
    *out = '\0';
    return id;
}

static void write_operation(civ_json_writer_t *writer, const civ_route_t *route, apr_pool_t *pool)
{
    static const char *const methods[CIV_METHOD_COUNT] = {"get", "post", "delete"};
    const char *method = methods[route->method];

    civ_json_name(writer, method);
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "operationId", operation_id(method, route->template, pool));
    civ_json_member_text(writer, "summary", route->summary);
    write_parameters(writer, route);
    if (route->body) {
        write_request_body(writer, route);
    }
    write_responses(writer, route);
    civ_json_end_object(writer);
}

/* The routes of one template stand together in its path item. */
static void write_paths(civ_json_writer_t *writer, apr_pool_t *pool)
{
    int i;
    int j;

    civ_json_name(writer, "paths");
    civ_json_begin_object(writer);
    for (i = 0; i < civ_route_count; i++) {
        for (j = 0; j < i && strcmp(civ_routes[j].template, civ_routes[i].template) != 0; j++) {
            continue;
        }
        if (j < i) {
            continue;
        }
        civ_json_name(writer, civ_routes[i].template);
        civ_json_begin_object(writer);
        for (j = i; j < civ_route_count; j++) {
            if (strcmp(civ_routes[j].template, civ_routes[i].template) == 0) {
                write_operation(writer, &civ_routes[j], pool);
            }
        }
        civ_json_end_object(writer);
    }
    civ_json_end_object(writer);
}

static void write_components(civ_json_writer_t *writer)
{
    apr_size_t i;

    civ_json_name(writer, "components");
    civ_json_begin_object(writer);
    civ_json_name(writer, "schemas");
    civ_json_begin_object(writer);
    for (i = 0; i < civ_openapi_component_count; i++) {
        civ_json_name(writer, civ_openapi_components[i].name);
        write_raw(writer, civ_openapi_components[i].schema);
    }
    civ_json_end_object(writer);
    civ_json_end_object(writer);
}

void civ_openapi_write(civ_buffer_t *out, const char *prefix)
{
    civ_json_writer_t writer;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "openapi", "3.1.0");
    civ_json_name(&writer, "info");
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "title", "mod_civarcos");
    civ_json_member_text(&writer, "version", civ_version());
    civ_json_member_text(&writer, "description", "An evidence ledger in an Apache HTTP server.");
    civ_json_name(&writer, "license");
    write_raw(&writer, "{\"name\":\"Apache 2.0\",\"identifier\":\"Apache-2.0\"}");
    civ_json_end_object(&writer);
    civ_json_name(&writer, "servers");
    civ_json_begin_array(&writer);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "url", *prefix ? prefix : "/");
    civ_json_end_object(&writer);
    civ_json_end_array(&writer);
    write_paths(&writer, out->pool);
    write_components(&writer);
    civ_json_end_object(&writer);
}
