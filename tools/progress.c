/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "clv-tool.h"

/* The first line comes after a second; then five a second. */
#define FIRST_US G_USEC_PER_SEC
#define EVERY_US (G_USEC_PER_SEC / 5)

void
progress_start (Progress *self, const gchar *what, const gchar *unit)
{
  *self = (Progress){
    .what = tool_printable (what),
    .unit = unit,
    .start_us = g_get_monotonic_time (),
    .terminal = isatty (fileno (stderr)),
  };
}

void
progress_update (Progress *self, guint64 done, gdouble share)
{
  const gint64 now_us = g_get_monotonic_time ();
  const gdouble seconds = (gdouble) (now_us - self->start_us) / G_USEC_PER_SEC;

  if (!self->terminal || now_us - self->start_us < FIRST_US ||
      now_us - self->shown_us < EVERY_US)
    return;
  self->shown_us = now_us;
  self->drawn = TRUE;

  fprintf (stderr, "\r\033[K%s: %" G_GUINT64_FORMAT " %s, %.1f a second",
      self->what, done, self->unit, (gdouble) done / seconds);
  if (share > 0.0 && share <= 1.0) {
    const guint left = (guint) (seconds * (1.0 - share) / share + 0.5);

    fprintf (
        stderr, ", %.0f %%, %u:%02u left", share * 100.0, left / 60, left % 60);
  }
  fflush (stderr);
}

void
progress_finish (Progress *self)
{
  if (self->drawn)
    fprintf (stderr, "\r\033[K");
  self->drawn = FALSE;
  g_clear_pointer (&self->what, g_free);
}
