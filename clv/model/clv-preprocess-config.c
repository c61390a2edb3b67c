/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-preprocess-config.h"

#include <math.h>

#include <clv/clv-error.h>

#include "base/clv-read-file.h"
#include "text/clv-json.h"

#define MAX_SIZE 8192

/* The values a class of image processors has for keys that a file leaves out:
 * the class attributes in Transformers' image_processing_*.py. */
typedef struct {
  const gchar *prefix; /* of image_processor_type or feature_extractor_type */
  gboolean shortest_edge;
  ClvFilter filter;
  gboolean center_crop;
  gfloat mean[3];
  gfloat std[3];
} Defaults;

#define HALF                                                                   \
  {                                                                            \
    0.5f, 0.5f, 0.5f                                                           \
  }

static const Defaults processors[] = {
  { "CLIP", TRUE, CLV_FILTER_BICUBIC, TRUE,
      { 0.48145466f, 0.4578275f, 0.40821073f },
      { 0.26862954f, 0.26130258f, 0.27577711f } },
  { "Siglip", FALSE, CLV_FILTER_BICUBIC, FALSE, HALF, HALF },
  { "ViT", FALSE, CLV_FILTER_BILINEAR, FALSE, HALF, HALF },
};

#define DEFAULT_SIZE 224

static const Defaults *
find_defaults (const ClvJsonPlace *place, GError **error)
{
  const gchar *type = NULL;

  if (!clv_json_get_string (place, "feature_extractor_type", &type, error) ||
      !clv_json_get_string (place, "image_processor_type", &type, error))
    return NULL;
  if (type == NULL)
    return &processors[0];
  for (guint i = 0; i < G_N_ELEMENTS (processors); i++)
    if (g_str_has_prefix (type, processors[i].prefix))
      return &processors[i];
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "%s: %s.image_processor_type: wanted CLIPImageProcessor, "
      "SiglipImageProcessor or ViTImageProcessor, found %s",
      place->file_name, place->json_path, type);
  return NULL;
}

static gboolean
read_size_array (const ClvJsonPlace *place, const gchar *key, JsonNode *node,
    guint *ret_width, guint *ret_height, GError **error)
{
  JsonArray *array = json_node_get_array (node);
  guint *sizes[] = { ret_height, ret_width };

  for (guint i = 0; i < 2; i++) {
    JsonNode *element = json_array_get_length (array) == 2
                            ? json_array_get_element (array, i)
                            : NULL;

    if (element == NULL || !JSON_NODE_HOLDS_VALUE (element) ||
        json_node_get_value_type (element) != G_TYPE_INT64 ||
        json_node_get_int (element) < 1 ||
        json_node_get_int (element) > MAX_SIZE) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: %s.%s: wanted [height, width], each 1 to %u", place->file_name,
          place->json_path, key, MAX_SIZE);
      return FALSE;
    }
    *sizes[i] = json_node_get_int (element);
  }
  return TRUE;
}

static gboolean
read_size_object (const ClvJsonPlace *place, const gchar *key,
    JsonObject *object, guint *ret_shortest, guint *ret_width,
    guint *ret_height, GError **error)
{
  g_autofree gchar *json_path =
      g_strdup_printf ("%s.%s", place->json_path, key);
  ClvJsonPlace inner = { place->file_name, json_path, object };

  if (clv_json_get_member (&inner, "longest_edge") != NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: %s.longest_edge: wanted shortest_edge, or height and width",
        place->file_name, json_path);
    return FALSE;
  }
  if (!clv_json_get_uint (
          &inner, "shortest_edge", 1, MAX_SIZE, ret_shortest, error) ||
      !clv_json_get_uint (&inner, "height", 1, MAX_SIZE, ret_height, error) ||
      !clv_json_get_uint (&inner, "width", 1, MAX_SIZE, ret_width, error))
    return FALSE;
  if (*ret_shortest == 0 && (*ret_width == 0 || *ret_height == 0)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s: wanted shortest_edge, or height and width, found neither",
        place->file_name, json_path);
    return FALSE;
  }
  return TRUE;
}

