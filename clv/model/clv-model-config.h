/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* config.json and preprocessor_config.json as plain structs. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  CLV_ACTIVATION_NONE,
  CLV_ACTIVATION_QUICK_GELU, /* x · sigmoid (1.702 x) */
  CLV_ACTIVATION_GELU,       /* exact, with erf */
  CLV_ACTIVATION_GELU_TANH,  /* gelu_pytorch_tanh, gelu_new */
} ClvActivation;

/* One transformer tower. D (head width) = width / n_heads. */
typedef struct {
  guint width;
  guint n_layers;
  guint n_heads;
  guint mlp_width;
  ClvActivation activation;
  gfloat eps;
} ClvTowerConfig;

typedef enum {
  CLV_FILTER_BILINEAR,
  CLV_FILTER_BICUBIC,
} ClvFilter;

/* preprocessor_config.json. Steps that are off have neutral values. */
typedef struct {
  gboolean resize;        /* do_resize */
  gboolean shortest_edge; /* else squash to resize_width × resize_height */
  guint resize_width;     /* shortest_edge: the length of that edge, in both */
  guint resize_height;
  ClvFilter filter;
  gboolean center_crop;
  guint crop_width;
  guint crop_height;
  gfloat rescale; /* 1/255, or 1 */
  gfloat mean[3]; /* 0 if do_normalize is off */
  gfloat std[3];  /* 1 if do_normalize is off */
} ClvPreprocessConfig;

typedef struct {
  ClvTowerConfig vision;
  ClvTowerConfig text;
  guint image_size; /* input is image_size × image_size */
  guint patch_size;
  guint vocab_size;
  guint n_positions; /* text */
  guint bos_token_id;
  guint eos_token_id; /* 2: the old rule, pool at the highest id */
  guint projection_dim;
  ClvPreprocessConfig preprocess;
} ClvModelConfig;

/* Reads DIRECTORY/config.json and preprocessor_config.json. Whatever a file
 * leaves out has Transformers' default. projection_dim is 0 where no key says;
 * the tensors then do. Errors name the file and the JSON path. */
gboolean clv_model_config_read (
    const gchar *directory, ClvModelConfig *ret_config, GError **error);

G_END_DECLS
