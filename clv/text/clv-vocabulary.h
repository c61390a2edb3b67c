/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tokens and merges of a byte-level BPE, from a model directory:
 *
 *   vocab.json + merges.txt          Hugging Face; or else
 *   tokenizer.json                   Hugging Face, fast tokenizers; or else
 *   bpe_simple_vocab_16e6.txt[.gz]   OpenAI's merges, or a merges.txt alone:
 *                                    the tokens follow from the merges
 *
 * Immutable once open; any thread. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CLV_START_TOKEN "<|startoftext|>"
#define CLV_END_TOKEN   "<|endoftext|>"

typedef struct _ClvVocabulary ClvVocabulary;

/* NULL with G_FILE_ERROR, or CLV_ERROR_BAD_FILE naming the file and the line,
 * JSON path or token. */
ClvVocabulary *clv_vocabulary_open (const gchar *directory, GError **error);
void clv_vocabulary_free (ClvVocabulary *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvVocabulary, clv_vocabulary_free)

/* The file the tokens came from, for messages. */
const gchar *clv_vocabulary_get_path (const ClvVocabulary *self);

guint32 clv_vocabulary_get_start_id (const ClvVocabulary *self);
guint32 clv_vocabulary_get_end_id (const ClvVocabulary *self);

/* The highest id of any token, and that token. */
guint32 clv_vocabulary_get_max_id (
    const ClvVocabulary *self, const gchar **ret_token);

/* Id of one byte as a symbol by itself, at the end of a word or elsewhere. The
 * end token's id, which is also the unknown token's, if there is no such
 * symbol. */
guint32 clv_vocabulary_get_byte_id (
    const ClvVocabulary *self, guint8 byte, gboolean end_of_word);

/* Whether two neighbours merge, into what, and how early. */
gboolean clv_vocabulary_lookup_merge (const ClvVocabulary *self, guint32 left,
    guint32 right, guint32 *ret_rank, guint32 *ret_id);

/* A token that is recognised as it is in the text, before anything else; or, as
 * tokenizer.json may say, in the text between those, once that is normalized. */
typedef struct {
  gchar *text;
  guint32 id;
  gboolean normalized;
} ClvSpecialToken;

const ClvSpecialToken *clv_vocabulary_get_special_tokens (
    const ClvVocabulary *self, guint *ret_n_tokens);

G_END_DECLS
