/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A line on the terminal for work that takes longer than a second: share done,
 * rate, time left. Nothing where standard error is no terminal. */
typedef struct {
  gchar *what;       /* "street.mp4", printable */
  const gchar *unit; /* "frames" */
  gint64 start_us;
  gint64 shown_us;
  gboolean terminal;
  gboolean drawn;
} Progress;

void progress_start (Progress *self, const gchar *what, const gchar *unit);

/* `done` things are ready, `share` (0 to 1) of all; negative: not known. */
void progress_update (Progress *self, guint64 done, gdouble share);

/* Takes the line away. */
void progress_finish (Progress *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Progress, progress_finish)

G_END_DECLS
