/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublishtags.h"

#include "gstclipresult.h"

/* Nobody says which cliptag a set of phrases is of: one that had no frame for so
 * many, while others had, is taken for replaced. */
#define REPLACED_AFTER 300

typedef struct {
  gint n_sets; /* that have it */
  gchar *label;
  gchar *group;
  const gchar *model; /* interned */

  gboolean active;
  gdouble started;
  gfloat peak;

  /* Of the newest frame that had it, at its best place. */
  gboolean seen; /* in this frame */
  gboolean now;  /* active in it */
  gfloat score;
  gdouble time;
  GstClockTime pts;
  GstClipRegion region; /* width 0: the whole picture */
} Tag;

typedef struct {
  guint64 generation;
  Tag **tags; /* of each label */
  guint n_tags;
  guint n_missed;
} Set;

struct _GstClipPublishTags {
  const GstClipPublishTagsListener *listener;
  gpointer data;
  GHashTable *tags; /* "group\x1flabel" -> Tag */
  GArray *sets;     /* Set */
  gdouble time;     /* of the last frame */
  GstClockTime pts;
};

static void
tag_free (gpointer data)
{
  Tag *self = data;

  g_free (self->label);
  g_free (self->group);
  g_free (self);
}

static void
set_clear (gpointer data)
{
  g_free (((Set *) data)->tags);
}

GstClipPublishTags *
gst_clip_publish_tags_new (
    const GstClipPublishTagsListener *listener, gpointer data)
{
  GstClipPublishTags *self = g_new0 (GstClipPublishTags, 1);

  self->listener = listener;
  self->data = data;
  self->tags =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, tag_free);
  self->sets = g_array_new (FALSE, FALSE, sizeof (Set));
  g_array_set_clear_func (self->sets, set_clear);
  return self;
}

void
gst_clip_publish_tags_free (GstClipPublishTags *self)
{
  g_array_unref (self->sets);
  g_hash_table_unref (self->tags);
  g_free (self);
}

static Tag *
find_tag (GstClipPublishTags *self, const ClvLabel *label, const gchar *model)
{
  g_autofree gchar *key =
      g_strconcat (label->group, "\x1f", label->label, NULL);
  Tag *tag = g_hash_table_lookup (self->tags, key);

  if (tag == NULL) {
    tag = g_new0 (Tag, 1);
    tag->label = g_strdup (label->label);
    tag->group = g_strdup (label->group);
    tag->model = g_intern_string (model);
    g_hash_table_insert (self->tags, g_steal_pointer (&key), tag);
    self->listener->label (self->data, tag->label, tag->group, model, FALSE);
  }
  tag->n_sets++;
  return tag;
}

static Set *
find_set (GstClipPublishTags *self, guint64 generation, ClvPrompts *prompts,
    const gchar *model)
{
  Set set = { .generation = generation };

  for (guint i = 0; i < self->sets->len; i++)
    if (g_array_index (self->sets, Set, i).generation == generation)
      return &g_array_index (self->sets, Set, i);
  set.n_tags = clv_prompts_get_n_labels (prompts);
  set.tags = g_new (Tag *, set.n_tags);
  for (guint i = 0; i < set.n_tags; i++)
    set.tags[i] = find_tag (self, clv_prompts_get_label (prompts, i), model);
  g_array_append_val (self->sets, set);
  return &g_array_index (self->sets, Set, self->sets->len - 1);
}

static gdouble
to_seconds (const GstSegment *segment, GstClockTime pts)
{
  guint64 time = GST_CLOCK_TIME_NONE;

  if (GST_CLOCK_TIME_IS_VALID (pts))
    time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, pts);
  return GST_CLOCK_TIME_IS_VALID (time) ? (gdouble) time / GST_SECOND : -1.0;
}

/* What one meta says. `region`: NULL for the whole picture. */
static void
look (GstClipPublishTags *self, Set *set, const ClvScore *scores,
    GstClockTime pts, const GstSegment *segment, const GstClipRegion *region)
{
  const gdouble time = to_seconds (segment, pts);

  set->n_missed = 0;
  for (guint i = 0; i < set->n_tags; i++) {
    Tag *tag = set->tags[i];
    const gboolean better =
        !tag->seen || (scores[i].active && !tag->now) ||
        (scores[i].active == tag->now && scores[i].smoothed > tag->score);

    tag->seen = TRUE;
    if (!better)
      continue;
    tag->now = scores[i].active;
    tag->score = scores[i].smoothed;
    tag->time = time;
    tag->pts = pts;
    tag->region = region != NULL ? *region : (GstClipRegion){ 0 };
  }
}

