/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clv encode: embeddings of pictures and phrases as a safetensors file. */

#include "clv-tool.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "media-batch.h"
#include "model/clv-tensor-file.h"
#include "progress.h"

typedef struct {
  ClvEngine *engine;
  guint width;
  gfloat *images;  /* (n_images, width) */
  gfloat *patches; /* (n_images, n_patches, width); NULL: not wanted */
  guint n_patches;
  guint n_images;
  gfloat *texts; /* (n_texts, width) */
  guint n_texts;
  gfloat *logits; /* (n_images, n_texts) */
} Encoded;

static void
encoded_clear (Encoded *self)
{
  g_clear_object (&self->engine);
  g_free (self->images);
  g_free (self->patches);
  g_free (self->texts);
  g_free (self->logits);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Encoded, encoded_clear)

/* GOption has no option with several values: "--images A B" becomes
 * "--images A --images B". */
static GStrv
spread_images (int argc, gchar **argv)
{
  g_autoptr (GPtrArray) args = g_ptr_array_new ();
  gboolean in_images = FALSE, first = FALSE;

  for (int i = 0; i < argc; i++) {
    const gboolean option = argv[i][0] == '-' && argv[i][1] != '\0';

    if (option) {
      in_images = g_str_has_prefix (argv[i], "--images");
      first = strcmp (argv[i], "--images") == 0;
    } else if (in_images && !first) {
      g_ptr_array_add (args, g_strdup ("--images"));
    } else {
      first = FALSE;
    }
    g_ptr_array_add (args, g_strdup (argv[i]));
  }
  g_ptr_array_add (args, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&args), FALSE);
}

/* Adds the file's only, or first, picture. PIL, which the reference reads
 * pictures with, knows no pixel aspect ratio. */
static gboolean
add_image (MediaBatch *batch, const gchar *path, GError **error)
{
  g_autoptr (Media) media = media_open (path, error);
  MediaPicture picture = { 0 };

  if (media == NULL || media_pull (media, &picture, error) != MEDIA_PICTURE) {
    if (error != NULL && *error == NULL)
      g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED, "%s: interrupted", path);
    return FALSE;
  }
  if (!media_batch_add (batch, &picture, error)) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  batch->frames[batch->n - 1].par_n = 1;
  batch->frames[batch->n - 1].par_d = 1;
  return TRUE;
}

/* Waits for what is being encoded, if there is something. */
static gboolean
finish_batch (Encoded *self, MediaBatch *batch, guint *n_done, GError **error)
{
  const gfloat *rows;

  if (batch->future == NULL)
    return TRUE;
  rows = media_batch_get (batch, error);
  if (rows == NULL)
    return FALSE;
  memcpy (self->images + (gsize) *n_done * self->width, rows,
      (gsize) batch->n * self->width * sizeof *rows);
  if (self->patches != NULL) {
    const gsize floats = (gsize) self->n_patches * self->width;

    memcpy (self->patches + *n_done * floats,
        clv_future_get_patches (batch->future),
        batch->n * floats * sizeof *rows);
  }
  *n_done += batch->n;
  media_batch_clear (batch);
  return TRUE;
}

/* While one batch is encoded the next is decoded. */
static gboolean
encode_images (Encoded *self, gchar **paths, GError **error)
{
  g_auto (MediaBatch) one = { 0 };
  g_auto (MediaBatch) two = { 0 };
  g_auto (Progress) progress = { 0 };
  MediaBatch *filled = &one, *before = &two;
  guint n_done = 0;

  self->n_images = g_strv_length (paths);
  self->images = g_new0 (gfloat, (gsize) self->n_images * self->width);
  one.patches = two.patches = self->n_patches > 0;
  if (self->n_patches > 0)
    self->patches =
        g_new0 (gfloat, (gsize) self->n_images * self->n_patches * self->width);
  progress_start (&progress, "encode", "pictures");
  for (guint i = 0; i < self->n_images; i++) {
    MediaBatch *next = before;

    if (!add_image (filled, paths[i], error))
      return FALSE;
    if (filled->n < MEDIA_BATCH_MAX && i + 1 < self->n_images)
      continue;
    if (!media_batch_submit (filled, self->engine, error) ||
        !finish_batch (self, before, &n_done, error))
      return FALSE;
    before = filled;
    filled = next;
    progress_update (&progress, n_done, (gdouble) n_done / self->n_images);
  }
  return finish_batch (self, before, &n_done, error);
}

