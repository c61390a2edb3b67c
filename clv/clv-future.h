/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-frame.h>

G_BEGIN_DECLS

/**
 * ClvFuture:
 *
 * The answer to frames that were given to clv_engine_submit(), now or later.
 * Counted references; all functions may be called from any thread. A future
 * outlives its engine. Dropping the last reference never blocks; frames that
 * nobody can hear about any more (no reference, no callback) are not encoded
 * unless they already are being encoded.
 */
typedef struct _ClvFuture ClvFuture;

#define CLV_TYPE_FUTURE (clv_future_get_type ())
GType clv_future_get_type (void);

/**
 * ClvFutureFunc:
 * @future: of the request; the callee may take a reference
 * @user_data: what the #ClvRequest has
 *
 * Called from a thread of the engine, without locks: it should return soon, as
 * others wait behind it, and may call anything but what waits for an answer of
 * the same engine.
 */
typedef void (*ClvFutureFunc) (ClvFuture *future, gpointer user_data);

/**
 * CLV_LOOK_SIDE:
 *
 * Cells in a row, and in a column, of a #ClvLook.
 */
#define CLV_LOOK_SIDE 16

/**
 * ClvLook:
 * @known: a frame was encoded
 * @cells: its brightness, 0 to 1: means of 16 × 16 cells, by rows, of the picture
 *   as the model sees it: resized and cropped
 *
 * How the last frame of a stream looked that was encoded. {0}: there was none.
 */
typedef struct {
  gboolean known;
  gfloat cells[CLV_LOOK_SIDE * CLV_LOOK_SIDE];
} ClvLook;

/**
 * ClvRequest:
 * @stream: whose frames these are: any address of the caller's. Streams take
 *   turns, and the answers of one stream come in the order of its requests, but for
 *   those that are cancelled. %NULL: a stream of its own
 * @deadline_us: monotonic time until which the batch may wait for more frames;
 *   0: not at all. A batch is closed when it is full, and once the device is
 *   free at the earliest deadline of its frames.
 * @pixels_read: (nullable): the pixels are no longer read, and may be changed or
 *   freed; usually long before the answer
 * @answered: (nullable): there is an answer
 * @user_data: for both
 * @patches: also make the embeddings of the patches; see
 *   clv_future_get_patches()
 * @look: (nullable): frames that look like this are not encoded, see
 *   clv_future_get_unchanged(). Each frame is compared with the last one before it
 *   that was not left out, and takes its place here. The engine reads and writes it
 *   until there is an answer; then it is the caller's again, who clears it where
 *   the answer was an error
 * @change_threshold: for @look: the mean difference of cells, 0 to 1, from which on
 *   a frame is encoded. It is taken on the device, from the preprocessed picture:
 *   frames cost their preprocessing in any case, and the engine waits for it
 *   before it takes the next
 * @encode_always: bit i: frame i is encoded whatever it looks like
 *
 * How frames are to be encoded; all zero is a good default. For each request
 * that was accepted each callback is called exactly once, @pixels_read first,
 * also where the request fails or is cancelled, and at the latest when the engine
 * is closed.
 */
typedef struct {
  gconstpointer stream;
  gint64 deadline_us;
  ClvFutureFunc pixels_read;
  ClvFutureFunc answered;
  gpointer user_data;
  gboolean patches;
  ClvLook *look;
  gdouble change_threshold;
  guint32 encode_always;
} ClvRequest;

/**
 * clv_future_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
ClvFuture *clv_future_ref (ClvFuture *self);

/**
 * clv_future_unref:
 *
 * The last one frees it and the embeddings. Never blocks. Any thread.
 */
void clv_future_unref (ClvFuture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvFuture, clv_future_unref)

/**
 * clv_future_is_answered:
 *
 * Never blocks.
 *
 * Returns: %TRUE once there is an answer: embeddings, an error, or that it was
 *   cancelled
 */
gboolean clv_future_is_answered (ClvFuture *self);

/**
 * clv_future_wait_until:
 * @end_us: as g_get_monotonic_time() has it; negative: for ever
 *
 * Waits for the answer.
 *
 * Returns: %FALSE if there was none until then
 */
gboolean clv_future_wait_until (ClvFuture *self, gint64 end_us);

/**
 * clv_future_get: (skip)
 *
 * Waits for the answer. Whatever it is, the engine no longer reads the pixels.
 *
 * Returns: (transfer none) (nullable): n_frames rows of D floats, of unit
 * length, which live as long as the future; %NULL with the error of this
 * request, %CLV_ERROR_DEVICE_LOST, or %G_IO_ERROR_CANCELLED
 */
const gfloat *clv_future_get (ClvFuture *self, GError **error);

/**
 * clv_future_get_unchanged:
 *
 * Which frames were not encoded, as nothing has changed; their embeddings are
 * undefined. Once there is an answer.
 *
 * Returns: bit i: frame i; 0 for requests without a look
 */
guint32 clv_future_get_unchanged (ClvFuture *self);

/**
 * clv_future_get_frame:
 * @index: below the number of frames
 *
 * What a frame was submitted as.
 *
 * Returns: (transfer none): lives as long as the future; its planes may be gone
 */
const ClvFrame *clv_future_get_frame (ClvFuture *self, guint index);

/**
 * clv_future_get_patches: (skip)
 *
 * What is seen at each place of the pictures, in the same space as their
 * embeddings, so that a cosine with a text tells how well it fits there. A model is
 * not trained for that: it is what its patches give without the class token's view
 * of them, by the last block of ClearCLIP (Lan et al., ECCV 2024). Where the patches
 * lie in a frame clv_patch_grid_init() tells.
 *
 * Returns: (transfer none) (nullable): n_frames times P rows of D floats of unit
 * length, P being columns times rows of the grid, row by row from the top left;
 * they live as long as the future. %NULL where they were not asked for, or
 * clv_future_get() has no embeddings
 */
const gfloat *clv_future_get_patches (ClvFuture *self);

/**
 * clv_future_cancel:
 *
 * The answer is not wanted any more: it becomes %G_IO_ERROR_CANCELLED, unless
 * there is one already. Frames that wait are taken out of the queue; frames
 * that are being encoded are finished for nothing. Does not block and does not
 * disturb the requests of others. Callbacks still come, from the engine's
 * thread, as they do for every request.
 */
void clv_future_cancel (ClvFuture *self);

/**
 * ClvFutureTiming:
 * @submitted_us: it was submitted
 * @started_us: its last batch was given to the device
 * @answered_us: there was an answer
 * @batch: frames in that batch, those of others included
 *
 * When things happened to a request: monotonic times in microseconds, 0 where that
 * never happened.
 */
typedef struct {
  gint64 submitted_us;
  gint64 started_us;
  gint64 answered_us;
  guint batch;
} ClvFutureTiming;

/**
 * clv_future_get_timing:
 * @ret_timing: (out caller-allocates): of an answered request
 *
 * Any thread; once there is an answer.
 */
void clv_future_get_timing (ClvFuture *self, ClvFutureTiming *ret_timing);

G_END_DECLS
