/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "gstclipresult.h"
#include "gstclipserial.h"

/* Sets that were read last. Each frame brings its own again. */
#define MAX_SETS 8

/* The fewest bytes that a label and a score take. */
#define MIN_LABEL 28
#define MIN_SCORE 17

typedef struct {
  GBytes *bytes;
  ClvPrompts *prompts;
} Known;

static GMutex known_mutex;
static Known known[MAX_SETS];
static guint n_known; /* that ever were; the next takes the oldest's place */

static gboolean
is_new_group (ClvPrompts *prompts, guint index)
{
  return index == 0 ||
         clv_prompts_get_label (prompts, index)->group_index !=
             clv_prompts_get_label (prompts, index - 1)->group_index;
}

/* A group's name, scoring and calibration come with its first label. */
static void
put_label (GstByteWriter *writer, const ClvLabel *label, gboolean new_group)
{
  gst_byte_writer_put_uint8 (writer, (guint8) new_group);
  if (new_group) {
    gst_clip_serial_put_text (writer, label->group);
    gst_byte_writer_put_uint8 (writer, (guint8) label->scoring);
    gst_byte_writer_put_uint8 (writer, (guint8) label->calibration);
  }
  gst_clip_serial_put_text (writer, label->label);
  gst_clip_serial_put_float (writer, label->threshold);
  gst_clip_serial_put_float (writer, label->off_threshold);
  gst_clip_serial_put_double (writer, label->min_duration);
  gst_clip_serial_put_double (writer, label->cool_down);
}

void
gst_clip_serial_put_prompts (GstByteWriter *writer, ClvPrompts *prompts)
{
  const guint start = gst_byte_writer_get_pos (writer);
  const guint n = clv_prompts_get_n_labels (prompts);
  guint end;

  gst_clip_serial_put_u32 (writer, 0); /* how many bytes follow */
  gst_clip_serial_put_u64 (writer, clv_prompts_get_generation (prompts));
  gst_clip_serial_put_u32 (writer, n);
  for (guint i = 0; i < n; i++)
    put_label (
        writer, clv_prompts_get_label (prompts, i), is_new_group (prompts, i));
  end = gst_byte_writer_get_pos (writer);
  gst_byte_writer_set_pos (writer, start);
  gst_clip_serial_put_u32 (writer, end - start - 4);
  gst_byte_writer_set_pos (writer, end);
}

/* @label: has those of the group before. */
static gboolean
get_group (GstByteReader *reader, ClvLabel *label)
{
  guint8 scoring, calibration;

  if (!gst_clip_serial_get_text (reader, &label->group) ||
      !gst_byte_reader_get_uint8 (reader, &scoring) ||
      !gst_byte_reader_get_uint8 (reader, &calibration) ||
      scoring == CLV_SCORING_AUTO || scoring > CLV_SCORING_COSINE ||
      calibration > CLV_CALIBRATION_STREAM)
    return FALSE;
  label->scoring = (ClvScoring) scoring;
  label->calibration = (ClvCalibration) calibration;
  return TRUE;
}

static gboolean
get_label (GstByteReader *reader, ClvLabel *label)
{
  guint8 new_group;

  return gst_byte_reader_get_uint8 (reader, &new_group) && new_group <= 1 &&
         (new_group ? get_group (reader, label) : label->group != NULL) &&
         gst_clip_serial_get_text (reader, &label->label) &&
         gst_clip_serial_get_float (reader, &label->threshold) &&
         gst_clip_serial_get_float (reader, &label->off_threshold) &&
         gst_clip_serial_get_double (reader, &label->min_duration) &&
         gst_clip_serial_get_double (reader, &label->cool_down);
}

/* (transfer full) (nullable). @reader: of a set's bytes, and nothing else. */
static ClvPrompts *
parse_prompts (GstByteReader *reader)
{
  g_autofree ClvLabel *labels = NULL;
  ClvLabel label = { 0 };
  guint64 generation; /* of the sender's: makes its sets different */
  guint32 n;

  if (!gst_clip_serial_get_u64 (reader, &generation) ||
      !gst_clip_serial_get_u32 (reader, &n) || n == 0 ||
      n > gst_byte_reader_get_remaining (reader) / MIN_LABEL)
    return NULL;
  labels = g_new (ClvLabel, n);
  for (guint i = 0; i < n; i++) {
    if (!get_label (reader, &label))
      return NULL;
    labels[i] = label;
  }
  if (gst_byte_reader_get_remaining (reader) > 0)
    return NULL;
  return clv_prompts_new_from_labels (labels, n);
}

/* Lock held. (transfer full) (nullable) */
static ClvPrompts *
find_prompts (GBytes *bytes)
{
  for (guint i = 0; i < MIN (n_known, MAX_SETS); i++)
    if (g_bytes_equal (known[i].bytes, bytes))
      return g_object_ref (known[i].prompts);
  return NULL;
}

/* Lock held. */
static void
remember_prompts (const guint8 *data, gsize size, ClvPrompts *prompts)
{
  Known *oldest = &known[n_known++ % MAX_SETS];

  g_clear_pointer (&oldest->bytes, g_bytes_unref);
  oldest->bytes = g_bytes_new (data, size);
  g_set_object (&oldest->prompts, prompts);
}

