/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Byte-pair encoding of one word. */

#pragma once

#include "clv-vocabulary.h"

G_BEGIN_DECLS

/* Appends the ids of one word of size bytes (at least 1) to ids (guint32):
 * merges the neighbours of lowest rank, leftmost first, until none is left.
 * O(size · log size). */
void clv_bpe_append_word (const ClvVocabulary *vocabulary, const guint8 *word,
    gsize size, GArray *ids);

G_END_DECLS
