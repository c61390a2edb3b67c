/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Only there where the library was built with SQLite (meson option `index`), and
 * so not part of clv/clv.h. Indexes on a server need the option `postgresql`, too. */

#pragma once

#include <clv/clv-types.h>

G_BEGIN_DECLS

#define CLV_TYPE_INDEX (clv_index_get_type ())
G_DECLARE_FINAL_TYPE (ClvIndex, clv_index, CLV, INDEX, GObject)

/**
 * ClvIndex:
 *
 * Moments of media with the embeddings of their pictures, on disk: a SQLite
 * database at a path, and the embeddings beside it in PATH.vectors; or on a server,
 * where the path is a URI that begins with postgresql://, as libpq reads it. Holds
 * the moments of one model. Several processes may write and read one index at once:
 * a reader sees whole appends only. All functions may be called from any thread;
 * those of one object wait for each other.
 *
 * Errors, if nothing else is said: %G_FILE_ERROR for what the system refuses,
 * %CLV_ERROR_BAD_FILE for damaged files, %CLV_ERROR_UNSUPPORTED for another
 * model, a newer version or a database without pgvector, %CLV_ERROR_FAILED where
 * another process holds the database for more than ten seconds,
 * %G_IO_ERROR_NOT_CONNECTED where the server cannot be reached. Messages begin with
 * the path, without a password.
 *
 * A server may go away while media are written: moments then go to a spool on this
 * machine's disk, in $CLV_SPOOL_DIR or clv/spool in the user's data directory, of at
 * most $CLV_SPOOL_MB (512), and from there to the server when it is back, also in the
 * next process that opens the index for writing.
 */

/**
 * clv_index_get_default_path:
 *
 * Where `clv index` puts it if it is not told.
 *
 * Returns: (transfer full) (nullable): the user's own index, clv/index.db in the
 * data directory; clv is made if it is missing
 */
gchar *clv_index_get_default_path (GError **error);

/**
 * clv_index_open:
 * @path: of the database, or a URI
 *
 * Opens an index that exists, for searching. Takes no lock.
 *
 * Returns: (transfer full) (nullable): the index
 */
ClvIndex *clv_index_open (const gchar *path, GError **error);

/**
 * clv_index_open_writable:
 * @path: of the database; it is made if it is missing or empty, its directory is
 *   not. Or a URI: the tables are made if they are missing, the database is not
 * @model_id: see clv_model_get_id()
 * @model_name: for messages
 * @width: of the embeddings, 1 to 65536
 *
 * Opens or makes an index for writing. What a crash left behind the last whole
 * append is cut off; what waits for the server is sent.
 *
 * Returns: (transfer full) (nullable): the index; %CLV_ERROR_UNSUPPORTED if it
 * holds moments of another model
 */
ClvIndex *clv_index_open_writable (const gchar *path, const gchar *model_id,
    const gchar *model_name, guint width, GError **error);

/**
 * clv_index_get_path:
 *
 * Where it is.
 *
 * Returns: (transfer none) (type filename): what it was opened with; a URI without
 * its password, so that it may be shown
 */
const gchar *clv_index_get_path (ClvIndex *self);

/**
 * clv_index_get_model_id:
 *
 * Whose embeddings it has.
 *
 * Returns: (transfer none): see clv_model_get_id()
 */
const gchar *clv_index_get_model_id (ClvIndex *self);

/**
 * clv_index_get_model_name:
 *
 * For people.
 *
 * Returns: (transfer none): the model's name, as it was when the index was made
 */
const gchar *clv_index_get_model_name (ClvIndex *self);

/**
 * clv_index_get_width:
 *
 * The width of the model's embeddings.
 *
 * Returns: D, the floats of an embedding
 */
guint clv_index_get_width (ClvIndex *self);

/**
 * clv_index_check_model:
 * @model_id: see clv_model_get_id()
 * @model_name: for messages
 * @width: of the model's embeddings
 *
 * Embeddings of different models cannot be compared. Waits for nothing.
 *
 * Returns: %TRUE if the moments are of this model; otherwise %FALSE with
 * %CLV_ERROR_UNSUPPORTED, which names both
 */
