/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Adds the media files below a directory, by their names' endings, sorted. What
 * begins with a dot is left out; links to directories are not followed. Errors,
 * also of directories below, name the directory. */
gboolean index_files_add (
    GPtrArray *files, const gchar *directory, GError **error);

G_END_DECLS