/* A number, {"shortest_edge"}, {"height", "width"} or [height, width]. A plain
 * number is a shortest edge where number_is_edge, else a square. */
static gboolean
read_size (const ClvJsonPlace *place, const gchar *key, gboolean number_is_edge,
    gboolean *is_edge, guint *width, guint *height, GError **error)
{
  JsonNode *node = clv_json_get_member (place, key);
  guint shortest = 0, w = 0, h = 0;

  if (node == NULL)
    return TRUE;
  if (JSON_NODE_HOLDS_OBJECT (node)) {
    if (!read_size_object (
            place, key, json_node_get_object (node), &shortest, &w, &h, error))
      return FALSE;
  } else if (JSON_NODE_HOLDS_ARRAY (node)) {
    if (!read_size_array (place, key, node, &w, &h, error))
      return FALSE;
  } else {
    if (!clv_json_get_uint (place, key, 1, MAX_SIZE, &w, error))
      return FALSE;
    h = w;
    if (number_is_edge)
      shortest = w;
  }
  *is_edge = shortest != 0;
  *width = shortest != 0 ? shortest : w;
  *height = shortest != 0 ? shortest : h;
  return TRUE;
}

/* PIL's number of the filter. */
static gboolean
read_filter (const ClvJsonPlace *place, ClvFilter *filter, GError **error)
{
  guint number = *filter == CLV_FILTER_BICUBIC ? 3 : 2;

  if (!clv_json_get_uint (place, "resample", 0, 5, &number, error))
    return FALSE;
  if (number != 2 && number != 3) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: %s.resample: wanted 2 (bilinear) or 3 (bicubic), found %u",
        place->file_name, place->json_path, number);
    return FALSE;
  }
  *filter = number == 3 ? CLV_FILTER_BICUBIC : CLV_FILTER_BILINEAR;
  return TRUE;
}

/* Three numbers, or one for all channels. */
static gboolean
read_channels (const ClvJsonPlace *place, const gchar *key, gdouble min,
    gfloat values[3], GError **error)
{
  JsonNode *node = clv_json_get_member (place, key);
  JsonArray *array;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    gdouble number = 0;

    if (!clv_json_get_number (place, key, min, 1e6, &number, error))
      return FALSE;
    values[0] = values[1] = values[2] = number;
    return TRUE;
  }
  array = json_node_get_array (node);
  for (guint i = 0; i < 3; i++) {
    JsonNode *element = json_array_get_length (array) == 3
                            ? json_array_get_element (array, i)
                            : NULL;
    gdouble number = NAN;

    if (element != NULL && JSON_NODE_HOLDS_VALUE (element) &&
        (json_node_get_value_type (element) == G_TYPE_DOUBLE ||
            json_node_get_value_type (element) == G_TYPE_INT64))
      number = json_node_get_double (element);
    if (!(number >= min && number <= 1e6)) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: %s.%s: wanted three numbers of at least %g", place->file_name,
          place->json_path, key, min);
      return FALSE;
    }
    values[i] = number;
  }
  return TRUE;
}

/* do_rescale and do_normalize, which the encoders fold into one step. */
static gboolean
read_normalization (
    const ClvJsonPlace *place, ClvPreprocessConfig *config, GError **error)
{
  gboolean do_rescale = TRUE, do_normalize = TRUE;
  gdouble factor = 1.0 / 255.0;

  if (!clv_json_get_boolean (place, "do_rescale", &do_rescale, error) ||
      !clv_json_get_number (
          place, "rescale_factor", 1e-9, 1e9, &factor, error) ||
      !clv_json_get_boolean (place, "do_normalize", &do_normalize, error) ||
      !read_channels (place, "image_mean", -1e6, config->mean, error) ||
      !read_channels (place, "image_std", 1e-6, config->std, error))
    return FALSE;
  config->rescale = do_rescale ? factor : 1;
  for (guint i = 0; !do_normalize && i < 3; i++) {
    config->mean[i] = 0;
    config->std[i] = 1;
  }
  return TRUE;
}

