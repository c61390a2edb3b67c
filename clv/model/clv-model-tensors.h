/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which tensors a CLIP model has, and in what shape. */

#pragma once

#include "clv-model-config.h"
#include "clv-tensor-file.h"

G_BEGIN_DECLS

/* Checks that every tensor of both towers is there with a type we compute with,
 * the shape that the config wants, and finite values. Takes projection_dim from
 * the tensors if the config has 0. Other tensors are not looked at, except that
 * a layer beyond the config's is an error. */
gboolean clv_model_check_tensors (ClvTensorFile *file, const gchar *directory,
    ClvModelConfig *config, guint64 *ret_n_parameters, GError **error);

G_END_DECLS
