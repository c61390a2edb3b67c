/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-sequences.h"

guint
clv_sequences_count_spans (guint rows)
{
  return (rows + CLV_SPAN_QUERIES - 1) / CLV_SPAN_QUERIES;
}

gboolean
clv_sequences_init (ClvSequences *self, ClvDevice *device, guint rows,
    guint sequences, GError **error)
{
  /* Each sequence has at most one span that is not full. */
  const guint spans = clv_sequences_count_spans (rows) + sequences;

  self->capacity = (ClvSequencesShape){ rows, spans, sequences };
  self->used = (ClvSequencesShape){ 0 };
  return clv_buffer_init (&self->spans, device, "spans", CLV_MEMORY_UPLOAD,
             spans * sizeof (ClvSpan), VK_FORMAT_UNDEFINED, error) &&
         clv_buffer_init (&self->pooled_rows, device, "pooled rows",
             CLV_MEMORY_UPLOAD, sequences * sizeof (guint32),
             VK_FORMAT_UNDEFINED, error) &&
         clv_buffer_init (&self->pooled_spans, device, "pooled spans",
             CLV_MEMORY_UPLOAD, sequences * sizeof (ClvSpan),
             VK_FORMAT_UNDEFINED, error);
}

void
clv_sequences_clear (ClvSequences *self)
{
  clv_buffer_clear (&self->spans);
  clv_buffer_clear (&self->pooled_rows);
  clv_buffer_clear (&self->pooled_spans);
}

void
clv_sequences_reset (ClvSequences *self)
{
  self->used = (ClvSequencesShape){ 0 };
}

void
clv_sequences_add (ClvSequences *self, guint rows, guint pooled, guint seen)
{
  ClvSequencesShape *used = &self->used;
  const guint32 first = used->rows, end = first + rows;
  ClvSpan *spans = self->spans.map, *pooled_spans = self->pooled_spans.map;
  guint32 *pooled_rows = self->pooled_rows.map;
  const guint i = used->sequences;

  g_assert (end <= self->capacity.rows && i < self->capacity.sequences);
  for (guint32 t = first; t < end; t += CLV_SPAN_QUERIES)
    spans[used->spans++] =
        (ClvSpan){ t, MIN (t + CLV_SPAN_QUERIES, end), first, end };
  pooled_rows[i] = first + pooled;
  pooled_spans[i] = (ClvSpan){ i, i + 1, first, first + seen };
  used->rows = end;
  used->sequences++;
}

void
clv_sequences_pad (ClvSequences *self, const ClvSequencesShape *shape)
{
  ClvSpan *spans = self->spans.map, *pooled_spans = self->pooled_spans.map;
  guint32 *pooled_rows = self->pooled_rows.map;

  for (guint i = self->used.spans; i < shape->spans; i++)
    spans[i] = (ClvSpan){ 0 };
  for (guint i = self->used.sequences; i < shape->sequences; i++) {
    pooled_rows[i] = 0;
    pooled_spans[i] = (ClvSpan){ 0 };
  }
}
