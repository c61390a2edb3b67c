/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "clv-device-private.h"

G_BEGIN_DECLS

typedef enum {
  CLV_MEMORY_DEVICE,   /* activations: fastest for kernels */
  CLV_MEMORY_WEIGHTS,  /* the same, but not filled: written before it is read */
  CLV_MEMORY_UPLOAD,   /* mapped; the host writes, kernels read */
  CLV_MEMORY_READBACK, /* mapped; kernels write, the host reads */
} ClvMemory;

/* A storage buffer, with a uniform texel view of the whole of it if `texel` is
 * not VK_FORMAT_UNDEFINED. Plain struct: {0} is a valid empty buffer. */
typedef struct {
  ClvDevice *device; /* not owned */
  VkBuffer buffer;
  VkDeviceMemory memory;
  VkBufferView view;
  gsize size_bytes;
  gpointer map; /* NULL if the host does not see it */
} ClvBuffer;

/* Filled with zeros, but for CLV_MEMORY_WEIGHTS. */
gboolean clv_buffer_init (ClvBuffer *self, ClvDevice *device, const gchar *name,
    ClvMemory memory, gsize size_bytes, VkFormat texel, GError **error);
void clv_buffer_clear (ClvBuffer *self);

/* Blocking copies through a staging buffer where the host does not see the
 * memory. For weights and tests; frames go through UPLOAD buffers. */
gboolean clv_buffer_upload (ClvBuffer *self, gsize offset_bytes,
    gconstpointer data, gsize size_bytes, GError **error);
gboolean clv_buffer_download (ClvBuffer *self, gsize offset_bytes,
    gpointer ret_data, gsize size_bytes, GError **error);

G_END_DECLS
