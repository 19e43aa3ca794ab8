/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file document.h
 * Examples of the manual, as tests take them: so that what is printed there is what works.
 */
#ifndef CIV_TESTS_DOCUMENT_H
#define CIV_TESTS_DOCUMENT_H

/** The first block of @a language ("sh") behind the line @a heading ("## 18. Signing a request") of a file ("docs/formats.md"),
 *  on test_pool(), with the line feed at its end; NULL, with a note, when there is none. */
char *document_block(const char *file, const char *heading, const char *language);

#endif
