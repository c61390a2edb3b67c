/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An index in a database of PostgreSQL with pgvector. */

#pragma once

#include "clv-index-pg-connection.h"
#include "clv-index-private.h"
#include "clv-index-spool.h"

G_BEGIN_DECLS

/* A media that was begun here. */
typedef struct {
  ClvIndexBegun begun;
  gint64 id;      /* in the database; 0: that is not known yet */
  gboolean blind; /* begun without asking what is there */
} ClvIndexPgMedia;

struct _ClvIndexPg {
  ClvPg pg;
  ClvIndexSpool *spool; /* NULL: nothing had to wait */
  GHashTable *media;    /* number of the caller: ClvIndexPgMedia */
  gint64 n_blind;       /* media without a number of the server */

  /* While the server cannot be reached. */
  gchar *why;
  gint64 retry_us; /* monotonic */
  gint64 delay_us;
};

/* The schema is made or brought up to date for a writer, whose model it has to be. */
gboolean clv_index_pg_prepare (
    ClvIndex *self, const ClvIndexModel *model, GError **error);

/* Finds the media in the database or inserts it. What it held as another version
 * goes; with `old_too` FALSE only if that was begun before this one, otherwise
 * *ret_id is 0. begun_us 0: now, which it then says. */
gboolean clv_index_pg_take_up (ClvIndex *self, ClvIndexBegun *media,
    gboolean old_too, ClvIndexProgress *ret_progress, GError **error);

gboolean clv_index_pg_look_up (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error);

/* All in one transaction. `later`: they have to be behind what is there; otherwise
 * those that are there are left as they are. */
gboolean clv_index_pg_send (ClvIndex *self, gint64 media,
    const ClvIndexMoment *moments, guint n, const gfloat *embeddings,
    gboolean later, GError **error);

gboolean clv_index_pg_set_duration (
    ClvIndex *self, gint64 media, gdouble duration, GError **error);

GPtrArray *clv_index_pg_search (ClvIndex *self, const ClvIndexQuery *query,
    const gfloat *x, GError **error);

G_END_DECLS
