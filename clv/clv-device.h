/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-frame.h>

G_BEGIN_DECLS

/**
 * ClvDevice:
 *
 * An open Vulkan device with one queue that computes, its kernels, and the files
 * in which they are cached. Counted references; any thread: submissions are
 * serialised inside. A device that was lost stays so: every later call on it, and
 * on what was made from it, fails with %CLV_ERROR_DEVICE_LOST.
 */
#define CLV_TYPE_DEVICE (clv_device_get_type ())
G_DECLARE_FINAL_TYPE (ClvDevice, clv_device, CLV, DEVICE, GObject)

/**
 * ClvDeviceInfo:
 * @index: position in the list, usable as a selector; %G_MAXUINT: in none
 * @name: the driver's name of the device
 * @driver: driver name and version
 * @uuid: 32 hexadecimal digits
 * @software: the device is the CPU
 * @type: VkPhysicalDeviceType
 *
 * One Vulkan device of this machine. Read-only; owned by the #ClvDevice or by the
 * list that it is in.
 */
typedef struct {
  guint index;
  gchar *name;
  gchar *driver;
  gchar *uuid;
  gboolean software;
  guint type;
} ClvDeviceInfo;

#define CLV_TYPE_DEVICE_INFO (clv_device_info_get_type ())
GType clv_device_info_get_type (void);

/**
 * clv_device_info_copy:
 *
 * Any thread.
 *
 * Returns: (transfer full): a copy with strings of its own
 */
ClvDeviceInfo *clv_device_info_copy (const ClvDeviceInfo *self);

/**
 * clv_device_info_free:
 *
 * Frees a copy.
 */
void clv_device_info_free (ClvDeviceInfo *self);

/**
 * clv_device_list:
 *
 * The devices of this machine: discrete GPUs first, then integrated and virtual
 * ones, software drivers last. Loads the drivers, opens no device. Any thread.
 *
 * Returns: (transfer container) (element-type ClvDeviceInfo) (nullable): the
 * usable devices, which live as long as the array; never empty; %NULL with %CLV_ERROR_NO_DEVICE
 */
GPtrArray *clv_device_list (GError **error);

/**
 * clv_device_new:
 * @selector: (nullable): "auto" or %NULL (the first of clv_device_list()), an
 *   index, a UUID, or a part of a name (case is ignored)
 *
 * Opens a device, its queue and its pipeline cache file. The first time with a
 * driver its kernels are compiled and checked, which takes seconds. Any thread.
 *
 * Returns: (transfer full) (nullable): the device; %NULL with
 * %CLV_ERROR_NO_DEVICE, whose message lists the devices there are
 */
ClvDevice *clv_device_new (const gchar *selector, GError **error);

/**
 * ClvSharedDevice:
 * @physical_device: VkPhysicalDevice
 * @device: VkDevice, of Vulkan 1.2 or newer, as the instance is
 * @queue: VkQueue with compute
 * @queue_family: of @queue
 * @lock: (nullable): called around each submission to the queue, on any thread
 * @unlock: (nullable): the counterpart
 * @user_data: for the functions
 * @destroy: (nullable): the device is not used any more, and may go
 *
 * A device that somebody else has opened.
 */
typedef struct {
  gpointer physical_device;
  gpointer device;
  gpointer queue;
  guint queue_family;
  void (*lock) (gpointer user_data);
  void (*unlock) (gpointer user_data);
  gpointer user_data;
  GDestroyNotify destroy;
} ClvSharedDevice;

/**
 * clv_device_new_shared:
 * @shared: copied; on success @user_data is owned
 *
 * A device on which frames may be as images. Nobody can ask which features it
 * was opened with, so none is used. The kernels need none, but for matrix units.
 *
 * Returns: (transfer full) (nullable): the device, of index %G_MAXUINT; %NULL with
 * %CLV_ERROR_NO_DEVICE where the kernels cannot run on it
 */
ClvDevice *clv_device_new_shared (
    const ClvSharedDevice *shared, GError **error);

/**
 * clv_device_can_import_dmabuf:
 * @fd: one that holds a frame's planes
 *
 * Whether a DMABuf can be given to the device as it is. Any thread; one call of
 * the driver.
 *
 * Returns: %TRUE if the device itself can read it; %FALSE for devices of
 *   clv_device_new_shared()
 */
gboolean clv_device_can_import_dmabuf (ClvDevice *self, gint fd);

/**
 * clv_device_download_frame:
 * @frame: of images of this device
 * @ret_frame: (out): the same picture in host memory, without what is not visible
 *
 * For an encoder on another device. Waits for the copy; allocates. Any thread.
 *
 * Returns: (transfer full) (nullable): what @ret_frame points into; %NULL with
 * %CLV_ERROR_UNSUPPORTED, %CLV_ERROR_NO_MEMORY or %CLV_ERROR_DEVICE_LOST
 */
GBytes *clv_device_download_frame (ClvDevice *self, const ClvFrame *frame,
    ClvFrame *ret_frame, GError **error);

/**
 * clv_device_get_info:
 *
 * What the driver says of the device. Any thread.
 *
 * Returns: (transfer none): owned by the device, valid as long as it lives
 */
const ClvDeviceInfo *clv_device_get_info (ClvDevice *self);

/**
 * clv_device_describe_kernels:
 *
 * For people who want to know why it is slow, as `clv info` shows it. Any thread.
 *
 * Returns: (transfer full): one line for each op: the variant in use, and which
 * variants were refused and why
 */
gchar *clv_device_describe_kernels (ClvDevice *self);

G_END_DECLS
