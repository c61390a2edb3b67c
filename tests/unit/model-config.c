/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* config.json and preprocessor_config.json as real repositories have them. */

#include "model/clv-model-config.h"

#include <clv/clv-error.h>

#include "test-model.h"

typedef struct {
  gchar *directory;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp ("clv-test-config-XXXXXX", NULL);
  g_assert_nonnull (fixture->directory);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  test_remove_directory (fixture->directory);
  g_free (fixture->directory);
}

static void
write_file (Fixture *fixture, const gchar *name, const gchar *text)
{
  g_autofree gchar *path = g_build_filename (fixture->directory, name, NULL);

  test_write_file (path, text, -1);
}

static ClvModelConfig
read_config (Fixture *fixture, const gchar *config, const gchar *preprocessor)
{
  ClvModelConfig result;
  g_autoptr (GError) error = NULL;

  write_file (fixture, "config.json", config);
  if (preprocessor != NULL)
    write_file (fixture, "preprocessor_config.json", preprocessor);
  clv_model_config_read (fixture->directory, &result, &error);
  g_assert_no_error (error);
  return result;
}

static void
test_defaults (Fixture *fixture, gconstpointer data)
{
  ClvModelConfig config = read_config (fixture, "{}", NULL);

  g_assert_cmpuint (config.text.width, ==, 512);
  g_assert_cmpuint (config.text.n_layers, ==, 12);
  g_assert_cmpuint (config.text.n_heads, ==, 8);
  g_assert_cmpuint (config.text.mlp_width, ==, 2048);
  g_assert_cmpuint (config.vision.width, ==, 768);
  g_assert_cmpuint (config.vision.n_layers, ==, 12);
  g_assert_cmpuint (config.vision.n_heads, ==, 12);
  g_assert_cmpuint (config.vision.mlp_width, ==, 3072);
  g_assert_cmpint (config.vision.activation, ==, CLV_ACTIVATION_QUICK_GELU);
  g_assert_cmpint (config.text.activation, ==, CLV_ACTIVATION_QUICK_GELU);
  g_assert_cmpfloat (config.vision.eps, ==, 1e-5f);
  g_assert_cmpfloat (config.text.eps, ==, 1e-5f);
  g_assert_cmpuint (config.image_size, ==, 224);
  g_assert_cmpuint (config.patch_size, ==, 32);
  g_assert_cmpuint (config.vocab_size, ==, 49408);
  g_assert_cmpuint (config.n_positions, ==, 77);
  g_assert_cmpuint (config.bos_token_id, ==, 49406);
  g_assert_cmpuint (config.eos_token_id, ==, 49407);
  g_assert_cmpuint (config.projection_dim, ==, 0);
  g_assert_true (config.preprocess.resize);
  g_assert_true (config.preprocess.shortest_edge);
  g_assert_cmpuint (config.preprocess.resize_width, ==, 224);
  g_assert_cmpint (config.preprocess.filter, ==, CLV_FILTER_BICUBIC);
  g_assert_true (config.preprocess.center_crop);
  g_assert_cmpuint (config.preprocess.crop_height, ==, 224);
  g_assert_cmpfloat (config.preprocess.rescale, ==, 1.0f / 255);
  g_assert_cmpfloat (config.preprocess.mean[0], ==, 0.48145466f);
  g_assert_cmpfloat (config.preprocess.std[2], ==, 0.27577711f);
}

static void
test_null_is_left_out (Fixture *fixture, gconstpointer data)
{
  ClvModelConfig config = read_config (fixture,
      "{\"projection_dim\":null,\"text_config\":{\"hidden_size\":null,"
      "\"hidden_act\":null,\"eos_token_id\":null},\"vision_config\":null,"
      "\"vision_config_dict\":null}",
      "{\"size\":null,\"crop_size\":null,\"resample\":null,"
      "\"image_mean\":null,\"do_rescale\":null,\"rescale_factor\":null}");

  g_assert_cmpuint (config.text.width, ==, 512);
  g_assert_cmpuint (config.eos_token_id, ==, 49407);
  g_assert_cmpuint (config.vision.width, ==, 768);
  g_assert_cmpuint (config.projection_dim, ==, 0);
  g_assert_cmpuint (config.preprocess.resize_width, ==, 224);
  g_assert_cmpfloat (config.preprocess.rescale, ==, 1.0f / 255);
}

