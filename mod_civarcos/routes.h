/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file routes.h
 * The one table of routes. Dispatch, Allow, the list at the root, the OpenAPI description and the labels of
 * the metrics all come from it.
 */
#ifndef CIV_ROUTES_H
#define CIV_ROUTES_H

#include "template.h"

struct civ_call_t;

typedef enum civ_method_e { CIV_GET, CIV_POST, CIV_DELETE, CIV_METHOD_COUNT } civ_method_e;

/** What a field holds; openapi_schemas.c has the schema of each. */
typedef enum civ_type_e {
    CIV_TYPE_STRING,
    CIV_TYPE_INTEGER,
    CIV_TYPE_BOOLEAN,
    CIV_TYPE_TIMESTAMP,  /**< RFC 3339 */
    CIV_TYPE_HASH,       /**< 64 lower-case hex digits */
    CIV_TYPE_HASHES,     /**< an array of these */
    CIV_TYPE_LIMIT,      /**< 1 to 1000 */
    CIV_TYPE_BLOCK_NAME, /**< an index, "latest" or a hash */
    CIV_TYPE_EVIDENCE,   /**< an object, or an array of objects */
    CIV_TYPE_OBJECT,     /**< any object */
    CIV_TYPE_BLOCK,
    CIV_TYPE_INFO,
    CIV_TYPE_RESULT,
    CIV_TYPE_RESULTS,
    CIV_TYPE_VALIDATION,
    CIV_TYPE_TAMPERED,
    CIV_TYPE_NULLABLE_STRING,
    CIV_TYPE_VALIDATOR_ID,
    CIV_TYPE_PUBLIC_KEY, /**< in any form that is understood */
    CIV_TYPE_PEM,
    CIV_TYPE_STAKE,
    CIV_TYPE_REPUTATION,
    CIV_TYPE_SIGNATURE, /**< 64 bytes in base64 */
    CIV_TYPE_VALIDATORS,
    CIV_TYPE_CONSENSUS,
    CIV_TYPE_ORGANIZATION_ID,
    CIV_TYPE_URL,
    CIV_TYPE_ANY_OBJECT,
    CIV_TYPE_NODE,
    CIV_TYPE_NODES,
    CIV_TYPE_NETWORK,
    CIV_TYPE_EVIDENCE_ID,
    CIV_TYPE_VERSION,
    CIV_TYPE_PRIVACY,
    CIV_TYPE_CONFIDENCE,
    CIV_TYPE_SHARED,
    CIV_TYPE_SHARED_LIST,
    CIV_TYPE_REMOVED,
    CIV_TYPE_EVIDENCE_CONSENSUS,
    CIV_TYPE_METRIC,
    CIV_TYPE_METRICS,
    CIV_TYPE_METRIC_NAMES,
    CIV_TYPE_STATISTICS,
    CIV_TYPE_THREAT_INFO,
    CIV_TYPE_THREAT_ID,
    CIV_TYPE_SEVERITY,
    CIV_TYPE_THREAT,
    CIV_TYPE_THREATS,
    CIV_TYPE_INDICATOR,
    CIV_TYPE_WITHHELD,
    CIV_TYPE_PLATFORM,
    CIV_TYPE_CONNECTOR_CONFIG,
    CIV_TYPE_CONNECTOR,
    CIV_TYPE_CONNECTORS,
    CIV_TYPE_PROJECT,
    CIV_TYPE_PROJECT_CONFIG,
    CIV_TYPE_JOB,
    CIV_TYPE_JOBS,
    CIV_TYPE_JOB_STATUS,
    CIV_TYPE_JOB_STATUSES,
    CIV_TYPE_NUMBER_ID,
    CIV_TYPE_INTERVAL,
    CIV_TYPE_SCHEDULE,
    CIV_TYPE_SCHEDULES,
    CIV_TYPE_SYNC_STATUS,
    CIV_TYPE_ORDER,
    CIV_TYPE_ITEM,
    CIV_TYPE_ITEMS,
    CIV_TYPE_ITEM_VERSIONS,
    CIV_TYPE_CONFLICT_KIND,
    CIV_TYPE_CONFLICTS,
    CIV_TYPE_POLICY,
    CIV_TYPE_COMMIT,
    CIV_TYPE_COMMIT_STATE,
    CIV_TYPE_WEBHOOK_RESULT,
    CIV_TYPE_COUNT
} civ_type_e;

/** A parameter, a member of a request's object, or a member of an answer's. A list of them ends with a NULL
 * name. */
typedef struct civ_field_t {
    const char *name;
    civ_type_e type;
    const char *description;
    enum { CIV_OPTIONAL, CIV_REQUIRED, CIV_IN_PATH } need; /**< CIV_IN_PATH: a variable of the template */
} civ_field_t;

/** Most further statuses of a route. */
#define CIV_ROUTE_STATUSES 14

typedef struct civ_route_t {
    civ_method_e method;
    const char *template; /**< below the prefix */
    const char *summary;
    int (*handle)(struct civ_call_t *call);
    const civ_field_t *parameters; /**< of query and path; NULL: none */
    const civ_field_t *body;       /**< members of the request's object; NULL: no body */
    const civ_field_t *answer; /**< members of the answer besides "success"; NULL: it is not such an object */
    const char *media_type;    /**< of the answer */
    int status;                /**< on success */
    int needs_node;            /**< the node is refreshed first */
    int failures[CIV_ROUTE_STATUSES]; /**< other statuses to expect, ended by 0 */
} civ_route_t;

/** Most routes there may be: the counters of the metrics are laid out for them. */
#define CIV_ROUTE_MAX 100

/** As a route's body: the content is taken as it came, and the handler says what it has to be. */
extern const civ_field_t civ_raw_body[];

/** The table. */
extern const civ_route_t civ_routes[];

/** How many routes there are. */
extern const int civ_route_count;

/** "GET", "POST", "DELETE". */
const char *civ_route_method(const civ_route_t *route);

/**
 * Find the route of a path (decoded, below the prefix, starting with a slash).
 * @param method CIV_METHOD_COUNT matches none
 * @param segments values of the template's variables, when there is a route
 * @param known set to non-zero when the path exists, be it for another method
 * @return the route, or NULL
 */
const civ_route_t *civ_route_find(civ_method_e method, const char *path,
                                  civ_segment_t segments[CIV_TEMPLATE_MAX], int *known);

/** Room for civ_route_allow. */
#define CIV_ALLOW_SIZE 40

/** Write what Allow says of a path, for example "GET, HEAD, OPTIONS". */
void civ_route_allow(const char *path, char allow[CIV_ALLOW_SIZE]);

#endif
