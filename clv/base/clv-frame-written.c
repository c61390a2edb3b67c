/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-frame-written.h"

#include <errno.h>
#include <poll.h>

/* A DMABuf can be read when its last writer is done (Linux, dma-buf, "Poll
 * support"). */
static gboolean
wait_for_writer (gint fd, gint timeout_ms, GError **error)
{
  struct pollfd file = { .fd = fd, .events = POLLIN };
  gint n;

  do
    n = poll (&file, 1, timeout_ms);
  while (n < 0 && errno == EINTR);
  if (n > 0)
    return TRUE;
  g_set_error (error, CLV_ERROR, CLV_ERROR_FAILED,
      "frame: wanted a DMABuf that is written in %d ms, found %s",
      CLV_FRAME_WRITTEN_MS, n == 0 ? "one that is not" : g_strerror (errno));
  return FALSE;
}

gboolean
clv_frame_wait_written (const ClvFrame *frame, gint timeout_ms, GError **error)
{
  const guint n_planes = clv_frame_count_planes (frame);

  for (guint i = 0; frame->memory == CLV_FRAME_DMABUF && i < n_planes; i++)
    if (!wait_for_writer (frame->fds[i], timeout_ms, error))
      return FALSE;
  return TRUE;
}
