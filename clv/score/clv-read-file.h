/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A whole file of at most max_bytes; a larger one, and one without end, is
 * CLV_ERROR_BAD_FILE, what cannot be read is a G_FILE_ERROR. Messages begin with
 * the path. */
GByteArray *clv_read_file (const gchar *path, guint max_bytes, GError **error);

G_END_DECLS
