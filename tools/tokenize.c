/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clv tokenize: an array of strings in, an array of arrays of ids out. */

#include "clv-tool.h"

#include <stdio.h>

static void
print_ids (ClvModel *model, gchar **texts)
{
  printf ("[");
  for (guint i = 0; texts[i] != NULL; i++) {
    guint n_ids;
    g_autofree guint32 *ids = clv_model_tokenize (model, texts[i], &n_ids);

    printf (i > 0 ? ",\n [" : "[");
    for (guint j = 0; j < n_ids; j++)
      printf (j > 0 ? ", %u" : "%u", ids[j]);
    printf ("]");
  }
  printf ("]\n");
}

int
tool_tokenize_main (int argc, gchar **argv)
{
  g_autofree gchar *name = NULL, *directory = NULL;
  g_auto (GStrv) rest = NULL, texts = NULL;
  g_autoptr (ClvModel) model = NULL;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &name,
        "a directory, or a name in the model path (default: demo)", "MODEL" },
    G_OPTION_ENTRY_NULL,
  };
  const ToolUsage usage = { "tokenize", "FILE.json",
    "Prints the token ids of an array of strings as a JSON array of arrays:\n"
    "start token, byte pairs, end token; truncated to the model's length, not\n"
    "padded. FILE.json may be - for standard input.",
    "Example:\n"
    "  echo '[\"a cat\", \"a dog\"]' | clv tokenize --model demo -\n" };

  if (!tool_parse (&usage, entries, argc, argv, &rest))
    return TOOL_USAGE;
  if (g_strv_length (rest) != 1)
    return tool_usage_error (
        usage.name, "wanted one FILE.json, found %u", g_strv_length (rest));

  texts = tool_read_strings (rest[0], &error);
  if (texts == NULL)
    return tool_fail ("%s", error->message);
  directory = clv_model_find (name != NULL ? name : "demo", &error);
  model = directory != NULL ? clv_model_load (directory, &error) : NULL;
  if (model == NULL)
    return tool_fail ("%s", error->message);

  print_ids (model, texts);
  if (fflush (stdout) != 0)
    return tool_fail ("standard output: cannot write");
  return TOOL_OK;
}
