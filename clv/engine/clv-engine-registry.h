/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the process has one of: devices by what they are, engines by (model,
 * device, precision). Both are held weakly: they live as long as their users. */

#pragma once

#include <clv/clv-device.h>

G_BEGIN_DECLS

/* The device that a selector picks; the same object for two selectors that mean
 * one device. */
ClvDevice *clv_registry_get_device (const gchar *selector, GError **error);

typedef gpointer (*ClvRegistryMakeFunc) (gpointer user_data, GError **error);

/* The living object of a key, or the one that `make` makes of it. Threads that
 * ask for one key wait for one another, for different keys they do not. */
gpointer clv_registry_get (const gchar *key, ClvRegistryMakeFunc make,
    gpointer user_data, GError **error);

/* Nobody gets this object again: its device is lost. */
void clv_registry_forget (gconstpointer object);

/* Keys that have an object, or for which somebody just asks. */
guint clv_registry_count (void);

G_END_DECLS
