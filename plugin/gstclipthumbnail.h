/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* The picture of a sample of raw video as a JPEG file of 160 square pixels at
 * its longer side. Takes some ten milliseconds, in a pipeline of its own; any
 * thread. */
GBytes *gst_clip_thumbnail_new (GstSample *sample, GError **error);

G_END_DECLS
