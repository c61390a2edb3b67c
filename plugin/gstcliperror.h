/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one place where library errors become GStreamer messages. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * gst_clip_post_error:
 * @type: %GST_MESSAGE_ERROR or %GST_MESSAGE_WARNING
 * @what: what could not be done, e.g. "Cannot load the model \"demo\""
 * @error: why
 *
 * Posts a message on the element's bus. Its code tells what the user can do:
 * RESOURCE for files and memory, LIBRARY/SETTINGS for property values,
 * LIBRARY/INIT for a machine without a usable device. Any thread.
 */
void gst_clip_post_error (GstElement *element, GstMessageType type,
    const gchar *what, const GError *error);

G_END_DECLS
