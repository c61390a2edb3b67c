/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ThreadSanitizer does not see GLib's locks, which are futexes in a library that
 * is not instrumented. Linked into a test, these take their place, as POSIX locks
 * that it does see; and what else orders threads is told to it. Only in builds with
 * -Db_sanitize=thread. */

/* For RTLD_NEXT. */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <glib.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <time.h>

/* Locks that are zero are made when they are first used, as in GLib. */
static gpointer
get (gpointer *place, gboolean cond)
{
  gpointer made = __atomic_load_n (place, __ATOMIC_ACQUIRE), none = NULL;

  if (made != NULL)
    return made;
  if (cond) {
    pthread_condattr_t attr;

    pthread_condattr_init (&attr);
    pthread_condattr_setclock (&attr, CLOCK_MONOTONIC);
    made = g_new0 (pthread_cond_t, 1);
    pthread_cond_init (made, &attr);
  } else {
    made = g_new0 (pthread_mutex_t, 1);
    pthread_mutex_init (made, NULL);
  }
  if (!__atomic_compare_exchange_n (
          place, &none, made, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    g_free (made);
    return none;
  }
  return made;
}

void
g_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

void
g_mutex_clear (GMutex *mutex)
{
  if (mutex->p != NULL)
    pthread_mutex_destroy (mutex->p);
  g_free (mutex->p);
}

void
g_mutex_lock (GMutex *mutex)
{
  pthread_mutex_lock (get (&mutex->p, FALSE));
}

void
g_mutex_unlock (GMutex *mutex)
{
  pthread_mutex_unlock (get (&mutex->p, FALSE));
}

void
g_cond_init (GCond *cond)
{
  cond->p = NULL;
}

void
g_cond_clear (GCond *cond)
{
  if (cond->p != NULL)
    pthread_cond_destroy (cond->p);
  g_free (cond->p);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  pthread_cond_wait (get (&cond->p, TRUE), get (&mutex->p, FALSE));
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  const struct timespec end = { end_time / G_USEC_PER_SEC,
    end_time % G_USEC_PER_SEC * 1000 };

  return pthread_cond_timedwait (
             get (&cond->p, TRUE), get (&mutex->p, FALSE), &end) == 0;
}

void
g_cond_signal (GCond *cond)
{
  pthread_cond_signal (get (&cond->p, TRUE));
}

void
g_cond_broadcast (GCond *cond)
{
  pthread_cond_broadcast (get (&cond->p, TRUE));
}

/* Reference counts order what was done before the last one was dropped. */
void (g_atomic_ref_count_init) (gatomicrefcount *count)
{
  __atomic_store_n (count, 1, __ATOMIC_RELAXED);
}

void (g_atomic_ref_count_inc) (gatomicrefcount *count)
{
  __atomic_add_fetch (count, 1, __ATOMIC_RELAXED);
}

gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  return __atomic_sub_fetch (count, 1, __ATOMIC_ACQ_REL) == 0;
}

gboolean (g_atomic_ref_count_compare) (gatomicrefcount *count, gint value)
{
  return __atomic_load_n (count, __ATOMIC_ACQUIRE) == value;
}

/* The software driver stays loaded: what was unloaded has no names to suppress. */
static void __attribute__ ((constructor)) keep_driver (void)
{
  dlopen ("libvulkan_lvp.so", RTLD_LAZY | RTLD_NODELETE);
}

/* The function that this one stands before. */
#define REAL(function) ((__typeof__ (&(function))) dlsym (RTLD_NEXT, #function))

/* The same for objects of GLib and GStreamer, whose counts are in libraries that
 * are not instrumented. */
static void
drop (gpointer object)
{
  __tsan_release (object);
  __tsan_acquire (object);
}

void g_object_unref (gpointer object);
void gst_mini_object_unref (gpointer object);

void
g_object_unref (gpointer object)
{
  drop (object);
  REAL (g_object_unref) (object);
}

void
gst_mini_object_unref (gpointer object)
{
  drop (object);
  REAL (gst_mini_object_unref) (object);
}

void
g_bytes_unref (GBytes *bytes)
{
  if (bytes == NULL)
    return;
  drop (bytes);
  REAL (g_bytes_unref) (bytes);
}

void
g_array_unref (GArray *array)
{
  drop (array);
  REAL (g_array_unref) (array);
}

void
g_ptr_array_unref (GPtrArray *array)
{
  drop (array);
  REAL (g_ptr_array_unref) (array);
}

void
g_hash_table_unref (GHashTable *table)
{
  drop (table);
  REAL (g_hash_table_unref) (table);
}

/* What was done before a push is seen by whoever takes it: the queues of
 * GstHarness. */
void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (data);
  REAL (g_async_queue_push) (queue, data);
}

static gpointer
take (gpointer data)
{
  if (data != NULL)
    __tsan_acquire (data);
  return data;
}

gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  return take (REAL (g_async_queue_try_pop) (queue));
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  return take (REAL (g_async_queue_timeout_pop) (queue, timeout));
}

/* Likewise what was done before a push to a pool, by the thread that does what was
 * pushed, and what that did by whoever waits for the end. Pools are few: none is freed. */
typedef struct {
  GFunc func;
  gpointer user_data;
  gboolean in_turn; /* one at a time, though not always by one thread */
} Pool;

static void
run (gpointer data, gpointer user_data)
{
  Pool *pool = user_data;

  __tsan_acquire (data);
  if (pool->in_turn)
    __tsan_acquire (pool);
  pool->func (data, pool->user_data);
  __tsan_release (pool);
}

GThreadPool *
g_thread_pool_new (GFunc func, gpointer user_data, gint max_threads,
    gboolean exclusive, GError **error)
{
  Pool *pool = g_new (Pool, 1);

  *pool = (Pool){ func, user_data, max_threads == 1 };
  return REAL (g_thread_pool_new) (run, pool, max_threads, exclusive, error);
}

gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  __tsan_release (data);
  return REAL (g_thread_pool_push) (pool, data, error);
}

void
g_thread_pool_free (GThreadPool *pool, gboolean immediate, gboolean wait)
{
  gpointer ours = pool->user_data;

  REAL (g_thread_pool_free) (pool, immediate, wait);
  __tsan_acquire (ours);
}
