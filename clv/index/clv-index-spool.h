/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a server that cannot be reached is to get later: a small database on this
 * machine's disk, of limited size, in $CLV_SPOOL_DIR or clv/spool in the user's data
 * directory. Several processes may use one. What was added is on disk. */

#pragma once

#include <clv/clv-index.h>

G_BEGIN_DECLS

/* At most so many moments come out of a spool at once. */
#define CLV_INDEX_SPOOL_BATCH 256

/* A media as a server knows it, under whatever number. */
typedef struct {
  gchar *location;
  gint64 size;
  gint64 modified_us;
  gchar *sampling;
  gdouble span;
  gint64 begun_us; /* when it was taken up, in microseconds since 1970 */
} ClvIndexBegun;

void clv_index_begun_clear (ClvIndexBegun *self);

typedef struct _ClvIndexSpool ClvIndexSpool;

/* Of one index (by its path) and model (of D values). Without `create` NULL without
 * an error where there is none. */
ClvIndexSpool *clv_index_spool_open (const gchar *index, const gchar *model_id,
    guint width, gboolean create, GError **error);
void clv_index_spool_free (ClvIndexSpool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ClvIndexSpool, clv_index_spool_free)

const gchar *clv_index_spool_get_path (ClvIndexSpool *self);

/* Moments, and media of which the end is to be told. */
gboolean clv_index_spool_count (ClvIndexSpool *self, guint64 *ret_n_moments,
    guint64 *ret_n_media, GError **error);

/* As clv_index_append(); a moment that is there is left as it is. What another
 * version of the media has left goes. G_FILE_ERROR_NOSPC: full, nothing was added. */
gboolean clv_index_spool_add (ClvIndexSpool *self, const ClvIndexBegun *media,
    const ClvIndexMoment *moments, guint n, const gfloat *embeddings,
    GError **error);

/* The media ends there, behind what was added. */
gboolean clv_index_spool_end (ClvIndexSpool *self, const ClvIndexBegun *media,
    gdouble duration, GError **error);

/* The oldest media, and its first moments. */
typedef struct {
  gint64 id; /* in the spool */
  ClvIndexBegun media;
  guint n;                 /* moments */
  ClvIndexMoment *moments; /* (n) */
  gint64 *ids;             /* (n): in the spool */
  gfloat *embeddings;      /* (n, D) */
  gboolean ended;          /* and these are its last moments */
  gdouble duration;        /* then */
  GPtrArray *variants;     /* which own the tags */
} ClvIndexSpooled;

/* {0} is none. */
void clv_index_spooled_clear (ClvIndexSpooled *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ClvIndexSpooled, clv_index_spooled_clear)

/* *ret_any FALSE: the spool is empty. */
gboolean clv_index_spool_read (ClvIndexSpool *self, ClvIndexSpooled *ret,
    gboolean *ret_any, GError **error);

/* What was read need not be kept any more. */
gboolean clv_index_spool_drop (
    ClvIndexSpool *self, const ClvIndexSpooled *spooled, GError **error);

G_END_DECLS
