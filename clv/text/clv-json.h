/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* JSON files whose content is not trusted. Errors name the file and the JSON
 * path of the value, written as "$.text_config.hidden_size". */

#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Parses JSON. Refuses what is not UTF-8, nested deeper than 64 (the parser
 * recurses), has the same key twice in an object (the parser would keep the
 * last) or a zero in a string (which would end there). file_name is for
 * messages. NULL with CLV_ERROR_BAD_FILE. */
JsonNode *clv_json_parse_any (
    const gchar *data, gsize size, const gchar *file_name, GError **error);

/* As above, and only an object. */
JsonObject *clv_json_parse (
    const gchar *data, gsize size, const gchar *file_name, GError **error);

/* As above, from a file; G_FILE_ERROR has the path in front. */
JsonObject *clv_json_read (const gchar *path, GError **error);

/* A place in a file, for messages and for reading optional members. */
typedef struct {
  const gchar *file_name;
  const gchar *json_path; /* of the object, "$" at the top */
  JsonObject *object;     /* NULL: every member is left out */
} ClvJsonPlace;

/* Each reads one member. A member that is left out or null leaves *value as it
 * is, so the caller puts the default there first. FALSE with
 * CLV_ERROR_BAD_FILE for a wrong type or a value outside min … max. */
gboolean clv_json_get_uint (const ClvJsonPlace *place, const gchar *key,
    guint min, guint max, guint *value, GError **error);
gboolean clv_json_get_number (const ClvJsonPlace *place, const gchar *key,
    gdouble min, gdouble max, gdouble *value, GError **error);
gboolean clv_json_get_boolean (const ClvJsonPlace *place, const gchar *key,
    gboolean *value, GError **error);
/* Borrowed from the object. */
gboolean clv_json_get_string (const ClvJsonPlace *place, const gchar *key,
    const gchar **value, GError **error);
gboolean clv_json_get_object (const ClvJsonPlace *place, const gchar *key,
    JsonObject **value, GError **error);

/* The member, or NULL where it is left out or null. */
JsonNode *clv_json_get_member (const ClvJsonPlace *place, const gchar *key);

/* "an object", "a string" …, for messages. */
const gchar *clv_json_type_name (JsonNode *node);

/* Sets CLV_ERROR_BAD_FILE "FILE: PATH.KEY: wanted WANTED, found …". */
void clv_json_set_wrong_type (const ClvJsonPlace *place, const gchar *key,
    const gchar *wanted, JsonNode *found, GError **error);

G_END_DECLS
