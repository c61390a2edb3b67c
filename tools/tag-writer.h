/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The output formats of `clv tag`. A writer sees every inferred picture and,
 * when a tag has ended, the span of time in which it was active. */

#pragma once

#include <clv/clv.h>
#include <gst/gst.h>
#include <stdio.h>

#include "output.h"
#include "plugin/gstclipjson.h"

G_BEGIN_DECLS

typedef struct {
  const gchar *media;
  gdouble time;
  GstClockTime pts;
  const ClvScore *scores; /* one for each label */
  GstSample *sample;      /* the picture */
  guint n_regions;
  const GstClipJsonRegion *regions;
} TagFrame;

/* `media` is borrowed from the command line. */
typedef struct {
  const gchar *media;
  guint label;
  gdouble start; /* seconds */
  gdouble end;
  gfloat peak;
} TagSpan;

/* What is known once a media has been read, whole or in part. */
typedef struct {
  const gchar *media;
  guint64 n_inferred;
  gdouble end;
  GArray *spans;    /* TagSpan of this media, sorted by start */
  guint best_label; /* highest score seen */
  gfloat best_score;
} TagSummary;

typedef struct _TagWriter TagWriter;

typedef struct {
  const gchar *name;
  gboolean one_media; /* a file of it is about one */
  void (*begin) (TagWriter *self);
  void (*frame) (TagWriter *self, const TagFrame *frame);
  void (*media_end) (TagWriter *self, const TagSummary *summary);
  void (*finish) (TagWriter *self);
  void (*clear) (TagWriter *self); /* of `state`, which may be NULL */
} TagFormat;

extern const TagFormat tag_format_table;
extern const TagFormat tag_format_jsonl;
extern const TagFormat tag_format_csv;
extern const TagFormat tag_format_vtt;
extern const TagFormat tag_format_html;
extern const TagFormat tag_format_chapters;
extern const TagFormat tag_format_edl;
extern const TagFormat tag_format_ffmetadata;

/* NULL for an unknown name. */
const TagFormat *tag_format_find (const gchar *name);

struct _TagWriter {
  const TagFormat *format;
  ClvPrompts *prompts;     /* borrowed */
  const gchar *model_name; /* borrowed */
  guint n_media;
  GArray *spans;  /* TagSpan, for formats that sort them over all media */
  gpointer state; /* the format's own */
  FILE *out;      /* of the next */
  Output output;
};

/* `path`: see output_open(). */
gboolean tag_writer_open (TagWriter *self, const TagFormat *format,
    const gchar *path, ClvPrompts *prompts, const gchar *model_name,
    guint n_media, GError **error);

/* What the format makes of it, if anything. The end of a media is seen at once
 * where the output is a pipe. */
void tag_writer_add_frame (TagWriter *self, const TagFrame *frame);
void tag_writer_end_media (TagWriter *self, const TagSummary *summary);

gboolean tag_writer_commit (TagWriter *self, GError **error);

/* Without a commit before, nothing is left behind. */
void tag_writer_clear (TagWriter *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TagWriter, tag_writer_clear)

/* Sorts TagSpan by start. */
gint tag_span_compare (gconstpointer a, gconstpointer b);

/* "mm:ss.mmm", with "hh:" in front where it is needed; without a locale's comma. */
gchar *tag_format_time (gdouble seconds, gboolean always_hours);

G_END_DECLS
