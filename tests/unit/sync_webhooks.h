/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_webhooks.h
 * Deliveries for tests.
 */
#ifndef CIV_TESTS_SYNC_WEBHOOKS_H
#define CIV_TESTS_SYNC_WEBHOOKS_H

#include "sync/webhook.h"

/** A delivery of a body. @param headers lines "Name: value", ended by line feeds */
civ_webhook_t sync_webhook(const char *headers, const char *body);

#endif
