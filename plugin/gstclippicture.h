/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the content of a picture file to its embedding, with whatever decoders
 * GStreamer has. */

#pragma once

#include <gst/gst.h>

#include <clv/clv-engine.h>

G_BEGIN_DECLS

/* Encodes the picture of a sample that GST_CLIP_FRAME_CAPS allow; NULL is an
 * error like any other. ret_embedding:
 * D floats. Waits for the engine. */
gboolean gst_clip_picture_encode_sample (ClvEngine *engine, GstSample *sample,
    gfloat *ret_embedding, GError **error);

/* The ClvEncodeImageFunc of clv_engine_encode_prompts(): decodes the first
 * picture in a pipeline of its own, then the above. Errors do not name the path;
 * the caller does. Any thread; takes at most a minute. */
gboolean gst_clip_picture_encode (const gchar *path, GBytes *bytes,
    gfloat *ret_embedding, gpointer engine, GError **error);

G_END_DECLS
