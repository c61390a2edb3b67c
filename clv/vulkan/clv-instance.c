/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define G_LOG_DOMAIN "clv"

#include "clv-instance.h"

#include <string.h>

#define VALIDATION_LAYER "VK_LAYER_KHRONOS_validation"
#define MIN_API_VERSION  VK_API_VERSION_1_2

ClvDebugFlags
clv_debug_flags (void)
{
  static const GDebugKey keys[] = {
    { "validation", CLV_DEBUG_VALIDATION },
    { "names", CLV_DEBUG_NAMES },
    { "time", CLV_DEBUG_TIME },
    { "staging", CLV_DEBUG_STAGING },
  };

  return g_parse_debug_string (
      g_getenv ("CLV_DEBUG"), keys, G_N_ELEMENTS (keys));
}

/* A critical, not an abort: G_DEBUG=fatal-criticals makes the tests stop. */
static VKAPI_ATTR VkBool32 VKAPI_CALL
print_message (VkDebugUtilsMessageSeverityFlagBitsEXT severity,
    VkDebugUtilsMessageTypeFlagsEXT types,
    const VkDebugUtilsMessengerCallbackDataEXT *data, void *user_data)
{
  g_critical ("Vulkan validation: %s", data->pMessage);
  return VK_FALSE;
}

static gboolean
has_validation_layer (void)
{
  guint32 n = 0;
  g_autofree VkLayerProperties *layers = NULL;

  if (vkEnumerateInstanceLayerProperties (&n, NULL) != VK_SUCCESS)
    return FALSE;
  layers = g_new0 (VkLayerProperties, n + 1);
  if (vkEnumerateInstanceLayerProperties (&n, layers) != VK_SUCCESS)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (g_str_equal (layers[i].layerName, VALIDATION_LAYER))
      return TRUE;
  return FALSE;
}

gboolean
clv_extensions_include (
    const VkExtensionProperties *extensions, guint n, const gchar *name)
{
  for (guint i = 0; i < n; i++)
    if (g_str_equal (extensions[i].extensionName, name))
      return TRUE;
  return FALSE;
}

static gboolean
has_extension (const gchar *layer, const gchar *name)
{
  guint32 n = 0;
  g_autofree VkExtensionProperties *extensions = NULL;

  if (vkEnumerateInstanceExtensionProperties (layer, &n, NULL) != VK_SUCCESS)
    return FALSE;
  extensions = g_new0 (VkExtensionProperties, n + 1);
  return vkEnumerateInstanceExtensionProperties (layer, &n, extensions) ==
             VK_SUCCESS &&
         clv_extensions_include (extensions, n, name);
}

/* Every message that the layers send goes to print_message(). */
static gboolean
listen_to_validation (ClvInstance *self, GError **error)
{
  const VkDebugUtilsMessengerCreateInfoEXT info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
    .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                       VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
    .pfnUserCallback = print_message,
  };
  PFN_vkCreateDebugUtilsMessengerEXT create =
      (PFN_vkCreateDebugUtilsMessengerEXT) vkGetInstanceProcAddr (
          self->instance, "vkCreateDebugUtilsMessengerEXT");

  if (create == NULL)
    return TRUE;
  return clv_vk_check (create (self->instance, &info, NULL, &self->messenger),
      "vkCreateDebugUtilsMessengerEXT", error);
}

