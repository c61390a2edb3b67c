/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a decoder complains about, in words that say which file and what is
 * missing. Any thread may call these. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* If `message` says that no decoder is installed for the pictures: what
 * they are, such as "H.264"; otherwise NULL. Free with g_free(). @ret_wanted: a
 * decodebin3 was to decode them; otherwise a parser only looked. */
gchar *gst_clip_decoder_error_find_missing (
    GstMessage *message, gboolean *ret_wanted);

/* An error with `input` (a path or URI; NULL: unknown) in front, if it does not
 * name it already. Source, sequence number and details stay. Takes the message,
 * gives one to be owned. */
GstMessage *gst_clip_decoder_error_add_input (
    GstMessage *message, const gchar *input);

G_END_DECLS
