/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Embeddings of example pictures, kept in the same cache as those of texts, by
 * the content of the file. */

#pragma once

#include <clv/clv-prompts.h>

G_BEGIN_DECLS

#define CLV_PROMPTS_MAX_IMAGE (64u << 20)

typedef struct {
  const gchar *model_id; /* NULL: no cache */
  guint width;
  ClvEncodeImageFunc encode; /* NULL: pictures are not supported */
  gpointer user_data;
} ClvPromptsImages;

/* One row of unit length. */
gboolean clv_prompts_image_encode (
    ClvPromptsImages *self, const gchar *path, gfloat *ret_row, GError **error);

G_END_DECLS
