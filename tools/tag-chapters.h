/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Spans of tags as chapters: one after another, without overlaps. */

#pragma once

#include "tag-writer.h"

G_BEGIN_DECLS

typedef struct {
  gdouble start; /* seconds */
  gdouble end;
  gchar *title; /* labels that are active in all of it, ", " between them */
} TagChapter;

/* A chapter for each stretch of time in which the same tags are active; none where
 * no tag is. `spans`: TagSpan of one media, sorted by start.
 *
 * Returns: (transfer full) (element-type TagChapter) */
GArray *tag_chapters_new (const GArray *spans, ClvPrompts *prompts);

G_END_DECLS
