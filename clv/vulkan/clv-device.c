/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define G_LOG_DOMAIN "clv"

#include "clv-device-private.h"

#include "clv-device-cache.h"
#include "clv-device-open.h"
#include "clv-kernel.h"
#include "shaders/clv-shaders.h"

#include <string.h>

/* When a device that does not answer is given up; CLV_TIMEOUT_S says otherwise.
 * A frame on a GPU takes milliseconds. On a CPU a batch of the largest models
 * takes minutes, and with sanitizers more. */
#define GPU_TIMEOUT_S      60.0
#define SOFTWARE_TIMEOUT_S 1800.0

struct _ClvDevice {
  GObject parent;

  ClvInstance instance;
  ClvDebugFlags debug;
  ClvCandidate *candidate;
  ClvDeviceLimits limits;
  VkDevice vk;
  guint64 timeout_ns;
  gint lost;    /* atomic */
  gchar *cause; /* atomic: what the first who noticed saw, or NULL */

  GMutex queue_lock;
  VkQueue queue;
  gboolean is_shared; /* opened by somebody else */
  ClvSharedDevice shared;

  GMutex cache_lock;
  ClvDeviceCache cache;

  GMutex kernels_lock;
  GCond kernels_cond;
  GHashTable *kernels;

  PFN_vkSetDebugUtilsObjectNameEXT set_name;
  PFN_vkCmdBeginDebugUtilsLabelEXT begin_label;
  PFN_vkCmdEndDebugUtilsLabelEXT end_label;
};

G_DEFINE_FINAL_TYPE (ClvDevice, clv_device, G_TYPE_OBJECT)

G_DEFINE_BOXED_TYPE (
    ClvDeviceInfo, clv_device_info, clv_device_info_copy, clv_device_info_free)

ClvDeviceInfo *
clv_device_info_copy (const ClvDeviceInfo *self)
{
  ClvDeviceInfo *copy = g_memdup2 (self, sizeof *self);

  copy->name = g_strdup (self->name);
  copy->driver = g_strdup (self->driver);
  copy->uuid = g_strdup (self->uuid);
  return copy;
}

void
clv_device_info_free (ClvDeviceInfo *self)
{
  g_free (self->name);
  g_free (self->driver);
  g_free (self->uuid);
  g_free (self);
}

GPtrArray *
clv_device_list (GError **error)
{
  ClvInstance instance;
  g_autoptr (GPtrArray) candidates = NULL;
  GPtrArray *list;

  if (!clv_instance_init (&instance, 0, error))
    return NULL;
  candidates = clv_instance_list_devices (&instance, error);
  clv_instance_clear (&instance);
  if (candidates == NULL)
    return NULL;

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) clv_device_info_free);
  for (guint i = 0; i < candidates->len; i++) {
    const ClvCandidate *candidate = candidates->pdata[i];

    g_ptr_array_add (list, clv_device_info_copy (&candidate->info));
  }
  return list;
}

static gboolean
contains_ignoring_case (const gchar *text, const gchar *part)
{
  g_autofree gchar *a = g_utf8_casefold (text, -1);
  g_autofree gchar *b = g_utf8_casefold (part, -1);

  return strstr (a, b) != NULL;
}

static gboolean
is_selected (const ClvDeviceInfo *info, const gchar *selector)
{
  guint64 index;

  if (g_ascii_string_to_unsigned (selector, 10, 0, G_MAXUINT, &index, NULL))
    return info->index == index;
  return g_ascii_strcasecmp (info->uuid, selector) == 0 ||
         contains_ignoring_case (info->name, selector);
}

/* Takes the chosen candidate out of the list. */
static ClvCandidate *
choose (GPtrArray *candidates, const gchar *selector, GError **error)
{
  g_autoptr (GString) names = NULL;

  if (selector == NULL || *selector == '\0' ||
      g_ascii_strcasecmp (selector, "auto") == 0)
    return g_ptr_array_steal_index (candidates, 0);
  if (!g_utf8_validate (selector, -1, NULL)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_DEVICE,
        "device: the selector is not valid UTF-8");
    return NULL;
  }

  names = g_string_new (NULL);
  for (guint i = 0; i < candidates->len; i++) {
    const ClvDeviceInfo *info = &((ClvCandidate *) candidates->pdata[i])->info;

    if (is_selected (info, selector))
      return g_ptr_array_steal_index (candidates, i);
    g_string_append_printf (names, "%s%u: %s (UUID %s)", i > 0 ? "; " : "",
        info->index, info->name, info->uuid);
  }
  g_set_error (error, CLV_ERROR, CLV_ERROR_NO_DEVICE,
      "device \"%s\": no such Vulkan device; wanted auto, an index, a UUID or "
      "a "
      "part of a name; found %s",
      selector, names->str);
  return NULL;
}

