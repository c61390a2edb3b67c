/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The server that with-server.sh has started for a test. */

#pragma once

#include <glib.h>

/* `what`: "stop", "crash" or "start". */
static inline void
server_test_do (const gchar *what)
{
  g_auto (GStrv) parts = g_strsplit (g_getenv ("CLV_TEST_SERVER"), "%s", 2);
  g_autofree gchar *command = g_strconcat (parts[0], what, parts[1], NULL);
  g_autoptr (GError) error = NULL;
  gint status = 0;

  g_spawn_command_line_sync (command, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
}
