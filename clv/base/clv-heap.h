/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

G_BEGIN_DECLS

/* Gives the system back what is free in the middle of the heap, which libc keeps for
 * ever: reading a vocabulary and compiling kernels take tens of MB for a moment, and what
 * comes after them lies above. Some ms; not for every frame. */
static inline void
clv_heap_trim (void)
{
#ifdef __GLIBC__
  malloc_trim (0);
#endif
}

G_END_DECLS
