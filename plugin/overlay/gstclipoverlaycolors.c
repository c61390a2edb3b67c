/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipoverlaycolors.h"

#include <clv/clv-error.h>

#include <math.h>
#include <pango/pango.h>
#include <string.h>

struct _GstClipOverlayColors {
  GHashTable *by_label; /* gchar * → GstClipOverlayColor * */
};

/* The label is what stands before the last =, so that it may hold one. */
static gboolean
read_entry (GstClipOverlayColors *self, const gchar *entry, GError **error)
{
  const gchar *equals = strrchr (entry, '=');
  g_autofree gchar *label = NULL, *name = NULL;
  GstClipOverlayColor *color;
  PangoColor parsed;

  if (equals != NULL) {
    label = g_strstrip (g_strndup (entry, equals - entry));
    name = g_strstrip (g_strdup (equals + 1));
  }
  if (label == NULL || *label == '\0' || !pango_color_parse (&parsed, name)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "colors: \"%s\": wanted label=colour with a colour such as #ff8000 or "
        "orange, found %s",
        entry,
        label == NULL    ? "no ="
        : *label == '\0' ? "no label"
                         : "no such colour");
    return FALSE;
  }
  color = g_new (GstClipOverlayColor, 1);
  color->red = parsed.red / 65535.0;
  color->green = parsed.green / 65535.0;
  color->blue = parsed.blue / 65535.0;
  g_hash_table_replace (self->by_label, g_steal_pointer (&label), color);
  return TRUE;
}

GstClipOverlayColors *
gst_clip_overlay_colors_new (const gchar *text, GError **error)
{
  GstClipOverlayColors *self = g_new (GstClipOverlayColors, 1);
  g_auto (GStrv) entries = NULL;
  gboolean good = TRUE;

  self->by_label =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  entries = g_strsplit_set (text != NULL ? text : "", ";\n", -1);
  for (guint i = 0; entries[i] != NULL; i++)
    if (*g_strstrip (entries[i]) != '\0')
      good &= read_entry (self, entries[i], good ? error : NULL);
  return self;
}

void
gst_clip_overlay_colors_free (GstClipOverlayColors *self)
{
  g_hash_table_unref (self->by_label);
  g_free (self);
}

/* HSV with full value; https://en.wikipedia.org/wiki/HSL_and_HSV, "HSV to RGB
 * alternative". */
static gdouble
channel (gdouble hue, gdouble saturation, gdouble n)
{
  gdouble k = fmod (n + hue * 6, 6);

  return 1 - saturation * MAX (0, MIN (MIN (k, 4 - k), 1));
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/, with MurmurHash3's
 * finalizer so that labels which differ in their last letter differ in hue. */
static guint32
hash (const gchar *label)
{
  guint32 h = 2166136261u;

  for (; *label != '\0'; label++)
    h = (h ^ (guint8) *label) * 16777619u;
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return h ^ (h >> 16);
}

GstClipOverlayColor
gst_clip_overlay_colors_get (
    const GstClipOverlayColors *self, const gchar *label)
{
  const GstClipOverlayColor *chosen =
      g_hash_table_lookup (self->by_label, label);
  guint32 h = hash (label);
  gdouble hue = (h & 0xffff) / 65536.0;

  /* A part of the hash goes into how pale the colour is: hues alone are soon
   * used up. */
  gdouble saturation = 0.45 + 0.3 * (h >> 16) / 65535.0;

  if (chosen != NULL)
    return *chosen;
  return (GstClipOverlayColor){
    .red = channel (hue, saturation, 5),
    .green = channel (hue, saturation, 3),
    .blue = channel (hue, saturation, 1),
  };
}