gboolean
clv_instance_init (ClvInstance *self, ClvDebugFlags debug, GError **error)
{
  const gchar *layers[1], *extensions[1];
  VkApplicationInfo app = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
    .pApplicationName = "clv",
    .pEngineName = "clv",
    .apiVersion = VK_API_VERSION_1_3,
  };
  VkInstanceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
    .pApplicationInfo = &app,
    .ppEnabledLayerNames = layers,
    .ppEnabledExtensionNames = extensions,
  };
  VkResult result;

  memset (self, 0, sizeof *self);
  if (debug & CLV_DEBUG_VALIDATION) {
    if (!has_validation_layer ()) {
      g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
          "CLV_DEBUG: validation was asked for, but the layer " VALIDATION_LAYER
          " is not installed");
      return FALSE;
    }
    layers[info.enabledLayerCount++] = VALIDATION_LAYER;
  }
  if ((debug & (CLV_DEBUG_VALIDATION | CLV_DEBUG_NAMES)) &&
      (has_extension (NULL, VK_EXT_DEBUG_UTILS_EXTENSION_NAME) ||
          ((debug & CLV_DEBUG_VALIDATION) &&
              has_extension (
                  VALIDATION_LAYER, VK_EXT_DEBUG_UTILS_EXTENSION_NAME)))) {
    extensions[info.enabledExtensionCount++] =
        VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    self->debug_utils = TRUE;
  }

  result = vkCreateInstance (&info, NULL, &self->instance);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_DEVICE,
        "no Vulkan driver is installed; Debian's package mesa-vulkan-drivers "
        "has drivers for most GPUs and one that runs on the CPU");
    return FALSE;
  }
  if (!clv_vk_check (result, "vkCreateInstance", error))
    return FALSE;
  if ((debug & CLV_DEBUG_VALIDATION) && self->debug_utils &&
      !listen_to_validation (self, error)) {
    clv_instance_clear (self);
    return FALSE;
  }
  return TRUE;
}

void
clv_instance_clear (ClvInstance *self)
{
  if (self->messenger != VK_NULL_HANDLE) {
    PFN_vkDestroyDebugUtilsMessengerEXT destroy =
        (PFN_vkDestroyDebugUtilsMessengerEXT) vkGetInstanceProcAddr (
            self->instance, "vkDestroyDebugUtilsMessengerEXT");
    destroy (self->instance, self->messenger, NULL);
  }
  if (self->instance != VK_NULL_HANDLE)
    vkDestroyInstance (self->instance, NULL);
  memset (self, 0, sizeof *self);
}

void
clv_candidate_free (ClvCandidate *candidate)
{
  g_free (candidate->info.name);
  g_free (candidate->info.driver);
  g_free (candidate->info.uuid);
  g_free (candidate);
}

/* Whether the family has compute, or with -1 the first one that has; -1 if none. */
static gint
find_queue_family (VkPhysicalDevice physical, gint wanted)
{
  guint32 n = 0;
  g_autofree VkQueueFamilyProperties *families = NULL;

  vkGetPhysicalDeviceQueueFamilyProperties (physical, &n, NULL);
  families = g_new0 (VkQueueFamilyProperties, n + 1);
  vkGetPhysicalDeviceQueueFamilyProperties (physical, &n, families);
  for (guint i = 0; i < n; i++)
    if ((wanted < 0 || wanted == (gint) i) &&
        (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT))
      return i;
  return -1;
}

static ClvCandidate *
describe (VkPhysicalDevice physical, guint queue_family, guint index)
{
  VkPhysicalDeviceIDProperties id = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
  };
  VkPhysicalDeviceDriverProperties driver = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
    .pNext = &id,
  };
  VkPhysicalDeviceProperties2 props = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
    .pNext = &driver,
  };
  ClvCandidate *candidate;
  GString *uuid;

  vkGetPhysicalDeviceProperties2 (physical, &props);
  uuid = g_string_new (NULL);
  for (guint i = 0; i < VK_UUID_SIZE; i++)
    g_string_append_printf (uuid, "%02x", id.deviceUUID[i]);

  candidate = g_new0 (ClvCandidate, 1);
  candidate->physical = physical;
  candidate->queue_family = queue_family;
  candidate->info.index = index;
  candidate->info.name = g_strdup (props.properties.deviceName);
  candidate->info.driver =
      g_strdup_printf ("%s %s", driver.driverName, driver.driverInfo);
  candidate->info.uuid = g_string_free (uuid, FALSE);
  candidate->info.software =
      props.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  candidate->info.type = props.properties.deviceType;
  return candidate;
}

