/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define G_LOG_DOMAIN "clv"

#include "clv-commands.h"

#include "clv-kernel-private.h"

#include <string.h>

#define SETS_PER_POOL 64
#define MAX_TIMED     2048

struct _ClvCommands {
  ClvDevice *device;
  VkDevice vk;
  gchar *name;
  gboolean ahead; /* only kernels are made, there is no command buffer */
  GError *error;  /* the first of the recording */

  VkCommandPool pool;
  VkCommandBuffer cmd;
  VkFence fence;
  GArray *set_pools; /* of VkDescriptorPool */
  guint n_sets;      /* taken from the last pool */
  guint n_dispatches;
  gboolean dirty;     /* something was recorded since the last barrier, or ran
                     before this */
  gboolean submitted; /* and not waited for */

  VkQueryPool queries; /* CLV_DEBUG=time: one time before each dispatch */
  GPtrArray *timed;    /* their names */
  gchar label[16];     /* of what is recorded, without the number of a layer */
};

static gboolean
begin (ClvCommands *self, GError **error)
{
  const VkCommandBufferBeginInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
  };

  self->dirty = TRUE;
  CLV_VK (vkBeginCommandBuffer, self->cmd, &info);
  if (self->queries != VK_NULL_HANDLE)
    vkCmdResetQueryPool (self->cmd, self->queries, 0, MAX_TIMED + 1);
  clv_device_begin_label (self->device, self->cmd, self->name);
  return TRUE;

fail:
  return FALSE;
}

static gboolean
make_objects (ClvCommands *self, GError **error)
{
  const VkCommandPoolCreateInfo pool_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    .queueFamilyIndex = clv_device_get_queue_family (self->device),
  };
  VkCommandBufferAllocateInfo cmd_info = {
    .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
    .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
    .commandBufferCount = 1,
  };
  const VkFenceCreateInfo fence_info = {
    .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
  };

  CLV_VK (vkCreateCommandPool, self->vk, &pool_info, NULL, &self->pool);
  cmd_info.commandPool = self->pool;
  CLV_VK (vkAllocateCommandBuffers, self->vk, &cmd_info, &self->cmd);
  CLV_VK (vkCreateFence, self->vk, &fence_info, NULL, &self->fence);
  clv_device_name_object (self->device, VK_OBJECT_TYPE_COMMAND_BUFFER,
      GPOINTER_TO_SIZE (self->cmd), self->name);
  return TRUE;

fail:
  return FALSE;
}

static gboolean
make_timing (ClvCommands *self, GError **error)
{
  const VkQueryPoolCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
    .queryType = VK_QUERY_TYPE_TIMESTAMP,
    .queryCount = MAX_TIMED + 1,
  };

  if (!(clv_device_get_debug (self->device) & CLV_DEBUG_TIME) ||
      clv_device_get_limits (self->device)->timestamp_ns == 0.0f)
    return TRUE;
  CLV_VK (vkCreateQueryPool, self->vk, &info, NULL, &self->queries);
  self->timed = g_ptr_array_new_with_free_func (g_free);
  return TRUE;

fail:
  return FALSE;
}

static ClvCommands *
new_empty (ClvDevice *device, const gchar *name)
{
  ClvCommands *self = g_new0 (ClvCommands, 1);

  self->device = g_object_ref (device);
  self->vk = clv_device_get_vk (device);
  self->name = g_strdup (name);
  self->set_pools = g_array_new (FALSE, FALSE, sizeof (VkDescriptorPool));
  return self;
}

ClvCommands *
clv_commands_new (ClvDevice *device, const gchar *name, GError **error)
{
  ClvCommands *self = new_empty (device, name);

  if (!make_objects (self, error) || !make_timing (self, error) ||
      !begin (self, error)) {
    g_prefix_error (error, "commands \"%s\": ", name);
    clv_commands_free (self);
    return NULL;
  }
  return self;
}

ClvCommands *
clv_commands_new_ahead (ClvDevice *device)
{
  ClvCommands *self = new_empty (device, "ahead");

  self->ahead = TRUE;
  return self;
}

