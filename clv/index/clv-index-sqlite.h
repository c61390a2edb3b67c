/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The parts of clv_index_sqlite, an index in a database of SQLite with a file of
 * vectors beside it. */

#pragma once

#include "clv-index-private.h"

G_BEGIN_DECLS

gboolean clv_index_sqlite_look_up_media (ClvIndex *self,
    const ClvIndexMedia *media, ClvIndexProgress *ret_progress, GError **error);
gboolean clv_index_sqlite_begin_media (ClvIndex *self,
    const ClvIndexMedia *media, ClvIndexProgress *ret_progress, GError **error);
gboolean clv_index_sqlite_append (ClvIndex *self, gint64 media,
    const ClvIndexMoment *moments, guint n, const gfloat *embeddings,
    GError **error);
gboolean clv_index_sqlite_end_media (
    ClvIndex *self, gint64 media, gdouble duration, GError **error);
GPtrArray *clv_index_sqlite_search (ClvIndex *self, const ClvIndexQuery *query,
    const gfloat *x, GError **error);

/* Rows that the database knows, in the transaction that is open. */
gboolean clv_index_get_n_rows (ClvIndex *self, guint64 *ret_n, GError **error);

/* BEGIN, and COMMIT or, where `good` is FALSE, ROLLBACK. clv_index_end() returns
 * whether all was good. */
gboolean clv_index_begin (ClvIndex *self, gboolean write, GError **error);
gboolean clv_index_end (ClvIndex *self, gboolean good, GError **error);

G_END_DECLS
