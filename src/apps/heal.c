/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes Prowlarr and Radarr ask the indexers again that they have given up for a while. */
#include "apps/heal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "apps/report.h"

enum {
	TEST_PATIENCE_MS = 110 * 1000, /* the apps give an indexer 100 s */
};

static void problem_copy(char problem[APP_PROBLEM_SIZE], const struct app_answer *answer)
{
	memcpy(problem, answer->problem, APP_PROBLEM_SIZE);
}

static void result_add(struct heal_result *result, heal_fn *on_each, void *arg, const char *name,
		       const char *failures)
{
	result->asked++;
	result->healed += failures[0] == '\0';
	on_each(arg, name, failures);
}

/* A test that found nothing to complain of but an empty answer has worked: that is a warning. */
static bool failures_are_warnings(const json_t *failures)
{
	size_t i;
	json_t *failure;

	json_array_foreach(failures, i, failure)
	{
		if (!json_is_true(json_object_get(failure, "isWarning")))
			return false;
	}
	return json_array_size(failures) > 0;
}

/* The indexer as Prowlarr has it, sent back to be tested. -1: Prowlarr itself is the problem. */
static int prowlarr_test(struct app_session *session, json_int_t id, heal_fn *on_each, void *arg,
			 struct heal_result *result, char problem[APP_PROBLEM_SIZE])
{
	char path[64], name[REPORT_SHOWN_SIZE], failures[200] = "";
	struct app_answer indexer, test = {0};
	int done = 0;

	snprintf(path, sizeof(path), "/api/v1/indexer/%" JSON_INTEGER_FORMAT, id);
	if (app_get(session, path, false, &indexer) < 0) {
		problem_copy(problem, &indexer);
		done = -1;
		goto out;
	}
	if (app_ask(session, "POST", "/api/v1/indexer/test", indexer.body, &test) < 0 &&
	    !(test.status == 400 && failures_are_warnings(test.body))) {
		app_failures_text(test.body, failures, sizeof(failures));
		if (test.status != 400) {
			problem_copy(problem, &test);
			done = -1;
		} else if (failures[0] == '\0') {
			snprintf(failures, sizeof(failures), "it gives no reason");
		}
	}
	if (done == 0)
		result_add(result, on_each, arg, report_shown(indexer.body, "name", name),
			   failures);
out:
	app_answer_clear(&indexer);
	app_answer_clear(&test);
	return done;
}

int prowlarr_heal(struct app_session *session, heal_fn *on_each, void *arg,
		  struct heal_result *result, char problem[APP_PROBLEM_SIZE])
{
	struct app_answer statuses;
	json_t *status;
	size_t i;
	int done = app_get(session, "/api/v1/indexerstatus", true, &statuses);

	*result = (struct heal_result){0};
	if (done < 0)
		problem_copy(problem, &statuses);
	app_set_patience(session, TEST_PATIENCE_MS);
	json_array_foreach(statuses.body, i, status)
	{
		const json_t *id = json_object_get(status, "indexerId");

		if (done == 0 && json_is_integer(id))
			done = prowlarr_test(session, json_integer_value(id), on_each, arg, result,
					     problem);
	}
	app_answer_clear(&statuses);
	return done;
}

int radarr_heal(struct app_session *session, heal_fn *on_each, void *arg,
		struct heal_result *result, char problem[APP_PROBLEM_SIZE])
{
	char name[32], failures[200];
	struct app_answer answer;
	json_t *item;
	size_t i;
	int done;

	*result = (struct heal_result){0};
	app_set_patience(session, TEST_PATIENCE_MS);
	/* 400: one of them failed; the list is there all the same. */
	done = app_ask(session, "POST", "/api/v3/indexer/testall", NULL, &answer);
	if (done < 0 && answer.status == 400 && json_is_array(answer.body))
		done = 0;
	if (done < 0)
		problem_copy(problem, &answer);
	json_array_foreach(answer.body, i, item)
	{
		snprintf(name, sizeof(name), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(json_object_get(item, "id")));
		app_failures_text(json_object_get(item, "validationFailures"), failures,
				  sizeof(failures));
		if (done == 0)
			result_add(result, on_each, arg, name, failures);
	}
	app_answer_clear(&answer);
	return done;
}
