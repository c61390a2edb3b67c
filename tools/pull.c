/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clv pull: a model directory from a server, whole or not at all. */

#include "clv-tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "pull-fetch.h"
#include "text/clv-json.h"

#define HUB     "https://huggingface.co"
#define STALL_S 30

/* In the folder while it is not whole: the URL of what is in it, and what the
 * process that is at it holds a lock of. */
#define SOURCE "SOURCE.part"
#define LOCK   "LOCK.part"

#define CHECKSUMS "SHA256SUMS"

typedef struct {
  Fetcher fetcher;
  gchar *base;   /* the files' URL, without their names */
  gchar *target; /* the directory in the end */
  gchar *folder; /* target.part */
  int lock;      /* -1: none */
} Pull;

static void
pull_clear (Pull *self)
{
  fetcher_clear (&self->fetcher);
  if (self->lock >= 0)
    close (self->lock);
  g_free (self->base);
  g_free (self->target);
  g_free (self->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pull, pull_clear)

static gboolean
fail_errno (const gchar *path, GError **error)
{
  const int code = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
      path, g_strerror (code));
  return FALSE;
}

/* That the lock is of the file that is there: the folder, with the file in it, may
 * have got its name in the end since it was opened. */
static gboolean
is_there (int fd, const gchar *path)
{
  struct stat held, found;

  return fstat (fd, &held) == 0 && stat (path, &found) == 0 &&
         held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

/* One process at a time. Locks end with the process, however it ends. */
static gboolean
lock_folder (Pull *self, GError **error)
{
  g_autofree gchar *path = g_build_filename (self->folder, LOCK, NULL);

  self->lock = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (self->lock < 0)
    return fail_errno (path, error);
  if (flock (self->lock, LOCK_EX | LOCK_NB) == 0) {
    if (is_there (self->lock, path))
      return TRUE;
  } else if (errno != EWOULDBLOCK)
    return fail_errno (path, error);
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "%s: another clv pull is at it", self->folder);
  return FALSE;
}

/* Files of two models, or of two revisions, are none together. */
static gboolean
claim_folder (Pull *self, GError **error)
{
  g_autofree gchar *path = g_build_filename (self->folder, SOURCE, NULL);
  g_autofree gchar *found = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return g_file_set_contents (path, self->base, -1, error);
  if (!g_file_get_contents (path, &found, NULL, error))
    return FALSE;
  if (g_str_equal (found, self->base))
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
      "%s: wanted what an earlier try left of %s, found files of %s; remove "
      "them, or choose another --output",
      self->folder, self->base, found);
  return FALSE;
}

static void
remove_from (const gchar *folder, const gchar *name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  g_remove (path);
}

/* A list of checksums as sha256sum writes it: "HEX  NAME" a line, or "HEX *NAME";
 * names may have "./" in front. */
static gboolean
read_checksums (Pull *self, GError **error)
{
  g_autofree gchar *path = g_build_filename (self->folder, CHECKSUMS, NULL);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  const FetchResult result =
      fetcher_get (&self->fetcher, self->base, CHECKSUMS, self->folder, error);

  if (result != FETCH_DONE)
    return result == FETCH_MISSING;
  if (!g_file_get_contents (path, &text, NULL, error))
    return FALSE;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (strlen (lines[i]) > 66 && lines[i][64] == ' ') {
      const gchar *name = lines[i] + 66;

      if (g_str_has_prefix (name, "./"))
        name += 2;
      g_hash_table_insert (self->fetcher.checksums,
          g_strstrip (g_strdup (name)), g_strndup (lines[i], 64));
    }
  return TRUE;
}

static gboolean
get (Pull *self, const gchar *name, GError **error)
{
  const FetchResult result =
      fetcher_get (&self->fetcher, self->base, name, self->folder, error);

  if (result == FETCH_MISSING)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s/%s: the server has no such file", self->base, name);
  return result == FETCH_DONE;
}

