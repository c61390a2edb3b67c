/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decoded pictures of a file or URI, in order, in a format the library reads. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _Media Media;

/* One decoded picture. {0} is a valid empty one. */
typedef struct {
  GstSample *sample;
  gdouble time;     /* stream time, seconds */
  GstClockTime pts; /* of the buffer; GST_CLOCK_TIME_NONE if it has none */
} MediaPicture;

void media_picture_clear (MediaPicture *picture);

/* `location`: a path or a URI. Opens and decodes up to the first picture.
 * Errors name the location. */
Media *media_open (const gchar *location, GError **error);
void media_free (Media *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Media, media_free)

typedef enum {
  MEDIA_PICTURE,
  MEDIA_END,
  MEDIA_ERROR,
  MEDIA_INTERRUPTED,
} MediaStatus;

/* Waits for the next picture. A stream that stops well before its stated
 * duration is an error: somebody cut the file. */
MediaStatus media_pull (Media *self, MediaPicture *ret_picture, GError **error);

/* Seconds; negative if the stream does not say, or before its first picture. */
gdouble media_get_duration (Media *self);

/* Seconds, where the last picture so far ends. */
gdouble media_get_end (Media *self);

/* For a signal handler: every media_pull() returns MEDIA_INTERRUPTED soon. */
void media_interrupt (int signal_number);

/* gst_init() once; TRUE on success. */
gboolean media_init (GError **error);

G_END_DECLS
