/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The planes of a frame that is on the device, copied there into the layout in which
 * those of other frames are uploaded, so that the kernels see no difference. */

#include "clv-preprocess-private.h"
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

static void
copy_plane (const ClvPreprocessLayout *self, ClvCommands *cmds,
    const ClvPlaneCopy *copy, const ClvFrame *frame, const ClvBuffer *to)
{
  /* As in clv_preprocess_layout_upload(). */
  const guint x = (frame->crop_x - self->key.crop_x) >> copy->shift_x;
  const guint y = (frame->crop_y - self->key.crop_y) >> copy->shift_y;
  Run columns[3], rows[3];
  const guint n_columns = find_runs (
      columns, copy->first_column, copy->n_columns, copy->last_visible_column);
  const guint n_rows =
      find_runs (rows, copy->first_row, copy->n_rows, copy->last_visible_row);

  for (guint r = 0; r < n_rows; r++)
    for (guint c = 0; c < n_columns; c++) {
      const ClvImagePart part = {
        .x = x + columns[c].from,
        .y = y + rows[r].from,
        .width = columns[c].n,
        .height = rows[r].n,
        .to = copy->offset + rows[r].to * copy->pitch +
              (gsize) columns[c].to * copy->unit,
        .pitch = copy->pitch,
        .texel_bytes = copy->unit,
      };

      clv_commands_copy_image (cmds, &frame->images[copy->source], &part, to);
    }
}

gboolean
clv_preprocess_layout_fetch (ClvPreprocessLayout *self, ClvDevice *device,
    ClvPreprocessPlace *place, const ClvFrame *frame, GError **error)
{
  const ClvDeviceWaits waits = clv_frame_get_waits (frame);

  if (frame->device != device) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "frame: device: wanted images of %s as it was opened by the encoder, "
        "found those of another device",
        clv_device_get_info (device)->name);
    return FALSE;
  }
  if (place->fetch == NULL)
    place->fetch = clv_commands_new (device, "preprocess, fetch", error);
  else if (!clv_commands_restart (place->fetch, error))
    return FALSE;
  if (place->fetch == NULL)
    return FALSE;
  clv_commands_take_images (place->fetch, frame);
  for (guint i = 0; i < self->n_planes; i++)
    copy_plane (self, place->fetch, &self->planes[i], frame, &place->upload);
  clv_commands_return_images (place->fetch, frame);
  return clv_commands_end (place->fetch, error) &&
         clv_commands_submit_after (place->fetch, &waits, error);
}
