/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One harness for "is it right" and "is it fast". The file of an op declares its
 * shapes, fills the inputs, and runs the twin and the kernel; the harness calls it
 * for each variant that the device can run, and with --bench it times it too.
 *
 *   kernels-check [--seed N] [--bench] [-p /gemm/gemm_lanes_f32] */

#pragma once

#include "ops/clv-ops-private.h"

G_BEGIN_DECLS

typedef enum {
  CHECK_RANDOM,  /* -1 … 1 */
  CHECK_SMALL,   /* a millionth of that */
  CHECK_OUTLIER, /* as random, one value in 500 is 300 times larger */
  CHECK_N_FILLS,
} CheckFill;

typedef struct {
  ClvDevice *device;
  const ClvVariant *variant;
  guint32 seed; /* of rand, in the failure message */
  GRand *rand;
  CheckFill fill;
  gboolean bench;
} Check;

/* Starts one case: its values depend only on the seed and its text. */
void check_start (Check *check, const gchar *shape, CheckFill fill);

/* Whether a case of so many FLOP is worth its time: a kernel made for GPUs does a
 * thousandth of their speed on a software driver. Always with --bench. */
gboolean check_affords (Check *check, gdouble flop);

gfloat *check_values (Check *check, gsize n);

/* Buffers that hold values; a failure ends the test program. */
void check_rows_init (Check *check, ClvBuffer *buffer, const gfloat *dense,
    guint rows, guint columns);
void check_vector_init (
    Check *check, ClvBuffer *buffer, gconstpointer values, gsize size_bytes);

/* Ends, runs and frees a recording; with --bench runs it for a while more and
 * prints the best and the median time with GFLOP/s and GB/s. */
void check_run (Check *check, ClvCommands *cmds, const gchar *shape,
    gdouble flop, gdouble bytes);

/* |got - want| <= tolerance · scale for row `row` of y, where scale is how large the
 * terms are that were added up (0: the largest of the row of `want`). Otherwise
 * fails the test with the worst element, the seed and the command to repeat it. */
void check_row (Check *check, ClvBuffer *y, guint row, const gfloat *want,
    guint columns, gdouble scale, gdouble tolerance, const gchar *shape);

/* Columns from `columns` to the stride, and rows from `rows` on, are zero. */
void check_rest_is_zero (
    Check *check, ClvBuffer *y, guint rows, guint columns, const gchar *shape);

/* All rows, then the rest. */
void check_all (Check *check, ClvBuffer *y, const gfloat *want, guint rows,
    guint columns, gdouble tolerance, const gchar *shape);

void check_gemm (Check *check);
void check_layernorm (Check *check);
void check_attention (Check *check);
void check_gather_rows (Check *check);
void check_assemble_tokens (Check *check);
void check_l2norm (Check *check);

/* Of self_check.c. */
void check_a_wrong_variant_is_refused (void);
void check_no_right_variant_is_an_error (void);
void check_a_wrong_variant_is_no_rival (void);

/* Of refusals.c; `data` points to the device. */
void check_small_buffers_fail_the_recording (gconstpointer data);
void check_weights_beyond_float16_are_named (gconstpointer data);
void check_the_family_can_be_forced (gconstpointer data);
void check_two_kernels_can_race (gconstpointer data);

G_END_DECLS
