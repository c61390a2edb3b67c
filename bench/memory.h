/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <string.h>

/* A line of proc(5)'s status, in units of 1,000,000 bytes: "VmHWM:" is the most
 * that this process ever had in memory, "VmRSS:" what it has now, both with the
 * files that it maps. 0 where there is no /proc. */
static inline gdouble
bench_memory_mb (const gchar *name)
{
  g_autofree gchar *status = NULL;
  const gchar *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0.0;
  line = strstr (status, name);
  return line != NULL ? g_ascii_strtod (line + strlen (name), NULL) * 1024 / 1e6
                      : 0.0;
}
