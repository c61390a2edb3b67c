/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* safetensors files: good ones, and every way a header can lie. */

#include "model/clv-tensor-file.h"

#include <math.h>
#include <string.h>

#include <clv/clv-error.h>

#include "test-model.h"

typedef struct {
  gchar *directory;
  gchar *path; /* model.safetensors in it */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp ("clv-test-tensors-XXXXXX", NULL);
  g_assert_nonnull (fixture->directory);
  fixture->path =
      g_build_filename (fixture->directory, "model.safetensors", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  test_remove_directory (fixture->directory);
  g_free (fixture->directory);
  g_free (fixture->path);
}

/* A header that is wrong, and what the message must say about it. */
typedef struct {
  const gchar *test;
  const gchar *header;
  gint64 header_size; /* -1: as it is */
  gsize n_bytes;      /* of data */
  const gchar *message;
} BadHeader;

#define TENSOR(dtype, shape, offsets)                                          \
  "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const BadHeader bad_headers[] = {
  { "header-length-0", "{}", 0, 0, "found nothing" },
  { "header-length-beyond-the-file", "{}", 3, 0, "header length" },
  { "header-length-all-ones", "{}", G_MAXINT64, 8, "header length" },
  { "header-length-above-the-cap", "{}", 100000001, 0, "header length" },
  { "header-not-json", "[}", -1, 0, "not JSON" },
  { "header-an-array", "[]", -1, 0, "wanted an object, found an array" },
  { "header-not-utf8", "{\"\xff\":1}", -1, 0, "not UTF-8" },
  { "tensor-not-an-object", "{\"x\":1}", -1, 0,
      "$[\"x\"]: wanted an object, found an integer" },
  { "dtype-missing", "{\"x\":{\"shape\":[],\"data_offsets\":[0,0]}}", -1, 0,
      "$[\"x\"].dtype: wanted a string, found nothing" },
  { "dtype-not-a-string",
      "{\"x\":{\"dtype\":4,\"shape\":[],\"data_offsets\":[0,0]}}", -1, 0,
      "$[\"x\"].dtype: wanted a string, found an integer" },
  { "shape-negative", "{\"x\":" TENSOR ("F32", "[-1]", "[0,4]") "}", -1, 4,
      "$[\"x\"].shape" },
  { "shape-fraction", "{\"x\":" TENSOR ("F32", "[1.0]", "[0,4]") "}", -1, 4,
      "$[\"x\"].shape" },
  { "shape-not-an-array", "{\"x\":" TENSOR ("F32", "1", "[0,4]") "}", -1, 4,
      "$[\"x\"].shape" },
  { "shape-of-nine",
      "{\"x\":" TENSOR ("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", -1, 4,
      "$[\"x\"].shape" },
  { "shape-overflows",
      "{\"x\":" TENSOR (
          "F32", "[4294967296,4294967296,4294967296]", "[0,4]") "}",
      -1, 4, "larger than any memory" },
  { "shape-overflows-with-the-type",
      "{\"x\":" TENSOR ("F32", "[4611686018427387905]", "[0,4]") "}", -1, 4,
      "larger than any memory" },
  { "size-is-not-shape-times-type",
      "{\"x\":" TENSOR ("F32", "[2]", "[0,4]") "}", -1, 4,
      "F32 (2) wants 8 bytes, found 4" },
  { "offsets-beyond-the-file", "{\"x\":" TENSOR ("F32", "[2]", "[0,8]") "}", -1,
      4, "4 bytes of data, found 0 to 8" },
  { "offsets-end-before-they-begin",
      "{\"x\":" TENSOR ("F32", "[1]", "[4,0]") "}", -1, 4, "found 4 to 0" },
  { "offsets-negative", "{\"x\":" TENSOR ("F32", "[1]", "[-4,0]") "}", -1, 4,
      "$[\"x\"].data_offsets" },
  { "offsets-only-one", "{\"x\":" TENSOR ("F32", "[1]", "[4]") "}", -1, 4,
      "$[\"x\"].data_offsets" },
  { "offsets-missing", "{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}", -1, 4,
      "$[\"x\"].data_offsets" },
  { "offsets-of-two-overlap",
      "{\"x\":" TENSOR ("F32", "[2]", "[0,8]") ",\"y\":" TENSOR (
          "F32", "[2]", "[4,12]") "}",
      -1, 12, "\"y\" begins at data byte 4 and overlaps \"x\"" },
  { "offsets-of-two-equal",
      "{\"x\":" TENSOR ("F32", "[1]", "[0,4]") ",\"y\":" TENSOR (
          "F32", "[1]", "[0,4]") "}",
      -1, 4, "overlaps" },
  { "hole-in-the-middle",
      "{\"x\":" TENSOR ("F32", "[1]", "[0,4]") ",\"y\":" TENSOR (
          "F32", "[1]", "[8,12]") "}",
      -1, 12, "bytes 4 to 8 belong to no tensor" },
  { "hole-at-the-end", "{\"x\":" TENSOR ("F32", "[1]", "[0,4]") "}", -1, 8,
      "bytes 4 to 8 belong to no tensor" },
  { "name-twice",
      "{\"x\":" TENSOR ("F32", "[1]", "[0,4]") ",\"x\":" TENSOR (
          "F32", "[1]", "[4,8]") "}",
      -1, 8, "\"x\" comes twice" },
};

static void
test_bad_header (Fixture *fixture, gconstpointer data)
{
  const BadHeader *bad = data;
  g_autoptr (GError) error = NULL;

  test_write_safetensors (fixture->path, bad->header,
      bad->header_size < 0 ? strlen (bad->header) : (guint64) bad->header_size,
      bad->n_bytes);
  g_assert_null (clv_tensor_file_open (fixture->directory, &error));
  test_assert_error (
      &error, CLV_ERROR, CLV_ERROR_BAD_FILE, fixture->path, bad->message, NULL);
}

static void
test_truncated_anywhere (Fixture *fixture, gconstpointer data)
{
  const gchar *header = "{\"x\":" TENSOR ("F32", "[2]", "[0,8]") "}";
  g_autofree gchar *whole = NULL;
  g_autoptr (ClvTensorFile) file = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  test_write_safetensors (fixture->path, header, strlen (header), 8);
  g_assert_true (g_file_get_contents (fixture->path, &whole, &size, NULL));
  for (gsize n = 0; n < size; n++) {
    test_write_file (fixture->path, whole, n);
    g_assert_null (clv_tensor_file_open (fixture->directory, &error));
    test_assert_error (
        &error, CLV_ERROR, CLV_ERROR_BAD_FILE, fixture->path, NULL);
  }
  test_write_file (fixture->path, whole, size);
  file = clv_tensor_file_open (fixture->directory, &error);
  g_assert_no_error (error);
}

/* Each byte in turn is replaced; whatever comes of it, nothing crashes, and
 * what opens has its data inside the file. */
static void
test_any_byte_changed (Fixture *fixture, gconstpointer data)
{
  const gchar *header = "{\"x\":" TENSOR ("BF16", "[2,3]", "[0,12]") "}";
  static const gchar replacements[] = "\0{}[],:\"09-\xff";
  g_autofree gchar *whole = NULL;
  gsize size;

  test_write_safetensors (fixture->path, header, strlen (header), 12);
  g_assert_true (g_file_get_contents (fixture->path, &whole, &size, NULL));
  for (gsize i = 0; i < size - 12; i++) {
    gchar saved = whole[i];

    for (gsize j = 0; j < sizeof replacements - 1; j++) {
      g_autoptr (ClvTensorFile) file = NULL;
      const ClvTensor *tensor = NULL;
      guint64 index;

      whole[i] = replacements[j];
      test_write_file (fixture->path, whole, size);
      file = clv_tensor_file_open (fixture->directory, NULL);
      if (file != NULL)
        tensor = clv_tensor_file_lookup (file, "x");
      if (tensor != NULL && tensor->dtype != CLV_DTYPE_OTHER)
        g_assert_false (clv_tensor_find_not_finite (tensor, &index));
    }
    whole[i] = saved;
  }
}

static void
test_deep_nesting (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) header = g_string_new ("{\"x\":");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 1000000; i++)
    g_string_append_c (header, '[');
  test_write_safetensors (fixture->path, header->str, header->len, 0);
  g_assert_null (clv_tensor_file_open (fixture->directory, &error));
  test_assert_error (&error, CLV_ERROR, CLV_ERROR_BAD_FILE, fixture->path,
      "nested deeper", NULL);
}

