/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* cliptag's signals: tags-changed, and the actions encode-text, encode-picture
 * and score. docs/elements.md describes them. */

#pragma once

#include <gst/gst.h>

#include <clv/clv-engine.h>
#include <clv/clv-scorer.h>

G_BEGIN_DECLS

/* What the actions need of the element; NULL while it is stopped. Any thread. */
typedef struct {
  ClvEngine *(*ref_engine) (GstElement *element);
  ClvPrompts *(*ref_prompts) (GstElement *element);
} GstClipTagActionFuncs;

/* Installs the signals; `funcs` must stay valid. */
void gst_clip_tag_actions_install (
    GObjectClass *klass, const GstClipTagActionFuncs *funcs);

/* What tags-changed has to say; NULL if nobody listens. scores: of all labels;
 * NULL: none is active any more. */
GstStructure *gst_clip_tag_actions_describe_changed (GstElement *element,
    ClvPrompts *prompts, const ClvScore *scores, GstClockTime pts,
    GstClockTime stream_time);

/* Emits tags-changed. The receiver may do what it likes: hold no lock. */
void gst_clip_tag_actions_emit_changed (
    GstElement *element, GstStructure *tags);

G_END_DECLS
