/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-clipoverlay
 * @title: clipoverlay
 * @see_also: cliptag, #GstClipMeta
 *
 * Draws the tags of a frame on it, as read from its #GstClipMeta: label, group
 * where there are several, score, and a bar with a tick at the threshold. Regions
 * (#GstClipRegionMeta) are boxes with their best tag. With the property heatmap,
 * where in the picture a label fits is coloured (#GstClipHeatmapMeta).
 *
 * Where downstream takes a #GstVideoOverlayComposition with the frame, the
 * drawing is attached and pixels stay as they are; otherwise it is blended into
 * them. Frames without tags to show pass through untouched. A drawing is made
 * when what it shows changes, and used for all frames until then.
 *
 * All properties may be changed while playing.
 *
 * ## Example
 * |[
 * gst-launch-1.0 videotestsrc pattern=smpte \
 *   ! cliptag prompts="colour bars; snow; a black screen" \
 *   ! clipoverlay ! videoconvert ! autovideosink
 * ]|
 */

#include "gstclipoverlay.h"

#include <gst/video/video-overlay-composition.h>
#include <gst/video/video.h>

#include "gstcliperror.h"
#include "gstclipoverlayboxes.h"
#include "gstclipoverlaycaps.h"
#include "gstclipoverlaydraw.h"
#include "gstclipoverlayheat.h"

GST_DEBUG_CATEGORY_STATIC (gst_clip_overlay_debug);
#define GST_CAT_DEFAULT gst_clip_overlay_debug

/* So many frames without the wanted heat map are told of: the first after a change of
 * cliptag's properties may still be without. */
#define ENOUGH_WITHOUT_HEAT 8

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_CLIP_OVERLAY_TEMPLATE_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_CLIP_OVERLAY_TEMPLATE_CAPS));

/* How a drawing gets to the viewer, as negotiated. */
typedef enum {
  MODE_NONE, /* in no way: pixels are out of reach, and nobody takes it */
  MODE_ATTACH,
  MODE_BLEND,
} Mode;

struct _GstClipOverlay {
  GstElement parent;

  GstPad *sink;
  GstPad *src;

  /* Guarded by the object lock. */
  GstClipOverlaySettings settings;

  /* Streaming thread only. */
  GstClipOverlaySettings used; /* what the drawing was made with */
  GstClipOverlayColors *colors;
  GstVideoInfo info; /* for MODE_BLEND */
  GstClipOverlayArea area;
  Mode mode;
  gboolean warned;
  GstClipOverlayRows rows; /* that are drawn */
  GstClipOverlayRows next;
  GstVideoOverlayRectangle *panel; /* of the rows; NULL: nothing to be seen */
  GstClipOverlayBoxes boxes;
  GstClipOverlayHeat heat;
  guint n_without_heat; /* frames in a row that have no wanted map */
  gboolean stale;       /* draw again, though rows are equal */
  GstVideoOverlayComposition *drawing; /* NULL: nothing to be seen */
};

