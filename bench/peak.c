/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The multiply-add peak of this machine in float32: what a matrix product is
 * measured against.
 *
 *   bench-peak [THREADS [SECONDS]]      default: as many as processors, 0.5
 *
 * Prints "one N" and "all N", GFLOP/s of one thread and of THREADS at once. The
 * clock is the threads' own CPU time, so that a machine that others use too is
 * not taken for a slower one. */

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Enough independent sums to cover the latency of a multiply-add: two pipes of
 * 4 or 5 cycles. More would not fit in AVX2's 16 registers. */
#define SUMS   12
#define ROUNDS 20000

/* SUMS vectors of N floats, ROUNDS multiply-adds each. The factors come through
 * memory that the compiler cannot see through, so that nothing is computed
 * beforehand; the same goes for the sums. */
#define DEFINE_ROUNDS(name, n, attributes)                                     \
  typedef gfloat name##_vector __attribute__ ((vector_size (n * 4)));          \
                                                                               \
  attributes static gdouble name (void)                                        \
  {                                                                            \
    name##_vector sums[SUMS], factor, term;                                    \
                                                                               \
    for (guint i = 0; i < n; i++) {                                            \
      factor[i] = 0.999f;                                                      \
      term[i] = 0.001f;                                                        \
    }                                                                          \
    for (guint i = 0; i < SUMS; i++)                                           \
      sums[i] = term * (gfloat) i;                                             \
    __asm__ volatile("" : "+m"(factor), "+m"(term), "+m"(sums));               \
    for (guint round = 0; round < ROUNDS; round++)                             \
      _Pragma ("GCC unroll 12") for (guint i = 0; i < SUMS; i++) sums[i] =     \
          sums[i] * factor + term;                                             \
    __asm__ volatile("" : "+m"(sums));                                         \
    return 2.0 * n * SUMS * ROUNDS;                                            \
  }

#ifdef __x86_64__
DEFINE_ROUNDS (rounds_avx512, 16, __attribute__ ((target ("avx512f"))))
DEFINE_ROUNDS (rounds_fma, 8, __attribute__ ((target ("avx2,fma"))))
#endif
DEFINE_ROUNDS (rounds_plain, 4, )

typedef gdouble (*Rounds) (void);

static Rounds
pick_rounds (void)
{
#ifdef __x86_64__
  if (__builtin_cpu_supports ("avx512f"))
    return rounds_avx512;
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    return rounds_fma;
#endif
  return rounds_plain;
}

static gdouble
thread_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static gdouble seconds = 0.5;

/* The best of many short stretches, in FLOP/s. */
static gpointer
measure (gpointer ret_best)
{
  const Rounds rounds = pick_rounds ();
  const gdouble end = thread_seconds () + seconds;
  gdouble *best = ret_best;

  for (gdouble start = thread_seconds (), stop; start < end; start = stop) {
    const gdouble flop = rounds ();

    stop = thread_seconds ();
    if (stop > start)
      *best = MAX (*best, flop / (stop - start));
  }
  return NULL;
}

static gdouble
measure_threads (guint n)
{
  g_autofree gdouble *best = g_new0 (gdouble, n);
  g_autofree GThread **threads = g_new0 (GThread *, n);
  gdouble sum = 0.0;

  for (guint i = 0; i < n; i++)
    threads[i] = g_thread_new ("peak", measure, &best[i]);
  for (guint i = 0; i < n; i++) {
    g_thread_join (threads[i]);
    sum += best[i];
  }
  return sum / 1e9;
}

int
main (int argc, gchar **argv)
{
  const gint n = argc > 1 ? atoi (argv[1]) : (gint) g_get_num_processors ();

  if (argc > 2)
    seconds = atof (argv[2]);
  if (argc > 3 || n < 1 || n > 1024 || !(seconds > 0.0 && seconds <= 60.0)) {
    fprintf (stderr,
        "usage: bench-peak [THREADS [SECONDS]]: wanted 1 to 1024 threads and "
        "at most 60 s\n");
    return 2;
  }
  printf ("one %.1f\n", measure_threads (1));
  printf ("all %.1f\n", measure_threads ((guint) n));
  return 0;
}
