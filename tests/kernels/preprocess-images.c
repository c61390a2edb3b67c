/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames whose planes are images on the device give the bits that the same planes
 * give from host memory, read there or downloaded; `--seed` repeats a run. */

#include <string.h>

#include "base/clv-frame-layout.h"
#include "ops/clv-preprocess-private.h"
#include "vulkan/clv-image-copy.h"

#include "open-device.h"

static ClvDevice *device;

#define CHECK_VK(call) g_assert_cmpint ((call), ==, VK_SUCCESS)

typedef struct {
  VkImage image;
  VkDeviceMemory memory;
} Image;

/* One picture twice: planes in host memory, and as images. */
typedef struct {
  ClvFrame host;
  ClvFrame on_device;
  guint8 *planes[CLV_MAX_PLANES];
  Image images[CLV_MAX_PLANES];
} Pair;

static guint
device_local_type (guint32 allowed)
{
  VkPhysicalDeviceMemoryProperties props;

  vkGetPhysicalDeviceMemoryProperties (
      clv_device_get_vk_physical (device), &props);
  for (guint i = 0; i < props.memoryTypeCount; i++)
    if ((allowed >> i & 1) && (props.memoryTypes[i].propertyFlags &
                                  VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT))
      return i;
  g_assert_not_reached ();
}

static Image
make_image (VkFormat format, guint width, guint height)
{
  VkDevice vk = clv_device_get_vk (device);
  const VkImageCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
    .imageType = VK_IMAGE_TYPE_2D,
    .format = format,
    .extent = { width, height, 1 },
    .mipLevels = 1,
    .arrayLayers = 1,
    .samples = VK_SAMPLE_COUNT_1_BIT,
    .tiling = VK_IMAGE_TILING_OPTIMAL,
    .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT |
             VK_IMAGE_USAGE_SAMPLED_BIT,
  };
  VkMemoryAllocateInfo memory = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
  };
  VkMemoryRequirements needs;
  Image image;

  CHECK_VK (vkCreateImage (vk, &info, NULL, &image.image));
  vkGetImageMemoryRequirements (vk, image.image, &needs);
  memory.allocationSize = needs.size;
  memory.memoryTypeIndex = device_local_type (needs.memoryTypeBits);
  CHECK_VK (vkAllocateMemory (vk, &memory, NULL, &image.memory));
  CHECK_VK (vkBindImageMemory (vk, image.image, image.memory, 0));
  return image;
}

