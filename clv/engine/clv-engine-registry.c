/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-engine-registry.h"

/* Entries stay for the life of the process; there are few keys. */
typedef struct {
  GMutex making; /* held while the object is made */
  GWeakRef object;
  gconstpointer address; /* of the object, which may be gone */
} Entry;

static GMutex entries_mutex; /* of the table, and of what the entries name */
static GHashTable *entries;  /* key → Entry */

static Entry *
get_entry (const gchar *key)
{
  Entry *entry;

  g_mutex_lock (&entries_mutex);
  if (entries == NULL)
    entries = g_hash_table_new (g_str_hash, g_str_equal);
  entry = g_hash_table_lookup (entries, key);
  if (entry == NULL) {
    entry = g_new0 (Entry, 1);
    g_mutex_init (&entry->making);
    g_weak_ref_init (&entry->object, NULL);
    g_hash_table_insert (entries, g_strdup (key), entry);
  }
  g_mutex_unlock (&entries_mutex);
  return entry;
}

gpointer
clv_registry_get (const gchar *key, ClvRegistryMakeFunc make,
    gpointer user_data, GError **error)
{
  Entry *entry = get_entry (key);
  gpointer object;

  g_mutex_lock (&entry->making);
  object = g_weak_ref_get (&entry->object);
  if (object == NULL) {
    object = make (user_data, error);
    if (object != NULL) {
      g_mutex_lock (&entries_mutex);
      g_weak_ref_set (&entry->object, object);
      entry->address = object;
      g_mutex_unlock (&entries_mutex);
    }
  }
  g_mutex_unlock (&entry->making);
  return object;
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
    }
  }
  g_mutex_unlock (&entries_mutex);
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
