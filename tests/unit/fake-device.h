/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A queue in front of a device that only writes down what it is given: it takes one
 * batch after the other, and as long as it is told. A frame's embedding is its width
 * and its height, a text's its length and its first character. */

#pragma once

#include <clv/clv-error.h>

#include "engine/clv-engine-queue.h"

G_BEGIN_DECLS

#define FAKE_WIDTH     2 /* of embeddings */
#define FAKE_MAX_BATCH 4

/* Texts in one call, alone and beside frames. */
#define FAKE_TEXT_SLICE        5
#define FAKE_TEXT_SLICE_BESIDE 3

/* Widths of frames. */
enum {
  FAKE_BAD = 666, /* it cannot be loaded */
  FAKE_LOST,      /* it kills the device */
  FAKE_REFUSED,   /* its batch cannot be started */
};

typedef struct {
  ClvEngineQueue *queue;

  GMutex mutex;
  GCond cond;
  gboolean held;       /* batches do not end */
  gboolean loads_held; /* loads do not end */
  gboolean texts_held; /* texts do not either */
  gboolean flying[CLV_ENGINE_SETS];
  ClvFrame frames[CLV_ENGINE_SETS][FAKE_MAX_BATCH];
  guint largest; /* batch */
  guint n_loads; /* calls of each function */
  guint n_starts;
  guint n_drops;
  guint n_finishing;
  GString *order; /* the widths of the frames of each batch; t3: three texts */
} FakeDevice;

FakeDevice *fake_device_new (void);

/* Closes the queue, if nobody has yet. */
void fake_device_free (FakeDevice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeDevice, fake_device_free)

/* One of held, loads_held, texts_held. */
void fake_set_held (FakeDevice *self, gboolean *what, gboolean held);

/* Until there were so many calls. */
void fake_wait_for (FakeDevice *self, const guint *n_calls, guint n);

/* The device takes a batch of one frame, of width 1, and keeps it until held is set to
 * FALSE. */
ClvFuture *fake_hold (FakeDevice *self);

/* n frames of heights 1 … n, at most 40. */
ClvFuture *fake_submit (
    FakeDevice *self, guint width, guint n, const ClvRequest *how);

/* Both take the reference. */
void fake_expect_rows (ClvFuture *future, guint width, guint n);
void fake_expect_error (ClvFuture *future, GQuark domain, gint code);

G_END_DECLS
