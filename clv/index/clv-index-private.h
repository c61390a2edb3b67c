/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-index.h>

#include "clv-index-db.h"
#include "clv-index-vectors.h"

G_BEGIN_DECLS

#define CLV_INDEX_MAX_WIDTH 65536
#define CLV_INDEX_TOP       10

/* What embeddings are of. */
typedef struct {
  const gchar *id;
  const gchar *name;
  guint width;
} ClvIndexModel;

/* How an index is kept: each kind has one of these. Arguments are checked, and
 * the lock is held. */
typedef struct {
  /* Fills what the index says of its model, and leaves in `path` what may be shown
   * of it. `model`: of the writer; NULL: for reading only. */
  gboolean (*open) (ClvIndex *self, const ClvIndexModel *model, GError **error);
  void (*close) (ClvIndex *self); /* also where open() failed, or was not */
  gboolean (*count) (ClvIndex *self, guint64 *ret_n_media,
      guint64 *ret_n_moments, GError **error);
  GBytes *(*get_thumbnail) (ClvIndex *self, gint64 moment, GError **error);
  gboolean (*look_up_media) (ClvIndex *self, const ClvIndexMedia *media,
      ClvIndexProgress *ret_progress, GError **error);
  gboolean (*begin_media) (ClvIndex *self, const ClvIndexMedia *media,
      ClvIndexProgress *ret_progress, GError **error);
  gboolean (*append) (ClvIndex *self, gint64 media,
      const ClvIndexMoment *moments, guint n, const gfloat *embeddings,
      GError **error);
  gboolean (*end_media) (
      ClvIndex *self, gint64 media, gdouble duration, GError **error);
  /* These two may be NULL where nothing ever waits. */
  gboolean (*flush) (ClvIndex *self, GError **error);
  const gchar *(*get_away) (ClvIndex *self); /* why, or NULL */
  /* `x` (D): query->vector, of unit length. */
  GPtrArray *(*search) (ClvIndex *self, const ClvIndexQuery *query,
      const gfloat *x, GError **error);
} ClvIndexStore;

extern const ClvIndexStore clv_index_sqlite;
extern const ClvIndexStore clv_index_postgresql;

typedef struct _ClvIndexPg ClvIndexPg;

struct _ClvIndex {
  GObject parent;

  /* Immutable. */
  const ClvIndexStore *store;
  gchar *path;
  gchar *model_id;
  gchar *model_name;
  guint width;
  gboolean writable;

  GMutex lock;             /* of all below */
  sqlite3 *db;             /* of clv_index_sqlite */
  ClvIndexVectors vectors; /* too */
  ClvIndexPg *pg;          /* of clv_index_postgresql */
};

/* Scales D floats to unit length; FALSE where that is not possible. */
gboolean clv_index_normalize (gfloat *vector, guint width);

G_END_DECLS