G_DEFINE_FINAL_TYPE (GstClipOverlay, gst_clip_overlay, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE (
    clipoverlay, "clipoverlay", GST_RANK_NONE, GST_TYPE_CLIP_OVERLAY)

static void
gst_clip_overlay_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstClipOverlay *self = GST_CLIP_OVERLAY (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_clip_overlay_settings_set (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_clip_overlay_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstClipOverlay *self = GST_CLIP_OVERLAY (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_clip_overlay_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
read_colors (GstClipOverlay *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->colors, gst_clip_overlay_colors_free);
  self->colors = gst_clip_overlay_colors_new (self->used.colors, &error);
  if (error != NULL)
    gst_clip_post_error (GST_ELEMENT (self), GST_MESSAGE_WARNING,
        "Cannot use one of the colours", error);
}

/* Takes over what was set since the last frame. */
static void
take_settings (GstClipOverlay *self)
{
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = self->colors == NULL || self->used.serial != self->settings.serial;
  if (changed) {
    gst_clip_overlay_settings_clear (&self->used);
    gst_clip_overlay_settings_copy (&self->settings, &self->used);
  }
  GST_OBJECT_UNLOCK (self);

  if (changed) {
    read_colors (self);
    self->n_without_heat = 0;
    self->stale = TRUE;
  }
}

/* Where the picture is within its memory, if only a part of it is shown. An
 * attached composition is placed on the shown part. */
static void
take_crop (GstClipOverlay *self, GstBuffer *buffer)
{
  GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (buffer);
  gboolean cropped = crop != NULL && self->mode == MODE_BLEND;
  gint x = cropped ? (gint) crop->x : 0;
  gint y = cropped ? (gint) crop->y : 0;

  if (x == self->area.x && y == self->area.y)
    return;
  self->area.x = x;
  self->area.y = y;
  self->stale = TRUE;
}

/* TRUE: there is another panel. */
static gboolean
update_panel (GstClipOverlay *self, GstBuffer *buffer)
{
  GstClipOverlayRows swap;
  gboolean equal;

  if (!self->stale && gst_clip_overlay_rows_are_of (&self->rows, buffer))
    return FALSE;
  gst_clip_overlay_rows_read (
      &self->next, buffer, self->used.show, self->used.max_labels);
  equal = gst_clip_overlay_rows_equal (&self->rows, &self->next);
  swap = self->rows;
  self->rows = self->next;
  self->next = swap;
  if (!self->stale && equal)
    return FALSE;

  g_clear_pointer (&self->panel, gst_video_overlay_rectangle_unref);
  self->panel = gst_clip_overlay_draw_rows (
      &self->rows, &self->used, self->colors, &self->area);
  return TRUE;
}

/* The panel is above boxes, and these above the heat map. */
static void
compose (GstClipOverlay *self)
{
  g_autoptr (GPtrArray) rectangles = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_video_overlay_rectangle_unref);

  if (self->heat.rectangle != NULL)
    g_ptr_array_add (
        rectangles, gst_video_overlay_rectangle_ref (self->heat.rectangle));
  gst_clip_overlay_boxes_draw (
      &self->boxes, &self->used, self->colors, &self->area, rectangles);
  if (self->panel != NULL)
    g_ptr_array_add (rectangles, gst_video_overlay_rectangle_ref (self->panel));
  for (guint i = 0; i < rectangles->len; i++) {
    GstVideoOverlayRectangle *rectangle = g_ptr_array_index (rectangles, i);

    if (i == 0)
      self->drawing = gst_video_overlay_composition_new (rectangle);
    else
      gst_video_overlay_composition_add_rectangle (self->drawing, rectangle);
  }
  GST_LOG_OBJECT (self, "drew %u labels, %u rectangles", self->rows.rows->len,
      rectangles->len);
}

/* Once, until a setting changes or there is one. */
static void
tell_missing_heat (GstClipOverlay *self, GstBuffer *buffer)
{
  g_autofree gchar *why =
      gst_clip_overlay_heat_explain (buffer, self->used.heatmap);

  if (why == NULL) {
    self->n_without_heat = 0;
    return;
  }
  if (self->n_without_heat > ENOUGH_WITHOUT_HEAT)
    return;
  self->n_without_heat++;
  if (self->n_without_heat == ENOUGH_WITHOUT_HEAT)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("No heat map is drawn: heatmap: %s", why), (NULL));
}

static void
update_drawing (GstClipOverlay *self, GstBuffer *buffer)
{
  gboolean changed;

  take_settings (self);
  if (!self->used.visible) {
    g_clear_pointer (&self->drawing, gst_video_overlay_composition_unref);
    self->stale = TRUE;
    return;
  }
  take_crop (self, buffer);
  changed = update_panel (self, buffer);
  changed = gst_clip_overlay_boxes_read (&self->boxes, buffer) || changed;
  changed = gst_clip_overlay_heat_update (&self->heat, buffer,
                self->used.heatmap, &self->area, self->stale) ||
            changed;
  tell_missing_heat (self, buffer);
  if (!changed && !self->stale)
    return;
  self->stale = FALSE;
  g_clear_pointer (&self->drawing, gst_video_overlay_composition_unref);
  compose (self);
}

/* Behind what upstream has attached already, so that it is drawn above. */
static GstBuffer *
attach (GstClipOverlay *self, GstBuffer *buffer)
{
  GstVideoOverlayCompositionMeta *meta;
  GstVideoOverlayComposition *both;

  buffer = gst_buffer_make_writable (buffer);
  meta = gst_buffer_get_video_overlay_composition_meta (buffer);
  if (meta == NULL) {
    gst_buffer_add_video_overlay_composition_meta (buffer, self->drawing);
    return buffer;
  }
  both = gst_video_overlay_composition_copy (meta->overlay);
  for (guint i = 0;
       i < gst_video_overlay_composition_n_rectangles (self->drawing); i++)
    gst_video_overlay_composition_add_rectangle (
        both, gst_video_overlay_composition_get_rectangle (self->drawing, i));
  gst_buffer_remove_meta (buffer, GST_META_CAST (meta));
  gst_buffer_add_video_overlay_composition_meta (buffer, both);
  gst_video_overlay_composition_unref (both);
  return buffer;
}

/* NULL after an error was posted. */
static GstBuffer *
blend (GstClipOverlay *self, GstBuffer *buffer)
{
  GstVideoFrame frame;

  buffer = gst_buffer_make_writable (buffer);
  if (!gst_video_frame_map (&frame, &self->info, buffer, GST_MAP_READWRITE)) {
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
        ("Cannot draw on a frame: it cannot be mapped for writing."),
        ("wanted %s, %d×%d, %" G_GSIZE_FORMAT
         " bytes; found a buffer of %" G_GSIZE_FORMAT " bytes",
            gst_video_format_to_string (GST_VIDEO_INFO_FORMAT (&self->info)),
            self->info.width, self->info.height, self->info.size,
            gst_buffer_get_size (buffer)));
    gst_buffer_unref (buffer);
    return NULL;
  }
  if (!gst_video_overlay_composition_blend (self->drawing, &frame))
    GST_WARNING_OBJECT (self, "a part of the drawing was not blended");
  gst_video_frame_unmap (&frame);
  return buffer;
}

