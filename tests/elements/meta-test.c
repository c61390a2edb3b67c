/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "meta-test.h"

#include <glib/gstdio.h>
#include <string.h>

#define WIDTH 8

static gboolean
encode_nothing (const gchar *const *texts, guint n_texts,
    gfloat *ret_embeddings, gpointer user_data, GError **error)
{
  memset (ret_embeddings, 0, sizeof (gfloat) * WIDTH * n_texts);
  for (guint i = 0; i < n_texts; i++)
    ret_embeddings[i * WIDTH] = 1;
  return TRUE;
}

static ClvPrompts *
prompts_from_json (const gchar *json, GError **error)
{
  g_autofree gchar *path = NULL;
  gint fd = g_file_open_tmp ("meta-XXXXXX.json", &path, error);
  ClvPrompts *prompts;

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_close (fd, error));
  g_assert_true (g_file_set_contents (path, json, -1, error));
  prompts = clv_prompts_new_from_file (path, NULL, error);
  g_assert_cmpint (g_unlink (path), ==, 0);
  return prompts;
}

ClvPrompts *
meta_test_prompts (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  ClvPrompts *prompts = *text == '{'
                            ? prompts_from_json (text, &error)
                            : clv_prompts_new_from_string (text, NULL, &error);

  g_assert_no_error (error);
  clv_prompts_encode (prompts, NULL, WIDTH, encode_nothing, NULL, NULL, &error);
  g_assert_no_error (error);
  return prompts;
}

void
meta_test_add (GstBuffer *buffer, ClvPrompts *prompts, const gfloat *scores,
    const MetaTest *how)
{
  static const MetaTest fresh = { .fresh = TRUE };
  guint n = clv_prompts_get_n_labels (prompts);
  g_autofree ClvScore *all = g_new0 (ClvScore, n);
  g_autoptr (GstClipResult) result = NULL;

  if (how == NULL)
    how = &fresh;
  for (guint i = 0; i < n; i++) {
    all[i].score = all[i].smoothed = scores[i];
    all[i].active = scores[i] >= 0.5f;
  }
  result =
      gst_clip_result_new (prompts, "none", how->model ? how->model : "none",
          how->fresh ? GST_BUFFER_PTS (buffer) : how->pts, all, how->embedding,
          how->width);
  gst_buffer_add_clip_meta (buffer, result, how->fresh, how->unchanged,
      how->fresh ? 0 : GST_BUFFER_PTS (buffer) - how->pts);
}
