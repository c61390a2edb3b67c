/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gstclipproxy.h"

/* A GParamSpec belongs to one class, so each type has to be made anew. */
static GParamSpec *
copy_number (GParamSpec *spec, const gchar *name, const gchar *nick,
    const gchar *blurb, GParamFlags flags)
{
  if (G_IS_PARAM_SPEC_INT (spec)) {
    GParamSpecInt *s = G_PARAM_SPEC_INT (spec);

    return g_param_spec_int (
        name, nick, blurb, s->minimum, s->maximum, s->default_value, flags);
  }
  if (G_IS_PARAM_SPEC_UINT (spec)) {
    GParamSpecUInt *s = G_PARAM_SPEC_UINT (spec);

    return g_param_spec_uint (
        name, nick, blurb, s->minimum, s->maximum, s->default_value, flags);
  }
  if (G_IS_PARAM_SPEC_INT64 (spec)) {
    GParamSpecInt64 *s = G_PARAM_SPEC_INT64 (spec);

    return g_param_spec_int64 (
        name, nick, blurb, s->minimum, s->maximum, s->default_value, flags);
  }
  if (G_IS_PARAM_SPEC_UINT64 (spec)) {
    GParamSpecUInt64 *s = G_PARAM_SPEC_UINT64 (spec);

    return g_param_spec_uint64 (
        name, nick, blurb, s->minimum, s->maximum, s->default_value, flags);
  }
  if (G_IS_PARAM_SPEC_FLOAT (spec)) {
    GParamSpecFloat *s = G_PARAM_SPEC_FLOAT (spec);

    return g_param_spec_float (
        name, nick, blurb, s->minimum, s->maximum, s->default_value, flags);
  }
  if (G_IS_PARAM_SPEC_DOUBLE (spec)) {
    GParamSpecDouble *s = G_PARAM_SPEC_DOUBLE (spec);

    return g_param_spec_double (
        name, nick, blurb, s->minimum, s->maximum, s->default_value, flags);
  }
  return NULL;
}

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
  if (G_IS_PARAM_SPEC_FLAGS (spec))
    return g_param_spec_flags (name, nick, blurb, spec->value_type,
        G_PARAM_SPEC_FLAGS (spec)->default_value, flags);
  if (G_IS_PARAM_SPEC_BOXED (spec))
    return g_param_spec_boxed (name, nick, blurb, spec->value_type, flags);
  if (G_IS_PARAM_SPEC_OBJECT (spec))
    return g_param_spec_object (name, nick, blurb, spec->value_type, flags);
  return copy_number (spec, name, nick, blurb, flags);
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
    GParamSpec *copy = NULL;

    if (!g_type_is_a (base, specs[i]->owner_type))
      copy = copy_spec (specs[i]);
    if (copy != NULL)
      g_object_class_install_property (klass, first_id++, copy);
  }
  g_type_class_unref (from_class);
}