gboolean
clv_commands_restart (ClvCommands *self, GError **error)
{
  g_return_val_if_fail (self->set_pools->len == 0, FALSE);

  if (!clv_commands_wait (self, error))
    return FALSE;
  g_clear_error (&self->error);
  if (self->timed != NULL)
    g_ptr_array_set_size (self->timed, 0);
  CLV_VK (vkResetCommandPool, self->vk, self->pool, 0);
  if (begin (self, error))
    return TRUE;

fail:
  g_prefix_error (error, "commands \"%s\": ", self->name);
  return FALSE;
}

void
clv_commands_free (ClvCommands *self)
{
  clv_commands_wait (self, NULL);
  if (!clv_device_is_lost (self->device)) {
    for (guint i = 0; i < self->set_pools->len; i++)
      vkDestroyDescriptorPool (
          self->vk, g_array_index (self->set_pools, VkDescriptorPool, i), NULL);
    vkDestroyQueryPool (self->vk, self->queries, NULL);
    vkDestroyFence (self->vk, self->fence, NULL);
    vkDestroyCommandPool (self->vk, self->pool, NULL);
  }
  g_array_unref (self->set_pools);
  g_clear_pointer (&self->timed, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_free (self->name);
  g_object_unref (self->device);
  g_free (self);
}

ClvDevice *
clv_commands_get_device (ClvCommands *self)
{
  return self->device;
}

VkCommandBuffer
clv_commands_get_vk (ClvCommands *self)
{
  return self->cmd;
}

void
clv_commands_push_label (ClvCommands *self, const gchar *label)
{
  if (self->ahead)
    return;
  clv_device_begin_label (self->device, self->cmd, label);
  g_strlcpy (self->label, label, sizeof self->label);
  self->label[strcspn (self->label, " ")] = '\0';
}

void
clv_commands_pop_label (ClvCommands *self)
{
  if (self->ahead)
    return;
  *self->label = '\0';
  clv_device_end_label (self->device, self->cmd);
}

void
clv_commands_fail (ClvCommands *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
}

/* All that was recorded or submitted before is finished and seen by all that
 * follows: the first scope of a barrier reaches back over the whole queue
 * (Vulkan 1.3, 7.2, submission order). */
static void
barrier (ClvCommands *self)
{
  const VkMemoryBarrier memory = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
    .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
    .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                     VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
  };
  const VkPipelineStageFlags stages =
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;

  if (self->dirty)
    vkCmdPipelineBarrier (
        self->cmd, stages, stages, 0, 1, &memory, 0, NULL, 0, NULL);
  self->dirty = TRUE;
}

static gboolean
add_set_pool (ClvCommands *self, GError **error)
{
  const VkDescriptorPoolSize sizes[] = {
    { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
        SETS_PER_POOL * CLV_KERNEL_MAX_BINDINGS },
    { VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
        SETS_PER_POOL * CLV_KERNEL_MAX_BINDINGS },
  };
  const VkDescriptorPoolCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
    .maxSets = SETS_PER_POOL,
    .poolSizeCount = G_N_ELEMENTS (sizes),
    .pPoolSizes = sizes,
  };
  VkDescriptorPool pool;

  CLV_VK (vkCreateDescriptorPool, self->vk, &info, NULL, &pool);
  g_array_append_val (self->set_pools, pool);
  self->n_sets = 0;
  return TRUE;

fail:
  return FALSE;
}

