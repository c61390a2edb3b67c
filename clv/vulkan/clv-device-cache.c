/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define G_LOG_DOMAIN "clv"

#include "clv-device-cache.h"

#include "base/clv-cache-dir.h"

#include <gio/gio.h>
#include <string.h>

#define CHECKSUM_BYTES 32

/* Everything a pipeline or a verdict depends on: the device and its driver by
 * the UUID made for this, the driver's own version text, and our shaders. */
static gchar *
make_key (const VkPhysicalDeviceProperties *props, const gchar *driver)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_auto (GStrv) names = g_resources_enumerate_children (
      "/clv/shaders", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  g_checksum_update (sum, props->pipelineCacheUUID, VK_UUID_SIZE);
  g_checksum_update (sum, (const guchar *) props->deviceName, -1);
  g_checksum_update (sum, (const guchar *) driver, -1);
  for (guint i = 0; names != NULL && names[i] != NULL; i++) {
    g_autofree gchar *path = g_strconcat ("/clv/shaders/", names[i], NULL);
    g_autoptr (GBytes) spv =
        g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

    g_checksum_update (sum, (const guchar *) names[i], -1);
    if (spv != NULL)
      g_checksum_update (
          sum, g_bytes_get_data (spv, NULL), g_bytes_get_size (spv));
  }
  return g_strndup (g_checksum_get_string (sum), 24);
}

static void
checksum (gconstpointer data, gsize size, guint8 ret_sum[CHECKSUM_BYTES])
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = CHECKSUM_BYTES;

  g_checksum_update (sum, data, size);
  g_checksum_get_digest (sum, ret_sum, &length);
}

/* The blob behind a right checksum, or nothing: drivers trust what they get. */
static GBytes *
read_pipelines (const gchar *file)
{
  g_autoptr (GBytes) bytes = clv_cache_read (file);
  guint8 want[CHECKSUM_BYTES];
  const guint8 *data;
  gsize size;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  if (size < CHECKSUM_BYTES)
    return NULL;
  checksum (data + CHECKSUM_BYTES, size - CHECKSUM_BYTES, want);
  if (memcmp (data, want, CHECKSUM_BYTES) != 0) {
    g_debug ("%s: wrong checksum, ignored", file);
    return NULL;
  }
  return g_bytes_new_from_bytes (bytes, CHECKSUM_BYTES, size - CHECKSUM_BYTES);
}

gboolean
clv_device_cache_init (ClvDeviceCache *self, VkDevice device,
    const VkPhysicalDeviceProperties *props, const gchar *driver,
    GError **error)
{
  g_autofree gchar *pipelines_file = NULL, *verdicts_file = NULL;
  g_autoptr (GBytes) blob = NULL, verdicts = NULL;
  VkPipelineCacheCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
  };

  self->key = make_key (props, driver);
  pipelines_file = g_strdup_printf ("pipelines-%s.bin", self->key);
  verdicts_file = g_strdup_printf ("kernels-%s.ini", self->key);

  self->verdicts = g_key_file_new ();
  verdicts = clv_cache_read (verdicts_file);
  if (verdicts != NULL)
    g_key_file_load_from_bytes (
        self->verdicts, verdicts, G_KEY_FILE_NONE, NULL);

  blob = read_pipelines (pipelines_file);
  if (blob != NULL)
    info.pInitialData = g_bytes_get_data (blob, &info.initialDataSize);
  return clv_vk_check (
      vkCreatePipelineCache (device, &info, NULL, &self->pipelines),
      "vkCreatePipelineCache", error);
}

void
clv_device_cache_clear (ClvDeviceCache *self, VkDevice device)
{
  if (self->pipelines != VK_NULL_HANDLE)
    vkDestroyPipelineCache (device, self->pipelines, NULL);
  g_clear_pointer (&self->verdicts, g_key_file_unref);
  g_clear_pointer (&self->key, g_free);
}

void
clv_device_cache_save (ClvDeviceCache *self, VkDevice device)
{
  g_autofree gchar *file = g_strdup_printf ("pipelines-%s.bin", self->key);
  g_autofree gchar *verdicts_file =
      g_strdup_printf ("kernels-%s.ini", self->key);
  g_autofree gchar *text = NULL;
  g_autofree guint8 *data = NULL;
  gsize size = 0;

  if (!self->dirty)
    return;
  self->dirty = FALSE;

  text = g_key_file_to_data (self->verdicts, &size, NULL);
  clv_cache_write (verdicts_file, text, size);

  size = 0;
  if (vkGetPipelineCacheData (device, self->pipelines, &size, NULL) !=
          VK_SUCCESS ||
      size == 0)
    return;
  data = g_malloc (CHECKSUM_BYTES + size);
  if (vkGetPipelineCacheData (
          device, self->pipelines, &size, data + CHECKSUM_BYTES) != VK_SUCCESS)
    return;
  checksum (data + CHECKSUM_BYTES, size, data);
  clv_cache_write (file, data, CHECKSUM_BYTES + size);
}
