/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclippublisher.h"

#include "gstclippublishboard.h"
#include "gstclippublishlink.h"
#include "gstclippublishqueue.h"
#include "gstclippublishwindow.h"

GST_DEBUG_CATEGORY_EXTERN (gst_clip_publish_debug);
#define GST_CAT_DEFAULT gst_clip_publish_debug

/* Marks the numbers of what the board sends; the others are the spool's. */
#define OF_BOARD (G_GUINT64_CONSTANT (1) << 62)

/* That messages were dropped is told that often at most. */
#define TELL_US (10 * G_USEC_PER_SEC)

/* After a disk did not take something. */
#define RETRY_US (2 * G_USEC_PER_SEC)

/* Beyond the time for sending: a commit, a goodbye. */
#define PATIENCE_US (3 * G_USEC_PER_SEC)

struct _GstClipPublisher {
  gint ref_count;
  GstElement *element;
  GThread *thread;
  GstClipPublishLink *link;
  GstClipPublishSpool *spool; /* the thread's */

  GMutex lock; /* of what follows */
  GCond changed;
  GstClipPublishQueue queue;
  GstClipPublishWindow window;
  GstClipPublishBoard *board;
  GstClipPublishMessage *goodbye;
  GstClipPublishCounts counts;
  guint64 spooled;   /* in the spool */
  guint64 last_id;   /* given out */
  guint64 last_read; /* of the spool, into the window */
  guint64 board_id;  /* given out */
  gboolean poked;    /* the thread has something to look at */
  gboolean flushing;
  gboolean gave_up; /* waiting for what there is */
  gint64 stop_at;   /* G_MAXINT64: not yet; then no longer than that */
  gboolean finished;

  /* The thread. */
  guint64 told_dropped;
  gint64 told_at;
  gint64 spool_retry; /* 0: the disk is well */
  gchar *refused;     /* why the newest was */
};

static void
publisher_unref (GstClipPublisher *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  gst_clip_publish_queue_clear (&self->queue);
  gst_clip_publish_window_clear (&self->window);
  gst_clip_publish_board_free (self->board);
  g_clear_pointer (&self->goodbye, gst_clip_publish_message_unref);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self->refused);
  gst_object_unref (self->element);
  g_free (self);
}

/* The lock is held. */
static void
poke (GstClipPublisher *self)
{
  self->poked = TRUE;
  g_cond_broadcast (&self->changed);
}

static void
on_up (gpointer data)
{
  GstClipPublisher *self = data;

  g_mutex_lock (&self->lock);
  self->counts.connected = TRUE;
  self->counts.connections++;
  poke (self);
  g_mutex_unlock (&self->lock);
}

static void
on_down (gpointer data)
{
  GstClipPublisher *self = data;

  g_mutex_lock (&self->lock);
  self->counts.connected = FALSE;
  gst_clip_publish_window_rewind (&self->window);
  gst_clip_publish_board_rewind (self->board);
  poke (self);
  g_mutex_unlock (&self->lock);
}

/* The lock is held. */
static void
settle (GstClipPublisher *self, guint64 id, const GError *refused)
{
  if (refused != NULL) {
    g_free (self->refused);
    self->refused = g_strdup (refused->message);
  }
  if (id >= OF_BOARD)
    gst_clip_publish_board_done (self->board, id);
  else if (!gst_clip_publish_window_done (&self->window, id))
    return;
  if (refused != NULL)
    self->counts.dropped++;
  else if (id < OF_BOARD)
    self->counts.published++;
  poke (self);
}

static void
on_done (gpointer data, guint64 id, const GError *refused)
{
  GstClipPublisher *self = data;

  g_mutex_lock (&self->lock);
  settle (self, id, refused);
  g_mutex_unlock (&self->lock);
}

