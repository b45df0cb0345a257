/* text.h - the words of HTTP as tables: status codes, types of files, character classes. */
#ifndef SLIPWAY_HTTP_TEXT_H
#define SLIPWAY_HTTP_TEXT_H

#include <stdbool.h>

/* "Not Found", or NULL for a status that we never send. */
const char *http_status_text(unsigned status);

/* By the name's ending. UEFI 2.10 section 24.7.3.1 has firmware judge a boot file by it. */
const char *http_type_of(const char *path);

/* RFC 9110 5.6.2: what methods and field names are made of. */
bool http_is_token_char(char c);

#endif