gboolean clv_index_check_model (ClvIndex *self, const gchar *model_id,
    const gchar *model_name, guint width, GError **error);

/**
 * clv_index_count:
 * @ret_n_media: (out) (optional): media, the unfinished ones too
 * @ret_n_moments: (out) (optional): moments that can be found
 *
 * Reads all of the database's table of media.
 *
 * Returns: %TRUE on success
 */
gboolean clv_index_count (ClvIndex *self, guint64 *ret_n_media,
    guint64 *ret_n_moments, GError **error);

/**
 * ClvIndexMedia:
 * @location: names the media: a path or URI
 * @size: bytes; -1 where there is no file
 * @modified_us: when the file was changed, in microseconds since 1970; -1: no file
 * @sampling: how moments are chosen, any text
 * @span: seconds that a moment stands for at most, more than 0: how far neighbours
 *   may be apart
 *
 * A media as it is about to be indexed. It counts as the same as before if all
 * fields are equal.
 */
typedef struct {
  const gchar *location;
  gint64 size;
  gint64 modified_us;
  const gchar *sampling;
  gdouble span;
} ClvIndexMedia;

/**
 * clv_index_name_media:
 * @location: a path or a URI
 * @ret_size: (out): see #ClvIndexMedia
 * @ret_modified_us: (out): see #ClvIndexMedia
 *
 * What a file is called in an index, and what tells whether it has changed.
 * Looks at the file.
 *
 * Returns: (transfer full): an absolute path, or the URI of what is no file
 */
gchar *clv_index_name_media (
    const gchar *location, gint64 *ret_size, gint64 *ret_modified_us);

/**
 * ClvIndexProgress:
 * @id: of the media in this index
 * @complete: it was indexed to its end
 * @last_time: seconds, of its last moment; negative if it has none
 *
 * How much of a media is in the index.
 */
typedef struct {
  gint64 id;
  gboolean complete;
  gdouble last_time;
} ClvIndexProgress;

/**
 * clv_index_look_up_media:
 * @media: what is about to be indexed
 * @ret_progress: (out caller-allocates): what is there already; @id 0: nothing,
 *   or the media has changed since or was indexed otherwise
 *
 * What clv_index_begin_media() would find, without taking anything up. Waits up to
 * ten seconds for a server to come back.
 *
 * Returns: %TRUE on success, also where nothing is there
 */
gboolean clv_index_look_up_media (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error);

/**
 * clv_index_begin_media:
 * @media: what is about to be indexed
 * @ret_progress: (out caller-allocates): what is there already
 *
 * Takes up a media. One that has changed since, or was indexed otherwise, loses
 * its moments. Waits for the disk, or the server; where that is away, nothing is
 * known to be there, and what is added counts only where it is not.
 *
 * Returns: %TRUE on success
 */
gboolean clv_index_begin_media (ClvIndex *self, const ClvIndexMedia *media,
    ClvIndexProgress *ret_progress, GError **error);

/**
 * ClvIndexTag:
 * @label: the phrase
 * @score: 0 to 1, or a cosine; for those who read the database
 *
 * A phrase that was active at a moment.
 */
typedef struct {
  const gchar *label;
  gdouble score;
} ClvIndexTag;

/**
 * ClvIndexMoment:
 * @time: seconds, stream time
 * @tags: (nullable) (array length=n_tags): labels that differ
 * @n_tags: how many
 * @thumbnail: (nullable): a small picture as a file: JPEG or another format
 *
 * What is to be stored of a moment, beside its embedding.
 */
typedef struct {
  gdouble time;
  const ClvIndexTag *tags;
  guint n_tags;
  GBytes *thumbnail;
} ClvIndexMoment;

/**
 * clv_index_append: (skip)
 * @media: the id from clv_index_begin_media()
 * @moments: (array length=n): in the order of time, all later than those that
 *   the media has
 * @n: how many
 * @embeddings: n rows of D floats of unit length; stored as float16
 *
 * Adds moments, all of them or none, and returns when embeddings are on disk. A
 * power cut may lose the newest appends, never a part of one. Many at once are
 * faster: each call waits for the disk, or for the server. While that is away moments
 * go to the spool; the server is tried again after 0.5 s, and then ever more seldom,
 * every 30 s at last.
 *
 * Returns: %FALSE with %CLV_ERROR_FAILED for an embedding that is not of unit
 * length or a time that is not finite, if the media is not in the index (any
 * more), or if it has a moment that is not earlier: then another process is
 * indexing it; %G_FILE_ERROR_NOSPC where disk or spool are full
 */
