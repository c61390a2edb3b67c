/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of cliptagbin share: pipelines with one, and files for it. */

#pragma once

#include "tag-test.h"

G_BEGIN_DECLS

#define PATIENCE (120 * GST_SECOND)
#define PROMPTS  "prompts=\"colour bars; snow\""

/* A pipeline with a cliptagbin "bin" and a sink "out": COUNTER, which is what
 * play_all() needs, or an appsink. */
typedef struct {
  GstElement *pipeline;
  GstElement *bin;
  GstElement *out;
  GstBus *bus;
  guint n_frames; /* since the last start; after its end */
} Run;

#define COUNTER "fakesink name=out signal-handoffs=true"

Run *run_new (const gchar *format, ...);
void run_free (Run *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

/* Plays to the end, and gives the number of frames, each of which has scores. */
guint play_all (Run *self);

/* The error that ends it, which must come. */
GError *play_to_error (Run *self);

gchar *temporary_path (const gchar *suffix);

/* Runs a pipeline that writes to a new file, whose name it has as %s. */
gchar *make_file (const gchar *line, const gchar *suffix);

/* 30 frames in 3 seconds, with sound. */
gchar *make_video (void);

/* Takes the path. */
void remove_file (gchar *path);

G_END_DECLS
