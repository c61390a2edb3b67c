/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-index.h>

#include "clv-index-db.h"
#include "clv-index-vectors.h"

G_BEGIN_DECLS

struct _ClvIndex {
  GObject parent;

  /* Immutable. */
  gchar *path;
  gchar *model_id;
  gchar *model_name;
  guint width;
  gboolean writable;

  GMutex lock; /* of all below */
  sqlite3 *db;
  ClvIndexVectors vectors;
};

/* Rows that the database knows, in the transaction that is open. */
gboolean clv_index_get_n_rows (ClvIndex *self, guint64 *ret_n, GError **error);

/* BEGIN, and COMMIT or, where `good` is FALSE, ROLLBACK. clv_index_end() returns
 * whether all was good. */
gboolean clv_index_begin (ClvIndex *self, gboolean write, GError **error);
gboolean clv_index_end (ClvIndex *self, gboolean good, GError **error);

/* Scales D floats to unit length; FALSE where that is not possible. */
gboolean clv_index_normalize (gfloat *vector, guint width);

G_END_DECLS
