/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The opened device, for the Vulkan layer and the ops. */

#pragma once

#include <clv/clv-device.h>

#include "clv-coop.h"
#include "clv-vk-result.h"

G_BEGIN_DECLS

/* CLV_DEBUG=validation,names,time,staging */
typedef enum {
  CLV_DEBUG_VALIDATION =
      1 << 0,               /* the validation layer's messages are criticals */
  CLV_DEBUG_NAMES = 1 << 1, /* names and labels, where the loader has them */
  CLV_DEBUG_TIME = 1 << 2,  /* time each dispatch and print it */
  CLV_DEBUG_STAGING = 1 << 3, /* as if the host could not see device memory */
} ClvDebugFlags;

/* What the kernels ask about. */
typedef struct {
  gboolean software;          /* VK_PHYSICAL_DEVICE_TYPE_CPU */
  guint subgroup_size;        /* lanes */
  gboolean subgroup_shuffle;  /* in compute */
  gboolean subgroup_pin;      /* a kernel may ask for its subgroup size */
  gboolean storage_16bit;     /* 16-bit loads and stores in storage buffers */
  ClvCoopLimits coop;         /* turned on; see clv-coop.h */
  gboolean dmabuf;            /* can be imported: see clv-dmabuf.h */
  gboolean foreign_queue;     /* a DMABuf is handed over by others */
  guint64 max_texel_elements; /* texels of one buffer view */
  guint64 max_storage_bytes;  /* of one storage buffer binding */
  guint max_invocations;      /* of one workgroup */
  guint max_groups[3];        /* of one dispatch */
  gsize max_shared_bytes;
  gfloat timestamp_ns; /* of one tick; 0: none */
} ClvDeviceLimits;

const ClvDeviceLimits *clv_device_get_limits (ClvDevice *self);
VkDevice clv_device_get_vk (ClvDevice *self);
VkPhysicalDevice clv_device_get_vk_physical (ClvDevice *self);
guint clv_device_get_queue_family (ClvDevice *self);
VkPipelineCache clv_device_get_pipeline_cache (ClvDevice *self);
ClvDebugFlags clv_device_get_debug (ClvDevice *self);

/* Names a Vulkan object for validation messages and RenderDoc. */
void clv_device_name_object (
    ClvDevice *self, VkObjectType type, guint64 handle, const gchar *name);

/* Timeline semaphores and the values that they must have reached. */
#define CLV_DEVICE_MAX_WAITS 3

typedef struct {
  VkSemaphore semaphores[CLV_DEVICE_MAX_WAITS];
  guint64 values[CLV_DEVICE_MAX_WAITS];
  guint n;
} ClvDeviceWaits;

/* Hands over command buffers in order and resets the fence, which tells their
 * end and that of all that was handed over before. They begin after `waits` (NULL:
 * nothing to wait for). Queue access is serialised inside, and with the others who
 * use a shared device. At once CLV_ERROR_DEVICE_LOST if the device is. */
gboolean clv_device_submit (ClvDevice *self, const ClvDeviceWaits *waits,
    const VkCommandBuffer *cmds, guint n_cmds, VkFence fence, GError **error);

/* Waits for the fence, but not for ever: a time-out is CLV_ERROR_DEVICE_LOST, and
 * every later call fails at once. Any thread. */
gboolean clv_device_wait (ClvDevice *self, VkFence fence, GError **error);

/* The device does not answer any more. Objects that it may still be using must
 * then be leaked and not destroyed. Any thread. */
gboolean clv_device_is_lost (ClvDevice *self);
void clv_device_set_lost (ClvDevice *self);

/* Groups commands in debuggers; nothing without CLV_DEBUG=names. */
void clv_device_begin_label (
    ClvDevice *self, VkCommandBuffer cmd, const gchar *label);
void clv_device_end_label (ClvDevice *self, VkCommandBuffer cmd);

/* The table of clv-kernel.c and its lock. */
GHashTable *clv_device_get_kernels (ClvDevice *self);
GMutex *clv_device_get_kernels_lock (ClvDevice *self);
GCond *clv_device_get_kernels_cond (ClvDevice *self); /* one is made, or not */

/* Saves pipelines and verdicts if any were added since the last save. */
void clv_device_save_cache (ClvDevice *self);
void clv_device_mark_cache_dirty (ClvDevice *self);

/* Small facts kept beside the pipeline cache and thrown away with it: which
 * kernel variants were found right, fast or wrong. NULL if unknown. */
gchar *clv_device_get_verdict (ClvDevice *self, const gchar *key);
void clv_device_set_verdict (
    ClvDevice *self, const gchar *key, const gchar *value);

G_END_DECLS
