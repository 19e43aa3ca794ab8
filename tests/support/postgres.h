/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file postgres.h
 * libpq; where this was built --without-pgsql, what the tests' own connections need to compile. Nothing calls it then: on
 * PostgreSQL all programs are skipped (database_absence).
 */
#ifndef CIV_TESTS_POSTGRES_H
#define CIV_TESTS_POSTGRES_H

#include "config.h"

#ifdef CIVARCOS_PGSQL
#include <libpq-fe.h>
#else

#include <stddef.h>

#define PQconnectdb(parameters)                                                   ((void)(parameters), (PGconn *)NULL)
#define PQping(parameters)                                                        ((void)(parameters), PQPING_NO_ATTEMPT)
#define PQexec(connection, sql)                                                   ((void)(connection), (void)(sql), (PGresult *)NULL)
#define PQprepare(connection, name, sql, count, types)                            PQexec(connection, sql)
#define PQexecPrepared(connection, name, count, values, lengths, formats, format) PQexec(connection, name)
#define PQerrorMessage(connection)                                                ((void)(connection), "built without PostgreSQL")
#define PQstatus(connection)                                                      ((void)(connection), CONNECTION_BAD)
#define PQtransactionStatus(connection)                                           ((void)(connection), PQTRANS_UNKNOWN)
#define PQresultStatus(result)                                                    ((void)(result), PGRES_FATAL_ERROR)
#define PQntuples(result)                                                         ((void)(result), 0)
#define PQgetisnull(result, row, column)                                          ((void)(result), 1)
#define PQgetvalue(result, row, column)                                           ((void)(result), "")
#define PQclear(result)                                                           ((void)(result))
#define PQfinish(connection)                                                      ((void)(connection))

typedef struct PGconn PGconn;
typedef struct PGresult PGresult;
typedef enum { CONNECTION_OK, CONNECTION_BAD } ConnStatusType;
typedef enum { PQPING_OK, PQPING_NO_ATTEMPT } PGPing;
typedef enum { PQTRANS_INERROR, PQTRANS_UNKNOWN } PGTransactionStatusType;
typedef enum { PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_FATAL_ERROR } ExecStatusType;

#endif
#endif
