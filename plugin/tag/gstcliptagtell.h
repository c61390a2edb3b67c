/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From changes of tags to what applications are told of them. */

#pragma once

#include <clv/clv-scorer.h>

#include "gstclipregionmeta.h"
#include "gstcliptagclock.h"
#include "gstcliptagoutbox.h"

G_BEGIN_DECLS

/* Of whom it is told, and when; all borrowed. */
typedef struct {
  GstElement *element;
  ClvPrompts *prompts;
  const GstClipRegion *region; /* NULL: the whole picture */
  const GstClipTagClock *clock;
  const GstSegment *segment;
} GstClipTagTold;

/* Into the outbox: a message for each event, of ClvTagEvent, if they are wanted, and
 * what holds at @time for who listens to tags-changed. @scores: of all labels;
 * NULL: nothing holds any more. */
void gst_clip_tag_tell (const GstClipTagTold *told, const GArray *events,
    gboolean post_messages, gdouble time, const ClvScore *scores,
    GstClipTagOutbox *outbox);

G_END_DECLS
