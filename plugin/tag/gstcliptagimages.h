/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames of memory:VulkanImage: the engine goes to the device that has them, where
 * it can; otherwise they are copied through the host, and the log says so once.
 * DMABufs are imported or mapped; the log says that too. */

#pragma once

#include <gst/gst.h>

#include "gstcliptag.h"

G_BEGIN_DECLS

/* Before a frame is encoded. Loads the model again where its images are on a device
 * that was not seen before. Streaming thread. */
void gst_clip_tag_images_take (GstClipTag *self, GstBuffer *buffer);

/* Nobody uses the device any more. */
void gst_clip_tag_images_clear (GstClipTag *self);

G_END_DECLS