static void
test_all_values (Fixture *fixture, gconstpointer data)
{
  ClvModelConfig config = read_config (fixture,
      "{\"model_type\":\"clip\",\"projection_dim\":50,"
      "\"text_config\":{\"hidden_size\":72,\"num_hidden_layers\":2,"
      "\"num_attention_heads\":3,\"intermediate_size\":296,"
      "\"hidden_act\":\"gelu\",\"layer_norm_eps\":1e-6,\"vocab_size\":1000,"
      "\"max_position_embeddings\":33,\"bos_token_id\":998,"
      "\"eos_token_id\":999,\"projection_dim\":7},"
      "\"vision_config\":{\"hidden_size\":120,\"num_hidden_layers\":4,"
      "\"num_attention_heads\":5,\"intermediate_size\":488,"
      "\"hidden_act\":\"gelu_pytorch_tanh\",\"layer_norm_eps\":0.001,"
      "\"image_size\":240,\"patch_size\":16,\"num_channels\":3}}",
      "{\"size\":{\"height\":240,\"width\":240},\"do_center_crop\":false,"
      "\"resample\":2,\"rescale_factor\":0.5,\"image_mean\":[0,0.5,1],"
      "\"image_std\":[1,2,3]}");

  g_assert_cmpuint (config.projection_dim, ==, 50);
  g_assert_cmpuint (config.text.width, ==, 72);
  g_assert_cmpuint (config.text.n_layers, ==, 2);
  g_assert_cmpuint (config.text.n_heads, ==, 3);
  g_assert_cmpuint (config.text.mlp_width, ==, 296);
  g_assert_cmpint (config.text.activation, ==, CLV_ACTIVATION_GELU);
  g_assert_cmpfloat (config.text.eps, ==, 1e-6f);
  g_assert_cmpuint (config.vocab_size, ==, 1000);
  g_assert_cmpuint (config.n_positions, ==, 33);
  g_assert_cmpuint (config.bos_token_id, ==, 998);
  g_assert_cmpuint (config.eos_token_id, ==, 999);
  g_assert_cmpuint (config.vision.width, ==, 120);
  g_assert_cmpuint (config.vision.n_layers, ==, 4);
  g_assert_cmpuint (config.vision.n_heads, ==, 5);
  g_assert_cmpuint (config.vision.mlp_width, ==, 488);
  g_assert_cmpint (config.vision.activation, ==, CLV_ACTIVATION_GELU_TANH);
  g_assert_cmpfloat (config.vision.eps, ==, 0.001f);
  g_assert_cmpuint (config.image_size, ==, 240);
  g_assert_cmpuint (config.patch_size, ==, 16);
  g_assert_false (config.preprocess.shortest_edge);
  g_assert_cmpuint (config.preprocess.resize_height, ==, 240);
  g_assert_false (config.preprocess.center_crop);
  g_assert_cmpint (config.preprocess.filter, ==, CLV_FILTER_BILINEAR);
  g_assert_cmpfloat (config.preprocess.rescale, ==, 0.5f);
  g_assert_cmpfloat (config.preprocess.mean[1], ==, 0.5f);
  g_assert_cmpfloat (config.preprocess.std[2], ==, 3);
}

/* The whole tower comes from the dict, with defaults for what it lacks: this is
 * what Transformers does. */
static void
test_dicts_win (Fixture *fixture, gconstpointer data)
{
  ClvModelConfig config = read_config (fixture,
      "{\"text_config\":{\"hidden_size\":64,\"num_hidden_layers\":3},"
      "\"text_config_dict\":{\"hidden_size\":128},"
      "\"vision_config\":{\"patch_size\":14},"
      "\"vision_config_dict\":{\"patch_size\":16}}",
      NULL);

  g_assert_cmpuint (config.text.width, ==, 128);
  g_assert_cmpuint (config.text.n_layers, ==, 12);
  g_assert_cmpuint (config.patch_size, ==, 16);
}