static void
warn_once (GstClipOverlay *self)
{
  g_autoptr (GstCaps) caps = NULL;

  if (self->warned)
    return;
  self->warned = TRUE;
  caps = gst_pad_get_current_caps (self->sink);
  GST_ELEMENT_WARNING (self, STREAM, FORMAT,
      ("Tags are not drawn: frames are not in plain memory, and what follows "
       "takes no overlay compositions."),
      ("frames are %" GST_PTR_FORMAT, caps));
}

/* Asks downstream whether it takes compositions with these caps, which it has
 * already: GstBaseTransform answers only then. */
static gboolean
is_attaching_supported (GstClipOverlay *self, GstCaps *caps)
{
  GstQuery *query = gst_query_new_allocation (caps, FALSE);
  gboolean found;

  if (!gst_pad_peer_query (self->src, query))
    GST_DEBUG_OBJECT (self, "downstream does not answer the allocation query");
  found = gst_query_find_allocation_meta (
      query, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);
  gst_query_unref (query);
  return found;
}

/* In the way of GStreamer's own text overlay: attach where both caps and
 * allocation query say so, otherwise blend, and attach anyway where pixels are
 * out of reach. */
static gboolean
choose_mode (GstClipOverlay *self, GstCaps *caps)
{
  gboolean can_blend = gst_clip_overlay_caps_can_blend (caps);
  g_autoptr (GstCaps) with = NULL;
  g_autoptr (GstCaps) accepted = NULL;

  if (gst_clip_overlay_caps_has_composition (caps)) {
    self->mode = MODE_ATTACH;
    return gst_pad_set_caps (self->src, caps);
  }
  with = gst_clip_overlay_caps_add_composition (caps);
  accepted = gst_pad_peer_query_caps (self->src, with);
  if (!gst_caps_is_empty (accepted) && gst_pad_set_caps (self->src, with) &&
      (is_attaching_supported (self, with) || !can_blend)) {
    self->mode = MODE_ATTACH;
    return TRUE;
  }
  self->mode = can_blend ? MODE_BLEND : MODE_NONE;
  return gst_pad_set_caps (self->src, caps);
}

