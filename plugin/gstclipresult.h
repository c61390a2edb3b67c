/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is in a result: for the metas that refer to one. */

#pragma once

#include "gstclipmeta.h"

G_BEGIN_DECLS

struct _GstClipResult {
  ClvPrompts *prompts;
  const gchar *model_name; /* interned: few distinct ones, many results */
  const gchar *model_id;
  GstClockTime pts;
  GstClipHeatmaps *heatmaps; /* or NULL */
  guint n_scores;
  guint embedding_width;
  gfloat *embedding; /* behind the scores, or NULL */
  ClvScore scores[];
};

G_END_DECLS
