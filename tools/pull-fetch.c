/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pull-fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include <clv/clv-error.h>

/* Tries in a row that bring nothing new; the pause before one doubles. */
#define MAX_TRIES    5
#define FIRST_WAIT_S 0.25
#define CONNECT_S    20L

/* Whatever a server promises. The largest CLIP has 10 GB, a vocabulary a few MB. */
#define MAX_WEIGHTS_BYTES (G_GINT64_CONSTANT (64) << 30)
#define MAX_OTHER_BYTES   (G_GINT64_CONSTANT (64) << 20)

/* One file on its way. */
typedef struct {
  Fetcher *fetcher;
  gchar *url;
  gchar *path, *part, *etag_path;
  int fd;
  gint64 size;        /* of NAME.part */
  gint64 from;        /* where this transfer begins */
  gint64 total;       /* that the server promises; -1: it does not say */
  gint64 max;         /* of both */
  gint64 range_from;  /* where the server says that its answer begins */
  gchar *etag;        /* of what is in NAME.part; strong, or NULL */
  gchar *answer_etag; /* of the answer that is being read */
  gchar *sha256;      /* from the headers */
  gboolean started;   /* a byte of this answer has come */
  gboolean shifted;   /* it was not the part that was asked for */
  gboolean too_large;
  int write_errno;
  Progress progress;
} Fetch;

gboolean
fetcher_init (Fetcher *self, const gchar *token, guint stall_s, GError **error)
{
  *self = (Fetcher){
    .curl = curl_easy_init (),
    .token = token,
    .stall_s = stall_s,
    .checksums =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
  };
  if (self->curl != NULL)
    return TRUE;
  g_set_error (
      error, CLV_ERROR, CLV_ERROR_NO_MEMORY, "libcurl cannot be started");
  fetcher_clear (self);
  return FALSE;
}

void
fetcher_clear (Fetcher *self)
{
  g_clear_pointer (&self->curl, curl_easy_cleanup);
  g_clear_pointer (&self->checksums, g_hash_table_unref);
}

static void
fetch_clear (Fetch *self)
{
  progress_finish (&self->progress);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->url);
  g_free (self->path);
  g_free (self->part);
  g_free (self->etag_path);
  g_free (self->etag);
  g_free (self->answer_etag);
  g_free (self->sha256);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fetch, fetch_clear)

/* "Name: value" → value without quotes, if the name is this one. */
static gchar *
header_value (const gchar *line, gsize size, const gchar *name)
{
  const gsize n = strlen (name);
  gchar *value;

  if (size <= n || g_ascii_strncasecmp (line, name, n) != 0 || line[n] != ':')
    return NULL;
  value = g_strstrip (g_strndup (line + n + 1, size - n - 1));
  if (*value == '"' && strlen (value) >= 2) {
    value[strlen (value) - 1] = '\0';
    memmove (value, value + 1, strlen (value));
  }
  return value;
}

