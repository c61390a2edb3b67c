/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstcliperror.h"

#include <clv/clv-error.h>

static gint
code_of_file_error (const GError *error, GQuark *ret_domain)
{
  *ret_domain = GST_RESOURCE_ERROR;
  switch (error->code) {
    case G_FILE_ERROR_NOENT:
    case G_FILE_ERROR_NOTDIR:
      return GST_RESOURCE_ERROR_NOT_FOUND;
    case G_FILE_ERROR_ACCES:
    case G_FILE_ERROR_PERM:
      return GST_RESOURCE_ERROR_NOT_AUTHORIZED;
    case G_FILE_ERROR_NOMEM:
    case G_FILE_ERROR_NOSPC:
      return GST_RESOURCE_ERROR_NO_SPACE_LEFT;
    default:
      return GST_RESOURCE_ERROR_READ;
  }
}

static gint
code_of_clv_error (const GError *error, GQuark *ret_domain)
{
  *ret_domain = GST_LIBRARY_ERROR;
  switch (error->code) {
    case CLV_ERROR_BAD_FILE:
    case CLV_ERROR_UNSUPPORTED:
      return GST_LIBRARY_ERROR_SETTINGS;
    case CLV_ERROR_NO_DEVICE:
      return GST_LIBRARY_ERROR_INIT;
    case CLV_ERROR_NO_MEMORY:
      *ret_domain = GST_RESOURCE_ERROR;
      return GST_RESOURCE_ERROR_NO_SPACE_LEFT;
    case CLV_ERROR_DEVICE_LOST:
      *ret_domain = GST_RESOURCE_ERROR;
      return GST_RESOURCE_ERROR_FAILED;
    default:
      return GST_LIBRARY_ERROR_FAILED;
  }
}

void
gst_clip_post_error (GstElement *element, GstMessageType type,
    const gchar *what, const GError *error)
{
  GQuark domain = GST_LIBRARY_ERROR;
  gint code = GST_LIBRARY_ERROR_FAILED;

  if (error->domain == G_FILE_ERROR)
    code = code_of_file_error (error, &domain);
  else if (error->domain == CLV_ERROR)
    code = code_of_clv_error (error, &domain);

  /* Takes both strings. */
  gst_element_message_full (element, type, domain, code,
      g_strdup_printf ("%s: %s", what, error->message),
      g_strdup_printf (
          "%s, code %d", g_quark_to_string (error->domain), error->code),
      __FILE__, GST_FUNCTION, __LINE__);
}
