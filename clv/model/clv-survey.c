/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-survey.h"

#include <string.h>
#include <sys/stat.h>

#include "base/clv-cache-dir.h"

/* Of a file that are in the process at once while all of it is read. */
#define KEPT_BYTES ((gsize) 8 << 20)

/* Elements that are looked at twice while the processor's cache has them. */
#define BLOCK 16384

/* A file that was written to at least so long ago has times that tell. */
#define MIN_AGE_US (3 * G_USEC_PER_SEC)

#define CHECKSUM_BYTES 32

typedef struct {
  guint8 magic[8]; /* changes with the format and the digest */
  ClvFileState state;
  guint32 lanes[CLV_TENSOR_LANES];
  guint8 checksum[CHECKSUM_BYTES]; /* SHA-256 of what lies before */
} Record;

static const guint8 magic[8] = { 'c', 'l', 'v', 's', 'u', 'r', 'v', '1' };

G_STATIC_ASSERT (sizeof (Record) == 8 + 7 * 8 + 64 + 32);

void
clv_file_state_read (ClvFileState *self, const gchar *path)
{
  struct stat info;

  *self = (ClvFileState){ 0 };
  if (stat (path, &info) != 0)
    return;
  self->device = info.st_dev;
  self->inode = info.st_ino;
  self->size = info.st_size;
  self->written_s = info.st_mtim.tv_sec;
  self->written_ns = info.st_mtim.tv_nsec;
  self->changed_s = info.st_ctim.tv_sec;
  self->changed_ns = info.st_ctim.tv_nsec;
}

/* Whether it is that of the file now, and a write from now on would change it. */
static gboolean
is_lasting (const ClvFileState *state, const gchar *path)
{
  const gint64 newest_s = MAX (state->written_s, state->changed_s);
  ClvFileState now;

  clv_file_state_read (&now, path);
  return state->inode != 0 && memcmp (&now, state, sizeof now) == 0 &&
         g_get_real_time () - (newest_s + 1) * G_USEC_PER_SEC >= MIN_AGE_US;
}

static void
make_checksum (const Record *record, guint8 ret_checksum[CHECKSUM_BYTES])
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = CHECKSUM_BYTES;

  g_checksum_update (
      sum, (const guint8 *) record, G_STRUCT_OFFSET (Record, checksum));
  g_checksum_get_digest (sum, ret_checksum, &size);
}

static gchar *
cache_name (const ClvFileState *state)
{
  return g_strdup_printf ("weights-%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER
                          "x.bin",
      state->device, state->inode);
}

static gboolean
recall (ClvSafetensors *shard)
{
  g_autofree gchar *name = cache_name (&shard->state);
  g_autoptr (GBytes) bytes = clv_cache_read (name);
  guint8 checksum[CHECKSUM_BYTES];
  Record record;

  if (bytes == NULL || g_bytes_get_size (bytes) != sizeof record)
    return FALSE;
  memcpy (&record, g_bytes_get_data (bytes, NULL), sizeof record);
  make_checksum (&record, checksum);
  if (memcmp (record.magic, magic, sizeof magic) != 0 ||
      memcmp (&record.state, &shard->state, sizeof record.state) != 0 ||
      memcmp (record.checksum, checksum, sizeof checksum) != 0)
    return FALSE;
  memcpy (shard->survey.lanes, record.lanes, sizeof record.lanes);
  shard->survey.finite = TRUE;
  shard->survey.recalled = TRUE;
  return TRUE;
}

static void
remember (const ClvSafetensors *shard)
{
  g_autofree gchar *name = cache_name (&shard->state);
  Record record = { .state = shard->state };

  memcpy (record.magic, magic, sizeof magic);
  memcpy (record.lanes, shard->survey.lanes, sizeof record.lanes);
  make_checksum (&record, record.checksum);
  clv_cache_write (name, &record, sizeof record);
}

typedef struct {
  const guint8 *mixed;    /* all before it is in the lanes */
  const guint8 *released; /* and has left the process */
  guint32 *lanes;
} Pass;

/* Takes the whole blocks before `end`. */
static void
advance (Pass *self, const guint8 *end)
{
  while (end - self->mixed >= CLV_TENSOR_BLOCK_BYTES) {
    const gsize n =
        MIN ((gsize) (end - self->mixed), KEPT_BYTES) / CLV_TENSOR_BLOCK_BYTES;

    clv_tensor_mix (self->mixed, n, self->lanes);
    self->mixed += n * CLV_TENSOR_BLOCK_BYTES;
    if ((gsize) (self->mixed - self->released) < KEPT_BYTES)
      continue;
    clv_tensor_pages_done (self->released, self->mixed - self->released);
    self->released = self->mixed;
  }
}

static gboolean
look_at_tensor (Pass *self, const ClvTensor *tensor)
{
  gboolean finite = TRUE;
  ClvTensor part = *tensor;

  for (guint64 first = 0;
       tensor->dtype != CLV_DTYPE_OTHER && first < tensor->n_elements;
       first += BLOCK) {
    const gsize size = tensor->size_bytes / tensor->n_elements;
    guint64 index;

    part.n_elements = MIN (BLOCK, tensor->n_elements - first);
    part.data = tensor->data + first * size;
    finite = !clv_tensor_find_not_finite (&part, &index) && finite;
    advance (self, part.data + part.n_elements * size);
  }
  advance (self, tensor->data + tensor->size_bytes);
  return finite;
}

static void
look_at_all (ClvSafetensors *shard)
{
  const guint8 *data =
      (const guint8 *) g_mapped_file_get_contents (shard->mapped) +
      shard->data_offset;
  Pass pass = { data, data, shard->survey.lanes };

  shard->survey.finite = TRUE;
  for (guint i = 0; i < shard->by_offset->len; i++)
    if (!look_at_tensor (&pass, g_ptr_array_index (shard->by_offset, i)))
      shard->survey.finite = FALSE;
  clv_tensor_pages_done (pass.released, pass.mixed - pass.released);
}

const ClvSurvey *
clv_survey_get (ClvSafetensors *shard)
{
  const gboolean lasting = is_lasting (&shard->state, shard->path);

  if (shard->has_survey)
    return &shard->survey;
  if (!lasting || !recall (shard)) {
    look_at_all (shard);
    if (lasting && shard->survey.finite &&
        is_lasting (&shard->state, shard->path))
      remember (shard);
  }
  shard->has_survey = TRUE;
  return &shard->survey;
}