static gboolean
is_sha256 (const gchar *text)
{
  return strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

/* Headers of every answer on the way, redirections too: Hugging Face has size and
 * checksum in the first one. */
static size_t
take_header (char *line, size_t size, size_t n, void *user_data)
{
  Fetch *self = user_data;
  const gsize length = size * n;
  g_autofree gchar *sha256 = header_value (line, length, "x-linked-etag");
  g_autofree gchar *linked = header_value (line, length, "x-linked-size");
  g_autofree gchar *range = header_value (line, length, "content-range");
  gchar *etag = header_value (line, length, "etag");

  if (sha256 != NULL && is_sha256 (sha256)) {
    g_free (self->sha256);
    self->sha256 = g_steal_pointer (&sha256);
  }
  if (linked != NULL)
    self->total = g_ascii_strtoll (linked, NULL, 10);
  /* "bytes 100-199/200" */
  if (range != NULL && g_ascii_strncasecmp (range, "bytes ", 6) == 0)
    self->range_from = g_ascii_strtoll (range + 6, NULL, 10);
  if (range != NULL && strrchr (range, '/') != NULL &&
      g_ascii_isdigit (strrchr (range, '/')[1]))
    self->total = g_ascii_strtoll (strrchr (range, '/') + 1, NULL, 10);
  if (etag != NULL || (length > 5 && memcmp (line, "HTTP/", 5) == 0)) {
    g_free (self->answer_etag);
    self->answer_etag = etag;
  }
  return length;
}

/* The first byte tells whether the server goes on or begins anew. */
static gboolean
begin_body (Fetch *self)
{
  glong status = 0;
  curl_off_t length = -1;

  self->started = TRUE;
  curl_easy_getinfo (self->fetcher->curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 206 && self->from > 0) {
    self->from = self->size = 0;
    if (ftruncate (self->fd, 0) != 0 || lseek (self->fd, 0, SEEK_SET) != 0) {
      self->write_errno = errno;
      return FALSE;
    }
  }
  /* What is here and this do not fit together: all of it again. */
  self->shifted = status == 206 && self->range_from != self->from;
  if (self->shifted) {
    g_clear_pointer (&self->etag, g_free);
    g_remove (self->etag_path);
    return FALSE;
  }
  curl_easy_getinfo (
      self->fetcher->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (self->total < 0 && length >= 0)
    self->total = self->from + length;
  self->too_large = self->total > self->max;
  if (self->too_large)
    return FALSE;
  /* Only with it may a transfer go on where another ended. */
  g_free (self->etag);
  self->etag = g_steal_pointer (&self->answer_etag);
  if (self->etag != NULL && g_str_has_prefix (self->etag, "W/"))
    g_clear_pointer (&self->etag, g_free);
  if (self->etag != NULL)
    g_file_set_contents (self->etag_path, self->etag, -1, NULL);
  return TRUE;
}

static size_t
take_body (char *data, size_t size, size_t n, void *user_data)
{
  Fetch *self = user_data;
  gsize left = size * n;

  if (!self->started && !begin_body (self))
    return 0;
  self->too_large = (gint64) left > self->max - self->size;
  if (self->too_large)
    return 0;
  while (left > 0) {
    const gssize written = write (self->fd, data, left);

    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0) {
      self->write_errno = written < 0 ? errno : ENOSPC;
      return 0;
    }
    data += written;
    left -= (gsize) written;
    self->size += written;
  }
  progress_update (&self->progress, (guint64) self->size >> 20,
      self->total > 0 ? (gdouble) self->size / (gdouble) self->total : -1.0);
  return size * n;
}

/* What an earlier try left, unless it cannot be gone on with. */
static gboolean
open_part (Fetch *self, GError **error)
{
  self->fd = g_open (self->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (self->fd < 0) {
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s",
        self->part, g_strerror (errno));
    return FALSE;
  }
  g_file_get_contents (self->etag_path, &self->etag, NULL, NULL);
  self->size = self->etag != NULL ? lseek (self->fd, 0, SEEK_END) : 0;
  if (self->size >= 0 && ftruncate (self->fd, self->size) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s",
      self->part, g_strerror (errno));
  return FALSE;
}

static CURLcode
transfer (Fetch *self)
{
  CURL *curl = self->fetcher->curl;
  struct curl_slist *headers = NULL;
  g_autofree gchar *range = NULL, *if_range = NULL;
  CURLcode code;

  self->from = self->size;
  self->total = -1;
  self->range_from = -1;
  self->started = FALSE;
  self->shifted = FALSE;
  self->too_large = FALSE;
  self->write_errno = 0;
  curl_easy_reset (curl);
  curl_easy_setopt (curl, CURLOPT_URL, self->url);
  curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http,https");
  /* What was asked for in private is not to come in public. */
  curl_easy_setopt (curl, CURLOPT_REDIR_PROTOCOLS_STR,
      g_ascii_strncasecmp (self->url, "https:", 6) == 0 ? "https"
                                                        : "http,https");
  curl_easy_setopt (curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt (curl, CURLOPT_MAXREDIRS, 8L);
  curl_easy_setopt (curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (curl, CURLOPT_USERAGENT, "clv/" CLV_VERSION);
  curl_easy_setopt (curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
  curl_easy_setopt (curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt (
      curl, CURLOPT_LOW_SPEED_TIME, (long) self->fetcher->stall_s);
  if (self->fetcher->token != NULL) {
    curl_easy_setopt (curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt (curl, CURLOPT_XOAUTH2_BEARER, self->fetcher->token);
  }
  if (self->from > 0) {
    /* Not CURLOPT_RESUME_FROM_LARGE: it refuses a server that begins anew. */
    range = g_strdup_printf ("Range: bytes=%" G_GINT64_FORMAT "-", self->from);
    if_range = g_strdup_printf ("If-Range: \"%s\"", self->etag);
    headers = curl_slist_append (headers, range);
    headers = curl_slist_append (headers, if_range);
  }
  curl_easy_setopt (curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt (curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt (curl, CURLOPT_HEADERDATA, self);
  curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt (curl, CURLOPT_WRITEDATA, self);
  code = curl_easy_perform (curl);
  curl_slist_free_all (headers);
  return code;
}

/* Whether another try may bring more. */
static gboolean
may_try_again (const Fetch *self, CURLcode code, glong status)
{
  if (self->shifted)
    return TRUE;
  if (code == CURLE_HTTP_RETURNED_ERROR)
    return status == 408 || status == 416 || status == 429 || status >= 500;
  return code != CURLE_WRITE_ERROR && code != CURLE_URL_MALFORMAT &&
         code != CURLE_UNSUPPORTED_PROTOCOL &&
         code != CURLE_TOO_MANY_REDIRECTS &&
         code != CURLE_PEER_FAILED_VERIFICATION &&
         code != CURLE_COULDNT_RESOLVE_HOST;
}

static void
set_transfer_error (Fetch *self, CURLcode code, glong status, GError **error)
{
  if (code == CURLE_WRITE_ERROR && self->write_errno != 0)
    g_set_error (error, G_FILE_ERROR,
        g_file_error_from_errno (self->write_errno), "%s: %s", self->part,
        g_strerror (self->write_errno));
  else if (self->shifted)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the server sends another part of it than was asked for",
        self->url);
  else if (self->too_large)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: is not taken, as it has more than %" G_GINT64_FORMAT " MB",
        self->url, self->max >> 20);
  else if (code == CURLE_HTTP_RETURNED_ERROR &&
           (status == 401 || status == 403))
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the server does not allow it (HTTP %ld); a token for Hugging Face "
        "is taken from HF_TOKEN",
        self->url, status);
  else if (code == CURLE_HTTP_RETURNED_ERROR)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the server answers with HTTP %ld", self->url, status);
  else if (code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_PROXY)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: %s; is this machine online? http_proxy, https_proxy and "
        "HF_ENDPOINT "
        "(a mirror) are respected",
        self->url, curl_easy_strerror (code));
  else if (code == CURLE_OPERATION_TIMEDOUT)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: no byte for %u seconds, %d times in a row; the next try goes on "
        "at byte %" G_GINT64_FORMAT,
        self->url, self->fetcher->stall_s, MAX_TRIES, self->size);
  else if (code == CURLE_PARTIAL_FILE && self->total >= 0)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the server promised %" G_GINT64_FORMAT
        " bytes, and ended after %" G_GINT64_FORMAT,
        self->url, self->total, self->size);
  else
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE, "%s: %s", self->url,
        curl_easy_strerror (code));
}

/* Tries until all is there. */
static FetchResult
transfer_all (Fetch *self, GError **error)
{
  gdouble wait_s = FIRST_WAIT_S;
  glong status = 0;
  CURLcode code = CURLE_OK;

  for (guint tries = 0; tries < MAX_TRIES; tries++) {
    const gint64 before = self->size;

    if (tries > 0) {
      g_usleep ((gulong) (wait_s * G_USEC_PER_SEC));
      wait_s *= 2;
    }
    code = transfer (self);
    if (code == CURLE_OK)
      return FETCH_DONE;
    curl_easy_getinfo (self->fetcher->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_HTTP_RETURNED_ERROR && (status == 404 || status == 410))
      return FETCH_MISSING;
    if (!may_try_again (self, code, status))
      break;
    /* 416: what is here is not a beginning of what is there. */
    if (status == 416 || self->etag == NULL)
      self->size = 0;
    if (lseek (self->fd, self->size, SEEK_SET) < 0 ||
        ftruncate (self->fd, self->size) != 0)
      break;
    if (self->size > before) {
      tries = 0;
      wait_s = FIRST_WAIT_S;
    }
  }
  set_transfer_error (self, code, status, error);
  return FETCH_FAILED;
}

static gchar *
hash_part (Fetch *self, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *block = g_malloc (1 << 20);
  gssize n;

  if (lseek (self->fd, 0, SEEK_SET) < 0)
    goto fail;
  while ((n = read (self->fd, block, 1 << 20)) > 0)
    g_checksum_update (checksum, block, n);
  if (n == 0)
    return g_strdup (g_checksum_get_string (checksum));

fail:
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s",
      self->part, g_strerror (errno));
  return NULL;
}

