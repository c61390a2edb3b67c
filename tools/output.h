/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where results go: standard output, or a file that is there whole or not at all. */

#pragma once

#include <glib.h>
#include <stdio.h>

G_BEGIN_DECLS

typedef struct {
  FILE *out;
  gchar *path;  /* NULL: standard output */
  gchar *aside; /* written first, then renamed to `path`; NULL: not a file */
  int code;     /* errno of the first write that failed */
} Output;

/* `path`: NULL for standard output. A regular file appears under its name only
 * when output_commit() succeeds. */
gboolean output_open (Output *self, const gchar *path, GError **error);

/* After some writing, with errno 0 before: later on nobody knows why one failed. */
void output_note_failure (Output *self);

gboolean output_commit (Output *self, GError **error);

/* Without a commit before, nothing is left behind. */
void output_clear (Output *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Output, output_clear)

G_END_DECLS
