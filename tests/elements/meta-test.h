/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Metadata as cliptag attaches it, without a model or a device. */

#pragma once

#include <gst/gst.h>

#include "gstclipmeta.h"

G_BEGIN_DECLS

/* A set of phrases between ;, or a JSON text; encoded, with vectors that mean
 * nothing. */
ClvPrompts *meta_test_prompts (const gchar *text);

/* What else there is to a result. */
typedef struct {
  gboolean fresh; /* from this very buffer */
  gboolean unchanged;
  GstClockTime pts; /* of the frame that it is from, if not fresh */
  const gfloat *embedding;
  guint width;
  const gchar *model; /* id; NULL: "none" */
} MetaTest;

/* Attaches scores, one for each label; the label is active from 0.5 on. `how`:
 * NULL for a fresh one without an embedding. */
void meta_test_add (GstBuffer *buffer, ClvPrompts *prompts,
    const gfloat *scores, const MetaTest *how);

G_END_DECLS