static guint64
read_timeout (gboolean software)
{
  const gchar *text = g_getenv ("CLV_TIMEOUT_S");
  gdouble seconds = software ? SOFTWARE_TIMEOUT_S : GPU_TIMEOUT_S;

  if (text != NULL && *text != '\0') {
    gchar *end;
    const gdouble wanted = g_ascii_strtod (text, &end);

    if (*end == '\0' && wanted > 0 && wanted < 1e9)
      seconds = wanted;
    else
      g_warning ("CLV_TIMEOUT_S: wanted seconds above 0, found \"%s\"; %g s "
                 "is used",
          text, seconds);
  }
  return seconds * 1e9;
}

static void
load_debug_calls (ClvDevice *self)
{
  if (!self->instance.debug_utils)
    return;
  self->set_name = (PFN_vkSetDebugUtilsObjectNameEXT) vkGetDeviceProcAddr (
      self->vk, "vkSetDebugUtilsObjectNameEXT");
  self->begin_label = (PFN_vkCmdBeginDebugUtilsLabelEXT) vkGetDeviceProcAddr (
      self->vk, "vkCmdBeginDebugUtilsLabelEXT");
  self->end_label = (PFN_vkCmdEndDebugUtilsLabelEXT) vkGetDeviceProcAddr (
      self->vk, "vkCmdEndDebugUtilsLabelEXT");
}

ClvDevice *
clv_device_new (const gchar *selector, GError **error)
{
  g_autoptr (ClvDevice) self = g_object_new (CLV_TYPE_DEVICE, NULL);
  g_autoptr (GPtrArray) candidates = NULL;
  VkPhysicalDeviceProperties props;

  /* Named here so that a linker that picks objects takes the shaders too. */
  g_return_val_if_fail (clv_shaders_get_resource () != NULL, NULL);

  self->debug = clv_debug_flags ();
  if (!clv_instance_init (&self->instance, self->debug, error))
    return NULL;
  candidates = clv_instance_list_devices (&self->instance, error);
  if (candidates == NULL)
    return NULL;
  self->candidate = choose (candidates, selector, error);
  if (self->candidate == NULL)
    return NULL;

  vkGetPhysicalDeviceProperties (self->candidate->physical, &props);
  clv_device_read_limits (&self->limits, self->candidate, &props);
  self->timeout_ns = read_timeout (self->limits.software);
  if (!clv_device_open (&self->vk, &self->limits, self->instance.instance,
          self->candidate, &props, error))
    goto fail;
  vkGetDeviceQueue (self->vk, self->candidate->queue_family, 0, &self->queue);
  load_debug_calls (self);
  if (!clv_device_cache_init (
          &self->cache, self->vk, &props, self->candidate->info.driver, error))
    goto fail;
  return g_steal_pointer (&self);

fail:
  g_prefix_error (error, "%s: ", self->candidate->info.name);
  return NULL;
}

ClvDevice *
clv_device_new_shared (const ClvSharedDevice *shared, GError **error)
{
  g_autoptr (ClvDevice) self = g_object_new (CLV_TYPE_DEVICE, NULL);
  g_autofree gchar *cached_as = NULL;
  VkPhysicalDeviceProperties props;

  g_return_val_if_fail (clv_shaders_get_resource () != NULL, NULL);

  self->debug = clv_debug_flags ();
  self->candidate =
      clv_candidate_new (shared->physical_device, shared->queue_family, error);
  if (self->candidate == NULL)
    return NULL;
  vkGetPhysicalDeviceProperties (self->candidate->physical, &props);
  clv_device_read_limits (&self->limits, self->candidate, &props);
  self->timeout_ns = read_timeout (self->limits.software);
  self->vk = shared->device;
  self->queue = shared->queue;
  self->is_shared = TRUE;
  /* Other verdicts: kernels cannot ask for a size of their subgroups. */
  cached_as =
      g_strconcat (self->candidate->info.driver, " without features", NULL);
  if (!clv_device_cache_init (&self->cache, self->vk, &props, cached_as, error))
    goto fail;
  self->shared = *shared; /* owned from here on */
  return g_steal_pointer (&self);

fail:
  g_prefix_error (error, "%s: ", self->candidate->info.name);
  return NULL;
}

