/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The encoders of an engine with the queue in front of them. */

#pragma once

#include <clv/clv-engine.h>
#include <clv/clv-image-encoder.h>
#include <clv/clv-text-encoder.h>

#include "clv-engine-queue.h"
#include "clv-engine-rate.h"

G_BEGIN_DECLS

typedef struct {
  ClvModel *model;
  ClvDevice *device;
  ClvPrecision precision; /* never auto */
  gchar *text_key;        /* what text embeddings depend on */
  ClvEngineQueue *queue;
  ClvEngineRate rate;

  /* Of the queue's threads. */
  ClvImageEncoder *image_encoder;
  ClvTextEncoder *text_encoder; /* NULL until text is first encoded */
  gint64 loading_us[CLV_ENGINE_SETS][CLV_MAX_BATCH]; /* spent on each picture */
  gint64 begun_us[CLV_ENGINE_SETS]; /* that of a batch, before its start */

  /* Who is to be forgotten when the device is lost; NULL: it is gone. */
  gpointer engine;
} ClvEngineCore;

/* Loads the model and uploads the vision tower. */
ClvEngineCore *clv_engine_core_new (const gchar *directory, ClvDevice *device,
    ClvPrecision precision, gpointer engine, GError **error);

/* Ends the queue. From one of its own threads it returns at once, and another
 * thread does it: a callback may drop the last reference to its engine. */
void clv_engine_core_free (ClvEngineCore *self);

G_END_DECLS
