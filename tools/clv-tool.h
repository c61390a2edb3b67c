/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the subcommands of `clv` share: options, messages, exit codes. */

#pragma once

#include <clv/clv.h>

G_BEGIN_DECLS

/* Exit codes: 0 all done, 1 something failed, 2 the command line is wrong. */
enum {
  TOOL_OK = 0,
  TOOL_FAILED = 1,
  TOOL_USAGE = 2,
  TOOL_INTERRUPTED = 130, /* 128 + SIGINT, as shells report it */
};

/* argv[0] is the subcommand's name. */
typedef int (*ToolMain) (int argc, gchar **argv);

int tool_info_main (int argc, gchar **argv);
int tool_tokenize_main (int argc, gchar **argv);
int tool_encode_main (int argc, gchar **argv);
int tool_tag_main (int argc, gchar **argv);
int tool_index_main (int argc, gchar **argv);
int tool_search_main (int argc, gchar **argv);
int tool_pull_main (int argc, gchar **argv);

/* One subcommand's help and options. All strings are taken as the bytes that
 * the shell gave (G_OPTION_ARG_FILENAME), so that UTF-8 works in any locale. */
typedef struct {
  const gchar *name;      /* "tag" */
  const gchar *arguments; /* after the options, "MEDIA…", or NULL */
  const gchar *summary;
  const gchar *description; /* examples */
} ToolUsage;

/* For a terminal: control characters, as file names and what servers say may have,
 * as \n, \x1b or \u009b. Other bytes stay, UTF-8 or not. */
gchar *tool_printable (const gchar *text);

/* Parses argv; --help prints and exits with 0. FALSE after a message with a
 * hint: return TOOL_USAGE. *ret_rest: what is no option (transfer full). */
gboolean tool_parse (const ToolUsage *usage, const GOptionEntry *entries,
    int argc, gchar **argv, gchar ***ret_rest);

/* Prints "clv NAME: …" and where the help is; returns TOOL_USAGE. */
int tool_usage_error (const gchar *name, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3);

/* Prints "clv: …"; returns TOOL_FAILED. */
int tool_fail (const gchar *format, ...) G_GNUC_PRINTF (1, 2);

/* Entries of --device and --precision, the same in all subcommands. */
#define TOOL_DEVICE_ENTRY(target)                                              \
  {                                                                            \
    "device", 'd', 0, G_OPTION_ARG_FILENAME, target,                           \
        "auto, an index, a UUID or part of a name; see clv info", "DEVICE"     \
  }
#define TOOL_PRECISION_ENTRY(target, default_word)                             \
  {                                                                            \
    "precision", 'p', 0, G_OPTION_ARG_FILENAME, target,                        \
        "how weights are stored: auto, fp32 or fp16 (default: " default_word   \
        ")",                                                                   \
        "PRECISION"                                                            \
  }

/* Of --precision; NULL leaves *ret alone. TOOL_OK, or tool_usage_error() for
 * another word. */
int tool_parse_precision (
    const gchar *name, const gchar *word, ClvPrecision *ret_precision);

/* Strings of a JSON file that holds an array of them ("-": standard input).
 * Errors name the file and the JSON path. */
GStrv tool_read_strings (const gchar *path, GError **error);

G_END_DECLS
