/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_target.h
 * The node whose connectors a command works with, opened for writing beside a server that may be running.
 */
#ifndef CTL_SYNC_TARGET_H
#define CTL_SYNC_TARGET_H

#include "ctl.h"

#include "node/node.h"
#include "sync/runner.h"

/** Open the node of --config, or of --state, --driver and --database, as ctl_sync_target_open does, and nothing else. */
ctl_exit_e ctl_sync_node_open(civ_node_t **node, const civ_log_t *log, ctl_t *ctl);

/**
 * Open the node of --config, or of --state, --driver and --database, as root with the rights of the owner of the state folder. Nothing is begun and no
 * table brought up to date: that is httpd's.
 * @param runner filled but for its callbacks: engine, egress rules (--egress-allow, --egress-plain-http), a limiter of its own
 * @param log what the node has to say is said there
 * @return CTL_DONE; CTL_USAGE or CTL_FAILED, after complaining
 */
ctl_exit_e ctl_sync_target_open(civ_runner_t *runner, const civ_log_t *log, ctl_t *ctl);

#endif
