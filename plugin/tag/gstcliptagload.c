/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliptagload.h"

#include "gstcliperror.h"
#include "gstclippicture.h"
#include "gstcliptagprivate.h"

#define GST_CAT_DEFAULT gst_clip_tag_debug

static const gchar *
get_device (const GstClipTagSettings *settings)
{
  return settings->device ? settings->device : "auto";
}

ClvEngine *
gst_clip_tag_load_engine (const GstClipTagSettings *settings, GError **error)
{
  return clv_engine_get (
      settings->model, get_device (settings), settings->precision, error);
}

static ClvEngine *
load_engine (GstElement *element, const GstClipTagSettings *settings)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *what = NULL;
  ClvEngine *engine;

  if (settings->model == NULL || settings->model[0] == '\0') {
    GST_ELEMENT_ERROR (element, LIBRARY, SETTINGS,
        ("model: wanted a directory or the name of a model, found nothing"),
        (NULL));
    return NULL;
  }
  engine = gst_clip_tag_load_engine (settings, &error);
  if (engine == NULL) {
    what = g_strdup_printf ("Cannot load the model \"%s\" on the device \"%s\"",
        settings->model, get_device (settings));
    gst_clip_post_error (element, GST_MESSAGE_ERROR, what, error);
  }
  return engine;
}

gboolean
gst_clip_tag_load (GstElement *element, const GstClipTagSettings *settings,
    GstClipTagScope *ret_scope, ClvEngine **ret_engine,
    ClvPrompts **ret_prompts)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvPrompts) prompts = NULL;
  g_autoptr (ClvEngine) engine = NULL;
  g_auto (GstClipTagScope) scope = { 0 };

  /* The cheap part first: a wrong prompt is found before a model is loaded. */
  prompts = gst_clip_tag_settings_make_prompts (settings, &error);
  if (prompts == NULL) {
    gst_clip_post_error (
        element, GST_MESSAGE_ERROR, "Cannot use the prompts", error);
    return FALSE;
  }
  if (!gst_clip_tag_scope_parse (&settings->scope, &scope, &error)) {
    gst_clip_post_error (
        element, GST_MESSAGE_ERROR, "Cannot divide the picture", error);
    return FALSE;
  }
  engine = load_engine (element, settings);
  if (engine == NULL)
    return FALSE;
  if (!clv_engine_encode_prompts (
          engine, prompts, gst_clip_picture_encode, &error)) {
    gst_clip_post_error (
        element, GST_MESSAGE_ERROR, "Cannot encode the prompts", error);
    return FALSE;
  }
  *ret_scope = scope;
  scope = (GstClipTagScope){ 0 };
  *ret_engine = g_steal_pointer (&engine);
  *ret_prompts = g_steal_pointer (&prompts);
  return TRUE;
}

gboolean
gst_clip_tag_tell_speed (GstElement *element, ClvEngine *engine)
{
  const ClvDeviceInfo *info =
      clv_device_get_info (clv_engine_get_device (engine));
  const gchar *model = clv_model_get_name (clv_engine_get_model (engine));
  const gdouble rate = clv_engine_get_rate (engine);
  const GstDebugLevel level =
      info->software ? GST_LEVEL_WARNING : GST_LEVEL_INFO;
  const gchar *kind = info->software ? "software driver " : "";

  if (rate > 0)
    GST_CAT_LEVEL_LOG (GST_CAT_DEFAULT, level, element,
        "%s%s: about %.3g frames a second with model %s", kind, info->name,
        rate, model);
  else
    GST_CAT_LEVEL_LOG (GST_CAT_DEFAULT, level, element,
        "%s%s: frames a second with model %s: not measured yet", kind,
        info->name, model);
  return rate > 0;
}

ClvPrompts *
gst_clip_tag_load_prompts (
    const GstClipTagSettings *settings, ClvEngine *engine, GError **error)
{
  g_autoptr (ClvPrompts) prompts =
      gst_clip_tag_settings_make_prompts (settings, error);

  if (prompts == NULL || !clv_engine_encode_prompts (
                             engine, prompts, gst_clip_picture_encode, error))
    return NULL;
  return g_steal_pointer (&prompts);
}