static VkDescriptorSet
make_set (ClvCommands *self, const ClvKernel *kernel,
    const ClvBuffer *const *buffers, GError **error)
{
  const guint n_buffers = kernel->params.n_buffers;
  const guint n = n_buffers + kernel->params.n_texels;
  VkDescriptorBufferInfo infos[CLV_KERNEL_MAX_BINDINGS];
  VkWriteDescriptorSet writes[CLV_KERNEL_MAX_BINDINGS];
  VkDescriptorSet set = VK_NULL_HANDLE;
  VkDescriptorSetAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
    .descriptorSetCount = 1,
    .pSetLayouts = &kernel->set_layout,
  };

  if ((self->set_pools->len == 0 || self->n_sets == SETS_PER_POOL) &&
      !add_set_pool (self, error))
    return VK_NULL_HANDLE;
  info.descriptorPool = g_array_index (
      self->set_pools, VkDescriptorPool, self->set_pools->len - 1);
  CLV_VK (vkAllocateDescriptorSets, self->vk, &info, &set);
  self->n_sets++;

  for (guint i = 0; i < n; i++) {
    /* Less than all of it where there are texels, which may be beyond the limit. */
    infos[i] = (VkDescriptorBufferInfo){ buffers[i]->buffer, 0,
      buffers[i]->size_bytes };
    writes[i] = (VkWriteDescriptorSet){
      .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
      .dstSet = set,
      .dstBinding = i,
      .descriptorCount = 1,
      .descriptorType = i < n_buffers ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                                      : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
      .pBufferInfo = i < n_buffers ? &infos[i] : NULL,
      .pTexelBufferView = i < n_buffers ? NULL : &buffers[i]->view,
    };
  }
  vkUpdateDescriptorSets (self->vk, n, writes, 0, NULL);

fail:
  return set;
}

static void
write_time (ClvCommands *self, const gchar *name)
{
  if (self->queries == VK_NULL_HANDLE || self->timed->len >= MAX_TIMED)
    return;
  vkCmdWriteTimestamp (self->cmd, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
      self->queries, self->timed->len);
  g_ptr_array_add (
      self->timed, *self->label != '\0' && name != NULL
                       ? g_strdup_printf ("%s/%s", self->label, name)
                       : g_strdup (name));
}

static gboolean
check_groups (ClvCommands *self, const ClvKernelParams *params,
    const guint groups[3], GError **error)
{
  const ClvDeviceLimits *limits = clv_device_get_limits (self->device);

  for (guint i = 0; i < 3; i++)
    if (groups[i] == 0 || groups[i] > limits->max_groups[i]) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
          "kernel %s: wanted 1 to %u workgroups along %c, found %u",
          params->name, limits->max_groups[i], "xyz"[i], groups[i]);
      return FALSE;
    }
  return TRUE;
}

void
clv_commands_dispatch (ClvCommands *self, const ClvKernelParams *params,
    const ClvBuffer *const *buffers, gconstpointer push, guint groups_x,
    guint groups_y, guint groups_z)
{
  const guint groups[3] = { groups_x, groups_y, groups_z };
  GError *error = NULL;
  const ClvKernel *kernel;
  VkDescriptorSet set;

  if (self->ahead)
    clv_kernel_prepare (self->device, params);
  if (self->ahead || self->error != NULL)
    return;
  if (!check_groups (self, params, groups, &error) ||
      (kernel = clv_kernel_get (self->device, params, &error)) == NULL ||
      (set = make_set (self, kernel, buffers, &error)) == VK_NULL_HANDLE) {
    clv_commands_fail (self, error);
    return;
  }

  barrier (self);
  write_time (self, params->name);
  vkCmdBindPipeline (
      self->cmd, VK_PIPELINE_BIND_POINT_COMPUTE, kernel->pipeline);
  vkCmdBindDescriptorSets (self->cmd, VK_PIPELINE_BIND_POINT_COMPUTE,
      kernel->layout, 0, 1, &set, 0, NULL);
  if (params->push_bytes > 0)
    vkCmdPushConstants (self->cmd, kernel->layout, VK_SHADER_STAGE_COMPUTE_BIT,
        0, params->push_bytes, push);
  vkCmdDispatch (self->cmd, groups_x, groups_y, groups_z);
  self->n_dispatches++;
}

void
clv_commands_copy (ClvCommands *self, const ClvBuffer *from, gsize from_offset,
    const ClvBuffer *to, gsize to_offset, gsize size_bytes)
{
  const VkBufferCopy region = { from_offset, to_offset, size_bytes };

  if (self->ahead || self->error != NULL)
    return;
  barrier (self);
  write_time (self, "copy");
  vkCmdCopyBuffer (self->cmd, from->buffer, to->buffer, 1, &region);
}

void
clv_commands_zero (ClvCommands *self, const ClvBuffer *buffer)
{
  if (self->ahead || self->error != NULL)
    return;
  barrier (self);
  vkCmdFillBuffer (self->cmd, buffer->buffer, 0, VK_WHOLE_SIZE, 0);
}

