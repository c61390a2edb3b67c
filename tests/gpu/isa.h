/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a loop costs on AMD's RDNA, read from its assembly: a model of issue rates,
 * see docs/gpu-kernels.md for what it leaves out. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  ISA_MATRIX,    /* matrix units */
  ISA_MATH,      /* multiply-adds */
  ISA_VALU,      /* what else the vector units do */
  ISA_LDS_LOAD,  /* shared memory */
  ISA_LDS_STORE, /* shared memory */
  ISA_LOAD,      /* memory */
  ISA_STORE,     /* memory */
  ISA_SCRATCH,   /* spilled registers */
  ISA_WAIT,      /* takes no unit */
  ISA_SCALAR,    /* the scalar unit, barriers, branches */
  ISA_N_CLASSES,
} IsaClass;

/* Cycles of one SIMD for one turn; several waves share it. */
typedef struct {
  guint count[ISA_N_CLASSES];
  gdouble valu;   /* vector units, matrix units among them */
  gdouble lds;    /* its share of the compute unit's shared memory */
  gdouble memory; /* its share of the compute unit's vector cache */
  gdouble math;   /* of valu: the matrix units if used, else multiply-adds */
} IsaCost;

typedef struct {
  IsaCost hottest; /* the loop with the most math, without loops inside it; the
                    * whole shader if there is none */
  gdouble alone;   /* cycles of a turn if a wave has a SIMD alone; 0: no loop */
} IsaReport;

/* generation: 10 (RDNA2), 11 (RDNA3) or 12 (RDNA4); wave: 32 or 64. */
void isa_read (
    const gchar *assembly, guint generation, guint wave, IsaReport *ret_report);

/* Cycles of the busiest unit, and its name. */
gdouble isa_busiest (const IsaCost *cost, const gchar **ret_unit);

G_END_DECLS