/* The lock is held, here and below, and not while the disk works. */
static void
spool_failed (GstClipPublisher *self, const GError *error)
{
  const gboolean first = self->spool_retry == 0;

  self->spool_retry = g_get_monotonic_time () + RETRY_US;
  if (!first)
    return;
  g_mutex_unlock (&self->lock);
  GST_ELEMENT_WARNING (self->element, RESOURCE, WRITE,
      ("The spool does not work, so that messages wait in memory only: %s",
          error->message),
      (NULL));
  g_mutex_lock (&self->lock);
}

static GPtrArray *
pop_all (GstClipPublisher *self)
{
  GPtrArray *messages = g_ptr_array_new ();
  GstClipPublishMessage *message;

  while ((message = gst_clip_publish_queue_pop (&self->queue)) != NULL)
    g_ptr_array_add (messages, message);
  return messages;
}

/* From memory to the disk. Returns whether there was anything. */
static gboolean
store (GstClipPublisher *self)
{
  const guint64 first_id = self->last_id + 1, under_way = self->last_read;
  g_autoptr (GPtrArray) messages = NULL;
  g_autoptr (GError) error = NULL;
  guint n_gone = 0;
  gboolean good;

  if (self->spool == NULL || g_queue_is_empty (&self->queue.messages) ||
      g_get_monotonic_time () < self->spool_retry)
    return FALSE;
  messages = pop_all (self);
  self->last_id += messages->len;
  self->spooled += messages->len; /* as they are nowhere else */
  g_mutex_unlock (&self->lock);
  good = gst_clip_publish_spool_add (
      self->spool, messages, first_id, under_way, &n_gone, &error);
  g_mutex_lock (&self->lock);
  self->spooled = gst_clip_publish_spool_get_length (self->spool);
  if (!good) {
    self->counts.dropped +=
        gst_clip_publish_queue_return (&self->queue, messages);
    spool_failed (self, error);
    return FALSE;
  }
  self->spool_retry = 0;
  self->counts.dropped += n_gone;
  for (guint i = 0; i < messages->len; i++)
    gst_clip_publish_message_unref (messages->pdata[i]);
  return TRUE;
}

static gboolean
read_spool (GstClipPublisher *self, guint64 *ret_id,
    GstClipPublishMessage **ret_message)
{
  const guint64 above = self->last_read;
  g_autoptr (GError) error = NULL;
  gboolean found;

  if (self->spool == NULL ||
      gst_clip_publish_spool_get_last_id (self->spool) <= above)
    return FALSE;
  g_mutex_unlock (&self->lock);
  found = gst_clip_publish_spool_read (
      self->spool, above, ret_id, ret_message, &error);
  g_mutex_lock (&self->lock);
  if (error != NULL)
    spool_failed (self, error);
  return found;
}

/* Into the window, what is oldest. With a spool, memory has only what is not on the
 * disk yet, and is left alone unless the disk fails. */
static void
fill (GstClipPublisher *self)
{
  while (!gst_clip_publish_window_is_full (&self->window)) {
    GstClipPublishMessage *message = NULL;
    guint64 id;

    if (read_spool (self, &id, &message)) {
      self->last_read = id;
    } else if (self->spool == NULL || self->spool_retry != 0) {
      message = gst_clip_publish_queue_pop (&self->queue);
      if (message == NULL)
        return;
      self->last_read = id = ++self->last_id;
    } else {
      return;
    }
    gst_clip_publish_window_push (&self->window, id, message);
  }
}

static void
send_one (GstClipPublisher *self, guint64 id, GstClipPublishMessage *message)
{
  g_autoptr (GError) refused = NULL;
  GstClipPublishFate fate;

  g_mutex_unlock (&self->lock);
  fate = gst_clip_publish_link_send (self->link, message, id, &refused);
  gst_clip_publish_message_unref (message);
  g_mutex_lock (&self->lock);
  if (fate == GST_CLIP_PUBLISH_NEVER)
    settle (self, id, refused);
}

/* Whether something was. What a connection that is gone did not take is to be sent
 * again since it went. */