static void
test_old_feature_extractor (Fixture *fixture, gconstpointer data)
{
  /* openai/clip-vit-large-patch14 in its first form */
  ClvModelConfig config = read_config (fixture, "{}",
      "{\"crop_size\":224,\"do_center_crop\":true,\"do_normalize\":true,"
      "\"do_resize\":true,\"feature_extractor_type\":"
      "\"CLIPFeatureExtractor\",\"image_mean\":[0.1,0.2,0.3],"
      "\"image_std\":[0.4,0.5,0.6],\"resample\":3,\"size\":256}");

  g_assert_true (config.preprocess.shortest_edge);
  g_assert_cmpuint (config.preprocess.resize_width, ==, 256);
  g_assert_cmpuint (config.preprocess.resize_height, ==, 256);
  g_assert_cmpuint (config.preprocess.crop_width, ==, 224);
  g_assert_cmpuint (config.preprocess.crop_height, ==, 224);
  g_assert_cmpfloat (config.preprocess.rescale, ==, 1.0f / 255);
  g_assert_cmpfloat (config.preprocess.mean[2], ==, 0.3f);
}

static void
test_steps_off (Fixture *fixture, gconstpointer data)
{
  ClvModelConfig config = read_config (fixture, "{}",
      "{\"do_resize\":false,\"do_rescale\":false,\"do_normalize\":false,"
      "\"size\":[224,224],\"image_mean\":0.5}");

  g_assert_false (config.preprocess.resize);
  g_assert_cmpfloat (config.preprocess.rescale, ==, 1);
  g_assert_cmpfloat (config.preprocess.mean[1], ==, 0);
  g_assert_cmpfloat (config.preprocess.std[1], ==, 1);
}

static void
test_squashing_processor (Fixture *fixture, gconstpointer data)
{
  ClvModelConfig config = read_config (
      fixture, "{}", "{\"image_processor_type\":\"SiglipImageProcessor\"}");

  g_assert_false (config.preprocess.shortest_edge);
  g_assert_false (config.preprocess.center_crop);
  g_assert_cmpfloat (config.preprocess.mean[0], ==, 0.5f);
  g_assert_cmpfloat (config.preprocess.std[0], ==, 0.5f);
}

static void
test_image_size_without_preprocessor (Fixture *fixture, gconstpointer data)
{
  ClvModelConfig config = read_config (fixture,
      "{\"vision_config\":{\"image_size\":64,\"patch_size\":8}}", NULL);

  g_assert_cmpuint (config.preprocess.resize_width, ==, 64);
  g_assert_cmpuint (config.preprocess.crop_width, ==, 64);
}

static void
test_nested_processor (Fixture *fixture, gconstpointer data)
{
  ClvModelConfig config;

  write_file (fixture, "processor_config.json",
      "{\"image_processor\":{\"image_processor_type\":\"CLIPImageProcessor\","
      "\"size\":{\"shortest_edge\":240}}}");
  config = read_config (fixture, "{}", NULL);
  g_assert_cmpuint (config.preprocess.resize_width, ==, 240);
  write_file (fixture, "processor_config.json", "{}");
  config = read_config (fixture, "{}", "{\"size\":250}");
  g_assert_cmpuint (config.preprocess.resize_width, ==, 250);
}

/* What is refused, by which code, and what the message must name. */
typedef struct {
  const gchar *test;
  const gchar *config;
  const gchar *preprocessor; /* NULL: none */
  ClvError code;
  const gchar *message;
} Bad;

#define BAD          CLV_ERROR_BAD_FILE
#define UNSUPPORTED  CLV_ERROR_UNSUPPORTED
#define TEXT(json)   "{\"text_config\":{" json "}}"
#define VISION(json) "{\"vision_config\":{" json "}}"

