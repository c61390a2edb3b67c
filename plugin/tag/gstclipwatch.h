/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a file has become another one, by looking from time to time. A look is
 * one stat(): that works with editors that write aside and rename, with file
 * systems that send no notifications, and it needs no main loop.
 *
 * A change is told when two looks in a row have seen the same new state, so that
 * a file that is being written is left alone until it is whole. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Between two looks. */
#define GST_CLIP_WATCH_US (G_USEC_PER_SEC / 2)

/* All 0: there is no such file. */
typedef struct {
  guint64 device;
  guint64 inode;
  guint64 size;
  gint64 modified_ns;
  gint64 changed_ns;
} GstClipFileState;

/* {0} watches nothing. One thread at a time. */
typedef struct {
  gchar *path;
  GstClipFileState told; /* what is in use, or was told to be there */
  GstClipFileState seen; /* at the last look */
} GstClipWatch;

/* Takes the file as it is now for what is in use: to be called before it is
 * read, so that no change is missed. NULL: watches nothing. */
void gst_clip_watch_reset (GstClipWatch *self, const gchar *path);

/* One look. TRUE: it has changed since the reset, or since the last TRUE; a file
 * that is gone has changed too. */
gboolean gst_clip_watch_look (GstClipWatch *self);

G_END_DECLS
