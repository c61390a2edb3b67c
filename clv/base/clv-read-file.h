/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A whole file of at most max_bytes, and a zero behind it that is not counted. A
 * larger file, and one without end, is CLV_ERROR_BAD_FILE, what cannot be read is
 * a G_FILE_ERROR. A pipe into which nobody writes is given up after some seconds.
 * Messages begin with the path. */
GByteArray *clv_read_file (const gchar *path, guint max_bytes, GError **error);

/* What can be mapped: a G_FILE_ERROR, or CLV_ERROR_BAD_FILE for anything but a
 * plain file. */
gboolean clv_check_plain_file (const gchar *path, GError **error);

/* A link that leads nowhere is there too: opening it tells what is wrong, where
 * doing without it would not. */
gboolean clv_file_is_there (const gchar *path);

G_END_DECLS