static gboolean
encode_texts (Encoded *self, gchar **prompts, GError **error)
{
  self->n_texts = g_strv_length (prompts);
  self->texts = g_new0 (gfloat, (gsize) self->n_texts * self->width);
  return self->n_texts == 0 ||
         clv_engine_encode_texts (self->engine, (const gchar *const *) prompts,
             self->n_texts, self->texts, error);
}

/* logits = exp (logit_scale) · cosine; both sides have unit length. */
static void
compute_logits (Encoded *self)
{
  const gdouble scale =
      clv_model_get_logit_scale (clv_engine_get_model (self->engine));

  self->logits = g_new (gfloat, (gsize) self->n_images * self->n_texts + 1);
  for (guint i = 0; i < self->n_images; i++) {
    const gfloat *image = self->images + (gsize) i * self->width;

    for (guint j = 0; j < self->n_texts; j++) {
      const gfloat *text = self->texts + (gsize) j * self->width;
      gdouble sum = 0.0;

      for (guint k = 0; k < self->width; k++)
        sum += (gdouble) image[k] * text[k];
      self->logits[(gsize) i * self->n_texts + j] = (gfloat) (scale * sum);
    }
  }
}

static gchar *
names_to_json (gchar **names, gboolean base_names)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
  JsonArray *array = json_array_new ();

  for (guint i = 0; names != NULL && names[i] != NULL; i++) {
    g_autofree gchar *base =
        base_names ? g_path_get_basename (names[i]) : g_strdup (names[i]);
    g_autofree gchar *valid = g_utf8_make_valid (base, -1);

    json_array_add_string_element (array, valid);
  }
  json_node_take_array (node, array);
  return json_to_string (node, FALSE);
}

static gboolean
write_output (Encoded *self, const gchar *path, gchar **images, gchar **prompts,
    GError **error)
{
  g_autofree gchar *image_names = names_to_json (images, TRUE);
  g_autofree gchar *prompt_names = names_to_json (prompts, FALSE);
  const gchar *keys[] = { "images", "prompts", NULL };
  const gchar *values[] = { image_names, prompt_names, NULL };
  ClvFloatTensor tensors[4];
  guint n = 0;

  if (images != NULL)
    tensors[n++] = (ClvFloatTensor){ "image_embeds", 2,
      { self->n_images, self->width }, self->images };
  if (self->patches != NULL)
    tensors[n++] = (ClvFloatTensor){ "patch_embeds", 3,
      { self->n_images, self->n_patches, self->width }, self->patches };
  if (prompts != NULL)
    tensors[n++] = (ClvFloatTensor){ "text_embeds", 2,
      { self->n_texts, self->width }, self->texts };
  if (images != NULL && prompts != NULL)
    tensors[n++] = (ClvFloatTensor){ "logits_per_image", 2,
      { self->n_images, self->n_texts }, self->logits };
  return clv_tensor_file_write (path, tensors, n, keys, values, error);
}

/* Before hours of work, not after. */
static gboolean
check_output (const gchar *path, GError **error)
{
  g_autofree gchar *parent = g_path_get_dirname (path);
  int code = 0;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    code = EISDIR;
  else if (access (path, F_OK) == 0 ? access (path, W_OK) != 0
                                    : access (parent, W_OK | X_OK) != 0)
    code = errno;
  if (code != 0)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
        path, g_strerror (code));
  return code == 0;
}

