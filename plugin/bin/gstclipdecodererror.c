/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipdecodererror.h"

#include <string.h>

/* After the name of the format, where nothing is translated. */
#define DECODER " decoder"

/* parsebin looks for decoders, too, of streams that nobody may want. */
static gboolean
is_of_decodebin (GstMessage *message)
{
  GstObject *source = GST_MESSAGE_SRC (message);
  GstElementFactory *factory =
      GST_IS_ELEMENT (source) ? gst_element_get_factory (GST_ELEMENT (source))
                              : NULL;

  return factory != NULL &&
         g_strcmp0 (GST_OBJECT_NAME (factory), "decodebin3") == 0;
}

/* The fields are those of gst_missing_decoder_message_new(): applications that
 * install what is missing rely on them. */
gchar *
gst_clip_decoder_error_find_missing (GstMessage *message, gboolean *ret_wanted)
{
  const GstStructure *structure = gst_message_get_structure (message);
  const GValue *detail;
  const GstCaps *caps;
  const gchar *media, *name;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT ||
      !gst_structure_has_name (structure, "missing-plugin") ||
      g_strcmp0 (gst_structure_get_string (structure, "type"), "decoder") != 0)
    return NULL;
  *ret_wanted = is_of_decodebin (message);
  detail = gst_structure_get_value (structure, "detail");
  if (detail == NULL || !GST_VALUE_HOLDS_CAPS (detail))
    return NULL;
  caps = gst_value_get_caps (detail);
  if (gst_caps_get_size (caps) == 0)
    return NULL;
  media = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  if (!g_str_has_prefix (media, "video/") &&
      !g_str_has_prefix (media, "image/"))
    return NULL;
  name = gst_structure_get_string (structure, "name");
  if (name == NULL)
    return g_strdup (media);
  return g_strndup (name, g_str_has_suffix (name, DECODER)
                              ? strlen (name) - strlen (DECODER)
                              : strlen (name));
}

GstMessage *
gst_clip_decoder_error_add_input (GstMessage *message, const gchar *input)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  const GstStructure *details;
  GstMessage *named;

  gst_message_parse_error (message, &error, &debug);
  if (input == NULL || strstr (error->message, input) != NULL)
    return message;
  gst_message_parse_error_details (message, &details);
  g_prefix_error (&error, "%s: ", input);
  named = gst_message_new_error_with_details (GST_MESSAGE_SRC (message), error,
      debug, details != NULL ? gst_structure_copy (details) : NULL);
  gst_message_set_seqnum (named, gst_message_get_seqnum (message));
  gst_message_unref (message);
  return named;
}
