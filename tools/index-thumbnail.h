/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "media.h"

G_BEGIN_DECLS

/* The picture as a JPEG file of 160 pixels at its longer side, of square pixels.
 * Takes some ten milliseconds. */
GBytes *index_thumbnail_new (const MediaPicture *picture, GError **error);

G_END_DECLS
