/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text embeddings, kept in memory and in one file a model.
 *
 * The file, all in the machine's byte order:
 *   header   ClvTextCacheHeader of clv-text-cache-file.h
 *   keys     n × 16 bytes: the start of SHA-256 (model id, zero byte, text)
 *   rows     n × D floats, unit length
 * It is never changed, only replaced as a whole by rename, so a reader sees the
 * old or the new one. Two processes that write at once lose one another's new
 * rows, which are then computed again. */

#pragma once

#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/* Fills n_texts rows of D floats of unit length from the cache; `encode` is
 * asked once for those that are missing, each text once. model_id NULL: no
 * cache. A cache that cannot be read or written is only slow. Any thread. */
gboolean clv_text_cache_encode (const gchar *model_id, guint width,
    const gchar *const *texts, guint n_texts, ClvEncodeTextFunc encode,
    gpointer user_data, gfloat *ret_embeddings, GError **error);

/* Empties the part in memory, so that tests see the file. */
void clv_text_cache_forget (void);

G_END_DECLS