static gboolean
negotiate (GstClipOverlay *self, GstCaps *caps)
{
  GstStructure *structure = gst_caps_get_structure (caps, 0);

  /* Cleared first: a question that comes up meanwhile is to be asked again. */
  gst_pad_check_reconfigure (self->src);
  self->stale = TRUE;
  self->warned = FALSE;
  self->area = (GstClipOverlayArea){ .par_n = 1, .par_d = 1 };
  if (!gst_structure_get_int (structure, "width", &self->area.width) ||
      !gst_structure_get_int (structure, "height", &self->area.height) ||
      (gst_clip_overlay_caps_can_blend (caps) &&
          !gst_video_info_from_caps (&self->info, caps))) {
    GST_ERROR_OBJECT (self, "these are no pictures: %" GST_PTR_FORMAT, caps);
    return FALSE;
  }
  gst_structure_get_fraction (
      structure, "pixel-aspect-ratio", &self->area.par_n, &self->area.par_d);
  if (self->area.par_n <= 0 || self->area.par_d <= 0)
    self->area.par_n = self->area.par_d = 1;

  if (!choose_mode (self, caps)) {
    gst_pad_mark_reconfigure (self->src);
    return FALSE;
  }
  GST_DEBUG_OBJECT (self, "mode %d for %" GST_PTR_FORMAT, self->mode, caps);
  return TRUE;
}

/* Downstream wants something else than before. */
static GstFlowReturn
negotiate_again (GstClipOverlay *self)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (self->sink);

  if (caps != NULL && negotiate (self, caps))
    return GST_FLOW_OK;
  gst_pad_mark_reconfigure (self->src);
  return GST_PAD_IS_FLUSHING (self->src) ? GST_FLOW_FLUSHING
                                         : GST_FLOW_NOT_NEGOTIATED;
}

static GstFlowReturn
gst_clip_overlay_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstClipOverlay *self = GST_CLIP_OVERLAY (parent);
  GstFlowReturn flow = GST_FLOW_OK;

  if (gst_pad_check_reconfigure (self->src))
    flow = negotiate_again (self);
  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }
  update_drawing (self, buffer);
  if (self->drawing == NULL)
    return gst_pad_push (self->src, buffer);

  switch (self->mode) {
    case MODE_ATTACH:
      buffer = attach (self, buffer);
      break;
    case MODE_BLEND:
      buffer = blend (self, buffer);
      break;
    case MODE_NONE:
      warn_once (self);
      break;
  }
  return buffer != NULL ? gst_pad_push (self->src, buffer) : GST_FLOW_ERROR;
}

static gboolean
gst_clip_overlay_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstCaps *caps;
  gboolean good;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return gst_pad_event_default (pad, parent, event);
  gst_event_parse_caps (event, &caps);
  good = negotiate (GST_CLIP_OVERLAY (parent), caps);
  gst_event_unref (event);
  return good;
}

/* What the other side can do, and what that means for this one. */
static GstCaps *
query_caps (GstClipOverlay *self, GstPad *pad, GstCaps *filter)
{
  gboolean is_sink = pad == self->sink;
  GstCaps *there = NULL, *caps, *offered,
          *full = gst_pad_get_pad_template_caps (pad);

  if (filter != NULL)
    there = is_sink ? gst_clip_overlay_caps_to_src (gst_caps_ref (filter))
                    : gst_clip_overlay_caps_to_sink (gst_caps_ref (filter));
  offered = gst_pad_peer_query_caps (is_sink ? self->src : self->sink, there);
  if (gst_caps_is_any (offered))
    gst_caps_replace (&offered, full);
  caps = is_sink ? gst_clip_overlay_caps_to_sink (offered)
                 : gst_clip_overlay_caps_to_src (offered);
  gst_clear_caps (&there);
  gst_caps_unref (full);
  if (filter != NULL) {
    GstCaps *both =
        gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (caps);
    caps = both;
  }
  return caps;
}

