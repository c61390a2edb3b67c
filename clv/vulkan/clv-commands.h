/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A command buffer that is recorded once and run many times.
 *
 * The first error while recording is kept and everything after it is ignored;
 * clv_commands_end() reports it. Ops can so be written without error plumbing. */

#pragma once

#include "clv-kernel.h"

G_BEGIN_DECLS

typedef struct _ClvCommands ClvCommands;

ClvCommands *clv_commands_new (
    ClvDevice *device, const gchar *name, GError **error);

/* Commands that are never run. What is recorded only has its kernels made, beside the
 * caller, so that they are there when they are needed. */
ClvCommands *clv_commands_new_ahead (ClvDevice *device);
void clv_commands_free (ClvCommands *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvCommands, clv_commands_free)

/* Waits for what was recorded, forgets it, and records anew, without allocating. Not
 * for commands with dispatches. */
gboolean clv_commands_restart (ClvCommands *self, GError **error);

ClvDevice *clv_commands_get_device (ClvCommands *self);
VkCommandBuffer clv_commands_get_vk (ClvCommands *self);

/* Groups commands under a name in debuggers and in CLV_DEBUG=time. */
void clv_commands_push_label (ClvCommands *self, const gchar *label);
void clv_commands_pop_label (ClvCommands *self);

/* Takes ownership of the error. For ops that find a shape they cannot do. */
void clv_commands_fail (ClvCommands *self, GError *error);

/* Gets the kernel (creating it if needed), writes a descriptor set with
 * buffers[0 … n_buffers + n_texels) in binding order, and dispatches. A barrier
 * that makes all writes before it visible is put in front. */
void clv_commands_dispatch (ClvCommands *self, const ClvKernelParams *params,
    const ClvBuffer *const *buffers, gconstpointer push, guint groups_x,
    guint groups_y, guint groups_z);

/* Copies between buffers; ordered with dispatches before and after. */
void clv_commands_copy (ClvCommands *self, const ClvBuffer *from,
    gsize from_offset, const ClvBuffer *to, gsize to_offset, gsize size_bytes);

/* Fills a whole buffer with zeros. */
void clv_commands_zero (ClvCommands *self, const ClvBuffer *buffer);

/* Ends recording. FALSE with the first error of the recording. */
gboolean clv_commands_end (ClvCommands *self, GError **error);

/* Hands it to the device, and behind it `then` if that is not NULL, and does not
 * wait. Everything that was handed over before is finished before it begins, and
 * its writes are seen. What runs already is waited for first: its commands for
 * themselves, `then` only with those that it was submitted behind. One thread at
 * a time; another one may wait. */
gboolean clv_commands_submit (
    ClvCommands *self, ClvCommands *then, GError **error);

/* The same without another behind it, and after semaphores. */
gboolean clv_commands_submit_after (
    ClvCommands *self, const ClvDeviceWaits *waits, GError **error);

/* Waits until what was submitted last is done; TRUE at once if it is. Not for
 * ever: see clv_device_wait(). */
gboolean clv_commands_wait (ClvCommands *self, GError **error);

/* Submitted and not done yet. Never blocks. */
gboolean clv_commands_are_running (ClvCommands *self);

/* clv_commands_submit() and clv_commands_wait(). */
gboolean clv_commands_run (ClvCommands *self, GError **error);

G_END_DECLS
