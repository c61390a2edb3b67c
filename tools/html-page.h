/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reports: one page that needs nothing but itself, from the parts in html/. */

#pragma once

#include <json-glib/json-glib.h>
#include <stdio.h>

G_BEGIN_DECLS

/* Writes the page. `script`: "tag.js" or "search.js", which finds `data` as its
 * data. All that varies is in there: nothing of it can be read as HTML. */
void html_page_write (FILE *out, const gchar *script, JsonNode *data);

/* Adds the members "name" (as UTF-8) and "uri" of a path or URI to the object that
 * is being built. */
void html_page_add_media (JsonBuilder *builder, const gchar *location);

/* Adds the member "picture": a JPEG in base64, or null. */
void html_page_add_picture (JsonBuilder *builder, GBytes *jpeg);

G_END_DECLS