static gboolean
send_some (GstClipPublisher *self)
{
  GstClipPublishMessage *message;
  gboolean any = FALSE;
  guint64 id;

  while (self->counts.connected &&
         (message = gst_clip_publish_board_take (
              self->board, self->board_id + 1)) != NULL) {
    any = TRUE;
    send_one (self, ++self->board_id, message);
  }
  while (self->counts.connected && (message = gst_clip_publish_window_take (
                                        &self->window, &id)) != NULL) {
    any = TRUE;
    send_one (self, id, message);
  }
  return any;
}

/* What is acknowledged. */
static gboolean
forget (GstClipPublisher *self)
{
  const guint64 last = gst_clip_publish_window_leave (&self->window);
  g_autoptr (GError) error = NULL;
  gboolean good = TRUE;

  if (last == 0)
    return FALSE;
  if (self->spool != NULL) {
    g_mutex_unlock (&self->lock);
    good = gst_clip_publish_spool_forget (self->spool, last, &error);
    g_mutex_lock (&self->lock);
    self->spooled = gst_clip_publish_spool_get_length (self->spool);
  }
  if (!good)
    spool_failed (self, error);
  return TRUE;
}

/* Returns when there is something to tell, that may not be told yet; G_MAXINT64:
 * nothing. */
static gint64
tell (GstClipPublisher *self)
{
  const guint64 dropped = self->counts.dropped;
  g_autofree gchar *why = NULL;

  if (dropped == self->told_dropped && self->refused == NULL)
    return G_MAXINT64;
  if (self->told_at != 0 && g_get_monotonic_time () < self->told_at + TELL_US)
    return self->told_at + TELL_US;
  why = g_steal_pointer (&self->refused);
  g_mutex_unlock (&self->lock);
  GST_ELEMENT_WARNING (self->element, RESOURCE, NO_SPACE_LEFT,
      ("%" G_GUINT64_FORMAT " messages were dropped, %" G_GUINT64_FORMAT
       " of them since it was last told: %s",
          dropped, dropped - self->told_dropped,
          why != NULL ? why : "`queue-size` or `spool-size` are full"),
      (NULL));
  g_mutex_lock (&self->lock);
  self->told_dropped = dropped;
  self->told_at = g_get_monotonic_time ();
  return G_MAXINT64;
}

static gboolean
has_only_board (GstClipPublisher *self)
{
  return g_queue_is_empty (&self->queue.messages) && self->spooled == 0 &&
         self->window.slots.length == 0;
}

static gboolean
is_drained (GstClipPublisher *self)
{
  return has_only_board (self) && gst_clip_publish_board_is_told (self->board);
}

/* A server that went away tells the last will: it is not waited for only to be told what
 * holds now. */
static gboolean
is_over (GstClipPublisher *self)
{
  if (self->stop_at == G_MAXINT64)
    return FALSE;
  if (has_only_board (self) && !self->counts.connected &&
      self->counts.connections > 0)
    return TRUE;
  if (is_drained (self)) {
    if (self->goodbye == NULL)
      return TRUE;
    gst_clip_publish_board_set (
        self->board, g_steal_pointer (&self->goodbye), FALSE);
  }
  return g_get_monotonic_time () >= self->stop_at;
}

static void
wait_until (GstClipPublisher *self, gint64 end)
{
  end = MIN (end, self->stop_at);
  if (self->spool_retry != 0)
    end = MIN (end, self->spool_retry);
  while (!self->poked)
    if (end == G_MAXINT64)
      g_cond_wait (&self->changed, &self->lock);
    else if (!g_cond_wait_until (&self->changed, &self->lock, end))
      return;
}

static gpointer
run (gpointer data)
{
  GstClipPublisher *self = data;
  gboolean in_peace;

  g_mutex_lock (&self->lock);
  while (!is_over (self)) {
    gint64 tell_at;
    gboolean busy;

    self->poked = FALSE;
    busy = store (self);
    busy |= forget (self);
    fill (self);
    busy |= send_some (self);
    tell_at = tell (self);
    g_cond_broadcast (&self->changed); /* who waits until it is drained */
    if (!busy)
      wait_until (self, tell_at);
  }
  store (self);
  in_peace = is_drained (self);
  g_mutex_unlock (&self->lock);

  gst_clip_publish_link_free (self->link, in_peace);
  g_clear_pointer (&self->spool, gst_clip_publish_spool_free);
  g_mutex_lock (&self->lock);
  self->finished = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  publisher_unref (self);
  return NULL;
}

