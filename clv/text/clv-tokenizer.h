/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* CLIP's byte-level BPE tokenizer, as CLIPTokenizer of Hugging Face
 * Transformers 5: text → ids. Touches no file. */

#pragma once

#include "clv-vocabulary.h"

G_BEGIN_DECLS

typedef struct _ClvTokenizer ClvTokenizer;

/* The vocabulary is borrowed and must outlive the tokenizer. Immutable; any
 * thread. */
ClvTokenizer *clv_tokenizer_new (const ClvVocabulary *vocabulary);
void clv_tokenizer_free (ClvTokenizer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvTokenizer, clv_tokenizer_free)

/* Start token, text, end token; at most max_ids (at least 2) ids, of which the
 * last is the end token. Bytes of text that are not UTF-8 count as U+FFFD. */
guint32 *clv_tokenizer_encode (const ClvTokenizer *self, const gchar *text,
    guint max_ids, guint *ret_n_ids);

G_END_DECLS
