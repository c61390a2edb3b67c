/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How bright preprocessed pictures are, in 16 × 16 cells: enough to tell whether a
 * scene has changed before it is encoded. The device reads the picture where it
 * lies and sums it up to a few KB; the host does the rest. */

#pragma once

#include "clv-preprocess.h"

G_BEGIN_DECLS

#define CLV_BRIGHTNESS_CELLS (16 * 16)

/* {0} can be cleared. */
typedef struct {
  ClvDevice *device; /* not owned */
  ClvModelConfig config;
  ClvBuffer rows; /* (GRID · PATCH, 16) */
  ClvCommands
      *commands[CLV_PREPROCESS_SETS][CLV_PREPROCESS_SLOTS]; /* or NULL */
} ClvBrightness;

/* Allocates nothing: what is needed is made when a slot is first measured. */
void clv_brightness_init (
    ClvBrightness *self, ClvDevice *device, const ClvModelConfig *config);
void clv_brightness_clear (ClvBrightness *self);

/* The picture that was submitted to a slot, for which it waits. patches: those of
 * the set, always the same. ret_cells: CLV_BRIGHTNESS_CELLS means, 0 to 1, by rows.
 * One thread at a time. */
gboolean clv_brightness_measure (ClvBrightness *self, const ClvBuffer *patches,
    guint set, guint slot, gfloat *ret_cells, GError **error);

G_END_DECLS