static ClvCandidate *
examine (VkPhysicalDevice physical, guint index)
{
  const gint family = find_queue_family (physical, -1);
  VkPhysicalDeviceProperties props;

  vkGetPhysicalDeviceProperties (physical, &props);
  if (family >= 0 && props.apiVersion >= MIN_API_VERSION)
    return describe (physical, family, index);
  g_debug ("%s: left out: %s", props.deviceName,
      family < 0 ? "no compute queue" : "no Vulkan 1.2");
  return NULL;
}

ClvCandidate *
clv_candidate_new (
    VkPhysicalDevice physical, guint queue_family, GError **error)
{
  VkPhysicalDeviceProperties props;

  vkGetPhysicalDeviceProperties (physical, &props);
  if (props.apiVersion >= MIN_API_VERSION &&
      find_queue_family (physical, queue_family) >= 0)
    return describe (physical, queue_family, G_MAXUINT);
  g_set_error (error, CLV_ERROR, CLV_ERROR_NO_DEVICE,
      "%s: wanted Vulkan 1.2 and a queue with compute, found Vulkan %u.%u%s",
      props.deviceName, VK_API_VERSION_MAJOR (props.apiVersion),
      VK_API_VERSION_MINOR (props.apiVersion),
      props.apiVersion >= MIN_API_VERSION ? " and a queue without" : "");
  return NULL;
}

static gint
compare_candidates (gconstpointer a, gconstpointer b)
{
  static const gint rank[] = {
    [VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU] = 0,
    [VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU] = 1,
    [VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU] = 2,
    [VK_PHYSICAL_DEVICE_TYPE_OTHER] = 3,
    [VK_PHYSICAL_DEVICE_TYPE_CPU] = 4,
  };
  const ClvCandidate *x = *(ClvCandidate *const *) a;
  const ClvCandidate *y = *(ClvCandidate *const *) b;
  const gint order = rank[MIN (x->info.type, 4)] - rank[MIN (y->info.type, 4)];

  return order != 0 ? order : (gint) x->info.index - (gint) y->info.index;
}

GPtrArray *
clv_instance_list_devices (ClvInstance *self, GError **error)
{
  g_autoptr (GPtrArray) list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) clv_candidate_free);
  g_autofree VkPhysicalDevice *physical = NULL;
  guint32 n = 0;

  CLV_VK (vkEnumeratePhysicalDevices, self->instance, &n, NULL);
  physical = g_new0 (VkPhysicalDevice, n + 1);
  CLV_VK (vkEnumeratePhysicalDevices, self->instance, &n, physical);
  for (guint i = 0; i < n; i++) {
    ClvCandidate *candidate = examine (physical[i], i);

    if (candidate != NULL)
      g_ptr_array_add (list, candidate);
  }
  if (list->len == 0) {
    g_set_error (error, CLV_ERROR, CLV_ERROR_NO_DEVICE,
        "no usable Vulkan device: wanted Vulkan 1.2 with a compute queue, "
        "found %u device%s without",
        n, n == 1 ? "" : "s");
    return NULL;
  }
  /* g_ptr_array_sort is not stable in GLib 2.74: the driver's order decides. */
  g_ptr_array_sort (list, compare_candidates);
  for (guint i = 0; i < list->len; i++)
    ((ClvCandidate *) list->pdata[i])->info.index = i;
  return g_steal_pointer (&list);

fail:
  return NULL;
}

gboolean
clv_physical_has_extension (VkPhysicalDevice physical, const gchar *name)
{
  guint32 n = 0;
  g_autofree VkExtensionProperties *extensions = NULL;

  if (vkEnumerateDeviceExtensionProperties (physical, NULL, &n, NULL) !=
      VK_SUCCESS)
    return FALSE;
  extensions = g_new0 (VkExtensionProperties, n + 1);
  return vkEnumerateDeviceExtensionProperties (
             physical, NULL, &n, extensions) == VK_SUCCESS &&
         clv_extensions_include (extensions, n, name);
}
