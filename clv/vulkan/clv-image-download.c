/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames on one device for an encoder on another: through the host. */

#include "base/clv-frame-layout.h"
#include "clv-image-copy.h"

typedef struct {
  ClvImagePart parts[CLV_MAX_PLANES];
  gsize size_bytes;
} Plan;

/* The frame as it will be in host memory: what is visible, from the chroma grid on. */
static ClvFrame
make_host_frame (const ClvFrame *frame, const ClvFrameLayout *layout)
{
  const gboolean has_crop = frame->crop_width > 0 || frame->crop_height > 0 ||
                            frame->crop_x > 0 || frame->crop_y > 0;
  ClvFrame host = *frame;

  host.memory = CLV_FRAME_HOST;
  host.device = NULL;
  if (!has_crop)
    return host;
  host.crop_width =
      frame->crop_width ? frame->crop_width : frame->width - frame->crop_x;
  host.crop_height =
      frame->crop_height ? frame->crop_height : frame->height - frame->crop_y;
  host.crop_x = layout->shift_x ? frame->crop_x & 1 : 0;
  host.crop_y = layout->shift_y ? frame->crop_y & 1 : 0;
  host.width = host.crop_x + host.crop_width;
  host.height = host.crop_y + host.crop_height;
  return host;
}

static void
plan (Plan *ret_plan, const ClvFrame *frame, const ClvFrame *host,
    const ClvFrameLayout *layout)
{
  ret_plan->size_bytes = 0;
  for (guint i = 0; i < layout->n_planes; i++) {
    const guint sx = i > 0 ? layout->shift_x : 0;
    const guint sy = i > 0 ? layout->shift_y : 0;
    gsize row_bytes;
    guint rows;

    clv_frame_plane_size (host, i, &row_bytes, &rows);
    ret_plan->parts[i] = (ClvImagePart){
      .x = (frame->crop_x - host->crop_x) >> sx,
      .y = (frame->crop_y - host->crop_y) >> sy,
      .width = row_bytes / layout->bytes[i],
      .height = rows,
      .to = ret_plan->size_bytes,
      .pitch = row_bytes,
      .texel_bytes = layout->bytes[i],
    };
    ret_plan->size_bytes += (row_bytes * rows + 15) / 16 * 16;
  }
}

static gboolean
copy (ClvDevice *device, const ClvFrame *frame, const Plan *plan,
    guint n_planes, const ClvBuffer *to, GError **error)
{
  const ClvDeviceWaits waits = clv_frame_get_waits (frame);
  g_autoptr (ClvCommands) cmds = clv_commands_new (device, "download", error);

  if (cmds == NULL)
    return FALSE;
  clv_commands_take_images (cmds, frame);
  for (guint i = 0; i < n_planes; i++)
    clv_commands_copy_image (cmds, &frame->images[i], &plan->parts[i], to);
  clv_commands_return_images (cmds, frame);
  return clv_commands_end (cmds, error) &&
         clv_commands_submit_after (cmds, &waits, error) &&
         clv_commands_wait (cmds, error);
}

static void
free_buffer (gpointer data)
{
  ClvBuffer *buffer = data;
  ClvDevice *device = buffer->device;

  clv_buffer_clear (buffer);
  g_free (buffer);
  g_object_unref (device);
}

GBytes *
clv_device_download_frame (
    ClvDevice *self, const ClvFrame *frame, ClvFrame *ret_frame, GError **error)
{
  const ClvFrameLayout *layout;
  ClvBuffer *buffer;
  ClvFrame host;
  Plan planned;

  g_return_val_if_fail (frame->memory == CLV_FRAME_IMAGE, NULL);
  g_return_val_if_fail (frame->device == self, NULL);

  if (!clv_frame_check (frame, error))
    return NULL;
  layout = clv_frame_layout (frame->format);
  host = make_host_frame (frame, layout);
  plan (&planned, frame, &host, layout);
  buffer = g_new0 (ClvBuffer, 1);
  if (!clv_buffer_init (buffer, self, "download", CLV_MEMORY_READBACK,
          planned.size_bytes, VK_FORMAT_UNDEFINED, error)) {
    g_free (buffer);
    return NULL;
  }
  g_object_ref (self); /* the buffer's */
  if (!copy (self, frame, &planned, layout->n_planes, buffer, error)) {
    free_buffer (buffer);
    return NULL;
  }
  for (guint i = 0; i < layout->n_planes; i++) {
    host.planes[i] = (const guint8 *) buffer->map + planned.parts[i].to;
    host.strides[i] = planned.parts[i].pitch;
  }
  *ret_frame = host;
  return g_bytes_new_with_free_func (
      buffer->map, planned.size_bytes, free_buffer, buffer);
}
