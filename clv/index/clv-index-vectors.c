/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-index-vectors.h"

#include <clv/clv-error.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops/half.h"

typedef struct {
  guint8 magic[8];
  guint32 byte_order;
  guint32 width;
  gchar model_id[CLV_INDEX_MODEL_ID_BYTES];
  guint8 zeros[48];
} Header;

G_STATIC_ASSERT (sizeof (Header) == CLV_INDEX_HEADER_BYTES);

static const guint8 magic[8] = { 'c', 'l', 'v', 'v', 'e', 'c', 's', '1' };

static gboolean
fail_errno (const gchar *path, const gchar *what, gint code, GError **error)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
      "%s: %s: %s", path, what, g_strerror (code));
  return FALSE;
}

static gboolean
write_all (ClvIndexVectors *self, gconstpointer data, gsize size, off_t offset,
    GError **error)
{
  const guint8 *bytes = data;

  while (size > 0) {
    const gssize n = pwrite (self->fd, bytes, size, offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return fail_errno (
          self->path, "cannot be written", n < 0 ? errno : ENOSPC, error);
    bytes += n;
    size -= (gsize) n;
    offset += n;
  }
  return TRUE;
}

static gboolean
sync_file (ClvIndexVectors *self, GError **error)
{
  return fdatasync (self->fd) == 0 ||
         fail_errno (self->path, "cannot be written", errno, error);
}

/* So that the new name survives a power cut too. */
static gboolean
sync_directory (const gchar *path, GError **error)
{
  g_autofree gchar *directory = g_path_get_dirname (path);
  const gint fd = g_open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  gboolean good;

  if (fd < 0)
    return fail_errno (directory, "cannot be opened", errno, error);
  /* Some file systems refuse it, and need none. */
  good = fsync (fd) == 0 || errno == EINVAL ||
         fail_errno (directory, "cannot be written", errno, error);
  close (fd);
  return good;
}

/* What lies there may only go if it is one of ours. Who has it open keeps it, so
 * it is not written over. */
static gboolean
remove_old (const gchar *path, GError **error)
{
  const gint fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  guint8 found[sizeof magic];
  gssize n;
  gint code;

  if (fd < 0)
    return errno == ENOENT || fail_errno (path, "cannot be read", errno, error);
  n = pread (fd, found, sizeof found, 0);
  code = errno;
  close (fd);
  if (n < 0)
    return fail_errno (path, "cannot be read", code, error);
  if (memcmp (found, magic, (gsize) n) != 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: is in the way of a new index: it was not made by clv", path);
    return FALSE;
  }
  return g_unlink (path) == 0 ||
         fail_errno (path, "cannot be replaced", errno, error);
}

gboolean
clv_index_vectors_create (
    const gchar *path, const gchar *model_id, guint width, GError **error)
{
  ClvIndexVectors self = { .path = g_strdup (path) };
  Header header = { .byte_order = 1, .width = width };
  gboolean good = FALSE;

  memcpy (header.magic, magic, sizeof magic);
  memcpy (header.model_id, model_id,
      MIN (strlen (model_id), sizeof header.model_id));
  if (remove_old (path, error)) {
    self.fd = g_open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (self.fd < 0)
      fail_errno (path, "cannot be made", errno, error);
    else
      good = write_all (&self, &header, sizeof header, 0, error) &&
             sync_file (&self, error) && sync_directory (path, error);
  }
  clv_index_vectors_clear (&self);
  return good;
}

static gboolean
check_header (ClvIndexVectors *self, const Header *header,
    const gchar *model_id, GError **error)
{
  const gsize id_bytes = MIN (strlen (model_id), sizeof header->model_id);

  if (memcmp (header->magic, magic, sizeof magic) != 0)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: holds no embeddings of clv: wanted \"%.8s\" at its start",
        self->path, (const gchar *) magic);
  else if (header->byte_order != 1)
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: was made on a machine with the other byte order", self->path);
  else if (header->width != self->width)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted embeddings of %u values as the database says, found %u",
        self->path, self->width, header->width);
  else if (memcmp (header->model_id, model_id, id_bytes) != 0)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: is of another model than the database beside it (%.12s…)",
        self->path, model_id);
  else
    return TRUE;
  return FALSE;
}

