/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipupstream.h"

gboolean
gst_clip_upstream_is_live (GstPad *sink)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (sink, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  return live;
}

gchar *
gst_clip_upstream_get_uri (GstPad *sink)
{
  g_autoptr (GstQuery) query = gst_query_new_uri ();
  gchar *uri = NULL;

  if (gst_pad_peer_query (sink, query))
    gst_query_parse_uri (query, &uri);
  return uri;
}

gboolean
gst_clip_upstream_is_new (GstPad *sink, GstEvent *stream_start)
{
  g_autofree gchar *id = gst_pad_get_stream_id (sink);
  const gchar *new_id;

  gst_event_parse_stream_start (stream_start, &new_id);
  return g_strcmp0 (id, new_id) != 0;
}
