/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Loads a JSON file that a person wrote, and speaks about its nodes. */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define CLV_PROMPTS_MAX_FILE (16u << 20)

/* The object at the root; G_FILE_ERROR, or CLV_ERROR_BAD_FILE. */
JsonObject *clv_prompts_json_load (const gchar *path, GError **error);

/* For "found …": `"high"`, `3`, `an object`. */
gchar *clv_prompts_json_describe (JsonNode *node);

/* A text cut so that it fits in a message. */
gchar *clv_prompts_json_shorten (const gchar *text);

G_END_DECLS
