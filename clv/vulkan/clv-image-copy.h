/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Copies from the images of a frame, whoever has filled them, into buffers. */

#pragma once

#include <clv/clv-frame.h>

#include "clv-commands.h"

G_BEGIN_DECLS

/* A part of a plane, in texels, and where it goes. */
typedef struct {
  guint x;
  guint y;
  guint width;
  guint height;
  gsize to;    /* bytes, a multiple of texel_bytes */
  gsize pitch; /* bytes of a row there, likewise */
  guint texel_bytes;
} ClvImagePart;

/* Between them the images can be copied from. What was done with them on this queue
 * before is finished and seen; afterwards they are in their layouts again. */
void clv_commands_take_images (ClvCommands *self, const ClvFrame *frame);
void clv_commands_return_images (ClvCommands *self, const ClvFrame *frame);

void clv_commands_copy_image (ClvCommands *self, const ClvFrameImage *from,
    const ClvImagePart *part, const ClvBuffer *to);

/* What to wait for before the images are read. */
ClvDeviceWaits clv_frame_get_waits (const ClvFrame *frame);

G_END_DECLS
