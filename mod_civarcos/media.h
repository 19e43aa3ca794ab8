/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file media.h
 * Reading the headers that speak of representations: Accept, Content-Type, If-None-Match (RFC 9110). Knows
 * nothing of httpd.
 */
#ifndef CIV_MEDIA_H
#define CIV_MEDIA_H

/** Does an Accept header allow @a type ("application/json")? The most specific range that matches decides. A
 * missing or malformed header allows everything. */
int civ_media_accepts(const char *accept, const char *type);

/** Is this the Content-Type of a JSON request: application/json or application/...+json, in UTF-8? */
int civ_media_is_json(const char *content_type);

/**
 * Does an If-None-Match header name @a tag (without quotes), or everything? Compared weakly. mod_deflate and
 * mod_brotli append "-gzip" or "-br" to the tag of what they compress, and a client sends that back; it names
 * the same content.
 */
int civ_media_has_tag(const char *if_none_match, const char *tag);

#endif
