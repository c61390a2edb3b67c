/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clipindex's properties: their values and their texts. Nothing here locks; the
 * element does. */

#pragma once

#include <gst/gst.h>

#include <clv/clv-types.h>

G_BEGIN_DECLS

#define GST_CLIP_INDEX_PROP_STATS 1

/* What becomes of a moment that there is no room for. The values are fixed:
 * applications store them. */
typedef enum {
  GST_CLIP_INDEX_FULL_AUTO = 0,
  GST_CLIP_INDEX_FULL_WAIT = 1,
  GST_CLIP_INDEX_FULL_DROP = 2,
} GstClipIndexFull;

#define GST_TYPE_CLIP_INDEX_FULL (gst_clip_index_full_get_type ())
GType gst_clip_index_full_get_type (void);

typedef struct {
  gchar *location; /* NULL: the user's own index */
  gchar *media;    /* NULL: what upstream reads */
  GstClockTime interval;
  gboolean thumbnails;
  GstClipIndexFull when_full;
  gchar *model; /* NULL: frames bring their embeddings */
  gchar *device;
  ClvPrecision precision;
} GstClipIndexSettings;

void gst_clip_index_settings_init (GstClipIndexSettings *self);
void gst_clip_index_settings_clear (GstClipIndexSettings *self);

/* A deep copy, to be cleared. */
void gst_clip_index_settings_copy (
    const GstClipIndexSettings *self, GstClipIndexSettings *ret_copy);

void gst_clip_index_settings_install (GObjectClass *klass);

/* FALSE for an id that is none of ours. */
gboolean gst_clip_index_settings_set (
    GstClipIndexSettings *self, guint id, const GValue *value);
gboolean gst_clip_index_settings_get (
    const GstClipIndexSettings *self, guint id, GValue *value);

G_END_DECLS
