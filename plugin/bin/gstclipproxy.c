/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipproxy.h"

/* A GParamSpec belongs to one class, so each type has to be made anew. NULL: not
 * one of the types that cliptag has. */
static GParamSpec *
copy_spec (GParamSpec *spec)
{
  const gchar *name = g_param_spec_get_name (spec);
  const gchar *nick = g_param_spec_get_nick (spec);
  const gchar *blurb = g_param_spec_get_blurb (spec);
  GParamFlags flags =
      spec->flags & ~(G_PARAM_CONSTRUCT | G_PARAM_CONSTRUCT_ONLY);

  if (G_IS_PARAM_SPEC_BOOLEAN (spec))
    return g_param_spec_boolean (
        name, nick, blurb, G_PARAM_SPEC_BOOLEAN (spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_STRING (spec))
    return g_param_spec_string (
        name, nick, blurb, G_PARAM_SPEC_STRING (spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_ENUM (spec))
    return g_param_spec_enum (name, nick, blurb, spec->value_type,
        G_PARAM_SPEC_ENUM (spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_BOXED (spec))
    return g_param_spec_boxed (name, nick, blurb, spec->value_type, flags);
  if (G_IS_PARAM_SPEC_UINT (spec)) {
    GParamSpecUInt *s = G_PARAM_SPEC_UINT (spec);

    return g_param_spec_uint (
        name, nick, blurb, s->minimum, s->maximum, s->default_value, flags);
  }
  if (G_IS_PARAM_SPEC_UINT64 (spec)) {
    GParamSpecUInt64 *s = G_PARAM_SPEC_UINT64 (spec);

    return g_param_spec_uint64 (
        name, nick, blurb, s->minimum, s->maximum, s->default_value, flags);
  }
  if (G_IS_PARAM_SPEC_DOUBLE (spec)) {
    GParamSpecDouble *s = G_PARAM_SPEC_DOUBLE (spec);

    return g_param_spec_double (
        name, nick, blurb, s->minimum, s->maximum, s->default_value, flags);
  }
  return NULL;
}

void
gst_clip_proxy_install (
    GObjectClass *klass, GType from, GType base, guint first_id)
{
  GObjectClass *from_class = g_type_class_ref (from);
  g_autofree GParamSpec **specs = NULL;
  guint n;

  specs = g_object_class_list_properties (from_class, &n);
  for (guint i = 0; i < n; i++) {
    GParamSpec *copy;

    if (g_type_is_a (base, specs[i]->owner_type))
      continue;
    copy = copy_spec (specs[i]);
    if (copy != NULL)
      g_object_class_install_property (klass, first_id++, copy);
    else
      g_warning ("the property %s is a %s, which cannot be passed on",
          specs[i]->name, G_PARAM_SPEC_TYPE_NAME (specs[i]));
  }
  g_type_class_unref (from_class);
}
