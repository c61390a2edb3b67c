/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipoverlaydraw.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

/* Smaller letters cannot be read. */
#define MIN_FONT_PIXELS 10.0

/* Lengths in units of the font size. */
#define MARGIN      0.5  /* from the picture's edges */
#define PADDING     0.4  /* from the panel's edges */
#define ROW_GAP     0.35 /* between rows */
#define BAR_GAP     0.08 /* between a text and its bar */
#define BAR_HEIGHT  0.2
#define SCORE_GAP   0.7 /* between a label and its score */
#define MIN_INNER   9.0 /* so that bars can be compared */
#define MAX_INNER   22.0
#define OUTLINE     0.22 /* around letters */
#define CORNER      0.35
#define TICK_WIDTH  0.1
#define DIM         0.75 /* of white, or of a bar's opacity: not active */
#define TAG_SCALE   0.8  /* of the font */
#define TAG_PADDING 0.3  /* beside the text of a box */
#define TAG_SHADE   0.45 /* of a label's colour, behind its text */
#define GROUP_SCALE 0.82
#define GROUP_GREY  46000 /* of 65535 */
#define MAX_PAR     16

/* Fonts are loaded once; Pango's objects are for one thread at a time. */
static GMutex pango_lock;

typedef struct {
  const GstClipOverlayRows *rows;
  const GstClipOverlayRow *tag; /* instead of rows */
  const GstClipOverlayColors *colors;
  PangoContext *context;
  PangoFontDescription *font;
  gdouble unit;        /* font size in lines of the picture */
  gdouble text_height; /* of a line of text */
  gdouble row_height;
  gdouble score_width;
  gdouble inner_width;
  guint n_rows;   /* that are drawn */
  guint n_others; /* named in the last line, if there are any */
} Panel;

static PangoLayout *
make_layout (const Panel *self, const gchar *text)
{
  PangoLayout *layout = pango_layout_new (self->context);

  pango_layout_set_font_description (layout, self->font);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_auto_dir (layout, FALSE);
  pango_layout_set_text (layout, text, -1);
  return layout;
}

static PangoLayout *
make_label (
    const Panel *self, const GstClipOverlayRow *row, gboolean with_group)
{
  g_autofree gchar *text = NULL;
  PangoAttrList *attributes;
  PangoAttribute *pale, *small;
  PangoLayout *layout;

  if (row->group == NULL || !with_group)
    return make_layout (self, row->label);

  text = g_strdup_printf ("%s  %s", row->group, row->label);
  layout = make_layout (self, text);
  pale = pango_attr_foreground_new (GROUP_GREY, GROUP_GREY, GROUP_GREY);
  small = pango_attr_scale_new (GROUP_SCALE);
  pale->end_index = small->end_index = strlen (row->group);
  attributes = pango_attr_list_new ();
  pango_attr_list_insert (attributes, small);
  pango_attr_list_insert (attributes, pale);
  pango_layout_set_attributes (layout, attributes);
  pango_attr_list_unref (attributes);
  return layout;
}

static gdouble
width_of (PangoLayout *layout)
{
  PangoRectangle extents;

  pango_layout_get_extents (layout, NULL, &extents);
  return (gdouble) extents.width / PANGO_SCALE;
}

static gdouble
width_of_text (const Panel *self, const gchar *text)
{
  g_autoptr (PangoLayout) layout = make_layout (self, text);

  return width_of (layout);
}

static gchar *
others_text (const Panel *self)
{
  return g_strdup_printf ("+ %u more", self->n_others);
}

static void
choose_font (Panel *self, const GstClipOverlaySettings *settings,
    const GstClipOverlayArea *area, gdouble width)
{
  const gchar *text = settings->font_desc;
  gint size;

  self->font = pango_font_description_from_string (text != NULL ? text : "");
  size = pango_font_description_get_size (self->font);
  if (size > 0)
    self->unit = (gdouble) size / PANGO_SCALE;
  else
    self->unit = MIN (width, area->height) * settings->font_size / 100;
  self->unit = MAX (self->unit, MIN_FONT_PIXELS);
  pango_font_description_set_absolute_size (
      self->font, self->unit * PANGO_SCALE);
}