static void
test_no_weights (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *pickle =
      g_build_filename (fixture->directory, "pytorch_model.bin", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (clv_tensor_file_open (fixture->directory, &error));
  test_assert_error (&error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
      fixture->directory, "model.safetensors", NULL);
  test_write_file (pickle, "x", 1);
  g_assert_null (clv_tensor_file_open (fixture->directory, &error));
  test_assert_error (&error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
      "pytorch_model.bin, which must be converted", NULL);
}

static void
test_written_is_read (Fixture *fixture, gconstpointer data)
{
  const gfloat matrix[] = { 1, -2, 3.5f, 0, 1e30f, -1e-30f };
  const gfloat scalar = 7;
  const ClvFloatTensor tensors[] = {
    { "a/b \"c\"", 2, { 2, 3 }, matrix },
    { "s", 0, { 0 }, &scalar },
    { "empty", 2, { 0, 4 }, NULL },
  };
  const gchar *const keys[] = { "images", "prompts", NULL };
  const gchar *const values[] = { "[\"a.png\"]", "caf\xc3\xa9 \xff", NULL };
  g_autoptr (ClvTensorFile) file = NULL;
  g_autoptr (GError) error = NULL;
  const ClvTensor *tensor;
  gfloat got[6];

  clv_tensor_file_write (fixture->path, tensors, 3, keys, values, &error);
  g_assert_no_error (error);
  file = clv_tensor_file_open (fixture->directory, &error);
  g_assert_no_error (error);
  tensor = clv_tensor_file_lookup (file, "a/b \"c\"");
  g_assert_nonnull (tensor);
  g_assert_cmpint (tensor->dtype, ==, CLV_DTYPE_F32);
  g_assert_cmpuint (tensor->n_dims, ==, 2);
  g_assert_cmpuint (tensor->shape[0], ==, 2);
  g_assert_cmpuint (tensor->shape[1], ==, 3);
  clv_tensor_to_float (tensor, 0, 6, got);
  g_assert_cmpmem (got, sizeof got, matrix, sizeof matrix);
  clv_tensor_to_float (tensor, 4, 1, got);
  g_assert_cmpfloat (got[0], ==, 1e30f);
  g_assert_cmpstr (clv_tensor_file_get_path (file, tensor), ==, fixture->path);
  tensor = clv_tensor_file_lookup (file, "s");
  g_assert_cmpuint (tensor->n_dims, ==, 0);
  g_assert_cmpuint (tensor->n_elements, ==, 1);
  tensor = clv_tensor_file_lookup (file, "empty");
  g_assert_cmpuint (tensor->n_elements, ==, 0);
  g_assert_null (clv_tensor_file_lookup (file, "__metadata__"));
}

static void
test_write_fails (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *path =
      g_build_filename (fixture->directory, "no", "such", "file", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (clv_tensor_file_write (path, NULL, 0, NULL, NULL, &error));
  test_assert_error (&error, G_FILE_ERROR, G_FILE_ERROR_NOENT, path, NULL);
}

/* A type nobody knows is somebody else's tensor, of whatever size. */
static void
test_other_types (Fixture *fixture, gconstpointer data)
{
  const gchar *header =
      "{\"__metadata__\":{\"format\":\"pt\"},"
      "\"ids\":" TENSOR ("I64", "[1,2]", "[0,16]") ","
                                                   "\"f4\":" TENSOR ("F4",
                                                       "[6]", "[16,19]") "}";
  g_autoptr (ClvTensorFile) file = NULL;
  g_autoptr (GError) error = NULL;
  const ClvTensor *tensor;

  test_write_safetensors (fixture->path, header, strlen (header), 19);
  file = clv_tensor_file_open (fixture->directory, &error);
  g_assert_no_error (error);
  tensor = clv_tensor_file_lookup (file, "ids");
  g_assert_cmpint (tensor->dtype, ==, CLV_DTYPE_OTHER);
  g_assert_cmpstr (tensor->dtype_name, ==, "I64");
  tensor = clv_tensor_file_lookup (file, "f4");
  g_assert_cmpint (tensor->dtype, ==, CLV_DTYPE_OTHER);
  g_assert_cmpstr (tensor->dtype_name, ==, "F4");
}

/* Every float16, computed by its definition (IEEE 754 binary16). */
static void
test_half_values (void)
{
  for (guint half = 0; half < 65536; half++) {
    guint16 bits = half;
    guint exponent = half >> 10 & 31, fraction = half & 1023;
    ClvTensor tensor = { .dtype = CLV_DTYPE_F16,
      .n_elements = 1,
      .data = (const guint8 *) &bits,
      .size_bytes = 2 };
    gdouble wanted = exponent == 0 ? ldexp (fraction, -24)
                                   : ldexp (1024 + fraction, exponent - 25);
    guint64 index;
    gfloat got;

    clv_tensor_to_float (&tensor, 0, 1, &got);
    g_assert_cmpint (
        clv_tensor_find_not_finite (&tensor, &index), ==, exponent == 31);
    if (exponent == 31 && fraction != 0)
      g_assert_true (isnan (got));
    else if (exponent == 31)
      g_assert_true (isinf (got));
    else
      g_assert_cmpfloat (fabsf (got), ==, wanted);
    if (!isnan (got))
      g_assert_cmpint (signbit (got) != 0, ==, half >> 15);
  }
}

/* Around the blocks and vectors of the search, in data that is not aligned. */
static void
test_finds_not_finite (void)
{
  static const guint32 bad[] = { 0x7f800000, 0xff800000, 0x7fc00000,
    0xffffffff };
  const guint n = 10007;
  g_autofree guint8 *data = g_malloc0 (4 * n + 1);
  ClvTensor tensor = { .dtype = CLV_DTYPE_F32,
    .n_elements = n,
    .data = data + 1,
    .size_bytes = 4 * n };
  const guint positions[] = { 0, 1, 4095, 4096, 4097, 8191, 10006 };
  guint64 index;

  for (guint i = 0; i < n; i++) {
    guint32 largest = 0xff7fffff;

    memcpy (data + 1 + 4 * i, &largest, 4);
  }
  g_assert_false (clv_tensor_find_not_finite (&tensor, &index));
  for (guint i = 0; i < G_N_ELEMENTS (positions); i++) {
    guint8 *place = data + 1 + 4 * positions[i];
    guint8 saved[4];

    memcpy (saved, place, 4);
    memcpy (place, &bad[i % G_N_ELEMENTS (bad)], 4);
    g_assert_true (clv_tensor_find_not_finite (&tensor, &index));
    g_assert_cmpuint (index, ==, positions[i]);
    memcpy (place, saved, 4);
  }
}

/* Each word changes its lane, at any alignment, and the processor's own
 * instructions do as the others. */
static void
test_mix (void)
{
  enum { N_BLOCKS = 9, N_BYTES = N_BLOCKS * CLV_TENSOR_BLOCK_BYTES };
  guint8 data[N_BYTES + 1] = { 0 };
  guint32 before[CLV_TENSOR_LANES] = { 0 };

  for (guint i = 0; i < N_BYTES; i++)
    data[1 + i] = (guint8) (i * 89 + i / 7);
  clv_tensor_mix (data + 1, N_BLOCKS, before);
  for (guint i = 0; i < N_BYTES; i++) {
    guint32 lanes[CLV_TENSOR_LANES] = { 0 }, same[CLV_TENSOR_LANES] = { 0 };

    data[1 + i] ^= 0x80;
    clv_tensor_mix (data + 1, N_BLOCKS, lanes);
    clv_tensor_mix_portable (data + 1, N_BLOCKS, same);
    data[1 + i] ^= 0x80;
    g_assert_cmpmem (lanes, sizeof lanes, same, sizeof same);
    for (guint j = 0; j < CLV_TENSOR_LANES; j++)
      g_assert_cmpint (
          lanes[j] != before[j], ==, j == i / 4 % CLV_TENSOR_LANES);
  }
}

/* Of mapped files that are in this process, in bytes; 0 where the system does not
 * tell. */
static guint64
mapped_bytes (void)
{
  g_autofree gchar *status = NULL;
  const gchar *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;
  line = strstr (status, "RssFile:");
  return line != NULL
             ? g_ascii_strtoull (line + strlen ("RssFile:"), NULL, 10) * 1024
             : 0;
}

static void
test_reading_all_keeps_little (Fixture *fixture, gconstpointer data)
{
  static const gchar header[] = TENSOR ("F32", "[16777216]", "[0,67108864]");
  const guint64 before = mapped_bytes ();
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvTensorFile) file = NULL;
  g_autofree gchar *text = g_strdup_printf ("{\"x\":%s}", header);
  const guint64 size = GUINT64_TO_LE (strlen (text));
  const gsize length = sizeof size + strlen (text) + (64 << 20);
  g_autofree gchar *contents = g_malloc0 (length);

  if (before == 0) {
    g_test_skip ("the system does not tell what is mapped");
    return;
  }
  memcpy (contents, &size, sizeof size);
  memcpy (contents + sizeof size, text, strlen (text));
  g_assert_true (
      g_file_set_contents (fixture->path, contents, (gssize) length, NULL));
  file = clv_tensor_file_open (fixture->directory, &error);
  g_assert_no_error (error);
  clv_tensor_file_hash (file, checksum);
  g_assert_cmpuint (mapped_bytes (), <, before + (16 << 20));
}

static void
test_bfloat16_values (void)
{
  const guint16 values[] = { 0x3f80, 0xc049, 0x0001, 0x7f80, 0x0000 };
  ClvTensor tensor = { .dtype = CLV_DTYPE_BF16,
    .n_elements = 5,
    .data = (const guint8 *) values,
    .size_bytes = 10 };
  guint64 index = 0;
  gfloat got[5];

  clv_tensor_to_float (&tensor, 0, 5, got);
  g_assert_cmpfloat (got[0], ==, 1);
  g_assert_cmpfloat (got[1], ==, -3.140625f);
  g_assert_cmpfloat (got[2], ==, 0x1p-133f);
  g_assert_true (isinf (got[3]));
  g_assert_true (clv_tensor_find_not_finite (&tensor, &index));
  g_assert_cmpuint (index, ==, 3);
}

/* What the index of shards may say wrongly. */
static const struct {
  const gchar *index;
  gint code;
  const gchar *message;
} bad_indices[] = {
  { "{}", CLV_ERROR_BAD_FILE, "$.weight_map: wanted an object" },
  { "{\"weight_map\":[]}", CLV_ERROR_BAD_FILE,
      "$.weight_map: wanted an object, found an array" },
  { "{\"weight_map\":{\"x\":3}}", CLV_ERROR_BAD_FILE,
      "$.weight_map.x: wanted a string" },
  { "{\"weight_map\":{\"x\":\"../shard\"}}", CLV_ERROR_BAD_FILE,
      "wanted the name of a file in the same directory" },
  { "{\"weight_map\":{\"x\":\"\"}}", CLV_ERROR_BAD_FILE,
      "wanted the name of a file in the same directory" },
  { "{\"weight_map\":{\"y\":\"shard\"}}", CLV_ERROR_BAD_FILE,
      "the tensor \"y\"" },
};

static void
test_bad_index (Fixture *fixture, gconstpointer data)
{
  const gchar *header = "{\"x\":" TENSOR ("F32", "[1]", "[0,4]") "}";
  g_autofree gchar *index = g_build_filename (
      fixture->directory, "model.safetensors.index.json", NULL);
  g_autofree gchar *shard =
      g_build_filename (fixture->directory, "shard", NULL);
  g_autoptr (ClvTensorFile) file = NULL;
  g_autoptr (GError) error = NULL;

  test_write_safetensors (shard, header, strlen (header), 4);
  for (guint i = 0; i < G_N_ELEMENTS (bad_indices); i++) {
    test_write_file (index, bad_indices[i].index, -1);
    g_assert_null (clv_tensor_file_open (fixture->directory, &error));
    test_assert_error (&error, CLV_ERROR, bad_indices[i].code, index,
        bad_indices[i].message, NULL);
  }
  test_write_file (index, "{\"weight_map\":{\"x\":\"gone\"}}", -1);
  g_assert_null (clv_tensor_file_open (fixture->directory, &error));
  test_assert_error (
      &error, G_FILE_ERROR, G_FILE_ERROR_NOENT, index, "gone", NULL);
  test_write_file (index, "{\"weight_map\":{\"x\":\"shard\"}}", -1);
  file = clv_tensor_file_open (fixture->directory, &error);
  g_assert_no_error (error);
  g_assert_nonnull (clv_tensor_file_lookup (file, "x"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (bad_headers); i++) {
    g_autofree gchar *path =
        g_strconcat ("/tensor-file/refuses/", bad_headers[i].test, NULL);

    g_test_add (
        path, Fixture, &bad_headers[i], set_up, test_bad_header, tear_down);
  }
#define ADD(path, function)                                                    \
  g_test_add ("/tensor-file/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("refuses/truncated-anywhere", test_truncated_anywhere);
  ADD ("refuses/deep-nesting", test_deep_nesting);
  ADD ("refuses/bad-index", test_bad_index);
  ADD ("refuses/no-weights", test_no_weights);
  ADD ("survives-any-byte-changed", test_any_byte_changed);
  ADD ("what-is-written-is-read", test_written_is_read);
  ADD ("says-where-writing-failed", test_write_fails);
  ADD ("other-types-are-kept-apart", test_other_types);
  g_test_add_func ("/tensor-file/every-half-value", test_half_values);
  g_test_add_func ("/tensor-file/mix-has-each-word", test_mix);
  g_test_add ("/tensor-file/reading-all-keeps-little", Fixture, NULL, set_up,
      test_reading_all_keeps_little, tear_down);
  g_test_add_func ("/tensor-file/bfloat16-values", test_bfloat16_values);
  g_test_add_func ("/tensor-file/finds-not-finite", test_finds_not_finite);
  return g_test_run ();
}