gboolean clv_index_append (ClvIndex *self, gint64 media,
    const ClvIndexMoment *moments, guint n, const gfloat *embeddings,
    GError **error);

/**
 * clv_index_end_media:
 * @media: the id from clv_index_begin_media()
 * @duration: seconds, where it ends
 *
 * The media was read to its end. Waits for the disk.
 *
 * Returns: %TRUE on success
 */
gboolean clv_index_end_media (
    ClvIndex *self, gint64 media, gdouble duration, GError **error);

/**
 * clv_index_flush:
 *
 * Sends what waits in the spool, if there is something. Waits up to ten seconds for
 * a server to come back.
 *
 * Returns: %FALSE with %G_IO_ERROR_NOT_CONNECTED, which says how much still waits
 * and where
 */
gboolean clv_index_flush (ClvIndex *self, GError **error);

/**
 * clv_index_is_away:
 * @ret_why: (out) (optional) (transfer full): what is wrong; left alone otherwise
 *
 * Tells how the last try went, without another one.
 *
 * Returns: %TRUE while the server cannot be reached, and what is added goes to the
 * spool
 */
gboolean clv_index_is_away (ClvIndex *self, gchar **ret_why);

/**
 * clv_index_hide_password:
 * @path: of an index, maybe a URI
 *
 * For messages: clv_index_get_path() before there is an index.
 *
 * Returns: (transfer full): what may be shown of @path
 */
gchar *clv_index_hide_password (const gchar *path);

/**
 * ClvIndexQuery:
 * @vector: D floats of any length but 0
 * @top: so many segments at most; 0: 10
 * @media: (nullable): only media whose location matches: * and ? stand for any
 *   text and any character
 * @after: seconds; only moments from this stream time on
 * @before: seconds; only moments before this stream time; 0: no limit
 * @n_threads: 0: 2
 *
 * What is looked for; all zero but @vector is a good default.
 */
typedef struct {
  const gfloat *vector;
  guint top;
  const gchar *media;
  gdouble after;
  gdouble before;
  guint n_threads;
} ClvIndexQuery;

/**
 * ClvIndexHit:
 * @media: location
 * @start: seconds: the first moment
 * @end: seconds: where what is found ends
 * @best: seconds: the moment with the highest score
 * @score: cosine of that moment and the query
 * @n_moments: that were merged
 * @moment: number of the best moment in the index
 * @tags: (array zero-terminated=1): labels that were active then
 *
 * A segment of a media.
 */
typedef struct {
  gchar *media;
  gdouble start;
  gdouble end;
  gdouble best;
  gfloat score;
  guint n_moments;
  gint64 moment;
  GStrv tags;
} ClvIndexHit;

/**
 * clv_index_search: (skip)
 * @query: what is looked for
 *
 * Compares the query with every moment (exact, no approximation) and merges
 * neighbours; on a server with more than 10000 moments only with those that its HNSW
 * index finds, whose scores and neighbours are then exact. A segment reaches from its best moment in both directions as long
 * as scores stay above the middle between the mean of the moments that are
 * searched and the best one (its full width at half maximum), or within 0.01 of
 * it. Reads the whole vectors file: 1 GB for a
 * million moments of 512 values.
 *
 * Returns: (transfer full) (element-type ClvIndexHit) (nullable): segments that
 * do not overlap, best first; empty where nothing can be found
 */
GPtrArray *clv_index_search (
    ClvIndex *self, const ClvIndexQuery *query, GError **error);

/**
 * clv_index_get_thumbnail:
 * @moment: see #ClvIndexHit
 *
 * The small picture of a moment.
 *
 * Returns: (transfer full) (nullable): a file, as it was stored; %NULL without an error if it has none
 */
GBytes *clv_index_get_thumbnail (ClvIndex *self, gint64 moment, GError **error);

G_END_DECLS