static gboolean
gst_clip_overlay_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstCaps *filter, *caps;

  if (GST_QUERY_TYPE (query) != GST_QUERY_CAPS)
    return gst_pad_query_default (pad, parent, query);
  gst_query_parse_caps (query, &filter);
  caps = query_caps (GST_CLIP_OVERLAY (parent), pad, filter);
  gst_query_set_caps_result (query, caps);
  gst_caps_unref (caps);
  return TRUE;
}

static void
forget (GstClipOverlay *self)
{
  g_clear_pointer (&self->drawing, gst_video_overlay_composition_unref);
  g_clear_pointer (&self->colors, gst_clip_overlay_colors_free);
  gst_clip_overlay_rows_clear (&self->rows);
  gst_clip_overlay_rows_clear (&self->next);
  gst_clip_overlay_rows_init (&self->rows);
  gst_clip_overlay_rows_init (&self->next);
  g_clear_pointer (&self->panel, gst_video_overlay_rectangle_unref);
  gst_clip_overlay_boxes_clear (&self->boxes);
  gst_clip_overlay_heat_clear (&self->heat);
  gst_clip_overlay_boxes_init (&self->boxes);
}

static GstStateChangeReturn
gst_clip_overlay_change_state (GstElement *element, GstStateChange transition)
{
  GstStateChangeReturn change =
      GST_ELEMENT_CLASS (gst_clip_overlay_parent_class)
          ->change_state (element, transition);

  /* Pads are down now: nothing streams. */
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    forget (GST_CLIP_OVERLAY (element));
  return change;
}

static void
gst_clip_overlay_finalize (GObject *object)
{
  GstClipOverlay *self = GST_CLIP_OVERLAY (object);

  g_clear_pointer (&self->drawing, gst_video_overlay_composition_unref);
  g_clear_pointer (&self->colors, gst_clip_overlay_colors_free);
  gst_clip_overlay_rows_clear (&self->rows);
  gst_clip_overlay_rows_clear (&self->next);
  g_clear_pointer (&self->panel, gst_video_overlay_rectangle_unref);
  gst_clip_overlay_boxes_clear (&self->boxes);
  gst_clip_overlay_heat_clear (&self->heat);
  gst_clip_overlay_settings_clear (&self->settings);
  gst_clip_overlay_settings_clear (&self->used);

  G_OBJECT_CLASS (gst_clip_overlay_parent_class)->finalize (object);
}

static void
gst_clip_overlay_class_init (GstClipOverlayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      gst_clip_overlay_debug, "clipoverlay", 0, "CLIP tags on the picture");

  object_class->set_property = gst_clip_overlay_set_property;
  object_class->get_property = gst_clip_overlay_get_property;
  object_class->finalize = gst_clip_overlay_finalize;
  element_class->change_state = gst_clip_overlay_change_state;

  gst_clip_overlay_settings_install (object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_OVERLAY_SHOW, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_CLIP_OVERLAY_POSITION, 0);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "CLIP tag overlay",
      "Filter/Editor/Video", "Draws the tags that cliptag found on the picture",
      "The clv authors");
}

static void
gst_clip_overlay_init (GstClipOverlay *self)
{
  gst_clip_overlay_settings_init (&self->settings);
  gst_clip_overlay_rows_init (&self->rows);
  gst_clip_overlay_rows_init (&self->next);
  gst_clip_overlay_boxes_init (&self->boxes);

  self->sink = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sink, gst_clip_overlay_chain);
  gst_pad_set_event_function (self->sink, gst_clip_overlay_sink_event);
  gst_pad_set_query_function (self->sink, gst_clip_overlay_query);
  GST_PAD_SET_PROXY_ALLOCATION (self->sink);
  gst_element_add_pad (GST_ELEMENT (self), self->sink);

  self->src = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_query_function (self->src, gst_clip_overlay_query);
  gst_element_add_pad (GST_ELEMENT (self), self->src);
}
