/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* The most that this process ever had in memory, files that it maps included:
 * VmHWM of proc(5). 0 where there is no /proc. */
static inline gdouble
bench_peak_memory_mb (void)
{
  g_autofree gchar *status = NULL;
  const gchar *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0.0;
  line = strstr (status, "VmHWM:");
  return line != NULL ? atof (line + strlen ("VmHWM:")) * 1024 / 1e6 : 0.0;
}
