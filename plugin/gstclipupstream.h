/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the elements before one tell of the stream. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Whether a source there is live. Asks with a LATENCY query: a sink pad that is
 * linked, best on the streaming thread, when it has data. */
gboolean gst_clip_upstream_is_live (GstPad *sink);

/* What is read there; NULL where nobody knows. */
gchar *gst_clip_upstream_get_uri (GstPad *sink);

/* Whether a STREAM_START event, before it goes on, is not that of the stream that
 * has begun already, told of once more. */
gboolean gst_clip_upstream_is_new (GstPad *sink, GstEvent *stream_start);

G_END_DECLS
