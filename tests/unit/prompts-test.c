/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "prompts-test.h"

#include <glib/gstdio.h>

ClvPrompts *
test_load_prompts (const gchar *json, const ClvPromptsDefaults *defaults)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;
  ClvPrompts *prompts;
  gint fd = g_file_open_tmp ("clv-prompts-XXXXXX.json", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, json, -1, NULL));
  prompts = clv_prompts_new_from_file (path, defaults, &error);
  g_unlink (path);
  g_assert_no_error (error);
  return prompts;
}
