/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is known of a file of weights without reading it again, and when it is. */

#include "model/clv-survey.h"
#include "test-model.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define N_VALUES 40000

static gchar *folder;

static gchar *
write_weights (const gchar *name, gfloat last)
{
  g_autofree gfloat *values = g_new0 (gfloat, N_VALUES);
  gchar *path = g_build_filename (folder, name, NULL);
  const ClvFloatTensor tensors[] = { { "a", 1, { N_VALUES }, values },
    { "b", 2, { 3, 5 }, values + 7 } };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < N_VALUES; i++)
    values[i] = i / 7.0f;
  values[N_VALUES - 1] = last;
  g_assert_true (clv_tensor_file_write (path, tensors, 2, NULL, NULL, &error));
  g_assert_no_error (error);
  return path;
}

static ClvSurvey
look_at (const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvSafetensors) shard = clv_safetensors_open (path, &error);

  g_assert_no_error (error);
  return *clv_survey_get (shard);
}

static void
assert_same_lanes (const ClvSurvey *a, const ClvSurvey *b, gboolean same)
{
  g_assert_cmpint (memcmp (a->lanes, b->lanes, sizeof a->lanes) == 0, ==, same);
}

/* In place: size, name and inode stay. */
static void
change_a_byte (const gchar *path)
{
  const gint fd = g_open (path, O_RDWR, 0);
  const off_t at = lseek (fd, -100, SEEK_END);
  guint8 byte;

  g_assert_cmpint (pread (fd, &byte, 1, at), ==, 1);
  byte ^= 1;
  g_assert_cmpint (pwrite (fd, &byte, 1, at), ==, 1);
  close (fd);
}

/* Made before the wait. */
static gchar *still, *changed, *swapped, *broken, *not_finite;

/* So long that the times of a file tell of a later write. */
static void
wait_until_old (void)
{
  g_usleep (4200 * 1000);
}

static void
test_a_file_that_stays_is_read_once (void)
{
  const ClvSurvey first = look_at (still), second = look_at (still);

  g_assert_false (first.recalled);
  g_assert_true (second.recalled);
  g_assert_true (first.finite && second.finite);
  assert_same_lanes (&first, &second, TRUE);
}

static void
test_a_file_that_was_just_written_is_read_each_time (void)
{
  g_autofree gchar *path = write_weights ("young", 1);

  for (guint i = 0; i < 3; i++)
    g_assert_false (look_at (path).recalled);
}

static void
test_a_write_in_place_is_noticed (void)
{
  const ClvSurvey before = look_at (changed);
  ClvSurvey after;

  g_assert_true (look_at (changed).recalled);
  change_a_byte (changed);
  after = look_at (changed);
  g_assert_false (after.recalled);
  assert_same_lanes (&before, &after, FALSE);

  /* What was remembered of it before is not of this file any more. */
  wait_until_old ();
  after = look_at (changed);
  g_assert_false (after.recalled);
  assert_same_lanes (&before, &after, FALSE);
  g_assert_true (look_at (changed).recalled);
}

/* Of the same size and with the same times of their content, as after cp -p. */
static void
test_another_file_of_that_name_is_noticed (void)
{
  const ClvSurvey before = look_at (swapped);
  g_autofree gchar *other = write_weights ("other", 2);
  struct timespec times[2];
  struct stat info;
  ClvSurvey after;

  g_assert_true (look_at (swapped).recalled);
  g_assert_cmpint (stat (swapped, &info), ==, 0);
  times[0] = info.st_atim;
  times[1] = info.st_mtim;
  g_assert_cmpint (utimensat (AT_FDCWD, other, times, 0), ==, 0);
  g_assert_cmpint (g_rename (other, swapped), ==, 0);
  after = look_at (swapped);
  g_assert_false (after.recalled);
  assert_same_lanes (&before, &after, FALSE);
}

static void
test_a_broken_record_is_no_record (void)
{
  const ClvSurvey first = look_at (broken);
  g_autofree gchar *cache = g_build_filename (g_getenv ("CLV_CACHE_DIR"), NULL);
  GDir *dir = g_dir_open (cache, 0, NULL);
  const gchar *name;
  guint n = 0;
  ClvSurvey after;

  g_assert_true (look_at (broken).recalled);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (cache, name, NULL);

    if (!g_str_has_prefix (name, "weights-"))
      continue;
    change_a_byte (path);
    n++;
  }
  g_dir_close (dir);
  g_assert_cmpuint (n, >, 0);
  after = look_at (broken);
  g_assert_false (after.recalled);
  assert_same_lanes (&first, &after, TRUE);
}

static void
test_values_that_are_not_finite_are_found_each_time (void)
{
  for (guint i = 0; i < 2; i++) {
    const ClvSurvey survey = look_at (not_finite);

    g_assert_false (survey.recalled);
    g_assert_false (survey.finite);
  }
}

int
main (int argc, char **argv)
{
  g_autofree gchar *cache = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("clv-survey-XXXXXX", NULL);
  cache = g_build_filename (folder, "cache", NULL);
  g_setenv ("CLV_CACHE_DIR", cache, TRUE);
  still = write_weights ("still", 1);
  changed = write_weights ("changed", 1);
  swapped = write_weights ("swapped", 1);
  broken = write_weights ("broken", 1);
  not_finite = write_weights ("not-finite", NAN);
  wait_until_old ();

  g_test_add_func ("/survey/a file that stays is read once",
      test_a_file_that_stays_is_read_once);
  g_test_add_func ("/survey/a file that was just written is read each time",
      test_a_file_that_was_just_written_is_read_each_time);
  g_test_add_func (
      "/survey/a write in place is noticed", test_a_write_in_place_is_noticed);
  g_test_add_func ("/survey/another file of that name is noticed",
      test_another_file_of_that_name_is_noticed);
  g_test_add_func ("/survey/a broken record is no record",
      test_a_broken_record_is_no_record);
  g_test_add_func ("/survey/values that are not finite are found each time",
      test_values_that_are_not_finite_are_found_each_time);
  status = g_test_run ();

  g_free (still);
  g_free (changed);
  g_free (swapped);
  g_free (broken);
  g_free (not_finite);
  test_remove_directory (cache);
  test_remove_directory (folder);
  g_free (folder);
  return status;
}