/* How many rows have room, and how wide they are. FALSE: not even one. */
static gboolean
measure (Panel *self, gdouble room_width, gdouble room_height)
{
  g_autoptr (PangoLayout) probe = make_layout (self, "Ag");
  PangoRectangle extents;
  gdouble widest = MIN_INNER * self->unit;
  guint n_lines;

  pango_layout_get_extents (probe, NULL, &extents);
  self->text_height = (gdouble) extents.height / PANGO_SCALE;
  self->row_height =
      self->text_height + (BAR_GAP + BAR_HEIGHT + ROW_GAP) * self->unit;
  room_width -= 2 * PADDING * self->unit;
  room_height -= (2 * PADDING - ROW_GAP) * self->unit;
  if (room_height < self->row_height || room_width < 2 * self->unit)
    return FALSE;

  /* A line that names the others takes the place of a row. */
  n_lines = (guint) (room_height / self->row_height);
  self->n_rows = self->rows->rows->len;
  self->n_others = self->rows->n_left_out;
  if (self->n_rows + (self->n_others > 0) > n_lines) {
    guint n = n_lines > 1 ? MIN (n_lines - 1, self->n_rows) : 1;

    self->n_others += self->n_rows - n;
    self->n_rows = n;
    if (n_lines == 1)
      self->n_others = 0;
  }

  self->score_width =
      MAX (width_of_text (self, "100 %"), width_of_text (self, "−0.00"));
  for (guint i = 0; i < self->n_rows; i++) {
    g_autoptr (PangoLayout) label = make_label (
        self, &g_array_index (self->rows->rows, GstClipOverlayRow, i), TRUE);

    widest = MAX (
        widest, width_of (label) + SCORE_GAP * self->unit + self->score_width);
  }
  self->inner_width = MIN (widest, MIN (room_width, MAX_INNER * self->unit));
  return TRUE;
}

static void
rounded_rectangle (
    cairo_t *cr, gdouble x, gdouble y, gdouble w, gdouble h, gdouble radius)
{
  gdouble r = MIN (radius, MIN (w, h) / 2);

  cairo_new_sub_path (cr);
  cairo_arc (cr, x + w - r, y + r, r, -G_PI_2, 0);
  cairo_arc (cr, x + w - r, y + h - r, r, 0, G_PI_2);
  cairo_arc (cr, x + r, y + h - r, r, G_PI_2, G_PI);
  cairo_arc (cr, x + r, y + r, r, G_PI, 3 * G_PI_2);
  cairo_close_path (cr);
}

/* White letters with a dark edge can be read on anything, panel or not. The
 * layout is not told of cairo's matrix, so that pixels which are not square
 * squeeze letters and their distances alike. The baseline is put between two
 * lines of the picture, whose height the matrix leaves alone: cairo 1.18, other
 * than 1.16, draws letters between lines, too, which greys the strokes that hinting
 * has laid on whole ones. */
static void
draw_text (const Panel *self, cairo_t *cr, PangoLayout *layout, gdouble x,
    gdouble y, gdouble white)
{
  gdouble baseline = (gdouble) pango_layout_get_baseline (layout) / PANGO_SCALE;

  y = round (y + baseline) - baseline;
  cairo_move_to (cr, x, y);
  pango_cairo_layout_path (cr, layout);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.85);
  cairo_set_line_width (cr, OUTLINE * self->unit);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke (cr);

  cairo_move_to (cr, x, y);
  cairo_set_source_rgb (cr, white, white, white);
  pango_cairo_show_layout (cr, layout);
}