/* FALSE with an error, and without what was fetched: it is wrong. */
static gboolean
check (Fetch *self, const gchar *name, GError **error)
{
  const gchar *wanted = g_hash_table_lookup (self->fetcher->checksums, name);
  g_autofree gchar *found = NULL;

  if (wanted == NULL)
    wanted = self->sha256;
  if (self->total >= 0 && self->size != self->total) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: wanted %" G_GINT64_FORMAT
        " bytes by the server's word, found %" G_GINT64_FORMAT,
        self->url, self->total, self->size);
    goto wrong;
  }
  if (wanted == NULL)
    return TRUE;
  found = hash_part (self, error);
  if (found == NULL)
    return FALSE;
  if (g_ascii_strcasecmp (found, wanted) == 0)
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "%s: wanted the SHA-256 %s, found %s", self->url, wanted, found);

wrong:
  g_remove (self->part);
  g_remove (self->etag_path);
  return FALSE;
}

static gboolean
put_in_place (Fetch *self, GError **error)
{
  if (fsync (self->fd) == 0 && g_rename (self->part, self->path) == 0) {
    g_remove (self->etag_path);
    return TRUE;
  }
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s",
      self->path, g_strerror (errno));
  return FALSE;
}

FetchResult
fetcher_get (Fetcher *self, const gchar *base, const gchar *name,
    const gchar *folder, GError **error)
{
  g_auto (Fetch) fetch = { .fetcher = self,
    .fd = -1,
    .max = g_str_has_suffix (name, ".safetensors") ? MAX_WEIGHTS_BYTES
                                                   : MAX_OTHER_BYTES };
  g_autofree gchar *part_name = g_strconcat (name, ".part", NULL);
  g_autofree gchar *etag_name = g_strconcat (name, ".etag", NULL);
  g_autofree gchar *escaped = g_uri_escape_string (name, NULL, FALSE);
  FetchResult result;

  fetch.url = g_strconcat (base, "/", escaped, NULL);
  fetch.path = g_build_filename (folder, name, NULL);
  fetch.part = g_build_filename (folder, part_name, NULL);
  fetch.etag_path = g_build_filename (folder, etag_name, NULL);
  if (g_file_test (fetch.path, G_FILE_TEST_EXISTS))
    return FETCH_DONE;
  if (!open_part (&fetch, error))
    return FETCH_FAILED;
  progress_start (&fetch.progress, name, "MB");
  result = transfer_all (&fetch, error);
  progress_finish (&fetch.progress);
  if (result == FETCH_MISSING || fetch.too_large) {
    g_remove (fetch.part);
    g_remove (fetch.etag_path);
  }
  if (result != FETCH_DONE)
    return result;
  return check (&fetch, name, error) && put_in_place (&fetch, error)
             ? FETCH_DONE
             : FETCH_FAILED;
}
