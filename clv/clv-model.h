/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-types.h>

G_BEGIN_DECLS

#define CLV_TYPE_MODEL (clv_model_get_type ())
G_DECLARE_FINAL_TYPE (ClvModel, clv_model, CLV, MODEL, GObject)

/**
 * clv_model_find:
 * @name: a directory, or the name of one in $CLV_MODEL_PATH, in
 *   $XDG_DATA_HOME/clv/models, or in clv/models of the system's data directories
 *
 * Returns: (transfer full) (nullable): the directory; %NULL with
 * %G_FILE_ERROR_NOENT, whose message names every place that was looked at
 */
gchar *clv_model_find (const gchar *name, GError **error);

/**
 * clv_model_load:
 * @directory: Hugging Face layout; see docs/models.md
 *
 * Reads the configs and the vocabulary and maps the weights; no weight is
 * copied. Checks that every tensor that the towers need is there in the right
 * shape and that all weights are finite.
 *
 * Returns: (transfer full) (nullable): the model, immutable, any thread; or
 * %NULL with %G_FILE_ERROR, %CLV_ERROR_BAD_FILE or %CLV_ERROR_UNSUPPORTED
 */
ClvModel *clv_model_load (const gchar *directory, GError **error);

/* A short name: the last part of the directory. */
const gchar *clv_model_get_name (ClvModel *self);
const gchar *clv_model_get_directory (ClvModel *self);

/* 64 hexadecimal digits: SHA-256 over configs, vocabulary and the weights'
 * header, sizes and a digest of all their bytes. A copy has the same; times and
 * names of files do not matter. Keys caches and indexes. */
const gchar *clv_model_get_id (ClvModel *self);

/* Width D of the common embedding space. */
guint clv_model_get_embedding_width (ClvModel *self);

/* Patches of one picture: columns times rows of its grid. */
guint clv_model_get_n_patches (ClvModel *self);

/* exp (logit_scale): what a cosine is multiplied by. */
gfloat clv_model_get_logit_scale (ClvModel *self);

guint64 clv_model_get_n_parameters (ClvModel *self);

/**
 * clv_model_tokenize:
 * @text: UTF-8
 * @ret_n_ids: (out): number of ids, at least 2
 *
 * Start token, byte-level BPE, end token; truncated to the text tower's
 * positions with the end token kept; not padded.
 *
 * Returns: (transfer full) (array length=ret_n_ids): the ids
 */
guint32 *clv_model_tokenize (
    ClvModel *self, const gchar *text, guint *ret_n_ids);

G_END_DECLS
