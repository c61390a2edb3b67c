/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ThreadSanitizer does not see GLib's locks, which are futexes in a library that
 * is not instrumented. Linked into a test, these take their place, as POSIX locks
 * that it does see. Only in builds with -Db_sanitize=thread. */

#include <glib.h>
#include <pthread.h>
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
