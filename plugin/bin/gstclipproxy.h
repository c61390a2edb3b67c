/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Properties of an element inside a bin as properties of the bin. */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * gst_clip_proxy_install:
 * @klass: of the bin
 * @from: type of the element inside
 * @base: properties of this ancestor of @from, such as its name, are left out
 * @first_id: properties get ids from this one on
 *
 * Installs a property of the same name, type, range, default and text for each
 * one of @from. Types that cliptag has are known; any other is a g_warning() with
 * the property's name.
 */
void gst_clip_proxy_install (
    GObjectClass *klass, GType from, GType base, guint first_id);

G_END_DECLS
