/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From sentences and pictures to one vector. */

#pragma once

#include <clv/clv.h>

G_BEGIN_DECLS

/* `text`, `images` and `nots` may be NULL, though not both of the first two. The
 * vector points where text and pictures point together, and at right angles to
 * everything in `nots`: what has a part in those only is not preferred.
 *
 * Returns: (transfer full) D floats of unit length */
gfloat *search_query_new (ClvEngine *engine, const gchar *text,
    const gchar *const *images, const gchar *const *nots, GError **error);

G_END_DECLS
