/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From phrases to the (P, D) matrix.
 *
 *   row = unit (mean over texts and templates of unit (text tower (text)))
 *
 * as OpenAI's CLIP builds its zero-shot classifiers ("Prompt engineering and
 * ensembling", notebooks/Prompt_Engineering_for_ImageNet.ipynb). With pictures
 *
 *   row = unit ((1 - w) * row of the texts + w * unit (mean of the pictures))
 *
 * with w the share of the pictures. A mean of embedded pictures as a class is the
 * prototype of Snell et al. 2017 (Prototypical Networks, equation 1), there
 * without units; the mix with text is ours. */

#include <clv/clv-prompts.h>

#include <math.h>
#include <string.h>

#include "clv-prompts-image.h"
#include "clv-prompts-private.h"
#include "clv-text-cache.h"

/* Texts are encoded in blocks, and each block goes to the disk: 80,000 phrases
 * take hours the first time, and an interruption costs one block. */
#define BLOCK 4096

/* Walks over all texts of all rows in all templates. */
typedef struct {
  ClvPrompts *prompts;
  guint row;
  guint text;
  guint template;
} Walker;

static gchar *
fill_template (const gchar *template, const gchar *text)
{
  const gchar *hole = strstr (template, "{}");

  return g_strdup_printf (
      "%.*s%s%s", (int) (hole - template), template, text, hole + 2);
}

/* The next text and its row; NULL at the end. */
static gchar *
walker_next (Walker *self, guint *ret_row)
{
  GArray *all = self->prompts->row_texts;
  const ClvPromptTexts *texts;
  gchar *filled;

  while (self->row < all->len &&
         g_array_index (all, ClvPromptTexts, self->row).texts[0] == NULL)
    self->row++; /* only pictures */
  if (self->row == all->len)
    return NULL;
  texts = &g_array_index (all, ClvPromptTexts, self->row);
  filled = fill_template (g_ptr_array_index (texts->templates, self->template),
      texts->texts[self->text]);
  *ret_row = self->row;
  if (++self->template == texts->templates->len) {
    self->template = 0;
    if (texts->texts[++self->text] == NULL) {
      self->text = 0;
      self->row++;
    }
  }
  return filled;
}

/* Adds a block of embeddings to their rows. */
static void
add_block (gfloat *matrix, guint width, const gfloat *embeddings,
    const guint *rows, guint n)
{
  for (guint i = 0; i < n; i++) {
    gfloat *sum = &matrix[(gsize) rows[i] * width];

    for (guint d = 0; d < width; d++)
      sum[d] += embeddings[(gsize) i * width + d];
  }
}

static gboolean
make_unit (const ClvPromptTexts *texts, const gchar *what, gfloat *values,
    guint width, GError **error)
{
  gdouble sum = 0;

  for (guint d = 0; d < width; d++)
    sum += (gdouble) values[d] * values[d];
  if (!(sum > 1e-12)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
        "prompt \"%s\": the embeddings of its %s cancel out",
        texts->texts[0] ? texts->texts[0] : texts->images[0], what);
    return FALSE;
  }
  for (guint d = 0; d < width; d++)
    values[d] = (gfloat) (values[d] / sqrt (sum));
  return TRUE;
}

/* Mixes the pictures into a row, which is the unit mean of its texts, or 0 where
 * there are none. */
static gboolean
mix_images (ClvPromptsImages *images, const ClvPromptTexts *texts, gfloat *row,
    GError **error)
{
  const guint width = images->width;
  g_autofree gfloat *one = g_new (gfloat, width);
  g_autofree gfloat *mean = g_new0 (gfloat, width);
  const gfloat weight = (gfloat) texts->image_weight;

  for (guint i = 0; texts->images[i] != NULL; i++) {
    if (!clv_prompts_image_encode (images, texts->images[i], one, error))
      return FALSE;
    for (guint d = 0; d < width; d++)
      mean[d] += one[d];
  }
  if (!make_unit (texts, "pictures", mean, width, error))
    return FALSE;
  for (guint d = 0; d < width; d++)
    row[d] = (1 - weight) * row[d] + weight * mean[d];
  return make_unit (texts, "texts and pictures", row, width, error);
}

static gboolean
finish_rows (
    ClvPrompts *self, ClvPromptsImages *images, gfloat *matrix, GError **error)
{
  for (guint row = 0; row < self->rows->len; row++) {
    const ClvPromptTexts *texts =
        &g_array_index (self->row_texts, ClvPromptTexts, row);
    gfloat *values = &matrix[(gsize) row * images->width];

    if (texts->texts[0] != NULL &&
        !make_unit (texts, "texts", values, images->width, error))
      return FALSE;
    if (texts->images != NULL && !mix_images (images, texts, values, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
encode_blocks (ClvPrompts *self, const gchar *model_id, guint width,
    ClvEncodeTextFunc encode, gpointer user_data, gfloat *matrix,
    GError **error)
{
  g_autofree gfloat *embeddings = g_new (gfloat, (gsize) BLOCK * width);
  g_autofree guint *rows = g_new (guint, BLOCK);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  Walker walker = { .prompts = self };

  do {
    gchar *text;

    g_ptr_array_set_size (texts, 0);
    while (texts->len < BLOCK &&
           (text = walker_next (&walker, &rows[texts->len])) != NULL)
      g_ptr_array_add (texts, text);
    if (texts->len > 0 && !clv_text_cache_encode (model_id, width,
                              (const gchar *const *) texts->pdata, texts->len,
                              encode, user_data, embeddings, error))
      return FALSE;
    add_block (matrix, width, embeddings, rows, texts->len);
  } while (texts->len == BLOCK);
  return TRUE;
}

gboolean
clv_prompts_encode (ClvPrompts *self, const gchar *model_id, guint width,
    ClvEncodeTextFunc encode, ClvEncodeImageFunc encode_image,
    gpointer user_data, GError **error)
{
  g_autofree gfloat *matrix = NULL;
  ClvPromptsImages images = {
    .model_id = model_id,
    .width = width,
    .encode = encode_image,
    .user_data = user_data,
  };

  g_return_val_if_fail (width > 0 && encode != NULL, FALSE);

  if (self->matrix != NULL) {
    if (model_id != NULL && g_strcmp0 (model_id, self->model_id) == 0 &&
        width == self->width)
      return TRUE;
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_FAILED,
        "prompts: already encoded, for another model");
    return FALSE;
  }
  if (self->rows->len == 0) {
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "prompts: wanted phrases to encode, found labels only");
    return FALSE;
  }
  matrix = g_try_new0 (gfloat, (gsize) self->rows->len * width);
  if (matrix == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY,
        "prompts: no memory for %u rows of %u numbers", self->rows->len, width);
    return FALSE;
  }
  if (!encode_blocks (
          self, model_id, width, encode, user_data, matrix, error) ||
      !finish_rows (self, &images, matrix, error))
    return FALSE;
  self->width = width;
  self->model_id = g_strdup (model_id);
  self->matrix = g_steal_pointer (&matrix);
  return TRUE;
}