static void
clv_device_finalize (GObject *object)
{
  ClvDevice *self = CLV_DEVICE (object);

  clv_kernel_settle (self);
  if (clv_device_is_lost (self)) {
    /* The driver may still be at work on our memory: leave it all to the end
     * of the process. */
    g_warning ("%s: the device was lost; what it holds is not freed",
        self->candidate->info.name);
  } else {
    if (self->vk != VK_NULL_HANDLE) {
      if (self->cache.pipelines != VK_NULL_HANDLE)
        clv_device_cache_save (&self->cache, self->vk);
      g_clear_pointer (&self->kernels, g_hash_table_unref);
      clv_device_cache_clear (&self->cache, self->vk);
      if (!self->is_shared)
        vkDestroyDevice (self->vk, NULL);
    }
    clv_instance_clear (&self->instance);
    if (self->shared.destroy != NULL)
      self->shared.destroy (self->shared.user_data);
  }
  g_clear_pointer (&self->kernels, g_hash_table_unref);
  g_clear_pointer (&self->candidate, clv_candidate_free);
  g_free (self->cause);
  g_mutex_clear (&self->queue_lock);
  g_mutex_clear (&self->cache_lock);
  g_mutex_clear (&self->kernels_lock);
  g_cond_clear (&self->kernels_cond);

  G_OBJECT_CLASS (clv_device_parent_class)->finalize (object);
}

static void
clv_device_class_init (ClvDeviceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = clv_device_finalize;
}

static void
clv_device_init (ClvDevice *self)
{
  g_mutex_init (&self->queue_lock);
  g_mutex_init (&self->cache_lock);
  g_mutex_init (&self->kernels_lock);
  g_cond_init (&self->kernels_cond);
  self->kernels = clv_kernel_table_new (self);
}

const ClvDeviceInfo *
clv_device_get_info (ClvDevice *self)
{
  return &self->candidate->info;
}

const ClvDeviceLimits *
clv_device_get_limits (ClvDevice *self)
{
  return &self->limits;
}

VkDevice
clv_device_get_vk (ClvDevice *self)
{
  return self->vk;
}

VkPhysicalDevice
clv_device_get_vk_physical (ClvDevice *self)
{
  return self->candidate->physical;
}

guint
clv_device_get_queue_family (ClvDevice *self)
{
  return self->candidate->queue_family;
}

VkPipelineCache
clv_device_get_pipeline_cache (ClvDevice *self)
{
  return self->cache.pipelines;
}

ClvDebugFlags
clv_device_get_debug (ClvDevice *self)
{
  return self->debug;
}

GHashTable *
clv_device_get_kernels (ClvDevice *self)
{
  return self->kernels;
}

GMutex *
clv_device_get_kernels_lock (ClvDevice *self)
{
  return &self->kernels_lock;
}

GCond *
clv_device_get_kernels_cond (ClvDevice *self)
{
  return &self->kernels_cond;
}

gboolean
clv_device_is_lost (ClvDevice *self)
{
  return g_atomic_int_get (&self->lost);
}

void
clv_device_set_lost (ClvDevice *self)
{
  g_atomic_int_set (&self->lost, TRUE);
}

void
clv_device_name_object (
    ClvDevice *self, VkObjectType type, guint64 handle, const gchar *name)
{
  const VkDebugUtilsObjectNameInfoEXT info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
    .objectType = type,
    .objectHandle = handle,
    .pObjectName = name,
  };

  if (self->set_name != NULL)
    self->set_name (self->vk, &info);
}

void
clv_device_begin_label (
    ClvDevice *self, VkCommandBuffer cmd, const gchar *label)
{
  const VkDebugUtilsLabelEXT info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT,
    .pLabelName = label,
  };

  if (self->begin_label != NULL)
    self->begin_label (cmd, &info);
}

void
clv_device_end_label (ClvDevice *self, VkCommandBuffer cmd)
{
  if (self->end_label != NULL)
    self->end_label (cmd);
}

