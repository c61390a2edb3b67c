/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which keys the queries of attention see: sequences of any length lie in one
 * matrix, row behind row, and each span is a part of one of them. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CLV_SPAN_QUERIES 10 /* at most; divides the 50 rows of a B/32 */

/* As in the shaders: a uvec4. The end is one past the last. A span without
 * queries or keys does nothing. */
typedef struct {
  guint32 query, query_end; /* rows of q and of the output */
  guint32 key, key_end;     /* rows of k and v */
} ClvSpan;

G_END_DECLS