ClvPrompts *
gst_clip_serial_get_prompts (GstByteReader *reader)
{
  g_autoptr (GBytes) bytes = NULL;
  GstByteReader labels;
  ClvPrompts *prompts;
  const guint8 *data;
  guint32 size;

  if (!gst_clip_serial_get_u32 (reader, &size) ||
      !gst_byte_reader_get_data (reader, size, &data))
    return NULL;
  bytes = g_bytes_new_static (data, size);
  gst_byte_reader_init (&labels, data, size);
  g_mutex_lock (&known_mutex);
  prompts = find_prompts (bytes);
  if (prompts == NULL && (prompts = parse_prompts (&labels)) != NULL)
    remember_prompts (data, size, prompts);
  g_mutex_unlock (&known_mutex);
  return prompts;
}

void
gst_clip_serial_put_result (GstByteWriter *writer, GstClipResult *result,
    gboolean fresh, gboolean unchanged, GstClockTime age)
{
  gst_byte_writer_put_uint8 (
      writer, (guint8) ((fresh ? 1 : 0) | (unchanged ? 2 : 0)));
  gst_clip_serial_put_u64 (writer, age);
  gst_clip_serial_put_u64 (writer, result->pts);
  gst_clip_serial_put_text (writer, result->model_name);
  gst_clip_serial_put_text (writer, result->model_id);
  gst_clip_serial_put_prompts (writer, result->prompts);
  for (guint i = 0; i < result->n_scores; i++) {
    const ClvScore *score = &result->scores[i];

    gst_clip_serial_put_float (writer, score->cosine);
    gst_clip_serial_put_float (writer, score->logit);
    gst_clip_serial_put_float (writer, score->score);
    gst_clip_serial_put_float (writer, score->smoothed);
    gst_byte_writer_put_uint8 (writer, score->active ? 1 : 0);
  }
  gst_clip_serial_put_u32 (writer, result->embedding_width);
  for (guint i = 0; i < result->embedding_width; i++)
    gst_clip_serial_put_float (writer, result->embedding[i]);
}

/* (transfer full) (nullable): one for each label */
static ClvScore *
get_scores (GstByteReader *reader, guint n)
{
  g_autofree ClvScore *scores = NULL;
  guint8 active;

  if (n > gst_byte_reader_get_remaining (reader) / MIN_SCORE)
    return NULL;
  scores = g_new (ClvScore, n + 1); /* not NULL where there is none */
  for (guint i = 0; i < n; i++) {
    if (!gst_clip_serial_get_float (reader, &scores[i].cosine) ||
        !gst_clip_serial_get_float (reader, &scores[i].logit) ||
        !gst_clip_serial_get_float (reader, &scores[i].score) ||
        !gst_clip_serial_get_float (reader, &scores[i].smoothed) ||
        !gst_byte_reader_get_uint8 (reader, &active) || active > 1)
      return NULL;
    scores[i].active = active;
  }
  return g_steal_pointer (&scores);
}

/* (transfer full) (nullable): NULL where there is none, too */
static gboolean
get_embedding (GstByteReader *reader, gfloat **ret_values, guint *ret_width)
{
  g_autofree gfloat *values = NULL;
  guint32 width;

  if (!gst_clip_serial_get_u32 (reader, &width) ||
      width > gst_byte_reader_get_remaining (reader) / sizeof (gfloat))
    return FALSE;
  values = g_new (gfloat, width);
  for (guint i = 0; i < width; i++)
    if (!gst_clip_serial_get_float (reader, &values[i]))
      return FALSE;
  *ret_values = g_steal_pointer (&values);
  *ret_width = width;
  return TRUE;
}

/* By how much it is older says when it was, in any time. */
static GstClockTime
move_pts (GstClockTime pts, GstBuffer *buffer, GstClockTime age)
{
  if (!GST_CLOCK_TIME_IS_VALID (pts) || !GST_BUFFER_PTS_IS_VALID (buffer))
    return pts;
  return GST_BUFFER_PTS (buffer) - MIN (age, GST_BUFFER_PTS (buffer));
}

gboolean
gst_clip_serial_get_result (
    GstByteReader *reader, GstBuffer *buffer, GstClipSerialResult *ret_result)
{
  const gchar *model_name, *model_id;
  g_autoptr (ClvPrompts) prompts = NULL;
  g_autofree ClvScore *scores = NULL;
  g_autofree gfloat *embedding = NULL;
  guint64 age, pts;
  guint width = 0;
  guint8 flags;

  if (!gst_byte_reader_get_uint8 (reader, &flags) || flags > 3 ||
      !gst_clip_serial_get_u64 (reader, &age) ||
      !gst_clip_serial_get_u64 (reader, &pts) ||
      !gst_clip_serial_get_text (reader, &model_name) ||
      !gst_clip_serial_get_text (reader, &model_id))
    return FALSE;
  prompts = gst_clip_serial_get_prompts (reader);
  if (prompts == NULL)
    return FALSE;
  scores = get_scores (reader, clv_prompts_get_n_labels (prompts));
  if (scores == NULL || !get_embedding (reader, &embedding, &width) ||
      gst_byte_reader_get_remaining (reader) > 0 ||
      !gst_clip_serial_may_keep (model_name) ||
      !gst_clip_serial_may_keep (model_id))
    return FALSE;
  *ret_result = (GstClipSerialResult){
    .result = gst_clip_result_new (prompts, model_name, model_id,
        move_pts (pts, buffer, age), scores, embedding, width),
    .fresh = (flags & 1) != 0,
    .unchanged = (flags & 2) != 0,
    .age = age,
  };
  return TRUE;
}
