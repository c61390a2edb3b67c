/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What takes long: fetching the engine, and encoding prompts beside the stream. */

#pragma once

#include <gst/gst.h>

#include <clv/clv-engine.h>

#include "gstcliptagsettings.h"

G_BEGIN_DECLS

/* Fetches the engine and the first prompt set, and reads what is to be scored;
 * posts an error on failure. @ret_scope: to be cleared. */
gboolean gst_clip_tag_load (GstElement *element,
    const GstClipTagSettings *settings, GstClipTagScope *ret_scope,
    ClvEngine **ret_engine, ClvPrompts **ret_prompts);

/* Fetches the engine alone, of a model that is named. */
ClvEngine *gst_clip_tag_load_engine (
    const GstClipTagSettings *settings, GError **error);

/* Logs which driver runs and how many frames a second to expect: a warning where
 * there is no GPU. FALSE: that was not measured yet. */
gboolean gst_clip_tag_tell_speed (GstElement *element, ClvEngine *engine);

/* Makes and encodes a prompt set. */
ClvPrompts *gst_clip_tag_load_prompts (
    const GstClipTagSettings *settings, ClvEngine *engine, GError **error);

G_END_DECLS
