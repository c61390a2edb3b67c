/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptaganalytics.h"

#include <gst/analytics/analytics.h>

GType
gst_clip_analytics_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { GST_CLIP_ANALYTICS_NONE, "Nothing", "none" },
    { GST_CLIP_ANALYTICS_ACTIVE, "The labels that are active", "active" },
    { GST_CLIP_ANALYTICS_ALL, "All labels", "all" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstClipAnalytics", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

/* A label that is wanted. */
typedef struct {
  const gchar *label;
  guint group;
  gfloat score;
  gfloat best; /* of those of the group */
} Ranked;

static gint
best_first (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;

  if (x->best != y->best)
    return x->best > y->best ? -1 : 1;
  if (x->group != y->group)
    return x->group < y->group ? -1 : 1;
  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return 0;
}

/* How many of the first labels are of one group. */
static guint
count_group (const Ranked *ranked, guint n)
{
  guint n_group = 1;

  while (n_group < n && ranked[n_group].group == ranked[0].group)
    n_group++;
  return n_group;
}

static void
set_best (Ranked *ranked, guint n)
{
  gfloat best = ranked[0].score;

  for (guint i = 1; i < n; i++)
    best = MAX (best, ranked[i].score);
  for (guint i = 0; i < n; i++)
    ranked[i].best = best;
}

/* Group behind group, the one with the best label first. */
static GArray *
rank (ClvPrompts *prompts, const ClvScore *scores, GstClipAnalytics which)
{
  const guint n = clv_prompts_get_n_labels (prompts);
  GArray *ranked = g_array_new (FALSE, FALSE, sizeof (Ranked));
  guint n_group;

  for (guint i = 0; i < n; i++) {
    const ClvLabel *label = clv_prompts_get_label (prompts, i);
    const Ranked entry = { label->label, label->group_index, scores[i].smoothed,
      0 };

    if (which == GST_CLIP_ANALYTICS_ALL || scores[i].active)
      g_array_append_val (ranked, entry);
  }
  for (guint i = 0; i < ranked->len; i += n_group) {
    Ranked *first = &g_array_index (ranked, Ranked, i);

    n_group = count_group (first, ranked->len - i);
    set_best (first, n_group);
  }
  g_array_sort (ranked, best_first);
  return ranked;
}

/* A detection contains its classifications, as in GstAnalytics' own tests and with DL
 * Streamer; objectdetectionoverlay looks for one that it relates to. */
static void
relate (GstAnalyticsRelationMeta *meta, guint detection, guint cls)
{
  gst_analytics_relation_meta_set_relation (meta,
      GST_ANALYTICS_REL_TYPE_CONTAIN | GST_ANALYTICS_REL_TYPE_RELATE_TO,
      detection, cls);
  gst_analytics_relation_meta_set_relation (
      meta, GST_ANALYTICS_REL_TYPE_IS_PART_OF, cls, detection);
}

static void
add_group (GstAnalyticsRelationMeta *meta, const GstClipTagDetection *detection,
    const Ranked *ranked, guint n)
{
  g_autofree gfloat *levels = g_new (gfloat, n);
  g_autofree GQuark *quarks = g_new (GQuark, n);
  GstAnalyticsClsMtd mtd;

  for (guint i = 0; i < n; i++) {
    levels[i] = ranked[i].score;
    quarks[i] = g_quark_from_string (ranked[i].label);
  }
  if (gst_analytics_relation_meta_add_cls_mtd (meta, n, levels, quarks, &mtd) &&
      detection != NULL)
    relate (meta, detection->id, mtd.id);
}

void
gst_clip_tag_analytics_add (GstBuffer *buffer,
    const GstClipTagDetection *detection, ClvPrompts *prompts,
    const ClvScore *scores, GstClipAnalytics which)
{
  g_autoptr (GArray) ranked = NULL;
  GstAnalyticsRelationMeta *meta;
  guint n;

  if (which == GST_CLIP_ANALYTICS_NONE)
    return;
  ranked = rank (prompts, scores, which);
  if (ranked->len == 0)
    return;
  /* The one that is there, if an element upstream has added it. */
  meta = gst_buffer_add_analytics_relation_meta (buffer);
  for (guint i = 0; i < ranked->len; i += n) {
    const Ranked *first = &g_array_index (ranked, Ranked, i);

    n = count_group (first, ranked->len - i);
    add_group (meta, detection, first, n);
  }
}

#if GST_CHECK_VERSION(1, 26, 0)
void
gst_clip_tag_analytics_add_embedding (GstBuffer *buffer, GstClipResult *result,
    const gfloat *embedding, guint width)
{
  const gsize n_bytes = width * sizeof (gfloat);
  gsize dims[] = { 1, width };
  GstTensor *tensor = gst_tensor_new_simple (
      g_quark_from_static_string (GST_CLIP_TENSOR_ID),
      GST_TENSOR_DATA_TYPE_FLOAT32,
      gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY,
          (gpointer) embedding, n_bytes, 0, n_bytes,
          gst_clip_result_ref (result), (GDestroyNotify) gst_clip_result_unref),
      GST_TENSOR_DIM_ORDER_ROW_MAJOR, G_N_ELEMENTS (dims), dims);
  GstTensorMeta *meta = gst_buffer_get_tensor_meta (buffer);

  if (tensor == NULL)
    return;
  if (meta == NULL)
    meta = gst_buffer_add_tensor_meta (buffer);

  /* gst_tensor_meta_set() would free those that are there. */
  meta->tensors = g_renew (GstTensor *, meta->tensors, meta->num_tensors + 1);
  meta->tensors[meta->num_tensors++] = tensor;
}
#else
void
gst_clip_tag_analytics_add_embedding (GstBuffer *buffer, GstClipResult *result,
    const gfloat *embedding, guint width)
{
}
#endif

/* The lower bits count; what is above them says, with some trackers, of which
 * stream. */
static gint
get_number (GstAnalyticsRelationMeta *meta, guint id)
{
  GstAnalyticsMtd mtd;
  guint64 number;

  if (!gst_analytics_relation_meta_get_direct_related (meta, id,
          GST_ANALYTICS_REL_TYPE_ANY,
          gst_analytics_tracking_mtd_get_mtd_type (), NULL, &mtd) ||
      !gst_analytics_tracking_mtd_get_info (&mtd, &number, NULL, NULL, NULL))
    return 0;
  return (gint) (number & G_MAXINT);
}

gboolean
gst_clip_tag_analytics_next (GstBuffer *buffer, gpointer *state,
    GstClipTagDetection *ret_detection, GstClipRegion *ret_place)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsODMtd mtd;
  gint x, y, width, height;
  gfloat level;

  do {
    if (meta == NULL || !gst_analytics_relation_meta_iterate (meta, state,
                            gst_analytics_od_mtd_get_mtd_type (), &mtd))
      return FALSE;
  } while (!gst_analytics_od_mtd_get_location (
      &mtd, &x, &y, &width, &height, &level));
  *ret_detection = (GstClipTagDetection){ meta, mtd.id };
  *ret_place = (GstClipRegion){
    .x = (guint) x,
    .y = (guint) y,
    .width = (guint) MAX (width, 0),
    .height = (guint) MAX (height, 0),
    .roi_type = gst_analytics_od_mtd_get_obj_type (&mtd),
    .roi_id = get_number (meta, mtd.id),
    .column = -1,
    .row = -1,
  };
  return TRUE;
}
