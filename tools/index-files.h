/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Adds the media files below a directory, by their names' endings, sorted. What
 * begins with a dot is left out; links to directories are not followed. A
 * directory below it that cannot be read is reported and counted in *n_failed; the
 * rest is added. Errors name the directory. */
gboolean index_files_add (
    GPtrArray *files, const gchar *directory, guint *n_failed, GError **error);

G_END_DECLS
