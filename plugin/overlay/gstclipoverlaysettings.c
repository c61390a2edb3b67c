/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipoverlaysettings.h"

#define DEFAULT_FONT       "Sans"
#define DEFAULT_FONT_SIZE  4.0
#define DEFAULT_MAX_LABELS 8
#define DEFAULT_BACKGROUND 0.65

enum {
  PROP_VISIBLE = 1,
  PROP_SHOW,
  PROP_MAX_LABELS,
  PROP_POSITION,
  PROP_FONT_DESC,
  PROP_FONT_SIZE,
  PROP_BACKGROUND,
  PROP_COLORS,
  PROP_HEATMAP,
};

GType
gst_clip_overlay_show_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { GST_CLIP_OVERLAY_SHOW_ACTIVE, "Active labels, in the prompts' order",
        "active" },
    { GST_CLIP_OVERLAY_SHOW_ALL,
        "All labels, in the prompts' order; those that are not active are dim",
        "all" },
    { GST_CLIP_OVERLAY_SHOW_TOP,
        "The labels of the highest scores, active or not, best first", "top" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstClipOverlayShow", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

GType
gst_clip_overlay_position_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    { GST_CLIP_OVERLAY_TOP_LEFT, "Top left", "top-left" },
    { GST_CLIP_OVERLAY_TOP_RIGHT, "Top right", "top-right" },
    { GST_CLIP_OVERLAY_BOTTOM_LEFT, "Bottom left", "bottom-left" },
    { GST_CLIP_OVERLAY_BOTTOM_RIGHT, "Bottom right", "bottom-right" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type)) {
    GType registered =
        g_enum_register_static ("GstClipOverlayPosition", values);

    g_once_init_leave (&type, registered);
  }
  return type;
}

void
gst_clip_overlay_settings_init (GstClipOverlaySettings *self)
{
  *self = (GstClipOverlaySettings){
    .visible = TRUE,
    .show = GST_CLIP_OVERLAY_SHOW_ACTIVE,
    .max_labels = DEFAULT_MAX_LABELS,
    .position = GST_CLIP_OVERLAY_TOP_LEFT,
    .font_desc = g_strdup (DEFAULT_FONT),
    .font_size = DEFAULT_FONT_SIZE,
    .background = DEFAULT_BACKGROUND,
  };
}

void
gst_clip_overlay_settings_clear (GstClipOverlaySettings *self)
{
  g_clear_pointer (&self->font_desc, g_free);
  g_clear_pointer (&self->colors, g_free);
  g_clear_pointer (&self->heatmap, g_free);
}

void
gst_clip_overlay_settings_copy (
    const GstClipOverlaySettings *self, GstClipOverlaySettings *ret_copy)
{
  *ret_copy = *self;
  ret_copy->font_desc = g_strdup (self->font_desc);
  ret_copy->colors = g_strdup (self->colors);
  ret_copy->heatmap = g_strdup (self->heatmap);
}

#define PLAYING                                                                \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void
install_what (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_VISIBLE,
      g_param_spec_boolean ("visible", "Visible",
          "Whether anything is drawn; otherwise frames pass as they are", TRUE,
          PLAYING));
  g_object_class_install_property (klass, PROP_SHOW,
      g_param_spec_enum ("show", "Show", "Which labels are drawn",
          GST_TYPE_CLIP_OVERLAY_SHOW, GST_CLIP_OVERLAY_SHOW_ACTIVE, PLAYING));
  g_object_class_install_property (klass, PROP_MAX_LABELS,
      g_param_spec_uint ("max-labels", "Max labels",
          "Draw at most so many labels, those of the highest scores, and say "
          "how many more there are; 0: as many as there is room for",
          0, G_MAXUINT, DEFAULT_MAX_LABELS, PLAYING));
  g_object_class_install_property (klass, PROP_HEATMAP,
      g_param_spec_string ("heatmap", "Heat map",
          "Show where in the picture a label fits: its name, or \"top\" for "
          "the "
          "best one of each moment. cliptag must attach heat maps: "
          "attach-heatmap=true",
          NULL, PLAYING));
}

static void
install_looks (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_POSITION,
      g_param_spec_enum ("position", "Position", "Corner of the picture",
          GST_TYPE_CLIP_OVERLAY_POSITION, GST_CLIP_OVERLAY_TOP_LEFT, PLAYING));
  g_object_class_install_property (klass, PROP_FONT_DESC,
      g_param_spec_string ("font-desc", "Font description",
          "Family and style as Pango writes them, e.g. \"DejaVu Sans Bold\"; a "
          "size in it is in pixels and replaces font-size",
          DEFAULT_FONT, PLAYING));
  g_object_class_install_property (klass, PROP_FONT_SIZE,
      g_param_spec_double ("font-size", "Font size",
          "Size of letters in percent of the picture's smaller side, but never "
          "too small to be read",
          0.1, 50, DEFAULT_FONT_SIZE, PLAYING));
  g_object_class_install_property (klass, PROP_BACKGROUND,
      g_param_spec_double ("background", "Background",
          "Opacity of the dark panel behind the text: 0: none, 1: black", 0, 1,
          DEFAULT_BACKGROUND, PLAYING));
  g_object_class_install_property (klass, PROP_COLORS,
      g_param_spec_string ("colors", "Colours",
          "Colours of labels, with ; or a line end between them, e.g. "
          "\"dog=#ff0000; a red car=crimson\". Others have one that their "
          "name always gives",
          NULL, PLAYING));
}

void
gst_clip_overlay_settings_install (GObjectClass *klass)
{
  install_what (klass);
  install_looks (klass);
}

static void
take_string (gchar **field, const GValue *value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

gboolean
gst_clip_overlay_settings_set (
    GstClipOverlaySettings *self, guint id, const GValue *value)
{
  switch (id) {
    case PROP_VISIBLE:
      self->visible = g_value_get_boolean (value);
      break;
    case PROP_SHOW:
      self->show = g_value_get_enum (value);
      break;
    case PROP_MAX_LABELS:
      self->max_labels = g_value_get_uint (value);
      break;
    case PROP_POSITION:
      self->position = g_value_get_enum (value);
      break;
    case PROP_FONT_DESC:
      take_string (&self->font_desc, value);
      break;
    case PROP_FONT_SIZE:
      self->font_size = g_value_get_double (value);
      break;
    case PROP_BACKGROUND:
      self->background = g_value_get_double (value);
      break;
    case PROP_COLORS:
      take_string (&self->colors, value);
      break;
    case PROP_HEATMAP:
      take_string (&self->heatmap, value);
      break;
    default:
      return FALSE;
  }
  self->serial++;
  return TRUE;
}

gboolean
gst_clip_overlay_settings_get (
    const GstClipOverlaySettings *self, guint id, GValue *value)
{
  switch (id) {
    case PROP_VISIBLE:
      g_value_set_boolean (value, self->visible);
      break;
    case PROP_SHOW:
      g_value_set_enum (value, self->show);
      break;
    case PROP_MAX_LABELS:
      g_value_set_uint (value, self->max_labels);
      break;
    case PROP_POSITION:
      g_value_set_enum (value, self->position);
      break;
    case PROP_FONT_DESC:
      g_value_set_string (value, self->font_desc);
      break;
    case PROP_FONT_SIZE:
      g_value_set_double (value, self->font_size);
      break;
    case PROP_BACKGROUND:
      g_value_set_double (value, self->background);
      break;
    case PROP_COLORS:
      g_value_set_string (value, self->colors);
      break;
    case PROP_HEATMAP:
      g_value_set_string (value, self->heatmap);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}
