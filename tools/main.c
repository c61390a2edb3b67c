/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* clv: what the library does, from a shell. */

#include "clv-tool.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const gchar *name;
  ToolMain main;
  const gchar *summary;
} subcommands[] = {
  { "tag", tool_tag_main, "tag videos with phrases in plain words" },
#ifdef HAVE_INDEX
  { "index", tool_index_main, "keep moments of videos for search" },
  { "search", tool_search_main, "find moments by a sentence or a picture" },
#endif
#ifdef HAVE_PULL
  { "pull", tool_pull_main, "fetch a model from a server" },
#endif
  { "info", tool_info_main, "show devices, kernels and a model's sizes" },
  { "encode", tool_encode_main, "write embeddings of pictures and phrases" },
  { "tokenize", tool_tokenize_main, "print the token ids of strings" },
};

static void
print_help (FILE *out)
{
  fprintf (out,
      "Usage: clv COMMAND [OPTION…] …\n\n"
      "Open-vocabulary tags for video: CLIP in Vulkan compute shaders.\n\n"
      "Commands:\n");
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    fprintf (out, "  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
  fprintf (out,
      "\n`clv COMMAND --help` explains a command; `clv --version` tells the "
      "version.\n\n"
      "Environment:\n"
      "  CLV_MODEL_PATH  directories of models, separated by :\n"
      "  CLV_CACHE_DIR   where pipelines and text embeddings are cached\n"
      "  CLV_DEBUG       validation,names,time\n");
}

int
main (int argc, gchar **argv)
{
  const gchar *name = argc > 1 ? argv[1] : NULL;

  /* Messages follow the user's locale; numbers in files never do. */
  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C");
  g_set_prgname ("clv");

  if (name == NULL) {
    print_help (stderr);
    return TOOL_USAGE;
  }
  if (strcmp (name, "--help") == 0 || strcmp (name, "-h") == 0 ||
      strcmp (name, "help") == 0) {
    print_help (stdout);
    return TOOL_OK;
  }
  if (strcmp (name, "--version") == 0) {
    printf ("clv %s\n", CLV_VERSION);
    return TOOL_OK;
  }
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    if (strcmp (name, subcommands[i].name) == 0)
      return subcommands[i].main (argc - 1, argv + 1);

  fprintf (stderr, "clv: unknown command '%s'; there are", name);
  for (guint i = 0; i < G_N_ELEMENTS (subcommands); i++)
    fprintf (stderr, "%s %s", i > 0 ? "," : "", subcommands[i].name);
  fprintf (stderr, "\nTry 'clv --help'.\n");
  return TOOL_USAGE;
}
