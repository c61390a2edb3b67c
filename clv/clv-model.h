/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-types.h>

G_BEGIN_DECLS

/**
 * ClvModel:
 *
 * A CLIP model: configs, vocabulary, and the weights of both towers, mapped from
 * the file. Immutable; counted references; any thread.
 */
#define CLV_TYPE_MODEL (clv_model_get_type ())
G_DECLARE_FINAL_TYPE (ClvModel, clv_model, CLV, MODEL, GObject)

/**
 * clv_model_find:
 * @name: a directory, or the name of one in $CLV_MODEL_PATH, in
 *   $XDG_DATA_HOME/clv/models, or in clv/models of the system's data directories
 *
 * Where a model is. Looks at directories, reads no file. Any thread.
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

/**
 * clv_model_get_name:
 *
 * For people.
 *
 * Returns: (transfer none): a short name: the last part of the directory
 */
const gchar *clv_model_get_name (ClvModel *self);

/**
 * clv_model_get_directory:
 *
 * Where it was loaded from.
 *
 * Returns: (transfer none) (type filename): the directory
 */
const gchar *clv_model_get_directory (ClvModel *self);

/**
 * clv_model_get_id:
 *
 * Keys caches and indexes: SHA-256 over configs, vocabulary and the weights'
 * header, sizes and a digest of all their bytes. A copy has the same; times and
 * names of files do not matter.
 *
 * Returns: (transfer none): 64 hexadecimal digits
 */
const gchar *clv_model_get_id (ClvModel *self);

/**
 * clv_model_get_embedding_width:
 *
 * The width of the space that pictures and texts have in common.
 *
 * Returns: D, the floats of an embedding
 */
guint clv_model_get_embedding_width (ClvModel *self);

/**
 * clv_model_get_n_patches:
 *
 * The patches of one picture, see clv_patch_grid_init().
 *
 * Returns: columns times rows
 */
guint clv_model_get_n_patches (ClvModel *self);

/**
 * clv_model_get_logit_scale:
 *
 * What a cosine is multiplied by before a softmax.
 *
 * Returns: exp (logit_scale), as the model has learnt it
 */
gfloat clv_model_get_logit_scale (ClvModel *self);

/**
 * clv_model_get_n_parameters:
 *
 * The size of the model.
 *
 * Returns: numbers in the weights of both towers
 */
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