gboolean
clv_commands_end (ClvCommands *self, GError **error)
{
  const VkMemoryBarrier to_host = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
    .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
    .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
  };

  if (self->error != NULL) {
    g_propagate_prefixed_error (
        error, g_steal_pointer (&self->error), "commands \"%s\": ", self->name);
    return FALSE;
  }
  write_time (self, NULL);
  vkCmdPipelineBarrier (self->cmd,
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
      VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &to_host, 0, NULL, 0, NULL);
  clv_device_end_label (self->device, self->cmd);
  return clv_vk_check (
      vkEndCommandBuffer (self->cmd), "vkEndCommandBuffer", error);
}

/* CLV_DEBUG=time: the sum of each kernel's dispatches under one label. */
static void
print_times (ClvCommands *self)
{
  const guint n = self->timed->len;
  const gfloat tick_ns = clv_device_get_limits (self->device)->timestamp_ns;
  g_autofree guint64 *ticks = g_new0 (guint64, n);
  g_autoptr (GHashTable) sums =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  GHashTableIter iter;
  gpointer name, sum;

  if (n < 2 ||
      vkGetQueryPoolResults (self->vk, self->queries, 0, n, n * sizeof *ticks,
          ticks, sizeof *ticks, VK_QUERY_RESULT_64_BIT) != VK_SUCCESS)
    return;
  for (guint i = 0; i + 1 < n; i++) {
    gdouble *total = g_hash_table_lookup (sums, self->timed->pdata[i]);

    if (total == NULL) {
      total = g_new0 (gdouble, 1);
      g_hash_table_insert (sums, self->timed->pdata[i], total);
    }
    *total += (ticks[i + 1] - ticks[i]) * tick_ns / 1e6;
  }
  g_printerr ("clv: %s: %u dispatches, %.2f ms\n", self->name,
      self->n_dispatches, (ticks[n - 1] - ticks[0]) * tick_ns / 1e6);
  g_hash_table_iter_init (&iter, sums);
  while (g_hash_table_iter_next (&iter, &name, &sum))
    g_printerr ("clv:   %-32s %8.2f ms\n", (gchar *) name, *(gdouble *) sum);
}

gboolean
clv_commands_wait (ClvCommands *self, GError **error)
{
  if (!self->submitted)
    return TRUE;
  if (!clv_device_wait (self->device, self->fence, error)) {
    g_prefix_error (error, "commands \"%s\": ", self->name);
    return FALSE;
  }
  self->submitted = FALSE;
  if (self->timed != NULL)
    print_times (self);
  return TRUE;
}

gboolean
clv_commands_are_running (ClvCommands *self)
{
  return self->submitted &&
         vkGetFenceStatus (self->vk, self->fence) == VK_NOT_READY;
}

static gboolean
submit (ClvCommands *self, const ClvDeviceWaits *waits, ClvCommands *then,
    GError **error)
{
  const VkCommandBuffer cmds[2] = { self->cmd,
    then != NULL ? then->cmd : VK_NULL_HANDLE };

  if (!clv_commands_wait (self, error))
    return FALSE;
  if (!clv_device_submit (self->device, waits, cmds, then != NULL ? 2 : 1,
          self->fence, error)) {
    g_prefix_error (error, "commands \"%s\": ", self->name);
    return FALSE;
  }
  self->submitted = TRUE;
  if (self->timed == NULL)
    return TRUE;
  /* Timed commands have the device for themselves. */
  if (!clv_commands_wait (self, error))
    return FALSE;
  if (then != NULL)
    print_times (then);
  return TRUE;
}

gboolean
clv_commands_submit (ClvCommands *self, ClvCommands *then, GError **error)
{
  return submit (self, NULL, then, error);
}

gboolean
clv_commands_submit_after (
    ClvCommands *self, const ClvDeviceWaits *waits, GError **error)
{
  return submit (self, waits, NULL, error);
}

gboolean
clv_commands_run (ClvCommands *self, GError **error)
{
  return clv_commands_submit (self, NULL, error) &&
         clv_commands_wait (self, error);
}
