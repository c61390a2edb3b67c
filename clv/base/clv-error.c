/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <clv/clv-error.h>

GQuark
clv_error_quark (void)
{
  return g_quark_from_static_string ("clv-error-quark");
}
