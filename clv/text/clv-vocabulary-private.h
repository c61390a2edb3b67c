/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How the readers of the several file formats fill a vocabulary. */

#pragma once

#include <json-glib/json-glib.h>

#include "clv-vocabulary.h"

G_BEGIN_DECLS

typedef struct {
  guint64 pair; /* left id << 32 | right id */
  guint32 rank;
  guint32 id;
} ClvMerge;

struct _ClvVocabulary {
  gchar *path;
  GStringChunk *tokens; /* the keys of ids */
  GHashTable *ids;      /* token → id */
  GArray *merges;       /* ClvMerge, sorted by pair */
  GArray *specials;     /* ClvSpecialToken */
  guint32 byte_ids[2][256];
  guint32 start_id;
  guint32 end_id;
  guint32 max_id;
};

/* One token; FALSE if the id is out of range. */
gboolean clv_vocabulary_add_token (ClvVocabulary *self, const gchar *token,
    gint64 id, const gchar *where, GError **error);

/* A token that is found in the text as it stands. Twice is once. */
void clv_vocabulary_add_special (
    ClvVocabulary *self, const gchar *token, guint32 id, gboolean normalized);

/* One merge of two tokens, whose product must be a token too. The caller puts
 * the file and the line or JSON path in front of the error. */
gboolean clv_vocabulary_add_merge (
    ClvVocabulary *self, const gchar *left, const gchar *right, GError **error);

/* "left right"; clv_vocabulary_add_merge(). */
gboolean clv_vocabulary_add_merge_line (
    ClvVocabulary *self, const gchar *line, GError **error);

/* All of vocab.json, or of tokenizer.json's model.vocab. */
gboolean clv_vocabulary_add_object (ClvVocabulary *self, JsonObject *vocab,
    const gchar *file_name, const gchar *json_path, GError **error);

/* tokenizer.json */
gboolean clv_vocabulary_read_tokenizer_json (
    ClvVocabulary *self, const gchar *path, GError **error);

/* merges.txt, for the tokens of vocab.json. */
gboolean clv_vocabulary_read_merges (
    ClvVocabulary *self, const gchar *path, GError **error);

/* OpenAI's merges, plain or gzipped; makes the tokens too. */
gboolean clv_vocabulary_read_openai (
    ClvVocabulary *self, const gchar *path, GError **error);

/* The character that stands for a byte in tokens, as UTF-8. */
void clv_vocabulary_byte_symbol (guint8 byte, gchar ret_symbol[8]);

G_END_DECLS
