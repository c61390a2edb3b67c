/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One pass over all data of a shard, for what only such a pass can tell.
 *
 * The outcome is kept in the cache directory under what the system says of the file:
 * device, inode, size and the times of its content and of its inode, one of which changes
 * whenever somebody writes to it. As the times of file systems have steps, a file that was
 * written to in the last seconds is read again each time. */

#pragma once

#include "clv-safetensors.h"

G_BEGIN_DECLS

/* The survey of a shard, made at the first call; one thread at a time. */
const ClvSurvey *clv_survey_get (ClvSafetensors *shard);

G_END_DECLS
