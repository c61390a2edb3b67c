/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scores a picture without a pipeline: score-picture WIDTH HEIGHT "a phrase; another one" [MODEL] <PIXELS
 *
 * Pixels are RGB, e.g. of: ffmpeg -i picture.jpg -f rawvideo -pix_fmt rgb24 - */

#include <clv/clv.h>
#include <stdio.h>
#include <stdlib.h>

static gboolean
print_scores (const gchar *model, const gchar *phrases, const ClvFrame *frame,
    GError **error)
{
  g_autoptr (ClvEngine) engine =
      clv_engine_get (model, NULL, CLV_PRECISION_AUTO, error);
  g_autoptr (ClvPrompts) prompts =
      engine ? clv_prompts_new_from_string (phrases, NULL, error) : NULL;

  if (prompts == NULL ||
      !clv_engine_encode_prompts (engine, prompts, NULL, error))
    return FALSE;

  g_autofree gfloat *embedding =
      g_new (gfloat, clv_prompts_get_width (prompts));
  g_autofree ClvScore *scores =
      g_new (ClvScore, clv_prompts_get_n_labels (prompts));
  g_autoptr (ClvScorer) scorer = clv_scorer_new (
      prompts, clv_model_get_logit_scale (clv_engine_get_model (engine)), 0, 0);

  if (!clv_engine_encode_frames (engine, frame, 1, embedding, error))
    return FALSE;
  clv_scorer_score (scorer, embedding, 0, scores, NULL);
  for (guint i = 0; i < clv_prompts_get_n_labels (prompts); i++)
    printf ("%.3f  cosine %.3f  %s\n", scores[i].score, scores[i].cosine,
        clv_prompts_get_label (prompts, i)->label);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *pixels = NULL;
  ClvFrame frame = { .format = CLV_PIXEL_FORMAT_RGB };

  if (argc < 4) {
    fprintf (
        stderr, "usage: %s WIDTH HEIGHT PHRASES [MODEL] <PIXELS\n", argv[0]);
    return 2;
  }
  frame.width = CLAMP (atoi (argv[1]), 1, 16384);
  frame.height = CLAMP (atoi (argv[2]), 1, 16384);
  frame.strides[0] = 3 * frame.width;
  frame.planes[0] = pixels = g_malloc (frame.strides[0] * frame.height);
  if (fread (pixels, frame.strides[0], frame.height, stdin) != frame.height) {
    fprintf (stderr, "there are fewer pixels than that\n");
    return 1;
  }
  if (print_scores (argc > 4 ? argv[4] : "demo", argv[3], &frame, &error))
    return 0;
  fprintf (stderr, "%s\n", error->message);
  return 1;
}
