/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-index.h>
#include <stdio.h>

G_BEGIN_DECLS

/* For people. */
void search_print_table (FILE *out, GPtrArray *hits);

/* `thumbnails`: (nullable): file names, one for each hit, or NULL for none. */
void search_print_json (
    FILE *out, ClvIndex *index, GPtrArray *hits, GPtrArray *thumbnails);

/* A page with a card for each hit. `query`: what was looked for, for people. */
gboolean search_print_html (FILE *out, ClvIndex *index, GPtrArray *hits,
    const gchar *query, GError **error);

/* Writes DIRECTORY/1.jpg and so on, of the hits whose best moments have one.
 * Returns the names, with NULL for the others. */
GPtrArray *search_write_thumbnails (
    ClvIndex *index, GPtrArray *hits, const gchar *directory, GError **error);

G_END_DECLS