static gboolean
encode_all (const gchar *model, const gchar *device, ClvPrecision precision,
    gchar **images, gboolean patches, const gchar *prompts_path,
    const gchar *output, GError **error)
{
  g_auto (Encoded) encoded = { 0 };
  g_auto (GStrv) prompts = NULL;
  ClvModel *loaded;

  if (!check_output (output, error))
    return FALSE;
  if (prompts_path != NULL) {
    prompts = tool_read_strings (prompts_path, error);
    if (prompts == NULL)
      return FALSE;
  }
  encoded.engine = clv_engine_get (model, device, precision, error);
  if (encoded.engine == NULL)
    return FALSE;
  loaded = clv_engine_get_model (encoded.engine);
  encoded.width = clv_model_get_embedding_width (loaded);
  encoded.n_patches = patches ? clv_model_get_n_patches (loaded) : 0;
  if (images != NULL && !encode_images (&encoded, images, error))
    return FALSE;
  if (prompts != NULL && !encode_texts (&encoded, prompts, error))
    return FALSE;
  if (images != NULL && prompts != NULL)
    compute_logits (&encoded);
  return write_output (&encoded, output, images, prompts, error);
}

int
tool_encode_main (int argc, gchar **argv)
{
  g_autofree gchar *model = NULL, *device = NULL, *precision_word = NULL;
  g_autofree gchar *prompts = NULL, *output = NULL;
  g_auto (GStrv) images = NULL, rest = NULL;
  g_auto (GStrv) spread = spread_images (argc, argv);
  g_autoptr (GError) error = NULL;
  ClvPrecision precision = CLV_PRECISION_FP32;
  gboolean patches = FALSE;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &model,
        "a directory, or a name in the model path (default: demo)", "MODEL" },
    TOOL_DEVICE_ENTRY (&device),
    TOOL_PRECISION_ENTRY (&precision_word, "fp32"),
    { "images", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &images,
        "pictures, in this order", "A.png …" },
    { "patches", 0, 0, G_OPTION_ARG_NONE, &patches,
        "also the embeddings of each picture's patches", NULL },
    { "prompts", 0, 0, G_OPTION_ARG_FILENAME, &prompts,
        "a JSON array of phrases; - is standard input", "FILE.json" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "the file to write",
        "OUT.safetensors" },
    G_OPTION_ENTRY_NULL,
  };
  const ToolUsage usage = { "encode", NULL,
    "Writes image_embeds (n, D) and text_embeds (p, D), of unit length, and\n"
    "logits_per_image (n, p) in float32; the metadata lists `images` and\n"
    "`prompts`. Phrases are taken as they are, without a template. With "
    "--patches\n"
    "also patch_embeds (n, patches, D), of unit length, what heat maps are "
    "made\n"
    "of: the grid of each picture row by row from the top left.",
    "Example:\n"
    "  clv encode --model clip-vit-base-patch32 --images a.png b.png \\\n"
    "      --prompts phrases.json --output out.safetensors\n" };

  if (!tool_parse (
          &usage, entries, (int) g_strv_length (spread), spread, &rest))
    return TOOL_USAGE;
  if (rest[0] != NULL)
    return tool_usage_error (usage.name, "unexpected argument '%s'", rest[0]);
  if (output == NULL || *output == '\0')
    return tool_usage_error (usage.name, "--output is missing");
  if (images == NULL && prompts == NULL)
    return tool_usage_error (
        usage.name, "nothing to encode: give --images, --prompts or both");
  if (patches && images == NULL)
    return tool_usage_error (usage.name, "--patches is for --images");
  if (tool_parse_precision (usage.name, precision_word, &precision) != TOOL_OK)
    return TOOL_USAGE;

  if (!media_init (&error) ||
      !encode_all (model != NULL ? model : "demo", device, precision, images,
          patches, prompts, output, &error))
    return tool_fail ("%s", error->message);
  return TOOL_OK;
}
