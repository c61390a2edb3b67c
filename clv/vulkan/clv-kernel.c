/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define G_LOG_DOMAIN "clv"

#include "clv-kernel-private.h"

#include <gio/gio.h>
#include <string.h>

#define LOCAL_SIZE_ID 253
#define MAX_THREADS   4 /* that make kernels ahead */

gboolean
clv_kernel_make_layouts (VkDevice vk, const ClvKernelParams *params,
    VkDescriptorSetLayout *ret_set, VkPipelineLayout *ret_layout,
    GError **error)
{
  VkDescriptorSetLayoutBinding bindings[CLV_KERNEL_MAX_BINDINGS];
  const guint n = params->n_buffers + params->n_texels;
  const VkPushConstantRange push = {
    .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
    .size = params->push_bytes,
  };
  const VkDescriptorSetLayoutCreateInfo set_info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
    .bindingCount = n,
    .pBindings = bindings,
  };
  const VkPipelineLayoutCreateInfo layout_info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    .setLayoutCount = 1,
    .pSetLayouts = ret_set,
    .pushConstantRangeCount = push.size > 0 ? 1 : 0,
    .pPushConstantRanges = &push,
  };

  for (guint i = 0; i < n; i++)
    bindings[i] = (VkDescriptorSetLayoutBinding){
      .binding = i,
      .descriptorType = i < params->n_buffers
                            ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                            : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
      .descriptorCount = 1,
      .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
    };
  CLV_VK (vkCreateDescriptorSetLayout, vk, &set_info, NULL, ret_set);
  CLV_VK (vkCreatePipelineLayout, vk, &layout_info, NULL, ret_layout);
  return TRUE;

fail:
  return FALSE;
}

/* SPIR-V from the resources; the copy is aligned to words. */
static VkShaderModule
load_module (ClvKernel *self, GError **error)
{
  g_autofree gchar *path =
      g_strdup_printf ("/clv/shaders/%s.spv", self->params.name);
  g_autoptr (GBytes) bytes =
      g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  VkShaderModule module = VK_NULL_HANDLE;
  VkShaderModuleCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
  };
  g_autofree guint32 *code = NULL;

  if (bytes == NULL)
    return VK_NULL_HANDLE;
  info.codeSize = g_bytes_get_size (bytes);
  code = g_memdup2 (g_bytes_get_data (bytes, NULL), info.codeSize);
  info.pCode = code;
  CLV_VK (vkCreateShaderModule, self->vk, &info, NULL, &module);

fail:
  return module;
}

void
clv_kernel_stage_init (ClvKernelStage *self, const ClvKernelParams *params,
    gboolean can_pin, VkPipelineShaderStageCreateInfo *ret_stage)
{
  const gboolean pin = can_pin && params->subgroup_size != 0;
  guint n = params->n_spec;

  for (guint i = 0; i < n; i++) {
    self->entries[i] = (VkSpecializationMapEntry){ i, i * 4, 4 };
    self->values[i] = params->spec[i];
  }
  if (params->local_size > 0) {
    self->entries[n] = (VkSpecializationMapEntry){ LOCAL_SIZE_ID, n * 4, 4 };
    self->values[n++] = params->local_size;
  }
  self->spec = (VkSpecializationInfo){
    .mapEntryCount = n,
    .pMapEntries = self->entries,
    .dataSize = n * 4,
    .pData = self->values,
  };
  self->subgroup = (VkPipelineShaderStageRequiredSubgroupSizeCreateInfo){
    .sType =
        VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
    .requiredSubgroupSize = params->subgroup_size,
  };
  *ret_stage = (VkPipelineShaderStageCreateInfo){
    .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
    .pNext = pin ? &self->subgroup : NULL,
    .flags =
        pin ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT : 0,
    .stage = VK_SHADER_STAGE_COMPUTE_BIT,
    .pName = "main",
    .pSpecializationInfo = &self->spec,
  };
}

static gboolean
make_pipeline (ClvKernel *self, ClvDevice *device, GError **error)
{
  ClvKernelStage stage;
  VkComputePipelineCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
    .layout = self->layout,
  };

  clv_kernel_stage_init (&stage, &self->params,
      clv_device_get_limits (device)->subgroup_pin, &info.stage);
  info.stage.module = load_module (self, error);
  if (info.stage.module == VK_NULL_HANDLE)
    return FALSE;
  CLV_VK (vkCreateComputePipelines, self->vk,
      clv_device_get_pipeline_cache (device), 1, &info, NULL, &self->pipeline);
  vkDestroyShaderModule (self->vk, info.stage.module, NULL);
  clv_device_name_object (
      device, VK_OBJECT_TYPE_PIPELINE, (guint64) self->pipeline, self->name);
  return TRUE;

fail:
  vkDestroyShaderModule (self->vk, info.stage.module, NULL);
  return FALSE;
}

static void
kernel_free (ClvKernel *self)
{
  if (!clv_device_is_lost (self->device)) {
    vkDestroyPipeline (self->vk, self->pipeline, NULL);
    vkDestroyPipelineLayout (self->vk, self->layout, NULL);
    vkDestroyDescriptorSetLayout (self->vk, self->set_layout, NULL);
  }
  g_free (self->name);
  g_free (self);
}

