/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* llvmpipe compiles a shader anew for powers of two among the sizes of its texel
 * buffers: ours are such that it need not. Counted in the driver's cache. */

#include "ops/clv-ops.h"

#include <glib/gstdio.h>
#include <string.h>

#include "open-device.h"

static guint
remove_files (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *entry = g_build_filename (path, name, NULL);

    if (g_file_test (entry, G_FILE_TEST_IS_DIR))
      n += remove_files (entry);
    else if (g_remove (entry) == 0 && !g_str_equal (name, "index"))
      n++;
  }
  if (dir != NULL)
    g_rmdir (path);
  return n;
}

/* y (M, N) = x (M, K) Wᵀ, on a device of its own: closing it writes the cache. FALSE
 * where the device is another. */
static gboolean
multiply (guint m, guint n, guint k)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvDevice) device =
      clv_device_new (g_getenv ("CLV_TEST_DEVICE"), &error);
  g_autoptr (ClvCommands) cmds = NULL;
  g_autofree gfloat *weights = g_new0 (gfloat, (gsize) n * k);
  ClvLinear linear = { 0 };
  ClvBuffer x = { 0 }, y = { 0 };

  g_assert_no_error (error);
  if (strstr (clv_device_get_info (device)->name, "llvmpipe") == NULL)
    return FALSE;
  clv_linear_init (
      &linear, device, "w", weights, NULL, n, k, CLV_STORAGE_F32, &error);
  g_assert_no_error (error);
  clv_activation_init (&x, device, "x", m, k, &error);
  g_assert_no_error (error);
  clv_activation_init (&y, device, "y", m, n, &error);
  g_assert_no_error (error);
  cmds = clv_commands_new (device, "product", &error);
  g_assert_no_error (error);
  clv_op_gemm (cmds, &linear, &x, NULL, &y, m, CLV_ACTIVATION_NONE);
  g_assert_true (clv_commands_end (cmds, &error));
  g_assert_true (clv_commands_run (cmds, &error));
  clv_linear_clear (&linear);
  clv_buffer_clear (&x);
  clv_buffer_clear (&y);
  return TRUE;
}

static void
test_sizes_share_a_shader (void)
{
  g_autofree gchar *folder = g_dir_make_tmp ("clv-shaders-XXXXXX", NULL);
  guint n_first, n_second;

  g_assert_nonnull (folder);
  g_setenv ("CLV_CACHE_DIR", folder, TRUE);
  g_setenv ("MESA_SHADER_CACHE_DIR", folder, TRUE);
  /* What is compiled for the check of a kernel is not compiled again. */
  if (!multiply (48, 80, 80)) {
    g_test_skip ("not llvmpipe");
    remove_files (folder);
    return;
  }
  n_first = remove_files (folder);
  g_assert_cmpuint (n_first, >, 1);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  multiply (48, 80, 80);
  multiply (64, 64, 64);
  multiply (64, 256, 1024);
  n_second = remove_files (folder);
  g_assert_cmpuint (n_second, ==, n_first);
}

int
main (int argc, gchar **argv)
{
  g_autoptr (ClvDevice) device = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  device = open_device (&status);
  if (device == NULL)
    return status;
  g_clear_object (&device); /* each product opens its own */
  g_test_add_func (
      "/compiled-once/sizes-share-a-shader", test_sizes_share_a_shader);
  return g_test_run ();
}
