/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Memory of other drivers as buffers to copy from. */

#pragma once

#include "clv-commands.h"

G_BEGIN_DECLS

/* Whoever writes into it must be done: see clv_frame_wait_written(). The buffer has the
 * size of the file and is cleared as any other. CLV_ERROR_UNSUPPORTED where this device
 * cannot import it. */
gboolean clv_dmabuf_import (
    ClvBuffer *ret_buffer, ClvDevice *device, gint fd, GError **error);

/* Between them the buffer may be read. */
void clv_commands_take_dmabuf (ClvCommands *self, const ClvBuffer *buffer);
void clv_commands_return_dmabuf (ClvCommands *self, const ClvBuffer *buffer);

G_END_DECLS