static void
change_layout (
    VkCommandBuffer cmd, VkImage image, VkImageLayout from, VkImageLayout to)
{
  const VkImageMemoryBarrier barrier = {
    .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
    .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
    .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
    .oldLayout = from,
    .newLayout = to,
    .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
    .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
    .image = image,
    .subresourceRange = { VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1 },
  };

  vkCmdPipelineBarrier (cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
      VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

/* Fills the images with the planes; does not wait longer than it must. */
static void
fill_images (Pair *pair)
{
  static const VkImageAspectFlags aspects[] = { VK_IMAGE_ASPECT_PLANE_0_BIT,
    VK_IMAGE_ASPECT_PLANE_1_BIT, VK_IMAGE_ASPECT_PLANE_2_BIT };
  const ClvFrameLayout *layout = clv_frame_layout (pair->host.format);
  ClvBuffer staging[CLV_MAX_PLANES];
  GError *error = NULL;
  ClvCommands *cmds = clv_commands_new (device, "fill", &error);

  g_assert_no_error (error);
  for (guint i = 0; i < CLV_MAX_PLANES; i++)
    if (pair->images[i].image != VK_NULL_HANDLE)
      change_layout (clv_commands_get_vk (cmds), pair->images[i].image,
          VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
  for (guint i = 0; i < layout->n_planes; i++) {
    const ClvFrameImage *to = &pair->on_device.images[i];
    VkBufferImageCopy region = {
      .imageSubresource = { to->plane < 0 ? VK_IMAGE_ASPECT_COLOR_BIT
                                          : aspects[to->plane],
          0, 0, 1 },
    };
    gsize row_bytes;
    guint rows;

    clv_frame_plane_size (&pair->host, i, &row_bytes, &rows);
    region.imageExtent = (VkExtent3D){ row_bytes / layout->bytes[i], rows, 1 };
    clv_buffer_init (&staging[i], device, "fill", CLV_MEMORY_UPLOAD,
        row_bytes * rows, VK_FORMAT_UNDEFINED, &error);
    g_assert_no_error (error);
    memcpy (staging[i].map, pair->planes[i], row_bytes * rows);
    vkCmdCopyBufferToImage (clv_commands_get_vk (cmds), staging[i].buffer,
        (VkImage) to->image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
  }
  for (guint i = 0; i < CLV_MAX_PLANES; i++)
    if (pair->images[i].image != VK_NULL_HANDLE)
      change_layout (clv_commands_get_vk (cmds), pair->images[i].image,
          VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
          pair->on_device.images[i].layout);
  clv_commands_end (cmds, &error);
  g_assert_no_error (error);
  clv_commands_run (cmds, &error);
  g_assert_no_error (error);
  clv_commands_free (cmds);
  for (guint i = 0; i < layout->n_planes; i++)
    clv_buffer_clear (&staging[i]);
}

static VkFormat
texel_format (guint bytes)
{
  return bytes == 1   ? VK_FORMAT_R8_UNORM
         : bytes == 2 ? VK_FORMAT_R8G8_UNORM
                      : VK_FORMAT_R8G8B8A8_UNORM;
}

/* Noise, without slack at the ends of rows. multi: a format that has all planes in
 * one image, or UNDEFINED. */
static void
pair_init (Pair *pair, ClvPixelFormat format, guint width, guint height,
    VkImageLayout layout, VkFormat multi)
{
  const ClvFrameLayout *planes = clv_frame_layout (format);

  *pair =
      (Pair){ .host = { .format = format, .width = width, .height = height } };
  pair->on_device = pair->host;
  pair->on_device.memory = CLV_FRAME_IMAGE;
  pair->on_device.device = device;
  if (multi != VK_FORMAT_UNDEFINED)
    pair->images[0] = make_image (multi, width, height);
  for (guint i = 0; i < planes->n_planes; i++) {
    gsize row_bytes;
    guint rows;

    clv_frame_plane_size (&pair->host, i, &row_bytes, &rows);
    pair->planes[i] = g_malloc (row_bytes * rows);
    for (gsize k = 0; k < row_bytes * rows; k++)
      pair->planes[i][k] = g_test_rand_int () >> 16;
    pair->host.planes[i] = pair->planes[i];
    pair->host.strides[i] = row_bytes;
    if (multi == VK_FORMAT_UNDEFINED)
      pair->images[i] = make_image (
          texel_format (planes->bytes[i]), row_bytes / planes->bytes[i], rows);
    pair->on_device.images[i] = (ClvFrameImage){
      .image =
          (guint64) pair->images[multi == VK_FORMAT_UNDEFINED ? i : 0].image,
      .layout = layout,
      .plane = multi == VK_FORMAT_UNDEFINED ? -1 : (gint) i,
    };
  }
  fill_images (pair);
}

static void
pair_clear (Pair *pair)
{
  VkDevice vk = clv_device_get_vk (device);

  for (guint i = 0; i < CLV_MAX_PLANES; i++) {
    g_free (pair->planes[i]);
    vkDestroyImage (vk, pair->images[i].image, NULL);
    vkFreeMemory (vk, pair->images[i].memory, NULL);
  }
}

static const ClvModelConfig config = {
  .image_size = 24,
  .patch_size = 8,
  .preprocess = {
    .resize = TRUE,
    .shortest_edge = TRUE,
    .resize_width = 24,
    .resize_height = 24,
    .filter = CLV_FILTER_BICUBIC,
    .center_crop = TRUE,
    .crop_width = 24,
    .crop_height = 24,
    .rescale = 1.0f / 255.0f,
    .mean = { 0.48f, 0.46f, 0.41f },
    .std = { 0.27f, 0.26f, 0.28f },
  },
};

typedef struct {
  ClvBuffer patches;
  ClvPreprocessor *preprocessor;
} Bench;

static void
bench_init (Bench *bench)
{
  GError *error = NULL;

  clv_activation_init (
      &bench->patches, device, "test patches", 9, 3 * 8 * 8, &error);
  g_assert_no_error (error);
  bench->preprocessor =
      clv_preprocessor_new (device, &config, &bench->patches, &error);
  g_assert_no_error (error);
}

static void
bench_clear (Bench *bench)
{
  clv_preprocessor_free (bench->preprocessor);
  clv_buffer_clear (&bench->patches);
}

static guint8 *
run (Bench *bench, const ClvFrame *frame)
{
  guint8 *found = g_malloc (bench->patches.size_bytes);
  GError *error = NULL;

  clv_preprocessor_run (bench->preprocessor, frame, 0, &error);
  g_assert_no_error (error);
  clv_buffer_download (
      &bench->patches, 0, found, bench->patches.size_bytes, &error);
  g_assert_no_error (error);
  return found;
}

static void
compare (Bench *bench, Pair *pair)
{
  g_autofree guint8 *wanted = run (bench, &pair->host);
  g_autofree guint8 *found = run (bench, &pair->on_device);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree guint8 *downloaded = NULL;
  ClvFrame frame;
  GError *error = NULL;

  g_test_message ("format %d, %ux%u, crop %ux%u+%u+%u", pair->host.format,
      pair->host.width, pair->host.height, pair->host.crop_width,
      pair->host.crop_height, pair->host.crop_x, pair->host.crop_y);
  g_assert_cmpmem (
      found, bench->patches.size_bytes, wanted, bench->patches.size_bytes);

  bytes = clv_device_download_frame (device, &pair->on_device, &frame, &error);
  g_assert_no_error (error);
  downloaded = run (bench, &frame);
  g_assert_cmpmem (
      downloaded, bench->patches.size_bytes, wanted, bench->patches.size_bytes);
}

static void
crop (Pair *pair)
{
  ClvFrame *frame = &pair->host;

  frame->crop_x = g_test_rand_int_range (0, frame->width);
  frame->crop_y = g_test_rand_int_range (0, frame->height);
  frame->crop_width =
      g_test_rand_int_range (0, frame->width - frame->crop_x + 1);
  frame->crop_height =
      g_test_rand_int_range (0, frame->height - frame->crop_y + 1);
  pair->on_device.crop_x = frame->crop_x;
  pair->on_device.crop_y = frame->crop_y;
  pair->on_device.crop_width = frame->crop_width;
  pair->on_device.crop_height = frame->crop_height;
}

static void
images_give_the_bits_of_host_memory (void)
{
  static const guint sizes[][2] = { { 1, 1 }, { 2, 3 }, { 37, 21 }, { 20, 61 },
    { 131, 97 } };
  static const VkImageLayout layouts[] = { VK_IMAGE_LAYOUT_GENERAL,
    VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
    VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL };
  guint n_formats = 0;
  Bench bench;

  bench_init (&bench);
  for (gint format = 0; format < CLV_N_PIXEL_FORMATS; format++) {
    if (!clv_frame_layout_is_texels (format))
      continue;
    n_formats++;
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
      Pair pair;

      pair_init (&pair, format, sizes[i][0], sizes[i][1],
          layouts[i % G_N_ELEMENTS (layouts)], VK_FORMAT_UNDEFINED);
      compare (&bench, &pair);
      for (guint k = 0; k < 3; k++) {
        crop (&pair);
        compare (&bench, &pair);
      }
      pair_clear (&pair);
    }
  }
  g_assert_cmpuint (n_formats, ==, CLV_N_PIXEL_FORMATS - 4);
  bench_clear (&bench);
}

static void
planes_of_one_image_too (void)
{
  const VkFormat multi = VK_FORMAT_G8_B8R8_2PLANE_420_UNORM;
  VkFormatProperties props;
  Bench bench;
  Pair pair;

  vkGetPhysicalDeviceFormatProperties (
      clv_device_get_vk_physical (device), multi, &props);
  if (!(props.optimalTilingFeatures & VK_FORMAT_FEATURE_TRANSFER_SRC_BIT)) {
    g_test_skip ("this device has no images of several planes");
    return;
  }
  bench_init (&bench);
  pair_init (&pair, CLV_PIXEL_FORMAT_NV12, 64, 48,
      VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL, multi);
  compare (&bench, &pair);
  crop (&pair);
  compare (&bench, &pair);
  pair_clear (&pair);
  bench_clear (&bench);
}

static void
expect_refusal (Bench *bench, const ClvFrame *frame, const gchar *part)
{
  GError *error = NULL;

  g_assert_false (clv_preprocessor_run (bench->preprocessor, frame, 0, &error));
  g_assert_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, part));
  g_error_free (error);
}

static void
images_that_cannot_be_read_are_refused (void)
{
  g_autoptr (ClvDevice) other = clv_device_new (NULL, NULL);
  ClvFrame frame;
  Bench bench;
  Pair pair;

  bench_init (&bench);
  pair_init (&pair, CLV_PIXEL_FORMAT_NV12, 32, 24, VK_IMAGE_LAYOUT_GENERAL,
      VK_FORMAT_UNDEFINED);

  frame = pair.on_device;
  frame.images[1].image = 0;
  expect_refusal (&bench, &frame, "plane 1: wanted an image");
  frame = pair.on_device;
  frame.images[0].layout = VK_IMAGE_LAYOUT_UNDEFINED;
  expect_refusal (&bench, &frame, "UNDEFINED");
  frame = pair.on_device;
  frame.device = NULL;
  expect_refusal (&bench, &frame, "device");
  frame = pair.on_device;
  frame.device = other;
  expect_refusal (&bench, &frame, "another device");
  frame = pair.on_device;
  frame.format = CLV_PIXEL_FORMAT_YUY2;
  expect_refusal (&bench, &frame, "format");
  compare (&bench, &pair);

  pair_clear (&pair);
  bench_clear (&bench);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  device = open_device (&status);
  if (device == NULL)
    return status;
  g_test_add_func ("/preprocess-images/images give the bits of host memory",
      images_give_the_bits_of_host_memory);
  g_test_add_func (
      "/preprocess-images/planes of one image too", planes_of_one_image_too);
  g_test_add_func ("/preprocess-images/images that cannot be read are refused",
      images_that_cannot_be_read_are_refused);
  status = g_test_run ();
  g_object_unref (device);
  return status;
}
