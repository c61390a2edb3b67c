/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One .safetensors file. */

#pragma once

#include "clv-tensor-file.h"

G_BEGIN_DECLS

/* The cap of the format's own reader (safetensors, MAX_HEADER_SIZE). */
#define CLV_SAFETENSORS_MAX_HEADER 100000000

/* What the system says of a file. All zero: nothing. */
typedef struct {
  guint64 device;
  guint64 inode;
  guint64 size;
  gint64 written_s, written_ns; /* the content */
  gint64 changed_s, changed_ns; /* the inode, with the content */
} ClvFileState;

void clv_file_state_read (ClvFileState *self, const gchar *path);

/* Of all data of a shard; see clv-survey.h. */
typedef struct {
  guint32 lanes[CLV_TENSOR_LANES]; /* clv_tensor_mix() of all whole blocks */
  gboolean finite;                 /* all values of all tensors of floats */
  gboolean recalled;               /* from the cache */
} ClvSurvey;

typedef struct {
  gchar *path;
  ClvFileState state; /* before it was mapped */
  GMappedFile *mapped;
  gsize data_offset;    /* of the first data byte in the file */
  GHashTable *tensors;  /* name → ClvTensor, owned */
  GPtrArray *by_offset; /* the same in the order of the file */
  gboolean has_survey;
  ClvSurvey survey;
} ClvSafetensors;

ClvSafetensors *clv_safetensors_open (const gchar *path, GError **error);
void clv_safetensors_free (ClvSafetensors *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvSafetensors, clv_safetensors_free)

G_END_DECLS
