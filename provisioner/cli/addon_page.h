/* addon_page.h - an add-on as a person reads it: on a terminal, or as the reference page of all. */
#ifndef SLIPWAY_CLI_ADDON_PAGE_H
#define SLIPWAY_CLI_ADDON_PAGE_H

#include <stdio.h>

struct addon;
struct addon_library;

void addon_page_text(const struct addon *a, FILE *to);
void addon_page_markdown(const struct addon_library *l, FILE *to);

#endif
