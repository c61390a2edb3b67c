/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A mosquitto of the test's own, on this machine only, and who listens to it. */

#pragma once

#include "publish-test.h"

G_BEGIN_DECLS

typedef struct {
  PublishTest *test;
  gchar *directory;
  gchar *config;
  guint port;
  GPid pid;      /* 0: it is down */
  GPid listener; /* likewise */
  gchar *heard;  /* the file with what it heard */
} BrokerTest;

/* FALSE where there is none here; then the test is skipped. */
gboolean broker_test_is_there (void);

/* Starts one, and who listens to it; FALSE likewise. `settings`: more lines of its
 * configuration; or NULL. `options`: see broker_test_listen(). */
gboolean broker_test_begin (BrokerTest *self, PublishTest *test,
    const gchar *settings, const gchar *options);

/* With the same port and memory. */
void broker_test_restart (BrokerTest *self);

/* By a signal: SIGTERM lets it save its memory. */
void broker_test_kill (BrokerTest *self, gint signal);

/* Ends everything, the element first. */
void broker_test_end (BrokerTest *self);

/* Begins to listen to all topics, over restarts too. `options`: of mosquitto_sub, with
 * spaces between them; or NULL. */
void broker_test_listen (BrokerTest *self, const gchar *options);

/* What was heard: "topic retained payload" a line; free with g_strfreev(). */
gchar **broker_test_get_heard (BrokerTest *self);

/* For g_spawn_async(): no process outlives a test that fails. */
void broker_test_die_with_us (gpointer data);

/* How many lines match a regular expression. */
guint broker_test_count_heard (BrokerTest *self, const gchar *pattern);

/* Waits until so many do. */
void broker_test_wait_heard (BrokerTest *self, const gchar *pattern, guint n);

/* Waits until starts and stops of dog were heard in their order, `n` different ones or
 * more, none left out in a run of the element, and none twice unless `twice`. */
void broker_test_wait_events (BrokerTest *self, guint n, gboolean twice);

G_END_DECLS