static const Bad bad_configs[] = {
  { "empty-file", "", NULL, BAD, "config.json: " },
  { "not-json", "{\"a\":", NULL, BAD, "config.json: not JSON" },
  { "not-an-object", "[]", NULL, BAD, "config.json: $: wanted an object" },
  { "key-twice", "{\"a\":1,\"a\":1}", NULL, BAD, "\"a\" comes twice" },
  { "siglip", "{\"model_type\":\"siglip\"}", NULL, UNSUPPORTED,
      "$.model_type: wanted clip, found siglip" },
  { "model-type-a-number", "{\"model_type\":1}", NULL, BAD,
      "$.model_type: wanted a string, found an integer" },
  { "text-config-a-string", "{\"text_config\":\"x\"}", NULL, BAD,
      "$.text_config: wanted an object, found a string" },
  { "dict-an-array", "{\"vision_config_dict\":[]}", NULL, BAD,
      "$.vision_config_dict: wanted an object, found an array" },
  { "width-a-string", TEXT ("\"hidden_size\":\"512\""), NULL, BAD,
      "$.text_config.hidden_size: wanted an integer, found a string" },
  { "width-a-fraction", TEXT ("\"hidden_size\":512.5"), NULL, BAD,
      "$.text_config.hidden_size: wanted an integer, found a fraction" },
  { "width-a-boolean", TEXT ("\"hidden_size\":true"), NULL, BAD,
      "$.text_config.hidden_size: wanted an integer, found a boolean" },
  { "width-0", TEXT ("\"hidden_size\":0"), NULL, BAD,
      "$.text_config.hidden_size: wanted 1 to" },
  { "width-negative", VISION ("\"hidden_size\":-768"), NULL, BAD,
      "$.vision_config.hidden_size: wanted 1 to 16384, found -768" },
  { "width-huge", VISION ("\"hidden_size\":4294967296"), NULL, BAD,
      "$.vision_config.hidden_size: wanted 1 to 16384, found 4294967296" },
  { "layers-0", VISION ("\"num_hidden_layers\":0"), NULL, BAD,
      "$.vision_config.num_hidden_layers" },
  { "heads-do-not-divide", VISION ("\"num_attention_heads\":7"), NULL, BAD,
      "$.vision_config.hidden_size: wanted a multiple of "
      "num_attention_heads 7, found 768" },
  { "mlp-0", TEXT ("\"intermediate_size\":0"), NULL, BAD,
      "$.text_config.intermediate_size" },
  { "eps-negative", TEXT ("\"layer_norm_eps\":-1"), NULL, BAD,
      "$.text_config.layer_norm_eps" },
  { "eps-a-string", TEXT ("\"layer_norm_eps\":\"1e-5\""), NULL, BAD,
      "$.text_config.layer_norm_eps: wanted a number, found a string" },
  { "relu", TEXT ("\"hidden_act\":\"relu\""), NULL, UNSUPPORTED,
      "$.text_config.hidden_act" },
  { "positions-1", TEXT ("\"max_position_embeddings\":1"), NULL, BAD,
      "$.text_config.max_position_embeddings" },
  { "vocabulary-negative", TEXT ("\"vocab_size\":-1"), NULL, BAD,
      "$.text_config.vocab_size" },
  { "end-token-negative", TEXT ("\"eos_token_id\":-1"), NULL, BAD,
      "$.text_config.eos_token_id" },
  { "end-token-an-array", TEXT ("\"eos_token_id\":[1]"), NULL, BAD,
      "$.text_config.eos_token_id: wanted an integer, found an array" },
  { "patch-larger-than-image", VISION ("\"patch_size\":448"), NULL, BAD,
      "$.vision_config.image_size" },
  { "too-many-patches", VISION ("\"image_size\":4096,\"patch_size\":1"), NULL,
      BAD, "$.vision_config.patch_size" },
  { "channels-1", VISION ("\"num_channels\":1"), NULL, UNSUPPORTED,
      "$.vision_config.num_channels: wanted 3, found 1" },
  { "projection-0", "{\"projection_dim\":0}", NULL, BAD, "$.projection_dim" },
  { "preprocessor-not-json", "{}", "x", BAD,
      "preprocessor_config.json: not JSON" },
  { "preprocessor-nearest", "{}", "{\"resample\":0}", UNSUPPORTED,
      "$.resample: wanted 2 (bilinear) or 3 (bicubic), found 0" },
  { "preprocessor-other-class", "{}",
      "{\"image_processor_type\":\"ConvNextImageProcessor\"}", UNSUPPORTED,
      "$.image_processor_type" },
  { "preprocessor-size-0", "{}", "{\"size\":0}", BAD, "$.size: wanted 1 to" },
  { "preprocessor-size-empty", "{}", "{\"size\":{}}", BAD,
      "$.size: wanted shortest_edge, or height and width" },
  { "preprocessor-size-half", "{}", "{\"size\":{\"height\":224}}", BAD,
      "$.size: wanted shortest_edge, or height and width" },
  { "preprocessor-longest-edge", "{}", "{\"size\":{\"longest_edge\":224}}",
      UNSUPPORTED, "$.size.longest_edge" },
  { "preprocessor-size-a-string", "{}", "{\"size\":\"224\"}", BAD,
      "$.size: wanted an integer, found a string" },
  { "preprocessor-size-of-three", "{}", "{\"size\":[1,2,3]}", BAD, "$.size" },
  { "preprocessor-edge-negative", "{}", "{\"size\":{\"shortest_edge\":-1}}",
      BAD, "$.size.shortest_edge: wanted 1 to" },
  { "preprocessor-crop-is-not-the-input", "{}", "{\"crop_size\":256}", BAD,
      "$.crop_size: wanted 224 × 224" },
  { "preprocessor-squash-is-not-the-input", "{}",
      "{\"size\":{\"height\":224,\"width\":200},\"do_center_crop\":false}", BAD,
      "$.size: wanted 224 × 224" },
  { "preprocessor-no-common-size", "{}", "{\"do_center_crop\":false}",
      UNSUPPORTED, "do_center_crop" },
  { "preprocessor-mean-of-two", "{}", "{\"image_mean\":[1,2]}", BAD,
      "$.image_mean: wanted three numbers" },
  { "preprocessor-mean-a-string", "{}", "{\"image_mean\":[1,2,\"3\"]}", BAD,
      "$.image_mean: wanted three numbers" },
  { "preprocessor-std-0", "{}", "{\"image_std\":[1,0,1]}", BAD,
      "$.image_std: wanted three numbers of at least" },
  { "preprocessor-flag-a-string", "{}", "{\"do_resize\":\"yes\"}", BAD,
      "$.do_resize: wanted a boolean, found a string" },
};

