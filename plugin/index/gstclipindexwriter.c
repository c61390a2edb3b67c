/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipindexwriter.h"

#include "gstcliperror.h"

/* Moments that may wait. Few: those without an embedding hold a picture. */
#define MAX_QUEUED (2 * GST_CLIP_INDEX_BATCH)

/* Either a moment or the end of a media. */
typedef struct {
  GstClipIndexMoment *moment;
  GstClipIndexMedia *ended;
  gdouble duration;
} Order;

struct _GstClipIndexWriter {
  GstElement *element;
  GThread *thread;
  GstClipIndexStore *store; /* the thread's */

  GMutex lock; /* of what follows */
  GCond changed;
  GQueue orders;
  guint64 n_pushed;
  guint64 n_done;
  gboolean flushing;
  gboolean failed;
  gboolean stopping;
  guint64 dropped; /* for want of room */
  GstClipIndexCounts counts;
};

static void
order_free (Order *self)
{
  g_clear_pointer (&self->moment, gst_clip_index_moment_free);
  g_clear_pointer (&self->ended, gst_clip_index_media_unref);
  g_free (self);
}

/* A row of moments, or one end. Returns how many orders. */
static guint
take_orders (
    GstClipIndexWriter *self, GstClipIndexMoment **ret_moments, Order **ret_end)
{
  guint n = 0;

  *ret_end = NULL;
  while (n < GST_CLIP_INDEX_BATCH) {
    Order *order = g_queue_peek_head (&self->orders);

    if (order == NULL || (order->moment == NULL && n > 0))
      break;
    g_queue_pop_head (&self->orders);
    if (order->moment == NULL) {
      *ret_end = order;
      return 1;
    }
    ret_moments[n++] = g_steal_pointer (&order->moment);
    order_free (order);
  }
  return n;
}

/* Without the lock. */
static gboolean
execute (GstClipIndexWriter *self, GstClipIndexMoment **moments, guint n,
    Order *end, GError **error)
{
  gboolean good;

  if (end == NULL)
    return n > 0 ? gst_clip_index_store_add (self->store, moments, n, error)
                 : gst_clip_index_store_flush (self->store, error);
  good =
      gst_clip_index_store_end (self->store, end->ended, end->duration, error);
  order_free (end);
  return good;
}

/* The lock is held. Nobody gets an answer for what is left. */
static void
fail (GstClipIndexWriter *self, const GError *error)
{
  self->failed = TRUE;
  g_queue_clear_full (&self->orders, (GDestroyNotify) order_free);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  gst_clip_post_error (
      self->element, GST_MESSAGE_ERROR, "Cannot write to the index", error);
  g_mutex_lock (&self->lock);
}

/* The lock is held, and not during the work. */
static void
work (GstClipIndexWriter *self)
{
  GstClipIndexMoment *moments[GST_CLIP_INDEX_BATCH];
  g_autoptr (GError) error = NULL;
  Order *end;
  const guint n = take_orders (self, moments, &end);
  gboolean good;

  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  good = execute (self, moments, n, end, &error);
  g_mutex_lock (&self->lock);
  self->n_done += n;
  gst_clip_index_store_get_counts (self->store, &self->counts);
  if (!good)
    fail (self, error);
  g_cond_broadcast (&self->changed);
}

static gpointer
run (gpointer data)
{
  GstClipIndexWriter *self = data;

  g_mutex_lock (&self->lock);
  while (!self->failed) {
    const gint64 due = gst_clip_index_store_get_due (self->store);

    if (!g_queue_is_empty (&self->orders) || due <= g_get_monotonic_time ())
      work (self);
    else if (self->stopping)
      break;
    else if (due < G_MAXINT64)
      g_cond_wait_until (&self->changed, &self->lock, due);
    else
      g_cond_wait (&self->changed, &self->lock);
  }
  if (!self->failed)
    work (self); /* what waits in the store */
  g_mutex_unlock (&self->lock);
  return NULL;
}

GstClipIndexWriter *
gst_clip_index_writer_new (GstElement *element, GstClipIndexStore *store)
{
  GstClipIndexWriter *self = g_new0 (GstClipIndexWriter, 1);

  self->element = element;
  self->store = store;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->orders);
  self->thread = g_thread_new ("clipindex", run, self);
  return self;
}

void
gst_clip_index_writer_free (GstClipIndexWriter *self)
{
  gst_clip_index_store_cancel (self->store);
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);

  g_queue_clear_full (&self->orders, (GDestroyNotify) order_free);
  gst_clip_index_store_free (self->store);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* The lock is held. */
static gboolean
is_full (GstClipIndexWriter *self)
{
  return self->orders.length >= MAX_QUEUED;
}

GstClipIndexAnswer
gst_clip_index_writer_reserve (GstClipIndexWriter *self, gboolean wait)
{
  GstClipIndexAnswer answer = GST_CLIP_INDEX_OK;

  g_mutex_lock (&self->lock);
  while (wait && is_full (self) && !self->flushing && !self->failed)
    g_cond_wait (&self->changed, &self->lock);
  if (self->failed)
    answer = GST_CLIP_INDEX_FAILED;
  else if (is_full (self))
    answer = wait ? GST_CLIP_INDEX_FLUSHING : GST_CLIP_INDEX_DROPPED;
  self->dropped += answer != GST_CLIP_INDEX_OK;
  g_mutex_unlock (&self->lock);
  return answer;
}

/* The lock is held. */
static void
push (GstClipIndexWriter *self, Order *order)
{
  g_queue_push_tail (&self->orders, order);
  self->n_pushed++;
  g_cond_broadcast (&self->changed);
}

void
gst_clip_index_writer_push (
    GstClipIndexWriter *self, GstClipIndexMoment *moment)
{
  Order *order = g_new0 (Order, 1);

  order->moment = moment;
  g_mutex_lock (&self->lock);
  push (self, order);
  g_mutex_unlock (&self->lock);
}

GstClipIndexAnswer
gst_clip_index_writer_end (GstClipIndexWriter *self, GstClipIndexMedia *media,
    gdouble duration, gboolean wait)
{
  GstClipIndexAnswer answer = GST_CLIP_INDEX_OK;
  Order *order = g_new0 (Order, 1);
  guint64 number;

  order->ended = gst_clip_index_media_ref (media);
  order->duration = duration;
  g_mutex_lock (&self->lock);
  push (self, order);
  number = self->n_pushed;
  while (wait && self->n_done < number && !self->flushing && !self->failed)
    g_cond_wait (&self->changed, &self->lock);
  if (self->failed)
    answer = GST_CLIP_INDEX_FAILED;
  else if (self->n_done < number && wait)
    answer = GST_CLIP_INDEX_FLUSHING;
  g_mutex_unlock (&self->lock);
  return answer;
}

void
gst_clip_index_writer_set_flushing (GstClipIndexWriter *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
gst_clip_index_writer_get_counts (
    GstClipIndexWriter *self, GstClipIndexCounts *ret_counts)
{
  g_mutex_lock (&self->lock);
  *ret_counts = self->counts;
  ret_counts->dropped += self->dropped;
  g_mutex_unlock (&self->lock);
}