static void
look_at_picture (GstClipPublishTags *self, GstBuffer *frame,
    const GstClipMeta *meta, const GstSegment *segment)
{
  Set *set = find_set (self, meta->generation, gst_clip_meta_get_prompts (meta),
      meta->model_name);

  look (self, set, meta->scores,
      meta->fresh ? GST_BUFFER_PTS (frame) : meta->pts, segment, NULL);
}

static void
look_at_region (GstClipPublishTags *self, GstBuffer *frame,
    const GstClipRegionMeta *meta, const GstSegment *segment)
{
  Set *set = find_set (self, meta->generation,
      gst_clip_region_meta_get_prompts (meta), meta->result->model_name);

  look (self, set, meta->scores,
      meta->fresh ? GST_BUFFER_PTS (frame) : meta->pts, segment, &meta->region);
}

static void
change (GstClipPublishTags *self, Tag *tag, gboolean start)
{
  GstClipPublishChange told = {
    .label = tag->label,
    .group = tag->group,
    .model = tag->model,
    .start = start,
    .time = tag->time,
    .pts = tag->pts,
    .score = tag->score,
    .region = tag->region.width > 0 ? &tag->region : NULL,
  };

  if (start) {
    tag->started = tag->time;
    tag->peak = tag->score;
  }
  tag->active = start;
  told.peak = tag->peak;
  if (!start && tag->started >= 0 && tag->time > tag->started)
    told.duration = tag->time - tag->started;
  self->listener->change (self->data, &told);
}

/* In the order of the labels; maybe twice. */
static void
for_each_tag (GstClipPublishTags *self,
    void (*function) (GstClipPublishTags *self, Tag *tag))
{
  for (guint i = 0; i < self->sets->len; i++) {
    const Set *set = &g_array_index (self->sets, Set, i);

    for (guint j = 0; j < set->n_tags; j++)
      function (self, set->tags[j]);
  }
}

static void
forget_frame (GstClipPublishTags *self, Tag *tag)
{
  tag->seen = FALSE;
}

static void
compare (GstClipPublishTags *self, Tag *tag)
{
  if (!tag->seen) {
    tag->now = FALSE;
    tag->time = self->time;
    tag->pts = self->pts;
  }
  if (tag->now && tag->active)
    tag->peak = MAX (tag->peak, tag->score);
  if (tag->now != tag->active)
    change (self, tag, tag->now);
}

static void
drop_set (GstClipPublishTags *self, guint index)
{
  Set *set = &g_array_index (self->sets, Set, index);

  for (guint i = 0; i < set->n_tags; i++) {
    Tag *tag = set->tags[i];
    g_autofree gchar *key = NULL;

    if (--tag->n_sets > 0)
      continue;
    self->listener->label (
        self->data, tag->label, tag->group, tag->model, TRUE);
    key = g_strconcat (tag->group, "\x1f", tag->label, NULL);
    g_hash_table_remove (self->tags, key);
  }
  g_array_remove_index (self->sets, index);
}

static void
drop_replaced (GstClipPublishTags *self)
{
  for (guint i = self->sets->len; i-- > 0;)
    if (g_array_index (self->sets, Set, i).n_missed > REPLACED_AFTER)
      drop_set (self, i);
}

/* Whether the frame has any scores. */
static gboolean
look_at (GstClipPublishTags *self, GstBuffer *frame, const GstSegment *segment)
{
  gpointer state = NULL;
  gboolean any = FALSE;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta (frame, &state)) != NULL)
    if (meta->info->api == GST_CLIP_META_API_TYPE) {
      look_at_picture (self, frame, (const GstClipMeta *) meta, segment);
      any = TRUE;
    } else if (meta->info->api == GST_CLIP_REGION_META_API_TYPE) {
      look_at_region (self, frame, (const GstClipRegionMeta *) meta, segment);
      any = TRUE;
    }
  return any;
}

void
gst_clip_publish_tags_update (
    GstClipPublishTags *self, GstBuffer *frame, const GstSegment *segment)
{
  self->pts = GST_BUFFER_PTS (frame);
  self->time = to_seconds (segment, self->pts);
  for_each_tag (self, forget_frame);
  if (look_at (self, frame, segment))
    for (guint i = 0; i < self->sets->len; i++)
      g_array_index (self->sets, Set, i).n_missed++;
  for_each_tag (self, compare);
  drop_replaced (self);
}

void
gst_clip_publish_tags_end (GstClipPublishTags *self)
{
  for_each_tag (self, forget_frame);
  for_each_tag (self, compare);
}
