/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What clipoverlay shows of a frame, rounded to what can be seen: frames with
 * equal rows have equal drawings. One thread at a time. */

#pragma once

#include "gstclipmeta.h"
#include "gstclipoverlaysettings.h"

G_BEGIN_DECLS

typedef struct {
  const gchar *label; /* of the prompt set */
  const gchar *group; /* NULL where the set has only one */
  gint percent;       /* of the smoothed score, -100 to 100 */
  gint threshold;     /* likewise */
  gboolean cosine;    /* not a share of 1: to be written as 0.27 */
  gboolean active;
} GstClipOverlayRow;

/* The row of the label at @index of a set, which owns its strings; without a
 * group. */
GstClipOverlayRow gst_clip_overlay_row_make (
    ClvPrompts *prompts, guint index, const ClvScore *score);

typedef struct {
  GArray *rows;       /* of GstClipOverlayRow, in the order of drawing */
  guint n_left_out;   /* that max_labels had no room for */
  GPtrArray *results; /* of the frame; they own the strings of the rows */
  GArray *candidates; /* private, kept for its memory */
} GstClipOverlayRows;

void gst_clip_overlay_rows_init (GstClipOverlayRows *self);
void gst_clip_overlay_rows_clear (GstClipOverlayRows *self);

/* Replaces the rows by those of the frame, none where it has no GstClipMeta.
 * Walks over all labels once, and sorts them if there are too many. */
void gst_clip_overlay_rows_read (GstClipOverlayRows *self, GstBuffer *buffer,
    GstClipOverlayShow show, guint max_labels);

/* The rows were read from the very results that this frame has: reading it, with
 * the same settings, would give the same. */
gboolean gst_clip_overlay_rows_are_of (
    const GstClipOverlayRows *self, GstBuffer *buffer);

gboolean gst_clip_overlay_rows_equal (
    const GstClipOverlayRows *a, const GstClipOverlayRows *b);

G_END_DECLS
