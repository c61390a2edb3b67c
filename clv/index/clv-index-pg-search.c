/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The server finds candidates, by its HNSW index or, where few moments are searched or
 * that index gives too few, by comparing all of them. Scores are computed here from
 * their embeddings, as for an index of files. */

#include <stdlib.h>
#include <string.h>

#include "clv-index-dot.h"
#include "clv-index-pg.h"
#include "clv-index-segments.h"
#include "ops/half.h"

/* Comparing so many takes the server a few milliseconds, and finds all. */
#define EXACT_MAX 10000

/* hnsw.ef_search: so many moments are kept in sight on the way through the graph; more
 * find more. pgvector takes 1 to 1000. */
#define MIN_SIGHT 400
#define MAX_SIGHT 1000

/* Neighbours that are asked for at once. */
#define AT_ONCE 64

/* Which moments are searched; a parameter that is NULL costs nothing, as the server
 * plans with its value. */
#define IS_SEARCHED                                                            \
  " WHERE ($1::bigint[] IS NULL OR media = ANY ($1))"                          \
  " AND ($2::float8 IS NULL OR time >= $2)"                                    \
  " AND ($3::float8 IS NULL OR time < $3)"

typedef struct {
  ClvIndex *index;
  const ClvIndexQuery *query;
  const gfloat *x;
  gchar *media;      /* ids of those that match, as an array; NULL: all */
  guint64 n;         /* moments that are searched */
  gdouble mean;      /* of their scores */
  gboolean exact;    /* do without the HNSW index */
  GHashTable *taken; /* ids of moments */
} Search;

