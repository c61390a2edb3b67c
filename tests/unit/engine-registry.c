/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One object for each key, for as long as somebody holds it. */

#include <clv/clv-error.h>

#include "engine/clv-engine-registry.h"

static gpointer
make_object (gpointer user_data, GError **error)
{
  guint *n_made = user_data;

  g_usleep (10000);
  if (++*n_made == 1) {
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_FAILED, "not yet");
    return NULL;
  }
  return g_object_new (G_TYPE_OBJECT, NULL);
}

static gpointer
get_object (gpointer user_data)
{
  return clv_registry_get ("threads", make_object, user_data, NULL);
}

static void
test_registry (void)
{
  guint n_made = 0;
  GThread *threads[6];
  gpointer objects[6];
  gpointer kept = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("get", get_object, &n_made);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    objects[i] = g_thread_join (threads[i]);
    if (objects[i] != NULL)
      kept = objects[i];
  }
  /* The first failed, the second made the object of all others. */
  g_assert_cmpuint (n_made, ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (objects); i++) {
    g_assert_true (objects[i] == NULL || objects[i] == kept);
    if (objects[i] != NULL && objects[i] != kept)
      g_object_unref (objects[i]);
  }
  clv_registry_forget (kept);
  objects[0] = clv_registry_get ("threads", make_object, &n_made, NULL);
  g_assert_true (objects[0] != kept);
  g_object_unref (objects[0]);
  for (guint i = 0; i < G_N_ELEMENTS (objects) - 1; i++)
    g_object_unref (kept);

  objects[0] = clv_registry_get ("threads", make_object, &n_made, NULL);
  g_assert_cmpuint (n_made, ==, 4); /* nobody held the last one */
  g_object_unref (objects[0]);
  g_assert_cmpuint (clv_registry_count (), ==, 0);
}

static gpointer
make_other (gpointer user_data, GError **error)
{
  return g_object_new (G_TYPE_OBJECT, NULL);
}

static void
count_toggle (gpointer data, GObject *object, gboolean is_last_ref)
{
  guint *n_refs = data;

  if (!is_last_ref)
    ++*n_refs;
}

/* Whoever has a reference for a moment may be left with the last one, and what then
 * ends may wait for a thread that forgets something too. */
static void
test_forget (void)
{
  guint n_refs = 0;
  GObject *one = clv_registry_get ("one", make_other, NULL, NULL);
  GObject *two = clv_registry_get ("two", make_other, NULL, NULL);
  GObject *again;

  g_object_add_toggle_ref (one, count_toggle, &n_refs);
  g_object_unref (one); /* the toggle reference is the only one */
  clv_registry_forget (two);
  clv_registry_forget (one);
  clv_registry_forget (one);
  g_assert_cmpuint (n_refs, ==, 0);
  again = clv_registry_get ("one", make_other, NULL, NULL);
  g_assert_true (again != one);
  g_object_unref (again);
  again = clv_registry_get ("two", make_other, NULL, NULL);
  g_assert_true (again != two);
  g_object_unref (again);
  g_object_unref (two);
  g_object_remove_toggle_ref (one, count_toggle, &n_refs);
}

static gpointer
make_nothing (gpointer user_data, GError **error)
{
  return NULL;
}

static gpointer
make_known (gpointer user_data, GError **error)
{
  return g_object_ref (user_data);
}

/* Keys may have addresses in them, of which there is no end. */
static void
test_keys (void)
{
  GObject *one = clv_registry_get ("one", make_other, NULL, NULL);
  GObject *same = clv_registry_get ("alias", make_known, one, NULL);

  g_assert_true (same == one);
  g_assert_null (clv_registry_get ("nothing", make_nothing, NULL, NULL));
  g_assert_cmpuint (clv_registry_count (), ==, 2);
  g_object_unref (same);
  g_assert_cmpuint (clv_registry_count (), ==, 2);
  g_object_unref (one);
  g_assert_cmpuint (clv_registry_count (), ==, 0);

  one = clv_registry_get ("one", make_other, NULL, NULL);
  clv_registry_forget (one);
  g_assert_cmpuint (clv_registry_count (), ==, 0);
  same = clv_registry_get ("one", make_other, NULL, NULL);
  g_object_unref (one); /* and not the one that is registered now */
  g_assert_cmpuint (clv_registry_count (), ==, 1);
  g_object_unref (same);
  g_assert_cmpuint (clv_registry_count (), ==, 0);
}

static gpointer
get_and_drop (gpointer user_data)
{
  for (guint i = 0; i < 2000; i++)
    g_object_unref (clv_registry_get ("drop", make_other, NULL, NULL));
  return NULL;
}

static void
test_last_references (void)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("drop", get_and_drop, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (clv_registry_count (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/engine-registry/an object is made once and held weakly", test_registry);
  g_test_add_func (
      "/engine-registry/forgetting takes no references", test_forget);
  g_test_add_func ("/engine-registry/a key goes with its object", test_keys);
  g_test_add_func (
      "/engine-registry/last references are dropped while others ask",
      test_last_references);
  return g_test_run ();
}
