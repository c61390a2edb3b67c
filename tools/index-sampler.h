/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which pictures of a media become moments: one in each interval, and of these,
 * if wanted, only those that differ from the last one. */

#pragma once

#include "media.h"
#include "plugin/gstclippace.h"

G_BEGIN_DECLS

/* A picture that does not change is taken again after so many seconds. */
#define INDEX_SAMPLER_STILL 30.0

#define INDEX_SAMPLER_SIDE       16
#define INDEX_SAMPLER_COMPONENTS 3 /* the fourth is alpha */

typedef struct {
  GstClipPace pace;
  gdouble scene_change; /* mean difference from 0 to 1; 0: each is taken */
  gdouble taken_time;
  guint n_taken; /* values of its grid */
  guint8
      taken[INDEX_SAMPLER_COMPONENTS * INDEX_SAMPLER_SIDE * INDEX_SAMPLER_SIDE];
} IndexSampler;

/* What the index remembers; settings that differ give texts that differ. */
gchar *index_sampler_describe (const IndexSampler *self);

/* How far moments are apart at most. */
gdouble index_sampler_get_span (const IndexSampler *self);

/* In the order of the media. Depends on the pictures so far only, so that a media
 * that is read again has the same moments. */
gboolean index_sampler_take (IndexSampler *self, const MediaPicture *picture);

G_END_DECLS