static guint
kernel_hash (gconstpointer key)
{
  const ClvKernelParams *params = key;
  guint hash = g_str_hash (params->name);

  hash = hash * 31 + params->local_size;
  for (guint i = 0; i < params->n_spec; i++)
    hash = hash * 31 + params->spec[i];
  return hash;
}

static gboolean
kernel_equal (gconstpointer a, gconstpointer b)
{
  const ClvKernelParams *x = a, *y = b;

  return g_str_equal (x->name, y->name) && x->n_buffers == y->n_buffers &&
         x->n_texels == y->n_texels && x->push_bytes == y->push_bytes &&
         x->local_size == y->local_size &&
         x->subgroup_size == y->subgroup_size && x->n_spec == y->n_spec &&
         memcmp (x->spec, y->spec, x->n_spec * sizeof x->spec[0]) == 0;
}

GHashTable *
clv_kernel_table_new (ClvDevice *device)
{
  return g_hash_table_new_full (
      kernel_hash, kernel_equal, NULL, (GDestroyNotify) kernel_free);
}

static ClvKernel *
kernel_new (ClvDevice *device, const ClvKernelParams *params)
{
  ClvKernel *self = g_new0 (ClvKernel, 1);

  self->device = device;
  self->vk = clv_device_get_vk (device);
  self->name = g_strdup (params->name);
  self->params = *params;
  self->params.name = self->name;
  return self;
}

static gboolean
kernel_make (ClvKernel *self, GError **error)
{
  const gint64 start = g_get_monotonic_time ();

  if (!clv_kernel_make_layouts (
          self->vk, &self->params, &self->set_layout, &self->layout, error) ||
      !make_pipeline (self, self->device, error)) {
    g_prefix_error (error, "kernel %s: ", self->name);
    return FALSE;
  }
  if (clv_device_get_debug (self->device) & CLV_DEBUG_TIME)
    g_printerr ("clv: made kernel %s in %.1f ms\n", self->name,
        (g_get_monotonic_time () - start) / 1e3);
  return TRUE;
}

/* The table's lock is held, and let go meanwhile. One that cannot be made leaves the
 * table: who waits for it tries by itself. */
static gboolean
make_in_table (ClvKernel *self, GError **error)
{
  ClvDevice *device = self->device;
  GMutex *lock = clv_device_get_kernels_lock (device);
  gboolean made;

  g_mutex_unlock (lock);
  made = kernel_make (self, error);
  if (made)
    clv_device_mark_cache_dirty (device);
  g_mutex_lock (lock);
  self->made = made;
  if (!made)
    g_hash_table_remove (clv_device_get_kernels (device), &self->params);
  g_cond_broadcast (clv_device_get_kernels_cond (device));
  return made;
}

const ClvKernel *
clv_kernel_get (
    ClvDevice *device, const ClvKernelParams *params, GError **error)
{
  GHashTable *table = clv_device_get_kernels (device);
  GMutex *lock = clv_device_get_kernels_lock (device);
  ClvKernel *self;

  g_mutex_lock (lock);
  while ((self = g_hash_table_lookup (table, params)) != NULL && !self->made)
    g_cond_wait (clv_device_get_kernels_cond (device), lock);
  if (self == NULL) {
    self = kernel_new (device, params);
    g_hash_table_insert (table, &self->params, self);
    if (!make_in_table (self, error))
      self = NULL;
  }
  g_mutex_unlock (lock);
  return self;
}

static void
make_ahead (gpointer data, gpointer user_data)
{
  ClvKernel *self = data;
  GMutex *lock = clv_device_get_kernels_lock (self->device);

  g_mutex_lock (lock);
  make_in_table (self, NULL);
  g_mutex_unlock (lock);
}

static GThreadPool *
get_pool (void)
{
  static gsize pool;

  if (g_once_init_enter (&pool)) {
    GThreadPool *new_pool = g_thread_pool_new (make_ahead, NULL,
        MIN (g_get_num_processors (), MAX_THREADS), FALSE, NULL);

    g_once_init_leave (&pool, GPOINTER_TO_SIZE (new_pool));
  }
  return GSIZE_TO_POINTER (pool);
}

void
clv_kernel_prepare (ClvDevice *device, const ClvKernelParams *params)
{
  GHashTable *table = clv_device_get_kernels (device);
  GMutex *lock = clv_device_get_kernels_lock (device);

  g_mutex_lock (lock);
  if (!g_hash_table_contains (table, params)) {
    ClvKernel *self = kernel_new (device, params);

    g_hash_table_insert (table, &self->params, self);
    g_thread_pool_push (get_pool (), self, NULL);
  }
  g_mutex_unlock (lock);
}

static gboolean
is_being_made (gpointer key, gpointer value, gpointer user_data)
{
  return !((const ClvKernel *) value)->made;
}

void
clv_kernel_settle (ClvDevice *device)
{
  GMutex *lock = clv_device_get_kernels_lock (device);

  g_mutex_lock (lock);
  while (g_hash_table_find (
             clv_device_get_kernels (device), is_being_made, NULL) != NULL)
    g_cond_wait (clv_device_get_kernels_cond (device), lock);
  g_mutex_unlock (lock);
}