static void
search_clear (Search *self)
{
  g_free (self->media);
  g_clear_pointer (&self->taken, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

static ClvPg *
pg_of (Search *self)
{
  return &self->index->pg->pg;
}

/* LIKE has other signs for any text and any character, and a way to mean them. */
static gchar *
to_like (const gchar *pattern)
{
  GString *like = g_string_new (NULL);

  for (const gchar *c = pattern; *c != '\0'; c++)
    switch (*c) {
      case '*':
        g_string_append_c (like, '%');
        break;
      case '?':
        g_string_append_c (like, '_');
        break;
      case '%':
      case '_':
      case '\\':
        g_string_append_c (like, '\\');
        G_GNUC_FALLTHROUGH;
      default:
        g_string_append_c (like, *c);
    }
  return g_string_free (like, FALSE);
}

/* The query as vector_recv() and halfvec_recv() read it. */
static GByteArray *
make_operand (const Search *self, gboolean half)
{
  const guint width = self->index->width;
  GByteArray *bytes = g_byte_array_new ();

  clv_pg_put16 (bytes, (guint16) width);
  clv_pg_put16 (bytes, 0);
  for (guint d = 0; d < width; d++) {
    guint32 bits;

    memcpy (&bits, &self->x[d], sizeof bits);
    if (half)
      clv_pg_put16 (bytes, clv_half_from_float (self->x[d]));
    else
      clv_pg_put32 (bytes, bits);
  }
  return bytes;
}

static gboolean
is_timed (const Search *self)
{
  return self->query->after > 0 || self->query->before > 0;
}

static void
add_filter (const Search *self, ClvPgValues *values)
{
  clv_pg_add_text (values, self->media);
  if (self->query->after > 0)
    clv_pg_add_number (values, self->query->after);
  else
    clv_pg_add_text (values, NULL);
  if (self->query->before > 0)
    clv_pg_add_number (values, self->query->before);
  else
    clv_pg_add_text (values, NULL);
}

static void
read_sums (Search *self, const ClvPgResult *result)
{
  self->n = (guint64) clv_pg_get_integer (result, 0, 0);
  self->mean =
      self->n > 0 ? clv_pg_get_number (result, 0, 1) / (gdouble) self->n : 0;
}

/* The product with a sum is the sum of the products. */
static gboolean
sum_up_media (Search *self, const GByteArray *operand, GError **error)
{
  g_autofree gchar *like =
      self->query->media != NULL ? to_like (self->query->media) : NULL;
  g_autoptr (ClvPgResult) result = NULL;
  ClvPgValues values = { 0 };

  clv_pg_add_bytes (&values, operand);
  clv_pg_add_text (&values, like);
  result = clv_pg_query (pg_of (self),
      "SELECT coalesce(sum(n_moments), 0),"
      " coalesce(sum(-(total <#> $1::vector)), 0),"
      " CASE WHEN $2::text IS NOT NULL"
      " THEN coalesce(array_agg(id)::text, '{}') END"
      " FROM clv_media WHERE n_moments > 0"
      " AND ($2::text IS NULL OR location LIKE $2)",
      &values, FALSE, error);
  if (result == NULL)
    return FALSE;
  read_sums (self, result);
  if (like != NULL)
    self->media = g_strdup (PQgetvalue (result, 0, 2));
  return TRUE;
}

static gboolean
sum_up_moments (Search *self, const GByteArray *operand, GError **error)
{
  g_autoptr (ClvPgResult) result = NULL;
  ClvPgValues values = { 0 };

  add_filter (self, &values);
  clv_pg_add_bytes (&values, operand);
  result = clv_pg_query (pg_of (self),
      "SELECT count(*),"
      " coalesce(sum(-(embedding::vector <#> $4::vector)), 0)"
      " FROM clv_moments" IS_SEARCHED,
      &values, FALSE, error);
  if (result == NULL)
    return FALSE;
  read_sums (self, result);
  return TRUE;
}

/* Of embeddings as halfvec_send() writes them. */
static gfloat
score (const Search *self, const ClvPgResult *result, int row, int column)
{
  const guint width = self->index->width;
  const gchar *halves = PQgetvalue (result, row, column) + 4;
  g_autofree guint16 *embedding = g_new (guint16, width);
  gfloat found;

  memcpy (embedding, halves, width * sizeof *embedding);
  for (guint d = 0; d < width; d++)
    embedding[d] = GUINT16_FROM_BE (embedding[d]);
  clv_index_dot (embedding, 1, width, self->x, &found);
  return found;
}

static gboolean
is_taken (gpointer source, gint64 moment)
{
  return g_hash_table_contains (((Search *) source)->taken, &moment);
}

static void
take (gpointer source, gint64 moment)
{
  g_hash_table_add (
      ((Search *) source)->taken, g_memdup2 (&moment, sizeof moment));
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const ClvIndexScored *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->id < y->id ? -1 : x->id > y->id;
}

static ClvPgResult *
ask_for_best (Search *self, guint64 n, GError **error)
{
  g_autoptr (GByteArray) operand = make_operand (self, TRUE);
  g_autofree gchar *sight =
      g_strdup_printf ("SET LOCAL hnsw.iterative_scan = relaxed_order;"
                       "SET LOCAL hnsw.ef_search = %u",
          (guint) CLAMP (n * 2, MIN_SIGHT, MAX_SIGHT));
  ClvPgValues values = { 0 };

  add_filter (self, &values);
  clv_pg_add_bytes (&values, operand);
  clv_pg_add_integer (&values, (gint64) n);
  /* What is no bare distance has no index. */
  if (self->exact)
    return clv_pg_query (pg_of (self),
        "SELECT id, embedding FROM clv_moments" IS_SEARCHED
        " ORDER BY (embedding <#> $4::halfvec) + 0, id LIMIT $5::bigint",
        &values, TRUE, error);
  return clv_pg_run (pg_of (self), sight, error)
             ? clv_pg_query (pg_of (self),
                   "SELECT id, embedding FROM clv_moments" IS_SEARCHED
                   " ORDER BY embedding <#> $4::halfvec LIMIT $5::bigint",
                   &values, TRUE, error)
             : NULL;
}

static gboolean
find_best (gpointer source, guint n, ClvIndexScored *ret_best, guint *ret_n,
    GError **error)
{
  Search *self = source;
  /* Those that are taken are among the best, too. */
  const guint64 wanted =
      MIN ((guint64) n + g_hash_table_size (self->taken), self->n);
  g_autoptr (ClvPgResult) result = ask_for_best (self, wanted, error);

  /* A filter may leave the graph too few. */
  if (result != NULL && !self->exact && (guint64) PQntuples (result) < wanted) {
    self->exact = TRUE;
    return find_best (source, n, ret_best, ret_n, error);
  }
  *ret_n = 0;
  for (int i = 0; result != NULL && i < PQntuples (result); i++) {
    const gint64 id = clv_pg_take_integer (result, i, 0);

    if (*ret_n < n && !is_taken (self, id))
      ret_best[(*ret_n)++] =
          (ClvIndexScored){ .id = id, .score = score (self, result, i, 1) };
  }
  qsort (ret_best, *ret_n, sizeof *ret_best, compare);
  return result != NULL;
}

static gboolean
is_in_time (const Search *self, gdouble time)
{
  return time >= self->query->after &&
         (self->query->before <= 0 || time < self->query->before);
}

static gboolean
walk (gpointer source, gint64 media, const ClvIndexHit *hit, gboolean back,
    ClvIndexVisit visit, gpointer user_data, GError **error)
{
  Search *self = source;
  gdouble time = hit->best;
  int n;

  do {
    ClvPgValues values = { 0 };
    g_autoptr (ClvPgResult) result = NULL;

    clv_pg_add_integer (&values, media);
    clv_pg_add_number (&values, time);
    result = clv_pg_query (pg_of (self),
        back ? "SELECT id, time, embedding FROM clv_moments"
               " WHERE media = $1 AND time < $2"
               " ORDER BY time DESC LIMIT " G_STRINGIFY (AT_ONCE)
             : "SELECT id, time, embedding FROM clv_moments"
               " WHERE media = $1 AND time > $2"
               " ORDER BY time LIMIT " G_STRINGIFY (AT_ONCE),
        &values, TRUE, error);
    if (result == NULL)
      return FALSE;
    n = PQntuples (result);
    for (int i = 0; i < n; i++) {
      ClvIndexScored moment = { .id = clv_pg_take_integer (result, i, 0) };

      moment.time = time = clv_pg_take_number (result, i, 1);
      moment.score = is_in_time (self, time) && !is_taken (self, moment.id)
                         ? score (self, result, i, 2)
                         : CLV_INDEX_TAKEN;
      if (!visit (&moment, user_data))
        return TRUE;
    }
  } while (n == AT_ONCE);
  return TRUE;
}

static gboolean
read_tags (Search *self, ClvIndexHit *hit, GError **error)
{
  g_autoptr (GStrvBuilder) tags = g_strv_builder_new ();
  g_autoptr (ClvPgResult) result = NULL;
  ClvPgValues values = { 0 };

  clv_pg_add_integer (&values, hit->moment);
  result = clv_pg_query (pg_of (self),
      "SELECT label FROM clv_moments, unnest(labels, scores) AS t (label, "
      "score)"
      " WHERE id = $1 ORDER BY score DESC, label",
      &values, FALSE, error);
  for (int i = 0; result != NULL && i < PQntuples (result); i++)
    g_strv_builder_add (tags, PQgetvalue (result, i, 0));
  hit->tags = g_strv_builder_end (tags);
  return result != NULL;
}

static gboolean
describe (
    gpointer source, ClvIndexHit *hit, ClvIndexAbout *ret_about, GError **error)
{
  Search *self = source;
  g_autoptr (ClvPgResult) result = NULL;
  ClvPgValues values = { 0 };

  clv_pg_add_integer (&values, hit->moment);
  result = clv_pg_query (pg_of (self),
      "SELECT location, time, media.id, span, duration"
      " FROM clv_moments JOIN clv_media AS media ON media.id = media"
      " WHERE clv_moments.id = $1",
      &values, FALSE, error);
  if (result == NULL)
    return FALSE;
  if (PQntuples (result) == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_BAD_FILE,
        "%s: the moment %" G_GINT64_FORMAT " is missing", self->index->path,
        hit->moment);
    return FALSE;
  }
  hit->media = g_strdup (PQgetvalue (result, 0, 0));
  hit->best = clv_pg_get_number (result, 0, 1);
  *ret_about = (ClvIndexAbout){
    .media = clv_pg_get_integer (result, 0, 2),
    .span = clv_pg_get_number (result, 0, 3),
    .duration = PQgetisnull (result, 0, 4) ? G_MAXDOUBLE
                                           : clv_pg_get_number (result, 0, 4),
  };
  return read_tags (self, hit, error);
}

static const ClvIndexSource source_class = {
  .find_best = find_best,
  .is_taken = is_taken,
  .take = take,
  .describe = describe,
  .walk = walk,
};

static GPtrArray *
search (Search *self, GError **error)
{
  g_autoptr (GByteArray) operand = make_operand (self, FALSE);

  if (!sum_up_media (self, operand, error) ||
      (is_timed (self) && !sum_up_moments (self, operand, error)))
    return NULL;
  self->exact = self->n <= EXACT_MAX;
  self->taken =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return clv_index_find_segments (&source_class, self,
      self->query->top > 0 ? self->query->top : CLV_INDEX_TOP, self->n,
      self->mean, error);
}

GPtrArray *
clv_index_pg_search (
    ClvIndex *self, const ClvIndexQuery *query, const gfloat *x, GError **error)
{
  g_auto (Search) state = { .index = self, .query = query, .x = x };
  GPtrArray *hits;

  if (query->media != NULL && !g_utf8_validate (query->media, -1, NULL)) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
        "%s: wanted a pattern in UTF-8, found '%s'", self->path, query->media);
    return NULL;
  }
  /* One snapshot for all reads. */
  if (!clv_pg_run (pg_of (&state),
          "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error))
    return NULL;
  hits = search (&state, error);
  clv_pg_end (pg_of (&state), FALSE, NULL);
  return hits;
}