gboolean
clv_index_vectors_open (ClvIndexVectors *self, const gchar *path,
    const gchar *model_id, guint width, gboolean writable, GError **error)
{
  Header header;
  gssize n;

  self->path = g_strdup (path);
  self->width = width;
  self->fd = g_open (path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC, 0);
  if (self->fd < 0)
    return fail_errno (path, "cannot be opened", errno, error);
  n = pread (self->fd, &header, sizeof header, 0);
  if (n < 0)
    return fail_errno (path, "cannot be read", errno, error);
  if (n < (gssize) sizeof header) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted a header of %u bytes, found %" G_GSSIZE_FORMAT " bytes",
        path, CLV_INDEX_HEADER_BYTES, n);
    return FALSE;
  }
  return check_header (self, &header, model_id, error);
}

void
clv_index_vectors_clear (ClvIndexVectors *self)
{
  if (self->map != NULL)
    munmap (self->map, self->mapped);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  *self = CLV_INDEX_VECTORS_INIT;
}

static gsize
row_bytes (const ClvIndexVectors *self)
{
  return sizeof (guint16) * self->width;
}

static guint64
end_of (const ClvIndexVectors *self, guint64 n_rows)
{
  return CLV_INDEX_HEADER_BYTES + n_rows * row_bytes (self);
}

gboolean
clv_index_vectors_check (
    ClvIndexVectors *self, guint64 n_rows, gboolean cut, GError **error)
{
  struct stat info;
  guint64 n_found, wanted;

  if (fstat (self->fd, &info) != 0)
    return fail_errno (self->path, "cannot be read", errno, error);
  n_found = (MAX ((guint64) info.st_size, CLV_INDEX_HEADER_BYTES) -
                CLV_INDEX_HEADER_BYTES) /
            row_bytes (self);
  /* As rows: a wild number of them may be any number of bytes. */
  if (n_rows > n_found || info.st_size < CLV_INDEX_HEADER_BYTES) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted %" G_GUINT64_FORMAT " embeddings as the database says, "
        "found %" G_GUINT64_FORMAT ": the file was cut off",
        self->path, n_rows, n_found);
    return FALSE;
  }
  wanted = end_of (self, n_rows);
  if (cut && (guint64) info.st_size > wanted &&
      ftruncate (self->fd, (off_t) wanted) != 0)
    return fail_errno (self->path, "cannot be written", errno, error);
  return TRUE;
}

gboolean
clv_index_vectors_write (ClvIndexVectors *self, guint64 first,
    const gfloat *rows, guint n, GError **error)
{
  const gsize n_values = (gsize) n * self->width;
  g_autofree guint16 *halves = g_new (guint16, n_values);

  for (gsize i = 0; i < n_values; i++)
    halves[i] = clv_half_from_float (rows[i]);
  return write_all (self, halves, n_values * sizeof *halves,
             (off_t) end_of (self, first), error) &&
         sync_file (self, error);
}

const guint16 *
clv_index_vectors_map (ClvIndexVectors *self, guint64 n_rows, GError **error)
{
  const gsize wanted = end_of (self, n_rows);

  /* Pages behind the file's end would be a SIGBUS. */
  if (!clv_index_vectors_check (self, n_rows, FALSE, error))
    return NULL;
  if (self->map == NULL || self->mapped < wanted) {
    if (self->map != NULL)
      munmap (self->map, self->mapped);
    self->map = mmap (NULL, wanted, PROT_READ, MAP_SHARED, self->fd, 0);
    if (self->map == MAP_FAILED) {
      self->map = NULL;
      fail_errno (self->path, "cannot be mapped", errno, error);
      return NULL;
    }
    self->mapped = wanted;
  }
  return (const guint16 *) ((guint8 *) self->map + CLV_INDEX_HEADER_BYTES);
}
