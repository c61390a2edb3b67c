/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The planes of a frame that the device sees already, copied there into the layout in which
 * those of other frames are uploaded, so that the kernels see no difference. */

#include "clv-preprocess-private.h"
#include "vulkan/clv-dmabuf.h"
#include "vulkan/clv-image-copy.h"

/* Positions of an axis that follow one another in the plane. */
typedef struct {
  guint from; /* in the plane */
  guint to;   /* in the copy */
  guint n;
} Run;

/* The positions first … first+n-1 of a copy, of which only 0 … last are in the plane:
 * those that are there, and the outermost once more for one beyond each end. */
static guint
find_runs (Run ret_runs[3], gint first, guint n, gint last)
{
  const gint begin = MAX (first, 0);
  const gint end = MIN (first + (gint) n - 1, last);
  guint n_runs = 0;

  for (gint i = first; i < begin; i++)
    ret_runs[n_runs++] = (Run){ 0, i - first, 1 };
  ret_runs[n_runs++] = (Run){ begin, begin - first, end - begin + 1 };
  for (gint i = end + 1; i < first + (gint) n; i++)
    ret_runs[n_runs++] = (Run){ last, i - first, 1 };
  return n_runs;
}

typedef struct {
  Run columns[3];
  Run rows[3];
  guint n_columns;
  guint n_rows;
  guint x; /* of what is visible */
  guint y;
} Parts;

static Parts
find_parts (const ClvPreprocessLayout *self, const ClvPlaneCopy *copy,
    const ClvFrame *frame)
{
  Parts parts = {
    /* As in clv_preprocess_layout_upload(). */
    .x = (frame->crop_x - self->key.crop_x) >> copy->shift_x,
    .y = (frame->crop_y - self->key.crop_y) >> copy->shift_y,
  };

  parts.n_columns = find_runs (parts.columns, copy->first_column,
      copy->n_columns, copy->last_visible_column);
  parts.n_rows = find_runs (
      parts.rows, copy->first_row, copy->n_rows, copy->last_visible_row);
  return parts;
}

static void
copy_image (const ClvPreprocessLayout *self, ClvCommands *cmds,
    const ClvPlaneCopy *copy, const ClvFrame *frame, const ClvBuffer *to)
{
  const Parts parts = find_parts (self, copy, frame);

  for (guint r = 0; r < parts.n_rows; r++)
    for (guint c = 0; c < parts.n_columns; c++) {
      const ClvImagePart part = {
        .x = parts.x + parts.columns[c].from,
        .y = parts.y + parts.rows[r].from,
        .width = parts.columns[c].n,
        .height = parts.rows[r].n,
        .to = copy->offset + parts.rows[r].to * copy->pitch +
              (gsize) parts.columns[c].to * copy->unit,
        .pitch = copy->pitch,
        .texel_bytes = copy->unit,
      };

      clv_commands_copy_image (cmds, &frame->images[copy->source], &part, to);
    }
}

/* A region for each row, as the rows' distances differ. */
static void
copy_rows (const ClvPreprocessLayout *self, ClvCommands *cmds,
    const ClvPlaneCopy *copy, const ClvFrame *frame, const ClvBuffer *from,
    const ClvBuffer *to)
{
  const Parts parts = find_parts (self, copy, frame);
  const gsize stride = frame->strides[copy->source];
  const gsize offset = frame->offsets[copy->source];
  g_autofree VkBufferCopy *regions =
      g_new (VkBufferCopy, (gsize) copy->n_rows * parts.n_columns);
  guint n = 0;

  for (guint r = 0; r < parts.n_rows; r++)
    for (guint i = 0; i < parts.rows[r].n; i++)
      for (guint c = 0; c < parts.n_columns; c++)
        regions[n++] = (VkBufferCopy){
          .srcOffset = offset + (parts.y + parts.rows[r].from + i) * stride +
                       (gsize) (parts.x + parts.columns[c].from) * copy->unit,
          .dstOffset = copy->offset + (parts.rows[r].to + i) * copy->pitch +
                       (gsize) parts.columns[c].to * copy->unit,
          .size = (gsize) parts.columns[c].n * copy->unit,
        };
  vkCmdCopyBuffer (
      clv_commands_get_vk (cmds), from->buffer, to->buffer, n, regions);
}

/* The first plane that is in the same file. */
static guint
first_of_file (const ClvFrame *frame, guint plane)
{
  guint first = 0;

  while (frame->fds[first] != frame->fds[plane])
    first++;
  return first;
}

static gboolean
record_dmabufs (const ClvPreprocessLayout *self, ClvDevice *device,
    ClvPreprocessPlace *place, const ClvFrame *frame, GError **error)
{
  for (guint i = 0; i < self->n_planes; i++) {
    if (first_of_file (frame, i) != i)
      continue;
    if (!clv_dmabuf_import (&place->imported[i], device, frame->fds[i], error))
      return FALSE;
    clv_commands_take_dmabuf (place->fetch, &place->imported[i]);
  }
  for (guint i = 0; i < self->n_planes; i++) {
    const ClvPlaneCopy *copy = &self->planes[i];

    copy_rows (self, place->fetch, copy, frame,
        &place->imported[first_of_file (frame, copy->source)], &place->upload);
  }
  for (guint i = 0; i < self->n_planes; i++)
    if (first_of_file (frame, i) == i)
      clv_commands_return_dmabuf (place->fetch, &place->imported[i]);
  return TRUE;
}

static gboolean
record_images (const ClvPreprocessLayout *self, ClvDevice *device,
    ClvPreprocessPlace *place, const ClvFrame *frame, GError **error)
{
  if (frame->device != device) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: device: wanted images of %s as it was opened by the encoder, "
        "found those of another device",
        clv_device_get_info (device)->name);
    return FALSE;
  }
  clv_commands_take_images (place->fetch, frame);
  for (guint i = 0; i < self->n_planes; i++)
    copy_image (self, place->fetch, &self->planes[i], frame, &place->upload);
  clv_commands_return_images (place->fetch, frame);
  return TRUE;
}

static void
drop_imported (ClvPreprocessPlace *place)
{
  for (guint i = 0; i < CLV_MAX_PLANES; i++)
    clv_buffer_clear (&place->imported[i]);
}

gboolean
clv_preprocess_layout_fetch (ClvPreprocessLayout *self, ClvDevice *device,
    ClvPreprocessPlace *place, const ClvFrame *frame, GError **error)
{
  const gboolean is_image = frame->memory == CLV_FRAME_IMAGE;
  const ClvDeviceWaits waits =
      is_image ? clv_frame_get_waits (frame) : (ClvDeviceWaits){ .n = 0 };

  if (place->fetch == NULL)
    place->fetch = clv_commands_new (device, "preprocess, fetch", error);
  else if (!clv_commands_restart (place->fetch, error))
    return FALSE;
  if (place->fetch == NULL)
    return FALSE;
  if ((is_image ? record_images (self, device, place, frame, error)
                : record_dmabufs (self, device, place, frame, error)) &&
      clv_commands_end (place->fetch, error) &&
      clv_commands_submit_after (place->fetch, &waits, error))
    return TRUE;
  drop_imported (place);
  return FALSE;
}

gboolean
clv_preprocess_layout_wait_fetched (ClvPreprocessPlace *place, GError **error)
{
  if (!clv_commands_wait (place->fetch, error))
    return FALSE;
  drop_imported (place);
  return TRUE;
}