/* A track, filled up to the score, with a tick where the threshold is. */
static void
draw_bar (const Panel *self, cairo_t *cr, const GstClipOverlayRow *row,
    gdouble x, gdouble y)
{
  GstClipOverlayColor color =
      gst_clip_overlay_colors_get (self->colors, row->label);
  gdouble w = self->inner_width, h = BAR_HEIGHT * self->unit;
  gdouble filled = w * MAX (row->percent, 0) / 100;
  gdouble tick = TICK_WIDTH * self->unit;

  rounded_rectangle (cr, x, y, w, h, h / 2);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.6);
  cairo_fill_preserve (cr);
  cairo_set_source_rgba (cr, 1, 1, 1, 0.22);
  cairo_fill (cr);
  if (filled > 0) {
    cairo_save (cr);
    rounded_rectangle (cr, x, y, w, h, h / 2);
    cairo_clip (cr);
    cairo_rectangle (cr, x, y, filled, h);
    cairo_set_source_rgba (
        cr, color.red, color.green, color.blue, row->active ? 1 : DIM);
    cairo_fill (cr);
    cairo_restore (cr);
  }
  if (row->threshold > 0) {
    cairo_rectangle (
        cr, x + (w - tick) * row->threshold / 100, y - h / 4, tick, h * 1.5);
    cairo_set_source_rgba (cr, 1, 1, 1, row->active ? 0.9 : DIM);
    cairo_fill (cr);
  }
}

static gchar *
score_text (const GstClipOverlayRow *row)
{
  gint n = ABS (row->percent);

  if (!row->cosine)
    return g_strdup_printf ("%d %%", row->percent);
  return g_strdup_printf (
      "%s%d.%02d", row->percent < 0 ? "−" : "", n / 100, n % 100);
}

static void
draw_row (const Panel *self, cairo_t *cr, const GstClipOverlayRow *row,
    gdouble x, gdouble y)
{
  g_autofree gchar *text = score_text (row);
  g_autoptr (PangoLayout) score = make_layout (self, text);
  g_autoptr (PangoLayout) label = make_label (self, row, TRUE);
  gdouble white = row->active ? 1 : DIM;
  gdouble room = self->inner_width - self->score_width - SCORE_GAP * self->unit;

  /* Where there is no room for all, the label is what matters. */
  if (room < 2 * self->unit)
    room = self->inner_width;
  else
    draw_text (
        self, cr, score, x + self->inner_width - width_of (score), y, white);
  if (row->group != NULL && width_of (label) > room + 1) {
    g_object_unref (label);
    label = make_label (self, row, FALSE);
  }
  pango_layout_set_ellipsize (label, PANGO_ELLIPSIZE_END);
  pango_layout_set_width (label, (gint) ((room + 1) * PANGO_SCALE));
  draw_text (self, cr, label, x, y, white);
  draw_bar (self, cr, row, x, y + self->text_height + BAR_GAP * self->unit);
}

static void
draw_panel (
    const Panel *self, cairo_t *cr, gdouble w, gdouble h, gconstpointer data)
{
  const gdouble background = *(const gdouble *) data;
  gdouble x = PADDING * self->unit, y = x;

  rounded_rectangle (cr, 0, 0, w, h, CORNER * self->unit);
  cairo_set_source_rgba (cr, 0.04, 0.05, 0.07, background);
  cairo_fill (cr);
  for (guint i = 0; i < self->n_rows; i++, y += self->row_height)
    draw_row (self, cr, &g_array_index (self->rows->rows, GstClipOverlayRow, i),
        x, y);
  if (self->n_others > 0) {
    g_autofree gchar *text = others_text (self);
    g_autoptr (PangoLayout) layout = make_layout (self, text);

    draw_text (self, cr, layout, x, y, DIM);
  }
}

/* Even places and sizes, so that chroma samples are covered as a whole. */
static gint
even (gdouble length)
{
  return (gint) length & ~1;
}

/* What is drawn, in lines of the picture. */
typedef void (*Painter) (
    const Panel *self, cairo_t *cr, gdouble w, gdouble h, gconstpointer data);

