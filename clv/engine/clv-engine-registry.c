/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-engine-registry.h"

/* There while it has an object, or somebody asks for one. */
typedef struct {
  guint n_asking; /* threads */
  GMutex making;  /* held while the object is made */
  GWeakRef object;
  gconstpointer address; /* of the object; NULL: it is gone, or forgotten */
} Entry;

static GMutex entries_mutex; /* of the table, and of what the entries name */
static GHashTable *entries;  /* key → Entry */

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  g_weak_ref_clear (&entry->object);
  g_mutex_clear (&entry->making);
  g_free (entry);
}

static Entry *
take_entry (const gchar *key)
{
  Entry *entry;

  g_mutex_lock (&entries_mutex);
  if (entries == NULL)
    entries =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_entry);
  entry = g_hash_table_lookup (entries, key);
  if (entry == NULL) {
    entry = g_new0 (Entry, 1);
    g_mutex_init (&entry->making);
    g_weak_ref_init (&entry->object, NULL);
    g_hash_table_insert (entries, g_strdup (key), entry);
  }
  entry->n_asking++;
  g_mutex_unlock (&entries_mutex);
  return entry;
}

static void
return_entry (const gchar *key, Entry *entry)
{
  g_mutex_lock (&entries_mutex);
  entry->n_asking--;
  if (entry->n_asking == 0 && entry->address == NULL)
    g_hash_table_remove (entries, key);
  g_mutex_unlock (&entries_mutex);
}

/* By addresses: whoever holds a reference may hold the last one, and an engine that
 * ends waits for threads which may be waiting here. */
void
clv_registry_forget (gconstpointer object)
{
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&entries_mutex);
  if (entries != NULL) {
    g_hash_table_iter_init (&iter, entries);
    while (g_hash_table_iter_next (&iter, NULL, &value)) {
      Entry *entry = value;

      if (entry->address != object)
        continue;
      g_weak_ref_set (&entry->object, NULL);
      entry->address = NULL;
      if (entry->n_asking == 0)
        g_hash_table_iter_remove (&iter);
    }
  }
  g_mutex_unlock (&entries_mutex);
}

/* Its last reference was dropped; its address is not yet another object's. */
static void
forget_dead (gpointer data, GObject *object)
{
  clv_registry_forget (object);
}

gpointer
clv_registry_get (const gchar *key, ClvRegistryMakeFunc make,
    gpointer user_data, GError **error)
{
  Entry *entry = take_entry (key);
  gpointer object;

  g_mutex_lock (&entry->making);
  object = g_weak_ref_get (&entry->object);
  if (object == NULL) {
    object = make (user_data, error);
    if (object != NULL) {
      g_object_weak_ref (object, forget_dead, NULL);
      g_mutex_lock (&entries_mutex);
      g_weak_ref_set (&entry->object, object);
      entry->address = object;
      g_mutex_unlock (&entries_mutex);
    }
  }
  g_mutex_unlock (&entry->making);
  return_entry (key, entry);
  return object;
}

guint
clv_registry_count (void)
{
  guint n;

  g_mutex_lock (&entries_mutex);
  n = entries != NULL ? g_hash_table_size (entries) : 0;
  g_mutex_unlock (&entries_mutex);
  return n;
}

static gpointer
ref_device (gpointer user_data, GError **error)
{
  return g_object_ref (user_data);
}

static gpointer
open_device (gpointer user_data, GError **error)
{
  g_autoptr (ClvDevice) device = clv_device_new (user_data, error);
  g_autofree gchar *key = NULL;

  if (device == NULL)
    return NULL;
  /* Another selector may have opened this device before. */
  key = g_strdup_printf ("uuid\n%s", clv_device_get_info (device)->uuid);
  return clv_registry_get (key, ref_device, device, error);
}

ClvDevice *
clv_registry_get_device (const gchar *selector, GError **error)
{
  g_autofree gchar *key = g_strdup_printf (
      "device\n%s", selector != NULL && *selector ? selector : "auto");

  return clv_registry_get (key, open_device, (gpointer) selector, error);
}
