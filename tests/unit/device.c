/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Choosing and opening a device, buffers seen and not seen by the host, and
 * caches that lie. */

#include "vulkan/clv-commands.h"
#include "vulkan/clv-device-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

/* NULL, and a skip, where there is no device; a failure where one is required. */
static ClvDevice *
open_device (const gchar *selector)
{
  g_autoptr (GError) error = NULL;
  ClvDevice *device = clv_device_new (selector, &error);

  if (device == NULL && g_strcmp0 (g_getenv ("CLV_REQUIRE_DEVICE"), "1") == 0)
    g_error ("a device is required: %s", error->message);
  if (device == NULL)
    g_test_skip (error->message);
  return device;
}

static void
test_every_selector_finds_the_device (void)
{
  g_autoptr (ClvDevice) any = open_device (NULL);
  g_autofree gchar *part = NULL;

  if (any == NULL)
    return;
  part = g_utf8_substring (clv_device_get_info (any)->name, 1, 5);
  const gchar *selectors[] = { "auto", "AUTO", "", "0",
    clv_device_get_info (any)->uuid, clv_device_get_info (any)->name, part };

  for (guint i = 0; i < G_N_ELEMENTS (selectors); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (ClvDevice) device = clv_device_new (selectors[i], &error);

    g_assert_no_error (error);
    g_assert_cmpstr (clv_device_get_info (device)->uuid, ==,
        clv_device_get_info (any)->uuid);
  }
}

static void
test_an_unknown_device_is_named_with_those_there_are (void)
{
  g_autoptr (ClvDevice) any = open_device (NULL);
  const gchar *selectors[] = { "no such device", "4711", "-1", "\xff" };

  for (guint i = 0; any != NULL && i < G_N_ELEMENTS (selectors); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (clv_device_new (selectors[i], &error));
    g_assert_error (error, CLV_ERROR, CLV_ERROR_NO_DEVICE);
    if (selectors[i][0] != '\xff') {
      g_assert_nonnull (strstr (error->message, selectors[i]));
      g_assert_nonnull (
          strstr (error->message, clv_device_get_info (any)->name));
    }
  }
}

static void
test_software_comes_last (void)
{
  g_autoptr (ClvDevice) any = open_device (NULL);
  g_autoptr (GPtrArray) list = NULL;
  gboolean software = FALSE;

  if (any == NULL)
    return;
  list = clv_device_list (NULL);
  for (guint i = 0; i < list->len; i++) {
    const ClvDeviceInfo *info = list->pdata[i];

    g_assert_cmpuint (info->index, ==, i);
    g_assert_true (info->software || !software);
    software = info->software;
  }
}

static void
check_buffer (ClvDevice *device)
{
  const gsize size = 1000;
  g_autoptr (GError) error = NULL;
  guint8 sent[1000], got[1000];
  ClvBuffer buffer;

  clv_buffer_init (&buffer, device, "test", CLV_MEMORY_DEVICE, size,
      VK_FORMAT_R32G32B32A32_SFLOAT, &error);
  g_assert_no_error (error);
  clv_buffer_download (&buffer, 0, got, size, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < size; i++)
    g_assert_cmpuint (got[i], ==, 0);

  for (gsize i = 0; i < size; i++)
    sent[i] = i * 7;
  clv_buffer_upload (&buffer, 0, sent, size, &error);
  clv_buffer_upload (&buffer, 100, sent, 4, &error);
  clv_buffer_download (&buffer, 0, got, size, &error);
  g_assert_no_error (error);
  memcpy (sent + 100, sent, 4);
  g_assert_cmpmem (sent, size, got, size);
  clv_buffer_clear (&buffer);
}

static void
test_a_buffer_keeps_what_is_uploaded (void)
{
  g_autoptr (ClvDevice) device = open_device (NULL);

  if (device != NULL)
    check_buffer (device);
}

static void
test_a_buffer_that_the_host_does_not_see_keeps_it_too (void)
{
  g_autofree gchar *before = g_strdup (g_getenv ("CLV_DEBUG"));
  g_autofree gchar *debug =
      g_strconcat ("staging,", before != NULL ? before : "", NULL);
  g_autoptr (ClvDevice) device = NULL;

  g_setenv ("CLV_DEBUG", debug, TRUE);
  device = open_device (NULL);
  if (before != NULL)
    g_setenv ("CLV_DEBUG", before, TRUE);
  else
    g_unsetenv ("CLV_DEBUG");
  if (device != NULL)
    check_buffer (device);
}

static void
test_a_buffer_beyond_the_limit_is_an_error (void)
{
  g_autoptr (ClvDevice) device = open_device (NULL);
  g_autoptr (GError) error = NULL;
  ClvBuffer buffer;

  if (device == NULL)
    return;
  g_assert_false (clv_buffer_init (&buffer, device, "too large",
      CLV_MEMORY_DEVICE, clv_device_get_limits (device)->max_storage_bytes + 16,
      VK_FORMAT_UNDEFINED, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "too large"));
  clv_buffer_clear (&buffer);
}