GstClipPublisher *
gst_clip_publisher_new (GstElement *element, const gchar *name,
    GstClipPublishTransport *transport, GstClipPublishSpool *spool,
    gsize queue_size, GstClipPublishMessage *goodbye)
{
  static const GstClipPublishListener listener = { on_up, on_down, on_done };
  GstClipPublisher *self = g_new0 (GstClipPublisher, 1);

  self->ref_count = 2; /* the caller's and the thread's */
  self->element = gst_object_ref (element);
  self->spool = spool;
  self->goodbye = goodbye;
  self->stop_at = G_MAXINT64;
  self->board_id = OF_BOARD;
  self->board = gst_clip_publish_board_new ();
  if (spool != NULL) {
    self->last_id = gst_clip_publish_spool_get_last_id (spool);
    self->spooled = gst_clip_publish_spool_get_length (spool);
  }
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  gst_clip_publish_queue_init (&self->queue, queue_size);
  gst_clip_publish_window_init (&self->window, transport->klass->window);
  self->link =
      gst_clip_publish_link_new (element, name, transport, &listener, self);
  self->thread = g_thread_new ("clippublish", run, self);
  return self;
}

void
gst_clip_publisher_stop (GstClipPublisher *self, gint64 timeout_us)
{
  GThread *thread = self->thread;
  const gint64 now = g_get_monotonic_time ();
  gboolean finished;
  gint64 end;

  g_mutex_lock (&self->lock);
  self->stop_at = self->gave_up ? now : now + timeout_us;
  end = self->stop_at + PATIENCE_US;
  poke (self);
  while (
      !self->finished && g_cond_wait_until (&self->changed, &self->lock, end))
    ;
  finished = self->finished;
  g_mutex_unlock (&self->lock);
  if (finished) {
    g_thread_join (thread);
  } else {
    GST_WARNING_OBJECT (self->element,
        "disk or network do not answer: a thread is left behind");
    g_thread_unref (thread);
  }
  publisher_unref (self);
}

void
gst_clip_publisher_push (GstClipPublisher *self, GstClipPublishMessage *message)
{
  g_mutex_lock (&self->lock);
  self->gave_up = FALSE;
  self->counts.dropped += gst_clip_publish_queue_push (&self->queue, message);
  poke (self);
  g_mutex_unlock (&self->lock);
}

void
gst_clip_publisher_keep (
    GstClipPublisher *self, GstClipPublishMessage *message, gboolean last)
{
  g_mutex_lock (&self->lock);
  gst_clip_publish_board_set (self->board, message, last);
  poke (self);
  g_mutex_unlock (&self->lock);
}

void
gst_clip_publisher_flush (GstClipPublisher *self, gint64 timeout_us)
{
  const gint64 end = g_get_monotonic_time () + timeout_us;

  g_mutex_lock (&self->lock);
  while (!is_drained (self) && !self->flushing && !self->gave_up)
    if (!g_cond_wait_until (&self->changed, &self->lock, end))
      self->gave_up = TRUE;
  g_mutex_unlock (&self->lock);
}

void
gst_clip_publisher_set_flushing (GstClipPublisher *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
gst_clip_publisher_get_counts (
    GstClipPublisher *self, GstClipPublishCounts *ret_counts)
{
  g_mutex_lock (&self->lock);
  *ret_counts = self->counts;
  ret_counts->spooled = self->spooled;
  ret_counts->waiting = self->queue.messages.length +
                        MAX (self->spooled, self->window.slots.length);
  g_mutex_unlock (&self->lock);
}
