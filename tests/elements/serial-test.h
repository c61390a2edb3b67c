/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Buffers with one of each of our metas, and what must be the same of two. */

#pragma once

#include "gstclipheatmap.h"
#include "gstclipregionmeta.h"

G_BEGIN_DECLS

/* Two groups, with all that a label can have. */
ClvPrompts *serial_test_prompts (void);

/* Attaches scores with an embedding, a region and heat maps. The frame was encoded
 * 40 ms before. */
void serial_test_add (GstBuffer *buffer, ClvPrompts *prompts);

/* Both buffers have those metas, and they say the same. */
void serial_test_assert_same (GstBuffer *found, GstBuffer *wanted);

/* Reads all that there is to be read of a meta of ours. */
void serial_test_touch (const GstMeta *meta);

G_END_DECLS
