/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One .safetensors file. */

#pragma once

#include "clv-tensor-file.h"

G_BEGIN_DECLS

/* The cap of the format's own reader (safetensors, MAX_HEADER_SIZE). */
#define CLV_SAFETENSORS_MAX_HEADER 100000000

typedef struct {
  gchar *path;
  GMappedFile *mapped;
  gsize data_offset;   /* of the first data byte in the file */
  GHashTable *tensors; /* name → ClvTensor, owned */
} ClvSafetensors;

ClvSafetensors *clv_safetensors_open (const gchar *path, GError **error);
void clv_safetensors_free (ClvSafetensors *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvSafetensors, clv_safetensors_free)

G_END_DECLS
