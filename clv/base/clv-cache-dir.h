/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where caches lie: $CLV_CACHE_DIR, or clv/ in the user's cache directory. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The path of a file in the cache directory, which is made if it is missing.
 * NULL where it cannot be made: the caller then does without a cache. */
gchar *clv_cache_path (const gchar *file_name);

/* Reads a cache file; NULL if there is none or it cannot be read. */
GBytes *clv_cache_read (const gchar *file_name);

/* Writes a cache file aside and renames it. A failure is only logged. */
void clv_cache_write (const gchar *file_name, gconstpointer data, gsize size);

G_END_DECLS
