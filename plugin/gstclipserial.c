/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipserial.h"

#include <math.h>
#include <string.h>

#define MAX_TEXT 1024

/* Distinct texts from other processes that are kept. */
#define MAX_KEPT 4096

static G_DEFINE_QUARK (gst - clip - serial - funcs, funcs)

    static const GstClipSerialFuncs *get_funcs (GType api)
{
  return g_type_get_qdata (api, funcs_quark ());
}

#if GST_CHECK_VERSION(1, 24, 0)
static gboolean
serialize (const GstMeta *meta, GstByteArrayInterface *data, guint8 *version)
{
  static gint told = FALSE; /* a stream has many such frames */
  g_autoptr (GBytes) bytes = gst_clip_serial_write (meta);
  gsize size;
  const guint8 *start = g_bytes_get_data (bytes, &size);

  /* What is in it already is of other metas of the same message. */
  if (size > GST_CLIP_SERIAL_MAX_BYTES ||
      data->len > GST_CLIP_SERIAL_MAX_BYTES - size) {
    GST_CAT_LEVEL_LOG (GST_CAT_DEFAULT,
        g_atomic_int_exchange (&told, TRUE) ? GST_LEVEL_DEBUG
                                            : GST_LEVEL_WARNING,
        NULL,
        "a %s of %" G_GSIZE_FORMAT " bytes, after %" G_GSIZE_FORMAT
        " of others, is left out: a message may have %d",
        g_type_name (meta->info->type), size, data->len,
        GST_CLIP_SERIAL_MAX_BYTES);
    return FALSE;
  }
  *version = GST_CLIP_SERIAL_VERSION;
  return gst_byte_array_interface_append_data (data, start, size);
}

static GstMeta *
deserialize (const GstMetaInfo *info, GstBuffer *buffer, const guint8 *data,
    gsize size, guint8 version)
{
  return gst_clip_serial_read (buffer, info->api, data, size, version);
}

static const GstMetaInfo *
register_meta (GType api, const gchar *name, gsize size,
    GstMetaInitFunction init, GstMetaFreeFunction free,
    GstMetaTransformFunction transform)
{
  GstMetaInfo *info = gst_meta_info_new (api, name, size);

  info->init_func = init;
  info->free_func = free;
  info->transform_func = transform;
  info->serialize_func = serialize;
  info->deserialize_func = deserialize;
  return gst_meta_info_register (info);
}
#else
#define register_meta gst_meta_register
#endif

const GstMetaInfo *
gst_clip_serial_register (GType api, const gchar *name, gsize size,
    GstMetaInitFunction init, GstMetaFreeFunction free,
    GstMetaTransformFunction transform, const GstClipSerialFuncs *funcs)
{
  g_type_set_qdata (api, funcs_quark (), (gpointer) funcs);
  return register_meta (api, name, size, init, free, transform);
}

GBytes *
gst_clip_serial_write (const GstMeta *meta)
{
  GstByteWriter *writer = gst_byte_writer_new ();
  guint size;

  get_funcs (meta->info->api)->put (meta, writer);
  size = gst_byte_writer_get_size (writer);
  return g_bytes_new_take (gst_byte_writer_free_and_get_data (writer), size);
}

GstMeta *
gst_clip_serial_read (GstBuffer *buffer, GType api, const guint8 *data,
    gsize size, guint8 version)
{
  GstByteReader reader;

  if (version != GST_CLIP_SERIAL_VERSION || size > G_MAXINT32)
    return NULL;
  gst_byte_reader_init (&reader, data, (guint) size);
  return get_funcs (api)->get (buffer, &reader);
}

static void
put_number (GstByteWriter *writer, guint64 value, guint n_bytes)
{
  for (guint i = 0; i < n_bytes; i++)
    gst_byte_writer_put_uint8 (writer, (guint8) (value >> 8 * i));
}

static gboolean
get_number (GstByteReader *reader, guint64 *ret_value, guint n_bytes)
{
  const guint8 *bytes;
  guint64 value = 0;

  if (!gst_byte_reader_get_data (reader, n_bytes, &bytes))
    return FALSE;
  for (guint i = 0; i < n_bytes; i++)
    value |= (guint64) bytes[i] << 8 * i;
  *ret_value = value;
  return TRUE;
}

void
gst_clip_serial_put_u32 (GstByteWriter *writer, guint32 value)
{
  put_number (writer, value, sizeof value);
}

void
gst_clip_serial_put_i32 (GstByteWriter *writer, gint32 value)
{
  put_number (writer, (guint32) value, sizeof value);
}

void
gst_clip_serial_put_u64 (GstByteWriter *writer, guint64 value)
{
  put_number (writer, value, sizeof value);
}

void
gst_clip_serial_put_float (GstByteWriter *writer, gfloat value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  put_number (writer, bits, sizeof bits);
}

void
gst_clip_serial_put_double (GstByteWriter *writer, gdouble value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  put_number (writer, bits, sizeof bits);
}

gboolean
gst_clip_serial_get_u32 (GstByteReader *reader, guint32 *ret_value)
{
  guint64 value;

  if (!get_number (reader, &value, sizeof *ret_value))
    return FALSE;
  *ret_value = (guint32) value;
  return TRUE;
}

gboolean
gst_clip_serial_get_i32 (GstByteReader *reader, gint32 *ret_value)
{
  guint64 value;

  if (!get_number (reader, &value, sizeof *ret_value))
    return FALSE;
  *ret_value = (gint32) (guint32) value;
  return TRUE;
}

gboolean
gst_clip_serial_get_u64 (GstByteReader *reader, guint64 *ret_value)
{
  return get_number (reader, ret_value, sizeof *ret_value);
}

gboolean
gst_clip_serial_get_float (GstByteReader *reader, gfloat *ret_value)
{
  guint32 bits;

  if (!gst_clip_serial_get_u32 (reader, &bits))
    return FALSE;
  memcpy (ret_value, &bits, sizeof bits);
  return isfinite (*ret_value);
}

gboolean
gst_clip_serial_get_double (GstByteReader *reader, gdouble *ret_value)
{
  guint64 bits;

  if (!gst_clip_serial_get_u64 (reader, &bits))
    return FALSE;
  memcpy (ret_value, &bits, sizeof bits);
  return isfinite (*ret_value);
}

void
gst_clip_serial_put_text (GstByteWriter *writer, const gchar *text)
{
  gsize length = strlen (text);

  if (length > MAX_TEXT)
    length = (gsize) (g_utf8_find_prev_char (text, text + MAX_TEXT + 1) - text);
  put_number (writer, length, 2);
  gst_byte_writer_put_data (writer, (const guint8 *) text, (guint) length);
  gst_byte_writer_put_uint8 (writer, 0);
}

gboolean
gst_clip_serial_get_text (GstByteReader *reader, const gchar **ret_text)
{
  const guint8 *text;
  guint64 length;

  if (!get_number (reader, &length, 2) || length > MAX_TEXT ||
      !gst_byte_reader_get_data (reader, (guint) length + 1, &text) ||
      text[length] != '\0' ||
      !g_utf8_validate ((const gchar *) text, (gssize) length, NULL))
    return FALSE;
  *ret_text = (const gchar *) text;
  return TRUE;
}

gboolean
gst_clip_serial_may_keep (const gchar *text)
{
  static gint n_kept = 0;

  if (g_quark_try_string (text) != 0)
    return TRUE;
  if (g_atomic_int_get (&n_kept) >= MAX_KEPT)
    return FALSE;
  g_atomic_int_inc (&n_kept);
  return TRUE;
}