/* `name` where there is one, or else `other`, and what goes with each. */
static gboolean
get_either (Pull *self, const gchar *name, const gchar *with,
    const gchar *other, gboolean *ret_other, GError **error)
{
  FetchResult result =
      fetcher_get (&self->fetcher, self->base, name, self->folder, error);

  *ret_other = FALSE;
  if (result == FETCH_DONE)
    return with == NULL || get (self, with, error);
  if (result == FETCH_MISSING) {
    result =
        fetcher_get (&self->fetcher, self->base, other, self->folder, error);
    *ret_other = TRUE;
  }
  if (result == FETCH_MISSING)
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the server has neither %s nor %s", self->base, name, other);
  return result == FETCH_DONE;
}

/* The files that the index names. Their names come from a server: none may leave the
 * folder. */
static gboolean
get_shards (Pull *self, GError **error)
{
  g_autofree gchar *path =
      g_build_filename (self->folder, "model.safetensors.index.json", NULL);
  g_autoptr (JsonObject) root = clv_json_read (path, error);
  const ClvJsonPlace top = { path, "$", root };
  g_autoptr (GList) keys = NULL;
  JsonObject *map = NULL;

  if (root == NULL || !clv_json_get_object (&top, "weight_map", &map, error))
    return FALSE;
  if (map == NULL) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: $.weight_map: wanted an object, found nothing", path);
    return FALSE;
  }
  keys = json_object_get_members (map);
  for (const GList *item = keys; item != NULL; item = item->next) {
    const ClvJsonPlace place = { path, "$.weight_map", map };
    const gchar *name = "";

    if (!clv_json_get_string (&place, item->data, &name, error))
      return FALSE;
    if (*name == '\0' || *name == '.' || strchr (name, '/') != NULL) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
          "%s: $.weight_map: wanted names of files, found \"%s\"", path, name);
      return FALSE;
    }
    if (!get (self, name, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
get_all (Pull *self, GError **error)
{
  gboolean other;

  if (!read_checksums (self, error) || !get (self, "config.json", error) ||
      !get_either (self, "preprocessor_config.json", NULL,
          "processor_config.json", &other, error) ||
      !get_either (
          self, "vocab.json", "merges.txt", "tokenizer.json", &other, error) ||
      !get_either (self, "model.safetensors", NULL,
          "model.safetensors.index.json", &other, error))
    return FALSE;
  return !other || get_shards (self, error);
}

/* What arrived is a model, and takes its place at once. */
static gboolean
put_in_place (Pull *self, GError **error)
{
  g_autoptr (ClvModel) model = clv_model_load (self->folder, error);

  if (model == NULL) {
    g_prefix_error (error, "what came from %s is not used: ", self->base);
    return FALSE;
  }
  remove_from (self->folder, CHECKSUMS);
  remove_from (self->folder, SOURCE);
  if (g_rename (self->folder, self->target) != 0)
    return fail_errno (self->target, error);
  /* Not before: who makes a new one is at another folder then. */
  remove_from (self->target, LOCK);
  return TRUE;
}

/* All at the end, but not the root's. Takes and returns the text. */
static gchar *
strip_slashes (gchar *text)
{
  gsize n = strlen (text);

  while (n > 1 && text[n - 1] == '/')
    text[--n] = '\0';
  return text;
}

/* OWNER/NAME of Hugging Face, or the URL of a directory. NULL: neither. */
static gchar *
make_base (const gchar *what, const gchar *revision)
{
  const gchar *hub = g_getenv ("HF_ENDPOINT");
  g_auto (GStrv) parts = g_strsplit (what, "/", -1);
  g_autofree gchar *bare = NULL, *escaped = NULL;

  if (g_str_has_prefix (what, "http://") || g_str_has_prefix (what, "https://"))
    return strip_slashes (g_strdup (what));
  if (g_strv_length (parts) != 2 || *parts[0] == '\0' || *parts[1] == '\0' ||
      *parts[0] == '.' || *parts[1] == '.')
    return NULL;
  bare = strip_slashes (g_strdup (hub != NULL && *hub != '\0' ? hub : HUB));
  /* A branch may have slashes, which the hub wants escaped. */
  escaped = g_uri_escape_string (revision, NULL, FALSE);
  return g_strdup_printf ("%s/%s/resolve/%s", bare, what, escaped);
}

/* NULL: `what` has no name at its end. */
static gchar *
make_target (const gchar *what, const gchar *output)
{
  g_autofree gchar *plain = g_strdup (what);
  g_autofree gchar *name = NULL;

  if (output != NULL)
    return strip_slashes (g_strdup (output));
  plain[strcspn (plain, "?#")] = '\0';
  name = g_path_get_basename (plain);
  if (*name == '.' || *name == '/')
    return NULL;
  return g_build_filename (g_get_user_data_dir (), "clv", "models", name, NULL);
}

static gboolean
is_done (const Pull *self)
{
  const gboolean done = g_file_test (self->target, G_FILE_TEST_EXISTS);

  if (done)
    printf ("%s: already there\n", self->target);
  return done;
}

static int
pull (Pull *self, const gchar *token, guint stall_s)
{
  g_autoptr (GError) error = NULL;

  if (is_done (self))
    return TOOL_OK;
  self->folder = g_strconcat (self->target, ".part", NULL);
  if (g_mkdir_with_parents (self->folder, 0777) != 0)
    return tool_fail ("%s: %s", self->folder, g_strerror (errno));
  if (!lock_folder (self, &error))
    return tool_fail ("%s", error->message);
  /* Another process may just have been ready. */
  if (is_done (self)) {
    remove_from (self->folder, LOCK);
    g_rmdir (self->folder);
    return TOOL_OK;
  }
  if (!claim_folder (self, &error) ||
      !fetcher_init (&self->fetcher, token, stall_s, &error) ||
      !get_all (self, &error) || !put_in_place (self, &error))
    return tool_fail ("%s", error->message);
  printf ("%s\n", self->target);
  return TOOL_OK;
}

int
tool_pull_main (int argc, gchar **argv)
{
  g_autofree gchar *output = NULL, *revision = NULL;
  g_auto (GStrv) rest = NULL;
  g_auto (Pull) self = { .lock = -1 };
  gint stall_s = STALL_S;
  const gchar *token;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
        "the directory (default: where names of models are looked up)", "DIR" },
    { "revision", 'r', 0, G_OPTION_ARG_FILENAME, &revision,
        "a branch, tag or commit of Hugging Face (default: main)", "REVISION" },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &stall_s,
        "try again after so long without a byte (default: 30)", "SECONDS" },
    G_OPTION_ENTRY_NULL,
  };
  const ToolUsage usage = { "pull", "OWNER/NAME|URL",
    "Fetches a model: from Hugging Face by OWNER/NAME, or from the URL of a\n"
    "directory. What was interrupted goes on where it stopped. Sizes and "
    "SHA-256\n"
    "(of the server, or of a file SHA256SUMS beside the others) are checked, "
    "and\n"
    "the directory appears when all is there and loads.",
    "Environment:\n"
    "  HF_ENDPOINT              a mirror of Hugging Face\n"
    "  HF_TOKEN                 for models that ask for one\n"
    "  http_proxy, https_proxy, no_proxy\n\n"
    "Example:\n"
    "  clv pull openai/clip-vit-base-patch32\n"
    "  clv tag --model clip-vit-base-patch32 --prompts \"a red car\" "
    "street.mp4\n" };

  if (!tool_parse (&usage, entries, argc, argv, &rest))
    return TOOL_USAGE;
  if (g_strv_length (rest) != 1)
    return tool_usage_error (usage.name,
        "wanted one OWNER/NAME or URL, found %u", g_strv_length (rest));
  if (stall_s < 1)
    return tool_usage_error (
        usage.name, "--timeout: wanted at least 1, found %d", stall_s);
  self.base = make_base (rest[0], revision != NULL ? revision : "main");
  if (self.base == NULL)
    return tool_usage_error (usage.name,
        "wanted OWNER/NAME, as openai/clip-vit-base-patch32, or a URL of http "
        "or "
        "https, found '%s'",
        rest[0]);
  self.target = make_target (rest[0], output);
  if (self.target == NULL)
    return tool_usage_error (usage.name,
        "wanted a URL with a name at its end, or --output, found '%s'",
        rest[0]);
  token = strstr (rest[0], "://") == NULL ? g_getenv ("HF_TOKEN") : NULL;
  return pull (&self, token, (guint) stall_s);
}
