/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-model.h>

#include <string.h>

static gboolean
is_model (const gchar *directory)
{
  g_autofree gchar *config = g_build_filename (directory, "config.json", NULL);

  return g_file_test (config, G_FILE_TEST_EXISTS);
}

/* Where a model of that name may be, most particular first. */
static GPtrArray *
list_places (const gchar *name)
{
  GPtrArray *places = g_ptr_array_new_with_free_func (g_free);
  const gchar *const *system = g_get_system_data_dirs ();
  const gchar *path = g_getenv ("CLV_MODEL_PATH");
  g_auto (GStrv) parts = g_strsplit (path != NULL ? path : "", ":", -1);

  g_ptr_array_add (places, g_strdup (name));
  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_ptr_array_add (places, g_build_filename (parts[i], name, NULL));
  g_ptr_array_add (places,
      g_build_filename (g_get_user_data_dir (), "clv", "models", name, NULL));
  for (guint i = 0; system[i] != NULL; i++)
    g_ptr_array_add (
        places, g_build_filename (system[i], "clv", "models", name, NULL));
  return places;
}

gchar *
clv_model_find (const gchar *name, GError **error)
{
  g_autoptr (GPtrArray) places = NULL;
  g_autofree gchar *list = NULL;

  g_return_val_if_fail (name != NULL, NULL);

  /* A path is taken as it is; what is wrong with it shows when it is loaded. */
  if (strchr (name, '/') != NULL && g_file_test (name, G_FILE_TEST_EXISTS))
    return g_strdup (name);
  places = list_places (name);
  for (guint i = 0; *name != '\0' && i < places->len; i++)
    if (is_model (g_ptr_array_index (places, i)))
      return g_strdup (g_ptr_array_index (places, i));
  if (*name != '\0' && g_file_test (name, G_FILE_TEST_EXISTS))
    return g_strdup (name);

  g_ptr_array_add (places, NULL);
  list = g_strjoinv (", ", (gchar **) places->pdata);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
      "no model \"%s\": looked for a config.json in %s", name, list);
  return NULL;
}