static gboolean
check_alive (ClvDevice *self, GError **error)
{
  const gchar *cause = g_atomic_pointer_get (&self->cause);

  if (!clv_device_is_lost (self))
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST,
      "%s: the device was lost before%s%s", self->candidate->info.name,
      cause != NULL ? ": " : "", cause != NULL ? cause : "");
  return FALSE;
}

/* Who notices may have nobody to tell. */
static void
lose (ClvDevice *self, const gchar *seen)
{
  gchar *cause = g_strdup (seen);

  if (!g_atomic_pointer_compare_and_exchange (&self->cause, NULL, cause))
    g_free (cause);
  clv_device_set_lost (self);
}

static void
lock_queue (ClvDevice *self)
{
  g_mutex_lock (&self->queue_lock);
  if (self->shared.lock != NULL)
    self->shared.lock (self->shared.user_data);
}

static void
unlock_queue (ClvDevice *self)
{
  if (self->shared.unlock != NULL)
    self->shared.unlock (self->shared.user_data);
  g_mutex_unlock (&self->queue_lock);
}

gboolean
clv_device_submit (ClvDevice *self, const ClvDeviceWaits *waits,
    const VkCommandBuffer *cmds, guint n_cmds, VkFence fence, GError **error)
{
  const VkPipelineStageFlags stages[CLV_DEVICE_MAX_WAITS] = {
    VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
    VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
    VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
  };
  const guint n_waits = waits != NULL ? waits->n : 0;
  const VkTimelineSemaphoreSubmitInfo values = {
    .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
    .waitSemaphoreValueCount = n_waits,
    .pWaitSemaphoreValues = n_waits > 0 ? waits->values : NULL,
  };
  const VkSubmitInfo submit = {
    .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
    .pNext = n_waits > 0 ? &values : NULL,
    .waitSemaphoreCount = n_waits,
    .pWaitSemaphores = n_waits > 0 ? waits->semaphores : NULL,
    .pWaitDstStageMask = stages,
    .commandBufferCount = n_cmds,
    .pCommandBuffers = cmds,
  };
  VkResult result;

  if (!check_alive (self, error))
    return FALSE;
  CLV_VK (vkResetFences, self->vk, 1, &fence);
  lock_queue (self);
  result = vkQueueSubmit (self->queue, 1, &submit, fence);
  unlock_queue (self);
  if (result == VK_ERROR_DEVICE_LOST)
    lose (self, "vkQueueSubmit: device lost");
  if (clv_vk_check (result, "vkQueueSubmit", error))
    return TRUE;

fail:
  g_prefix_error (error, "%s: ", self->candidate->info.name);
  return FALSE;
}

gboolean
clv_device_wait (ClvDevice *self, VkFence fence, GError **error)
{
  g_autoptr (GError) cause = NULL;
  VkResult result;

  if (!check_alive (self, error))
    return FALSE;
  result = vkWaitForFences (self->vk, 1, &fence, VK_TRUE, self->timeout_ns);
  if (result == VK_TIMEOUT)
    g_set_error (&cause, CLV_ERROR, CLV_ERROR_DEVICE_LOST,
        "no answer for %g seconds", self->timeout_ns / 1e9);
  else if (clv_vk_check (result, "vkWaitForFences", &cause))
    return TRUE;
  lose (self, cause->message);
  g_propagate_prefixed_error (
      error, g_steal_pointer (&cause), "%s: ", self->candidate->info.name);
  return FALSE;
}

void
clv_device_mark_cache_dirty (ClvDevice *self)
{
  g_mutex_lock (&self->cache_lock);
  self->cache.dirty = TRUE;
  g_mutex_unlock (&self->cache_lock);
}

void
clv_device_save_cache (ClvDevice *self)
{
  g_mutex_lock (&self->cache_lock);
  clv_device_cache_save (&self->cache, self->vk);
  g_mutex_unlock (&self->cache_lock);
}

gchar *
clv_device_get_verdict (ClvDevice *self, const gchar *key)
{
  gchar *value;

  g_mutex_lock (&self->cache_lock);
  value = g_key_file_get_string (self->cache.verdicts, "kernels", key, NULL);
  g_mutex_unlock (&self->cache_lock);
  return value;
}

void
clv_device_set_verdict (ClvDevice *self, const gchar *key, const gchar *value)
{
  g_mutex_lock (&self->cache_lock);
  g_key_file_set_string (self->cache.verdicts, "kernels", key, value);
  self->cache.dirty = TRUE;
  g_mutex_unlock (&self->cache_lock);
}