/* A limit on address space is what a software driver runs out of. */
static void
test_too_little_memory_is_an_error (void)
{
#ifdef SANITIZED
  g_test_skip ("a sanitizer's shadow memory has no room under a limit");
#else
  g_autoptr (ClvDevice) device = open_device (NULL);
  const gsize size = 100 * 1024 * 1024;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *statm = NULL;
  struct rlimit before, tight;
  ClvBuffer buffer;

  if (device == NULL)
    return;
  if (!clv_device_get_info (device)->software) {
    g_test_skip ("the device has memory of its own");
    return;
  }
  g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
  g_assert_cmpint (getrlimit (RLIMIT_AS, &before), ==, 0);
  tight = before;
  tight.rlim_cur = g_ascii_strtoull (statm, NULL, 10) * 4096 + size / 2;
  g_assert_cmpint (setrlimit (RLIMIT_AS, &tight), ==, 0);
  g_assert_false (clv_buffer_init (&buffer, device, "the last straw",
      CLV_MEMORY_DEVICE, size, VK_FORMAT_UNDEFINED, &error));
  g_assert_cmpint (setrlimit (RLIMIT_AS, &before), ==, 0);
  g_assert_error (error, CLV_ERROR, CLV_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (error->message, "the last straw"));

  /* The device goes on. */
  check_buffer (device);
#endif
}

/* Work of a tenth of a second under a time-out of a microsecond. */
static void
test_a_device_that_does_not_answer_is_lost (void)
{
  g_autoptr (GError) error = NULL;
  ClvDevice *device;
  ClvCommands *cmds;
  ClvBuffer buffer;
  gint64 start;

  g_setenv ("CLV_TIMEOUT_S", "0.000001", TRUE);
  device = open_device (NULL);
  g_unsetenv ("CLV_TIMEOUT_S");
  if (device == NULL)
    return;
  clv_buffer_init (&buffer, device, "test", CLV_MEMORY_UPLOAD, 64 << 20,
      VK_FORMAT_UNDEFINED, &error);
  g_assert_no_error (error);
  cmds = clv_commands_new (device, "endless", &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 20; i++)
    clv_commands_zero (cmds, &buffer);
  g_assert_true (clv_commands_end (cmds, &error));

  g_assert_false (clv_commands_run (cmds, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST);
  g_assert_nonnull (strstr (error->message, "endless"));
  g_assert_true (clv_device_is_lost (device));
  g_clear_error (&error);

  start = g_get_monotonic_time ();
  g_assert_false (clv_commands_run (cmds, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST);
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);

  /* What the device may still be using is not freed under its hands. */
  clv_commands_free (cmds);
  clv_buffer_clear (&buffer);
  g_test_expect_message ("clv", G_LOG_LEVEL_WARNING, "*lost*not freed*");
  g_object_unref (device);
  g_test_assert_expected_messages ();

  /* A new one works. */
  device = open_device (NULL);
  check_buffer (device);
  g_object_unref (device);
}

static void
test_an_unknown_kernel_fails_the_recording (void)
{
  g_autoptr (ClvDevice) device = open_device (NULL);
  const ClvKernelParams params = { .name = "no_such_kernel" };
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvCommands) cmds = NULL;

  if (device == NULL)
    return;
  cmds = clv_commands_new (device, "test", &error);
  g_assert_no_error (error);
  clv_commands_dispatch (cmds, &params, NULL, NULL, 1, 1, 1);
  clv_commands_dispatch (cmds, &params, NULL, NULL, 0, 1, 1);
  g_assert_false (clv_commands_end (cmds, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "no_such_kernel"));
}

/* As preprocess-record.c has it; a patch size of its own makes it another kernel. */
static ClvKernelParams
some_kernel (guint patch)
{
  return (ClvKernelParams){
    .name = "preprocess_vertical_f32",
    .n_buffers = 1,
    .n_texels = 2,
    .push_bytes = 44,
    .spec = { patch, 1 },
    .n_spec = 2,
  };
}

#define N_AHEAD 6

/* Whoever makes a kernel, there is one. The last device goes while they are made. */
static void
test_kernels_made_ahead_are_those_that_are_got (void)
{
  for (guint round = 0; round < 2; round++) {
    g_autoptr (ClvDevice) device = open_device (NULL);
    g_autoptr (GError) error = NULL;

    if (device == NULL)
      return;
    for (guint i = 0; i < 2 * N_AHEAD; i++) {
      const ClvKernelParams params = some_kernel (1 + i % N_AHEAD);

      clv_kernel_prepare (device, &params);
    }
    for (guint i = 0; round == 0 && i < N_AHEAD; i++) {
      const ClvKernelParams params = some_kernel (1 + i);
      const ClvKernel *kernel = clv_kernel_get (device, &params, &error);

      g_assert_no_error (error);
      g_assert_nonnull (kernel);
      g_assert_true (clv_kernel_get (device, &params, NULL) == kernel);
    }
    if (round == 0)
      g_assert_cmpuint (
          g_hash_table_size (clv_device_get_kernels (device)), ==, N_AHEAD);
  }
}

