/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Our metas as bytes, for elements that send buffers to other processes, as
 * unixfdsink does (GStreamer 1.24): see docs/metadata.md for the format. What is
 * read may come from anybody: nothing is believed, and each count is compared with
 * what is there before memory is allocated for it. */

#pragma once

#include <gst/base/gstbytereader.h>
#include <gst/base/gstbytewriter.h>
#include <gst/gst.h>

#include "gstclipmeta.h"

G_BEGIN_DECLS

/* Raised when the format changes. */
#define GST_CLIP_SERIAL_VERSION 1

/* Of all metas of a buffer. unixfdsrc (1.26) takes a message in with one read, which
 * Linux ends after some 36 KB: a longer one would break the stream. */
#define GST_CLIP_SERIAL_MAX_BYTES 32768

/* How a meta is written and read. */
typedef struct {
  void (*put) (const GstMeta *meta, GstByteWriter *writer);

  /* Adds it to the buffer; NULL, and the buffer as it was, if there is anything wrong
   * with the bytes. All of them must be read. */
  GstMeta *(*get) (GstBuffer *buffer, GstByteReader *reader);
} GstClipSerialFuncs;

/* gst_meta_register(), and from GStreamer 1.24 on with functions that make bytes of the
 * meta. @funcs: kept. */
const GstMetaInfo *gst_clip_serial_register (GType api, const gchar *name,
    gsize size, GstMetaInitFunction init, GstMetaFreeFunction free,
    GstMetaTransformFunction transform, const GstClipSerialFuncs *funcs);

/* One of our metas, whatever GStreamer can do. (transfer full) */
GBytes *gst_clip_serial_write (const GstMeta *meta);

/* Returns: (transfer none) (nullable): the new meta of the buffer */
GstMeta *gst_clip_serial_read (GstBuffer *buffer, GType api, const guint8 *data,
    gsize size, guint8 version);

/* Numbers, least significant byte first, wherever they lie: those of GstByteWriter and
 * GstByteReader have to be aligned where the language is taken at its word. */
void gst_clip_serial_put_u32 (GstByteWriter *writer, guint32 value);
void gst_clip_serial_put_i32 (GstByteWriter *writer, gint32 value);
void gst_clip_serial_put_u64 (GstByteWriter *writer, guint64 value);
void gst_clip_serial_put_float (GstByteWriter *writer, gfloat value);
void gst_clip_serial_put_double (GstByteWriter *writer, gdouble value);
gboolean gst_clip_serial_get_u32 (GstByteReader *reader, guint32 *ret_value);
gboolean gst_clip_serial_get_i32 (GstByteReader *reader, gint32 *ret_value);
gboolean gst_clip_serial_get_u64 (GstByteReader *reader, guint64 *ret_value);

/* FALSE also for a number that is infinite or NAN. */
gboolean gst_clip_serial_get_float (GstByteReader *reader, gfloat *ret_value);
gboolean gst_clip_serial_get_double (GstByteReader *reader, gdouble *ret_value);

/* Text of at most 1024 bytes; what is longer is cut between characters. */
void gst_clip_serial_put_text (GstByteWriter *writer, const gchar *text);

/* Points into the bytes of the reader. FALSE: it is not UTF-8, or too long. */
gboolean gst_clip_serial_get_text (
    GstByteReader *reader, const gchar **ret_text);

/* Whether a text may be kept until the process ends, as quarks are: only so many that
 * are new come from other processes. */
gboolean gst_clip_serial_may_keep (const gchar *text);

/* The labels of a set. Who reads gets the same set for the same bytes, as long as they
 * are among those that came last. */
void gst_clip_serial_put_prompts (GstByteWriter *writer, ClvPrompts *prompts);

/* Returns: (transfer full) (nullable) */
ClvPrompts *gst_clip_serial_get_prompts (GstByteReader *reader);

/* A result, and how old it is for the buffer. */
void gst_clip_serial_put_result (GstByteWriter *writer, GstClipResult *result,
    gboolean fresh, gboolean unchanged, GstClockTime age);

typedef struct {
  GstClipResult *result; /* (transfer full) */
  gboolean fresh;
  gboolean unchanged;
  GstClockTime age;
} GstClipSerialResult;

/* The encoded frame's timestamp is moved to the time of the buffer's. */
gboolean gst_clip_serial_get_result (
    GstByteReader *reader, GstBuffer *buffer, GstClipSerialResult *ret_result);

G_END_DECLS
