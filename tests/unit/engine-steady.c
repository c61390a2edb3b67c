/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Once every kind of request has come, another one makes nothing on the device: no
 * memory, no pipeline, no descriptors, no recording. The linker puts the functions
 * below in the place of Vulkan's. */

#include <clv/clv.h>
#include <string.h>
#include <vulkan/vulkan.h>

#define SIDE     24
#define N_FRAMES 3
#define N_ROUNDS 4
#define N_PHASES 8

static gint n_made; /* atomic */

#define COUNTED(function, parameters, arguments)                               \
  VkResult __real_##function parameters;                                       \
  VkResult __wrap_##function parameters;                                       \
  VkResult __wrap_##function parameters                                        \
  {                                                                            \
    g_atomic_int_inc (&n_made);                                                \
    return __real_##function arguments;                                        \
  }

COUNTED (vkAllocateMemory,
    (VkDevice device, const VkMemoryAllocateInfo *info,
        const VkAllocationCallbacks *callbacks, VkDeviceMemory *ret_memory),
    (device, info, callbacks, ret_memory))
COUNTED (vkCreateBuffer,
    (VkDevice device, const VkBufferCreateInfo *info,
        const VkAllocationCallbacks *callbacks, VkBuffer *ret_buffer),
    (device, info, callbacks, ret_buffer))
COUNTED (vkCreateComputePipelines,
    (VkDevice device, VkPipelineCache cache, uint32_t n,
        const VkComputePipelineCreateInfo *infos,
        const VkAllocationCallbacks *callbacks, VkPipeline *ret_pipelines),
    (device, cache, n, infos, callbacks, ret_pipelines))
COUNTED (vkBeginCommandBuffer,
    (VkCommandBuffer commands, const VkCommandBufferBeginInfo *info),
    (commands, info))

void __real_vkUpdateDescriptorSets (VkDevice device, uint32_t n_writes,
    const VkWriteDescriptorSet *writes, uint32_t n_copies,
    const VkCopyDescriptorSet *copies);
void __wrap_vkUpdateDescriptorSets (VkDevice device, uint32_t n_writes,
    const VkWriteDescriptorSet *writes, uint32_t n_copies,
    const VkCopyDescriptorSet *copies);

void
__wrap_vkUpdateDescriptorSets (VkDevice device, uint32_t n_writes,
    const VkWriteDescriptorSet *writes, uint32_t n_copies,
    const VkCopyDescriptorSet *copies)
{
  g_atomic_int_inc (&n_made);
  __real_vkUpdateDescriptorSets (device, n_writes, writes, n_copies, copies);
}

/* One request at a time, so that all rounds are equal. */
static void
ask (ClvEngine *engine, const guint8 *levels, guint n, gboolean patches,
    ClvLook *look, guint32 unchanged)
{
  static guint8 pixels[N_FRAMES][SIDE * SIDE * 3];
  const ClvRequest how = {
    .stream = engine, .patches = patches, .look = look, .change_threshold = 0.1
  };
  g_autoptr (ClvFuture) future = NULL;
  g_autoptr (GError) error = NULL;
  ClvFrame frames[N_FRAMES] = { 0 };

  for (guint i = 0; i < n; i++) {
    memset (pixels[i], levels[i], sizeof pixels[i]);
    frames[i] = (ClvFrame){
      .format = CLV_PIXEL_FORMAT_RGB,
      .width = SIDE,
      .height = SIDE,
      .planes = { pixels[i] },
      .strides = { SIDE * 3 },
    };
  }
  future = clv_engine_submit (engine, frames, n, &how, &error);
  g_assert_no_error (error);
  g_assert_nonnull (clv_future_get (future, &error));
  g_assert_no_error (error);
  g_assert_cmphex (clv_future_get_unchanged (future), ==, unchanged);
  g_assert_true ((clv_future_get_patches (future) != NULL) == patches);
}

/* All that changes, nothing, and some of it. */
static void
run_round (ClvEngine *engine)
{
  ClvLook look = { 0 };

  ask (engine, (const guint8[]){ 0, 200, 0 }, 1, FALSE, NULL, 0);
  ask (engine, (const guint8[]){ 0, 200, 0 }, N_FRAMES, FALSE, NULL, 0);
  ask (engine, (const guint8[]){ 0, 200, 0 }, N_FRAMES, TRUE, NULL, 0);
  ask (engine, (const guint8[]){ 0, 200, 0 }, N_FRAMES, FALSE, &look, 0);
  ask (engine, (const guint8[]){ 10, 0, 10 }, N_FRAMES, FALSE, &look, 7);
  ask (engine, (const guint8[]){ 10, 200, 210 }, N_FRAMES, FALSE, &look, 5);
}

static void
test_steady (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ClvEngine) engine = clv_engine_get (
      "demo", g_getenv ("CLV_TEST_DEVICE"), GPOINTER_TO_INT (data), &error);
  gboolean quiet = FALSE;
  gint n_first;

  if (engine == NULL && g_strcmp0 (g_getenv ("CLV_REQUIRE_DEVICE"), "1") != 0 &&
      g_error_matches (error, CLV_ERROR, CLV_ERROR_NO_DEVICE)) {
    g_test_skip (error->message);
    return;
  }
  g_assert_no_error (error);
  run_round (engine);
  n_first = g_atomic_int_get (&n_made);
  g_assert_cmpint (n_first, >, 0); /* they are counted */
  /* The second set of buffers is made when the first is first busy, which is up to
   * the threads: each thing is made twice at most, and then nothing. */
  for (guint phase = 0; phase < N_PHASES; phase++) {
    const gint before = g_atomic_int_get (&n_made);

    for (guint i = 0; i < N_ROUNDS; i++)
      run_round (engine);
    quiet = g_atomic_int_get (&n_made) == before;
  }
  g_assert_cmpint (g_atomic_int_get (&n_made), <=, 2 * n_first);
  g_assert_true (quiet); /* the last phase */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func (
      "/engine-steady/fp32", GINT_TO_POINTER (CLV_PRECISION_FP32), test_steady);
  g_test_add_data_func (
      "/engine-steady/fp16", GINT_TO_POINTER (CLV_PRECISION_FP16), test_steady);
  return g_test_run ();
}