static GstVideoOverlayRectangle *
paint (const Panel *self, const GstClipOverlayArea *area,
    const GstVideoRectangle *place, gdouble par, Painter painter,
    gconstpointer data)
{
  const gint w = place->w, h = place->h;
  GstBuffer *pixels = gst_buffer_new_allocate (NULL, (gsize) w * h * 4, NULL);
  GstVideoOverlayRectangle *rectangle;
  cairo_surface_t *surface;
  GstMapInfo map;
  cairo_t *cr;

  gst_buffer_memset (pixels, 0, 0, (gsize) w * h * 4);
  gst_buffer_map (pixels, &map, GST_MAP_READWRITE);
  surface = cairo_image_surface_create_for_data (
      map.data, CAIRO_FORMAT_ARGB32, w, h, w * 4);
  cr = cairo_create (surface);
  cairo_scale (cr, 1 / par, 1);
  painter (self, cr, w * par, h, data);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  gst_buffer_unmap (pixels, &map);

  /* cairo's ARGB32 is this format, with colours multiplied by alpha. */
  gst_buffer_add_video_meta (pixels, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, w, h);
  rectangle = gst_video_overlay_rectangle_new_raw (pixels, area->x + place->x,
      area->y + place->y, w, h,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  gst_buffer_unref (pixels);
  return rectangle;
}

static GstVideoOverlayRectangle *
render (const Panel *self, const GstClipOverlaySettings *settings,
    const GstClipOverlayArea *area, gdouble par)
{
  gdouble unit = self->unit;
  gdouble panel_width = self->inner_width + 2 * PADDING * unit;
  gdouble panel_height =
      self->n_rows * self->row_height + (2 * PADDING - ROW_GAP) * unit +
      (self->n_others > 0 ? self->text_height + ROW_GAP * unit : 0);
  gint w = CLAMP (even (panel_width / par + 1.9), 1, area->width);
  gint h = CLAMP (even (panel_height + 1.9), 1, area->height);
  gint margin_x = (gint) MIN (MARGIN * unit / par, (area->width - w) / 2);
  gint margin_y = (gint) MIN (MARGIN * unit, (area->height - h) / 2);
  gboolean right = settings->position == GST_CLIP_OVERLAY_TOP_RIGHT ||
                   settings->position == GST_CLIP_OVERLAY_BOTTOM_RIGHT;
  gboolean bottom = settings->position == GST_CLIP_OVERLAY_BOTTOM_LEFT ||
                    settings->position == GST_CLIP_OVERLAY_BOTTOM_RIGHT;
  GstVideoRectangle place = {
    .x = even (right ? area->width - w - margin_x : margin_x),
    .y = even (bottom ? area->height - h - margin_y : margin_y),
    .w = w,
    .h = h,
  };

  return paint (self, area, &place, par, draw_panel, &settings->background);
}

static PangoContext *
get_context (void)
{
  static PangoContext *context = NULL;

  if (context == NULL) {
    PangoFontMap *fonts = pango_cairo_font_map_new ();
    cairo_font_options_t *options = cairo_font_options_create ();

    context = pango_font_map_create_context (fonts);
    g_object_unref (fonts);

    /* Whatever a desktop prefers: subpixels of a screen are not those of a
     * video, and hinted widths would change with the size. */
    cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options (context, options);
    pango_context_set_round_glyph_positions (context, FALSE);
    cairo_font_options_destroy (options);
  }
  return context;
}

static gdouble
get_par (const GstClipOverlayArea *area)
{
  return CLAMP (
      (gdouble) area->par_n / area->par_d, 1.0 / MAX_PAR, (gdouble) MAX_PAR);
}

GstVideoOverlayRectangle *
gst_clip_overlay_draw_rows (const GstClipOverlayRows *rows,
    const GstClipOverlaySettings *settings, const GstClipOverlayColors *colors,
    const GstClipOverlayArea *area)
{
  gdouble par = get_par (area);
  gdouble width = area->width * par;
  Panel panel = { .rows = rows, .colors = colors };
  GstVideoOverlayRectangle *rectangle = NULL;
  gdouble margin;

  if (rows->rows->len == 0)
    return NULL;

  g_mutex_lock (&pango_lock);
  panel.context = get_context ();
  choose_font (&panel, settings, area, width);
  margin = 2 * MARGIN * panel.unit;
  if (measure (&panel, width - margin, area->height - margin))
    rectangle = render (&panel, settings, area, par);
  pango_font_description_free (panel.font);
  g_mutex_unlock (&pango_lock);
  return rectangle;
}

static void
draw_tag (
    const Panel *self, cairo_t *cr, gdouble w, gdouble h, gconstpointer data)
{
  const GstClipOverlayColor color =
      gst_clip_overlay_colors_get (self->colors, self->tag->label);

  cairo_rectangle (cr, 0, 0, w, h);
  cairo_set_source_rgba (cr, color.red * TAG_SHADE, color.green * TAG_SHADE,
      color.blue * TAG_SHADE, 0.9);
  cairo_fill (cr);
  draw_text (self, cr, (PangoLayout *) data, TAG_PADDING * self->unit, 0, 1);
}

/* On the upper edge of the box, or below it where there is no room. */
static GstVideoRectangle
place_tag (const Panel *self, PangoLayout *layout,
    const GstClipOverlayArea *area, gdouble par, const GstVideoRectangle *box,
    gboolean inside)
{
  gdouble length = width_of (layout) + 2 * TAG_PADDING * self->unit;
  gint w = CLAMP (even (length / par + 1.9), 1, area->width);
  gint h = CLAMP (even (self->text_height + 1.9), 1, area->height);
  gboolean below = inside || box->y < h;

  return (GstVideoRectangle){
    .x = even (CLAMP (box->x, 0, area->width - w)),
    .y = even (below ? CLAMP (box->y, 0, area->height - h) : box->y - h),
    .w = w,
    .h = h,
  };
}

GstVideoOverlayRectangle *
gst_clip_overlay_draw_tag (const GstClipOverlayRow *row,
    const GstClipOverlaySettings *settings, const GstClipOverlayColors *colors,
    const GstClipOverlayArea *area, const GstVideoRectangle *box,
    gboolean inside)
{
  const gdouble par = get_par (area);
  g_autofree gchar *score = score_text (row);
  g_autofree gchar *text = g_strdup_printf ("%s  %s", row->label, score);
  Panel panel = { .tag = row, .colors = colors };
  GstVideoOverlayRectangle *rectangle;
  PangoRectangle extents;
  GstVideoRectangle place;
  PangoLayout *layout;
  gdouble room;

  g_mutex_lock (&pango_lock);
  panel.context = get_context ();
  choose_font (&panel, settings, area, area->width * par);
  panel.unit = MAX (panel.unit * TAG_SCALE, MIN_FONT_PIXELS);
  pango_font_description_set_absolute_size (
      panel.font, panel.unit * PANGO_SCALE);
  layout = make_layout (&panel, text);
  room = box->w * par - 2 * TAG_PADDING * panel.unit;
  if (inside && width_of (layout) > room) {
    /* The label is what matters. */
    pango_layout_set_text (layout, row->label, -1);
    pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_width (
        layout, (gint) (MAX (room, panel.unit) * PANGO_SCALE));
  }
  pango_layout_get_extents (layout, NULL, &extents);
  panel.text_height = (gdouble) extents.height / PANGO_SCALE;
  place = place_tag (&panel, layout, area, par, box, inside);
  rectangle = paint (&panel, area, &place, par, draw_tag, layout);
  g_object_unref (layout);
  pango_font_description_free (panel.font);
  g_mutex_unlock (&pango_lock);
  return rectangle;
}
