/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the members of a prompts file. Each function fails with
 * CLV_ERROR_BAD_FILE and a message that names the file, the JSON path, what was
 * wanted and what was found. */

#pragma once

#include <json-glib/json-glib.h>

#include "clv-prompts-builder.h"

G_BEGIN_DECLS

/* A file that is being read. */
typedef struct {
  const gchar *file;
  ClvPromptsBuilder *builder;
  GError **error;
} ClvPromptsReader;

/* Both return FALSE. */
gboolean clv_reader_fail (ClvPromptsReader *self, const gchar *path,
    const gchar *format, ...) G_GNUC_PRINTF (3, 4);
gboolean clv_reader_fail_found (ClvPromptsReader *self, const gchar *path,
    const gchar *wanted, JsonNode *node);

/* An object may have no member but those in `keys`. */
gboolean clv_reader_check_keys (ClvPromptsReader *self, JsonObject *object,
    const gchar *path, const gchar *const *keys);

/* The object of a node, its keys checked. */
JsonObject *clv_reader_get_object (ClvPromptsReader *self, JsonNode *node,
    const gchar *path, const gchar *wanted, const gchar *const *keys);

/* A string with something in it; without the white space around it. */
gchar *clv_reader_get_text (ClvPromptsReader *self, JsonNode *node,
    const gchar *path, const gchar *wanted);

/* A string or an array of strings. */
GPtrArray *clv_reader_get_texts (
    ClvPromptsReader *self, JsonNode *node, const gchar *path);

/* Leaves *value as it is where there is no such key. */
gboolean clv_reader_get_number (ClvPromptsReader *self, JsonObject *object,
    const gchar *path, const gchar *key, gdouble low, gdouble high,
    gdouble *value);

/* The index in `words` of the string under a key; leaves *index as it is where
 * there is no such key. */
gboolean clv_reader_get_word (ClvPromptsReader *self, JsonObject *object,
    const gchar *path, const gchar *key, const gchar *const *words,
    guint *index);

/* The array under a key, which must be there and not empty. */
JsonArray *clv_reader_get_array (ClvPromptsReader *self, JsonObject *object,
    const gchar *path, const gchar *key);

G_END_DECLS
