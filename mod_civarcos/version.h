/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file version.h
 * The version, apart from httpd's headers, which define configure's names for it themselves.
 */
#ifndef CIV_VERSION_H
#define CIV_VERSION_H

/** For example "0.1.0". */
const char *civ_version(void);

#endif