/* Who gets it finds out, each time. */
static void
test_a_kernel_that_cannot_be_made_ahead_is_an_error_later (void)
{
  g_autoptr (ClvDevice) device = open_device (NULL);
  const ClvKernelParams params = { .name = "no_such_kernel" };

  for (guint i = 0; device != NULL && i < 2; i++) {
    g_autoptr (GError) error = NULL;

    clv_kernel_prepare (device, &params);
    g_assert_null (clv_kernel_get (device, &params, &error));
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error->message, "no_such_kernel"));
  }
}

static void
test_verdicts_survive_and_broken_caches_are_ignored (void)
{
  g_autofree gchar *dir = g_dir_make_tmp ("clv-cache-XXXXXX", NULL);
  g_autofree gchar *before = g_strdup (g_getenv ("CLV_CACHE_DIR"));
  g_autoptr (ClvDevice) device = NULL;
  g_autofree gchar *verdict = NULL;
  GDir *files;
  const gchar *name;
  guint n_files = 0;

  g_setenv ("CLV_CACHE_DIR", dir, TRUE);
  device = open_device (NULL);
  if (device != NULL) {
    clv_device_set_verdict (device, "test", "ok");
    g_clear_object (&device);
    device = open_device (NULL);
    verdict = clv_device_get_verdict (device, "test");
    g_assert_cmpstr (verdict, ==, "ok");
    g_clear_object (&device);
  }

  files = g_dir_open (dir, 0, NULL);
  while ((name = g_dir_read_name (files)) != NULL) {
    g_autofree gchar *path = g_build_filename (dir, name, NULL);

    g_assert_true (g_file_set_contents (path, "\xff[broken\n\0x", 10, NULL));
    n_files++;
  }
  g_dir_close (files);
  device = open_device (NULL);
  if (device != NULL) {
    g_assert_cmpuint (n_files, >=, 1);
    g_assert_null (clv_device_get_verdict (device, "test"));
  }

  if (before != NULL)
    g_setenv ("CLV_CACHE_DIR", before, TRUE);
  else
    g_unsetenv ("CLV_CACHE_DIR");
}

static void
test_a_cache_that_cannot_be_written_is_no_error (void)
{
  g_autofree gchar *before = g_strdup (g_getenv ("CLV_CACHE_DIR"));
  g_autoptr (ClvDevice) device = NULL;

  g_setenv ("CLV_CACHE_DIR", "/proc/no/such/place", TRUE);
  device = open_device (NULL);
  if (device != NULL)
    clv_device_set_verdict (device, "test", "ok");
  g_clear_object (&device);
  if (before != NULL)
    g_setenv ("CLV_CACHE_DIR", before, TRUE);
  else
    g_unsetenv ("CLV_CACHE_DIR");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/device/every selector finds the device",
      test_every_selector_finds_the_device);
  g_test_add_func ("/device/an unknown device is named with those there are",
      test_an_unknown_device_is_named_with_those_there_are);
  g_test_add_func ("/device/software comes last", test_software_comes_last);
  g_test_add_func (
      "/buffer/keeps what is uploaded", test_a_buffer_keeps_what_is_uploaded);
  g_test_add_func ("/buffer/that the host does not see keeps it too",
      test_a_buffer_that_the_host_does_not_see_keeps_it_too);
  g_test_add_func ("/buffer/beyond the limit is an error",
      test_a_buffer_beyond_the_limit_is_an_error);
  g_test_add_func ("/buffer/too little memory is an error",
      test_too_little_memory_is_an_error);
  g_test_add_func ("/device/one that does not answer is lost",
      test_a_device_that_does_not_answer_is_lost);
  g_test_add_func ("/commands/an unknown kernel fails the recording",
      test_an_unknown_kernel_fails_the_recording);
  g_test_add_func ("/kernel/those made ahead are those that are got",
      test_kernels_made_ahead_are_those_that_are_got);
  g_test_add_func ("/kernel/one that cannot be made ahead is an error later",
      test_a_kernel_that_cannot_be_made_ahead_is_an_error_later);
  g_test_add_func ("/cache/verdicts survive and broken files are ignored",
      test_verdicts_survive_and_broken_caches_are_ignored);
  g_test_add_func ("/cache/one that cannot be written is no error",
      test_a_cache_that_cannot_be_written_is_no_error);
  return g_test_run ();
}
