#include "provisioner/api/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provisioner/base/log.h"

#define SYSTEM_MAX 32

const char *report_text(const json_t *object, const char *key, size_t max)
{
	const json_t *v = json_object_get(object, key);

	return json_is_string(v) && json_string_length(v) <= max ? json_string_value(v) : NULL;
}

int64_t report_generation(const json_t *object, int64_t max)
{
	json_int_t number = json_integer_value(json_object_get(object, "generation"));

	return number > 0 && number <= max ? number : 0;
}

void report_boot_id(const json_t *object, char *ret, size_t size)
{
	const char *text = report_text(object, "boot_id", size - 1);

	if (text)
		(void)log_safe(ret, size, text, strlen(text));
}

/* Escaped beyond ASCII: a terminal takes more than one byte for a command. */
char *report_facts(const json_t *join)
{
	const json_t *facts = json_object_get(join, "facts");
	char *text =
		json_is_object(facts) ? json_dumps(facts, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	if (!text || strlen(text) <= REPORT_FACTS_MAX)
		return text;
	free(text);
	return NULL;
}

bool report_is_registered(const json_t *beat)
{
	return json_is_true(json_object_get(beat, "registered"));
}

void report_health(const json_t *beat, char *ret, size_t size)
{
	const json_t *failed = json_object_get(beat, "units_failed");
	const char *system = report_text(beat, "system", SYSTEM_MAX);
	const char *unit = json_string_value(json_array_get(failed, 0));
	char safe[64];

	ret[0] = '\0';
	if (json_array_size(failed) > 0)
		(void)snprintf(ret, size, "%zu failed units, the first is %s",
			json_array_size(failed),
			unit ? log_safe(safe, sizeof(safe), unit, strlen(unit)) : "nameless");
	else if (system && strcmp(system, "starting") == 0)
		(void)snprintf(ret, size, "still starting");
}