static void
test_bad (Fixture *fixture, gconstpointer data)
{
  const Bad *bad = data;
  g_autofree gchar *path = g_build_filename (fixture->directory,
      bad->preprocessor != NULL ? "preprocessor_config.json" : "config.json",
      NULL);
  ClvModelConfig config = { .image_size = 12345 };
  g_autoptr (GError) error = NULL;

  write_file (fixture, "config.json", bad->config);
  if (bad->preprocessor != NULL)
    write_file (fixture, "preprocessor_config.json", bad->preprocessor);
  g_assert_false (clv_model_config_read (fixture->directory, &config, &error));
  test_assert_error (&error, CLV_ERROR, bad->code, path, bad->message, NULL);
  g_assert_cmpuint (config.image_size, ==, 12345);
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
  ClvModelConfig config;
  g_autoptr (GError) error = NULL;

  g_assert_false (clv_model_config_read (fixture->directory, &config, &error));
  test_assert_error (&error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
      fixture->directory, "config.json", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                    \
  g_test_add ("/model-config/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("what-is-left-out-has-defaults", test_defaults);
  ADD ("null-is-left-out", test_null_is_left_out);
  ADD ("every-value-is-read", test_all_values);
  ADD ("dicts-win", test_dicts_win);
  ADD ("old-feature-extractor", test_old_feature_extractor);
  ADD ("steps-that-are-off-are-neutral", test_steps_off);
  ADD ("squashing-processor", test_squashing_processor);
  ADD ("no-preprocessor-is-image-size", test_image_size_without_preprocessor);
  ADD ("nested-processor", test_nested_processor);
  ADD ("refuses/missing", test_missing);
  for (guint i = 0; i < G_N_ELEMENTS (bad_configs); i++) {
    g_autofree gchar *path =
        g_strconcat ("/model-config/refuses/", bad_configs[i].test, NULL);

    g_test_add (path, Fixture, &bad_configs[i], set_up, test_bad, tear_down);
  }
  return g_test_run ();
}
