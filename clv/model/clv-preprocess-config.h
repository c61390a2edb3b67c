/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* preprocessor_config.json. */

#pragma once

#include "clv-model-config.h"

G_BEGIN_DECLS

/* Reads the image_processor of DIRECTORY/processor_config.json, which newer
 * repositories have, or else DIRECTORY/preprocessor_config.json. With neither,
 * CLIP's steps at image_size. Whatever comes out of the steps must be
 * image_size × image_size. */
gboolean clv_preprocess_config_read (const gchar *directory, guint image_size,
    ClvPreprocessConfig *ret_config, GError **error);

G_END_DECLS
