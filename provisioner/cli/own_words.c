#include "provisioner/cli/own_words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE 128
#define MARK "\1"

static void add_word(struct own_words *w, const char *word)
{
	if (word && word[0] && w->n < OWN_WORDS_MAX)
		w->items[w->n++] = word;
}

static void add_mac(struct own_words *w, const char *mac)
{
	if (!mac || w->n == OWN_WORDS_MAX)
		return;
	char *dashed = w->dashed[w->n];
	(void)snprintf(dashed, OWN_WORDS_MAC_SIZE, "%s", mac); /* no MAC is longer */
	for (char *c = dashed; *c; c++)
		if (*c == ':')
			*c = '-';
	add_word(w, mac);
	add_word(w, dashed);
}

void own_words_init(struct own_words *w, const json_t *machine)
{
	const json_t *macs = json_object_get(machine, "macs"), *mac;
	size_t i;

	w->n = 0;
	add_word(w, json_string_value(json_object_get(machine, "name")));
	add_word(w, json_string_value(json_object_get(machine, "address")));
	json_array_foreach(macs, i, mac) add_mac(w, json_string_value(mac));
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* The '-' with which a diff tells of a line that went is of no word. */
static bool is_mark(const char *text, size_t i)
{
	return text[i] == '-' && (i == 0 || text[i - 1] == '\n');
}

static bool is_start(const char *text, size_t i)
{
	return i == 0 || !is_of_word(text[i - 1]) || is_mark(text, i - 1);
}

bool own_words_are_others_in(const json_t *machines, const char *name, const char *text, size_t len)
{
	char word[NAME_SIZE];

	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		for (n = 0; i + n < len && is_of_word(text[i + n]) && !is_mark(text, i + n); n++)
			;
		if (n == 0 || n >= sizeof(word))
			continue;
		memcpy(word, text + i, n);
		word[n] = '\0';
		if (strcmp(word, name) != 0 && json_object_get(machines, word))
			return true;
	}
	return false;
}

/* The length of the own word that stands here alone, and which it is; 0: none. */
static size_t find_word(const struct own_words *w, const char *at, size_t left, size_t *ret)
{
	for (*ret = 0; *ret < w->n; ++*ret) {
		size_t len = strlen(w->items[*ret]);

		if (len <= left && memcmp(at, w->items[*ret], len) == 0 &&
			(len == left || !is_of_word(at[len])))
			return len;
	}
	return 0;
}

void own_words_add(const struct own_words *w, const char *text, size_t len, struct str *out)
{
	size_t which, n;

	for (size_t i = 0; i < len; i += n ? n : 1) {
		n = is_start(text, i) ? find_word(w, text + i, len - i, &which) : 0;
		if (n > 0)
			str_printf(out, MARK "%c", (int)('A' + which));
		else
			str_addc(out, text[i]);
	}
}
