/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pictures that their owner hands over while somebody still draws them. */

#pragma once

#include <clv/clv-frame.h>

G_BEGIN_DECLS

/* A picture that is not drawn by then is lost. */
#define CLV_FRAME_WRITTEN_MS 5000

/* Waits so long, 0: not at all, until the writers of a frame's DMABufs are done. FALSE
 * with CLV_ERROR_FAILED: they are not. Other frames are written. Any thread. */
gboolean clv_frame_wait_written (
    const ClvFrame *frame, gint timeout_ms, GError **error);

G_END_DECLS
