/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sequences of any length in one batch, row behind row: pictures of T tokens
 * each, or texts of as many rows as each of them needs.
 *
 * What a recording depends on is only the shape; which rows belong together is in
 * buffers that the host writes, so that one recording serves every batch of its
 * shape. Rows, spans and sequences in excess are empty: they cost a little time
 * and change nothing. */

#pragma once

#include "ops/clv-ops.h"

G_BEGIN_DECLS

typedef struct {
  guint rows;
  guint spans;
  guint sequences;
} ClvSequencesShape;

typedef struct {
  ClvSequencesShape capacity;
  ClvSequencesShape used;
  ClvBuffer spans;        /* ClvSpan: the queries of all rows */
  ClvBuffer pooled_rows;  /* guint32: the row of each sequence that is read */
  ClvBuffer pooled_spans; /* ClvSpan: query i is pooled row i */
} ClvSequences;

/* The spans of a sequence of `rows` rows. */
guint clv_sequences_count_spans (guint rows);

/* Room for `sequences` of at most `rows` rows together. */
gboolean clv_sequences_init (ClvSequences *self, ClvDevice *device, guint rows,
    guint sequences, GError **error);
void clv_sequences_clear (ClvSequences *self);

/* Forgets the sequences. Not while commands that read them run. */
void clv_sequences_reset (ClvSequences *self);

/* Appends one of `rows` rows, whose row `pooled` is read and sees `seen` rows of
 * it, its first ones. The caller has seen to there being room. */
void clv_sequences_add (
    ClvSequences *self, guint rows, guint pooled, guint seen);

/* Makes spans and sequences beyond those in use empty, up to `shape`. */
void clv_sequences_pad (ClvSequences *self, const ClvSequencesShape *shape);

G_END_DECLS
