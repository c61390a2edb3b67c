/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipindexmedia.h"

#include "gstclipupstream.h"

static gchar *
format_now (const gchar *format)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  return g_date_time_format (now, format);
}

static gchar *
add_start (const gchar *name)
{
  g_autofree gchar *start = format_now ("%FT%T%:z");

  return g_strdup_printf ("%s %s", name, start);
}

/* A file says what it is, whatever it is called. */
static gchar *
find_name (GstClipIndexMedia *self, GstPad *sink)
{
  g_autoptr (GstObject) element = gst_pad_get_parent (sink);
  g_autofree gchar *uri = gst_clip_upstream_get_uri (sink);
  g_autofree gchar *name = NULL;

  if (uri == NULL)
    return element != NULL ? add_start (GST_OBJECT_NAME (element)) : NULL;
  name = clv_index_name_media (uri, &self->size, &self->modified_us);
  return gst_clip_upstream_is_live (sink) ? add_start (name)
                                          : g_steal_pointer (&name);
}

static void
clear (gpointer data)
{
  GstClipIndexMedia *self = data;

  g_free (self->name);
  g_free (self->sampling);
}

GstClipIndexMedia *
gst_clip_index_media_ref (GstClipIndexMedia *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
gst_clip_index_media_unref (GstClipIndexMedia *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

GstClipIndexMedia *
gst_clip_index_media_new (GstPad *sink, const gchar *name, gdouble interval,
    gboolean thumbnails, GError **error)
{
  GstClipIndexMedia *self = g_atomic_rc_box_new0 (GstClipIndexMedia);
  gchar seconds[G_ASCII_DTOSTR_BUF_SIZE];

  self->size = -1;
  self->modified_us = -1;
  self->span = interval;
  /* What clv index chooses of the same file need not be the same. */
  self->sampling = g_strdup_printf ("clipindex, interval %s%s",
      g_ascii_dtostr (seconds, sizeof seconds, interval),
      thumbnails ? ", thumbnails" : "");
  self->name = name != NULL ? format_now (name) : find_name (self, sink);
  if (self->name != NULL && *self->name != '\0')
    return self;
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "media: wanted a name, maybe with codes as in \"gate %%F %%T\", found "
      "\"%s\"",
      name != NULL ? name : "");
  gst_clip_index_media_unref (self);
  return NULL;
}

gboolean
gst_clip_index_media_begin (
    GstClipIndexMedia *self, ClvIndex *index, GError **error)
{
  const ClvIndexMedia media = {
    .location = self->name,
    .size = self->size,
    .modified_us = self->modified_us,
    .sampling = self->sampling,
    .span = self->span,
  };

  return self->progress.id != 0 ||
         clv_index_begin_media (index, &media, &self->progress, error);
}
