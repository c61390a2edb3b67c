/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* safetensors: named tensors in a mapped file. Format: 8 bytes little-endian
 * header length, JSON header { name: { dtype, shape, data_offsets } }, data. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  CLV_DTYPE_F32,
  CLV_DTYPE_F16,
  CLV_DTYPE_BF16,
  CLV_DTYPE_OTHER, /* well-formed, but nothing we compute with: I64, U8 … */
} ClvDtype;

#define CLV_MAX_DIMS 8

/* One tensor: a view into the mapped file, row-major, little-endian, maybe
 * unaligned. Valid as long as its ClvTensorFile. */
typedef struct {
  const gchar *name;
  ClvDtype dtype;
  const gchar *dtype_name; /* as the file spells it */
  guint n_dims;
  guint64 shape[CLV_MAX_DIMS];
  guint64 n_elements;
  const guint8 *data;
  gsize size_bytes;
} ClvTensor;

/* One or several (sharded) mapped files. */
typedef struct _ClvTensorFile ClvTensorFile;

/* Opens DIRECTORY/model.safetensors, or the shards that
 * DIRECTORY/model.safetensors.index.json names. The header is not trusted:
 * length, types, shapes, offsets, overlaps and holes are checked. */
ClvTensorFile *clv_tensor_file_open (const gchar *directory, GError **error);
void clv_tensor_file_free (ClvTensorFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvTensorFile, clv_tensor_file_free)

/* NULL if there is none. */
const ClvTensor *clv_tensor_file_lookup (
    ClvTensorFile *self, const gchar *name);

/* The path of the file that holds the tensor, for messages. */
const gchar *clv_tensor_file_get_path (
    ClvTensorFile *self, const ClvTensor *tensor);

/* Bytes of tensors that have been read: their pages leave this process, and the file
 * stays in the system's memory. They may be read again. */
void clv_tensor_pages_done (const guint8 *data, gsize size);

/* Adds what tells these weights from others to a checksum: sizes, headers and a
 * digest of all data, that a change of any one weight changes. */
void clv_tensor_file_hash (ClvTensorFile *self, GChecksum *checksum);

/* Whether all values of all tensors of floats are finite. This and the digest take one
 * pass over all data at the first call, unless the cache knows them: clv-survey.h. */
gboolean clv_tensor_file_is_finite (ClvTensorFile *self);

/* "(512, 64)", for messages. */
gchar *clv_tensor_shape_string (guint n_dims, const guint64 *shape);

/* TRUE with the index of the first element that is NaN or infinite. F32, F16
 * and BF16 only. Runs at the speed of memory. */
gboolean clv_tensor_find_not_finite (
    const ClvTensor *tensor, guint64 *ret_index);

#define CLV_TENSOR_LANES       16
#define CLV_TENSOR_BLOCK_BYTES 64

/* Takes blocks of 16 little-endian words, maybe unaligned, into 16 lanes. Not
 * cryptographic: it tells files apart, and lanes differ for certain where one
 * word does. Runs at the speed of memory. */
void clv_tensor_mix (const guint8 *data, gsize n_blocks, guint32 *lanes);

/* The same without instructions that not every processor has: for the tests. */
void clv_tensor_mix_portable (
    const guint8 *data, gsize n_blocks, guint32 *lanes);

/* Copies elements [first, first + n) to float32. F32, F16 and BF16 only. */
void clv_tensor_to_float (
    const ClvTensor *tensor, guint64 first, guint64 n, gfloat *ret_values);

/* For clv_tensor_file_write(). */
typedef struct {
  const gchar *name;
  guint n_dims;
  guint64 shape[CLV_MAX_DIMS];
  const gfloat *values;
} ClvFloatTensor;

/* Writes float32 tensors and string metadata: a file aside, then renamed, a device
 * or a pipe as it is. The keys are
 * NULL-terminated or NULL, each with its value. */
gboolean clv_tensor_file_write (const gchar *path,
    const ClvFloatTensor *tensors, guint n_tensors,
    const gchar *const *metadata_keys, const gchar *const *metadata_values,
    GError **error);

G_END_DECLS