static gboolean
check_result (const ClvJsonPlace *place, const ClvPreprocessConfig *config,
    guint image_size, GError **error)
{
  const gchar *key = config->center_crop ? "crop_size" : "size";
  guint width = config->center_crop ? config->crop_width : config->resize_width;
  guint height =
      config->center_crop ? config->crop_height : config->resize_height;

  if (!config->center_crop && (!config->resize || config->shortest_edge)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: %s: wanted do_center_crop, or a size of height and width: other "
        "steps leave pictures of different sizes",
        place->file_name, place->json_path);
    return FALSE;
  }
  if (width != image_size || height != image_size) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s.%s: wanted %u × %u, the image_size of config.json, "
        "found %u × %u",
        place->file_name, place->json_path, key, image_size, image_size, width,
        height);
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_place (const ClvJsonPlace *place, guint image_size,
    ClvPreprocessConfig *config, GError **error)
{
  const Defaults *defaults = find_defaults (place, error);
  guint size = place->object != NULL ? DEFAULT_SIZE : image_size;
  gboolean crop_is_edge = FALSE;

  if (defaults == NULL)
    return FALSE;
  config->resize = TRUE;
  config->shortest_edge = defaults->shortest_edge;
  config->resize_width = config->resize_height = size;
  config->filter = defaults->filter;
  config->center_crop = defaults->center_crop;
  config->crop_width = config->crop_height = size;
  for (guint i = 0; i < 3; i++) {
    config->mean[i] = defaults->mean[i];
    config->std[i] = defaults->std[i];
  }
  if (!clv_json_get_boolean (place, "do_resize", &config->resize, error) ||
      !read_size (place, "size", defaults->shortest_edge,
          &config->shortest_edge, &config->resize_width, &config->resize_height,
          error) ||
      !read_filter (place, &config->filter, error) ||
      !clv_json_get_boolean (
          place, "do_center_crop", &config->center_crop, error) ||
      !read_size (place, "crop_size", FALSE, &crop_is_edge, &config->crop_width,
          &config->crop_height, error) ||
      !read_normalization (place, config, error))
    return FALSE;
  return check_result (place, config, image_size, error);
}

/* FALSE with an error, or TRUE with *ret_root NULL if there is no such file. */
static gboolean
read_if_there (const gchar *path, JsonObject **ret_root, GError **error)
{
  *ret_root = NULL;
  if (!clv_file_is_there (path))
    return TRUE;
  *ret_root = clv_json_read (path, error);
  return *ret_root != NULL;
}

gboolean
clv_preprocess_config_read (const gchar *directory, guint image_size,
    ClvPreprocessConfig *ret_config, GError **error)
{
  g_autofree gchar *plain_path =
      g_build_filename (directory, "preprocessor_config.json", NULL);
  g_autofree gchar *nested_path =
      g_build_filename (directory, "processor_config.json", NULL);
  g_autoptr (JsonObject) plain = NULL;
  g_autoptr (JsonObject) nested = NULL;
  ClvPreprocessConfig config = { 0 };
  ClvJsonPlace top = { nested_path, "$", NULL };
  ClvJsonPlace place = { nested_path, "$.image_processor", NULL };

  /* In this order, as get_image_processor_dict() of Transformers. */
  if (!read_if_there (nested_path, &nested, error))
    return FALSE;
  top.object = nested;
  if (!clv_json_get_object (&top, "image_processor", &place.object, error))
    return FALSE;
  if (place.object == NULL) {
    if (!read_if_there (plain_path, &plain, error))
      return FALSE;
    place = (ClvJsonPlace){ plain_path, "$", plain };
  }
  if (!read_place (&place, image_size, &config, error))
    return FALSE;
  *ret_config = config;
  return TRUE;
}
