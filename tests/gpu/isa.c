/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "isa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Latencies of the model, in cycles: of shared memory, and of memory behind a
 * cache that has missed. */
#define LDS_LATENCY    80.0
#define MEMORY_LATENCY 500.0
#define TURNS          12 /* of a loop, until it repeats itself */
#define FIRST_TURNS    4

typedef struct {
  IsaClass class;
  gdouble valu;   /* cycles */
  gdouble memory; /* cycles of shared memory or of the vector cache */
  gint lds_left;  /* of a wait: accesses that may stay under way; -1: any */
  gint loads_left;
  gchar target[16]; /* of a branch */
} Instruction;

typedef struct {
  guint first, last; /* instructions */
  guint depth;
} Loop;

typedef struct {
  guint generation;
  gdouble wave; /* in units of 32 lanes */
  GArray *instructions;
  GHashTable *labels; /* name -> index of the next instruction */
  GArray *loops;
} Program;

/* The first that fits; cycles are of 32 lanes. AMD's "RDNA 3 Instruction Set
 * Architecture" names them; transcendental and wide integer operations run at a
 * quarter of the rate. */
static const struct {
  const gchar *prefix;
  IsaClass class;
  gdouble cycles;
} opcodes[] = {
  { "(invalid", ISA_VALU, 1 }, /* conversions that an older LLVM cannot print */
  { "v_dot", ISA_MATH, 1 },
  { "v_pk_fma", ISA_MATH, 1 },
  { "v_fma", ISA_MATH, 1 },
  { "v_mac_f", ISA_MATH, 1 },
  { "v_mad_f", ISA_MATH, 1 },
  { "v_mad_mix", ISA_MATH, 1 },
  { "v_rcp", ISA_VALU, 4 },
  { "v_rsq", ISA_VALU, 4 },
  { "v_sqrt", ISA_VALU, 4 },
  { "v_exp", ISA_VALU, 4 },
  { "v_log", ISA_VALU, 4 },
  { "v_mul_lo_u32", ISA_VALU, 4 },
  { "v_mul_hi_", ISA_VALU, 4 },
  { "v_mad_u64", ISA_VALU, 4 },
  { "v_nop", ISA_WAIT, 0 },
  { "v_", ISA_VALU, 1 },
  { "ds_write", ISA_LDS_STORE, 0 },
  { "ds_store", ISA_LDS_STORE, 0 },
  { "ds_", ISA_LDS_LOAD, 0 },
  { "scratch_", ISA_SCRATCH, 0 },
  { "buffer_gl", ISA_WAIT, 0 },
  { "global_inv", ISA_WAIT, 0 },
  { "global_wb", ISA_WAIT, 0 },
  { "buffer_store", ISA_STORE, 0 },
  { "global_store", ISA_STORE, 0 },
  { "image_store", ISA_STORE, 0 },
  { "buffer_", ISA_LOAD, 0 },
  { "global_", ISA_LOAD, 0 },
  { "flat_", ISA_LOAD, 0 },
  { "image_", ISA_LOAD, 0 },
  { "tbuffer_", ISA_LOAD, 0 },
  { "s_wait", ISA_WAIT, 0 },
  { "s_delay", ISA_WAIT, 0 },
  { "s_nop", ISA_WAIT, 0 },
  { "s_clause", ISA_WAIT, 0 },
  { "s_inst_prefetch", ISA_WAIT, 0 },
  { "s_set_inst", ISA_WAIT, 0 },
  { "s_", ISA_SCALAR, 0 },
};

/* Bytes that one lane moves. */
static gdouble
bytes_of (const gchar *op)
{
  const gdouble times = strstr (op, "2addr") != NULL ||
                                strstr (op, "2st64") != NULL ||
                                g_str_has_prefix (op, "ds_read2") ||
                                g_str_has_prefix (op, "ds_write2")
                            ? 2
                            : 1;

  if (strstr (op, "b128") != NULL || strstr (op, "dwordx4") != NULL)
    return 16 * times;
  if (strstr (op, "b96") != NULL || strstr (op, "dwordx3") != NULL)
    return 12 * times;
  if (strstr (op, "b64") != NULL || strstr (op, "dwordx2") != NULL)
    return 8 * times;
  return 4 * times;
}

static gboolean
adds_products (const gchar *op)
{
  return strstr (op, "fmac") != NULL || strstr (op, "fmaak") != NULL ||
         strstr (op, "fmamk") != NULL || strstr (op, "dot2acc") != NULL;
}

/* "s_waitcnt vmcnt(3) lgkmcnt(0)", or since RDNA4 "s_wait_dscnt 0x2". */
static void
read_wait (Instruction *self, const gchar *line)
{
  const gchar *lds = strstr (line, "lgkmcnt(");
  const gchar *loads = strstr (line, "vmcnt(");
  const gchar *number = line + strcspn (line, " \t");

  if (lds != NULL)
    self->lds_left = atoi (lds + strlen ("lgkmcnt("));
  if (loads != NULL)
    self->loads_left = atoi (loads + strlen ("vmcnt("));
  if (g_str_has_prefix (line, "s_wait_loadcnt_dscnt")) {
    const glong both = strtol (number, NULL, 0);

    self->loads_left = both >> 8 & 63;
    self->lds_left = both & 63;
  } else if (g_str_has_prefix (line, "s_wait_dscnt")) {
    self->lds_left = strtol (number, NULL, 0);
  } else if (g_str_has_prefix (line, "s_wait_loadcnt")) {
    self->loads_left = strtol (number, NULL, 0);
  }
}

/* A compute unit is two SIMDs, which share 128 bytes of shared memory and 64
 * bytes of the vector cache a cycle. */
static void
read_instruction (const Program *program, Instruction *self, const gchar *line)
{
  g_autofree gchar *op = g_strndup (line, strcspn (line, " \t"));
  guint i = 0;

  *self =
      (Instruction){ .class = ISA_SCALAR, .lds_left = -1, .loads_left = -1 };
  if (g_str_has_prefix (op, "v_wmma") || g_str_has_prefix (op, "v_swmmac")) {
    self->class = ISA_MATRIX; /* 16 x 16 x 16 halves */
    self->valu = program->generation >= 12 ? 16 : 32;
    return;
  }
  if (g_str_has_prefix (op, "v_dual_")) { /* two operations in one cycle */
    self->class = adds_products (line) ? ISA_MATH : ISA_VALU;
    self->valu = program->wave;
    return;
  }
  while (
      i < G_N_ELEMENTS (opcodes) && !g_str_has_prefix (op, opcodes[i].prefix))
    i++;
  if (i == G_N_ELEMENTS (opcodes))
    return;
  self->class = opcodes[i].class;
  self->valu = opcodes[i].cycles * program->wave;
  /* RDNA3 takes both halves of a wave of 64 in one cycle, at best. */
  if (self->class == ISA_MATH && program->generation >= 11 &&
      strstr (op, "f32") != NULL && strstr (op, "f16") == NULL)
    self->valu = 1;
  if (self->class == ISA_LDS_LOAD || self->class == ISA_LDS_STORE)
    self->memory = bytes_of (op) * program->wave / 2;
  else if (self->class == ISA_LOAD || self->class == ISA_STORE ||
           self->class == ISA_SCRATCH)
    self->memory = bytes_of (op) * program->wave;
  else if (self->class == ISA_WAIT)
    read_wait (self, line);
  else if (g_str_has_prefix (op, "s_cbranch") ||
           g_str_has_prefix (op, "s_branch"))
    sscanf (line + strlen (op), " %15[A-Z0-9]", self->target);
}

static gboolean
is_instruction (const gchar *line)
{
  static const gchar *const starts[] = { "v_", "s_", "ds_", "buffer_",
    "global_", "flat_", "image_", "tbuffer_", "scratch_", "(invalid" };

  for (guint i = 0; i < G_N_ELEMENTS (starts); i++)
    if (g_str_has_prefix (line, starts[i]))
      return TRUE;
  return FALSE;
}

static void
read_program (Program *self, const gchar *assembly)
{
  g_auto (GStrv) lines = g_strsplit (assembly, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++) {
    const gchar *line = g_strstrip (lines[i]);
    const gchar *colon = strchr (line, ':');

    if (g_str_has_prefix (line, "BB") && colon != NULL) {
      g_hash_table_insert (self->labels, g_strndup (line, colon - line),
          GUINT_TO_POINTER (self->instructions->len));
    } else if (is_instruction (line)) {
      Instruction instruction;

      read_instruction (self, &instruction, line);
      g_array_append_val (self->instructions, instruction);
    }
  }
}

static Instruction *
instruction_at (const Program *self, guint i)
{
  return &g_array_index (self->instructions, Instruction, i);
}

static Loop *
loop_at (const Program *self, guint i)
{
  return &g_array_index (self->loops, Loop, i);
}

static gboolean
loop_holds (const Loop *outer, const Loop *inner)
{
  return outer != inner && outer->first <= inner->first &&
         outer->last >= inner->last;
}

/* A branch back makes a loop; several to one place are one. */
static void
add_loop (Program *self, guint first, guint last)
{
  const Loop loop = { .first = first, .last = last };

  for (guint i = 0; i < self->loops->len; i++)
    if (loop_at (self, i)->first == first) {
      loop_at (self, i)->last = MAX (loop_at (self, i)->last, last);
      return;
    }
  g_array_append_val (self->loops, loop);
}

static void
find_loops (Program *self)
{
  for (guint i = 0; i < self->instructions->len; i++) {
    gpointer first;

    if (g_hash_table_lookup_extended (
            self->labels, instruction_at (self, i)->target, NULL, &first) &&
        GPOINTER_TO_UINT (first) <= i)
      add_loop (self, GPOINTER_TO_UINT (first), i);
  }
  for (guint i = 0; i < self->loops->len; i++)
    for (guint j = 0; j < self->loops->len; j++)
      if (loop_holds (loop_at (self, j), loop_at (self, i)))
        loop_at (self, i)->depth++;
}

static void
add_cost (IsaCost *self, const Instruction *instruction)
{
  self->count[instruction->class]++;
  self->valu += instruction->valu;
  switch (instruction->class) {
    case ISA_LDS_LOAD:
    case ISA_LDS_STORE:
      self->lds += instruction->memory;
      break;
    case ISA_LOAD:
    case ISA_STORE:
    case ISA_SCRATCH:
      self->memory += instruction->memory;
      break;
    default:
      break;
  }
}

/* Of instructions first … last, without the loops that `loop` holds. */
static IsaCost
cost_of (const Program *self, const Loop *loop)
{
  IsaCost cost = { 0 };
  gdouble matrix = 0, math = 0;

  for (guint i = loop->first; i <= loop->last; i++) {
    const Instruction *instruction = instruction_at (self, i);
    gboolean inside = FALSE;

    for (guint j = 0; j < self->loops->len; j++) {
      const Loop *other = loop_at (self, j);

      inside |=
          loop_holds (loop, other) && i >= other->first && i <= other->last;
    }
    if (inside)
      continue;
    add_cost (&cost, instruction);
    if (instruction->class == ISA_MATRIX)
      matrix += instruction->valu;
    else if (instruction->class == ISA_MATH)
      math += instruction->valu;
  }
  cost.math = matrix > 0 ? matrix : math;
  return cost;
}

/* A matrix product outweighs anything; a loop in a loop is taken to run eight
 * times. Without math it is the loop that keeps the units busiest. */
static gdouble
heat_of (const IsaCost *cost, const Loop *loop)
{
  gdouble heat = cost->math * 1e3 + isa_busiest (cost, NULL);

  if (cost->count[ISA_MATRIX] > 0)
    heat *= 1e6;
  for (guint i = 0; i < loop->depth; i++)
    heat *= 8;
  return heat;
}

/* One wave in order, alone on its SIMD, with the compute unit's whole shared
 * memory and cache: what it waits for others can fill. Cycles of a turn. */
static gdouble
walk (const Program *self, const Loop *loop)
{
  g_autoptr (GArray) lds = g_array_new (FALSE, FALSE, sizeof (gdouble));
  g_autoptr (GArray) loads = g_array_new (FALSE, FALSE, sizeof (gdouble));
  gdouble now = 0, lds_free = 0, loads_free = 0, start = 0;

  for (guint turn = 0; turn < TURNS; turn++) {
    if (turn == FIRST_TURNS)
      start = now;
    for (guint i = loop->first; i <= loop->last; i++) {
      const Instruction *at = instruction_at (self, i);

      if (at->lds_left >= 0 && lds->len > (guint) at->lds_left)
        now = MAX (
            now, g_array_index (lds, gdouble, lds->len - 1 - at->lds_left));
      if (at->loads_left >= 0 && loads->len > (guint) at->loads_left)
        now = MAX (now,
            g_array_index (loads, gdouble, loads->len - 1 - at->loads_left));
      if (at->class == ISA_LDS_LOAD || at->class == ISA_LDS_STORE) {
        const gdouble ready =
            (lds_free = MAX (lds_free, now) + at->memory / 2) + LDS_LATENCY;

        g_array_append_val (lds, ready);
      } else if (at->class == ISA_LOAD) {
        const gdouble ready =
            (loads_free = MAX (loads_free, now) + at->memory / 2) +
            MEMORY_LATENCY;

        g_array_append_val (loads, ready);
      }
      if (at->class != ISA_WAIT)
        now += MAX (at->valu, 1);
    }
  }
  return (now - start) / (TURNS - FIRST_TURNS);
}

void
isa_read (
    const gchar *assembly, guint generation, guint wave, IsaReport *ret_report)
{
  Program program = {
    .generation = generation,
    .wave = wave / 32.0,
    .instructions = g_array_new (FALSE, FALSE, sizeof (Instruction)),
    .labels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .loops = g_array_new (FALSE, FALSE, sizeof (Loop)),
  };
  gdouble hottest = -1;

  *ret_report = (IsaReport){ 0 };
  read_program (&program, assembly);
  find_loops (&program);
  for (guint i = 0; i < program.loops->len; i++) {
    const Loop *loop = loop_at (&program, i);
    const IsaCost cost = cost_of (&program, loop);
    const gdouble heat = heat_of (&cost, loop);

    if (heat > hottest) {
      hottest = heat;
      ret_report->hottest = cost;
      ret_report->alone = walk (&program, loop);
    }
  }
  if (program.loops->len == 0 && program.instructions->len > 0)
    ret_report->hottest =
        cost_of (&program, &(Loop){ .last = program.instructions->len - 1 });

  g_array_unref (program.instructions);
  g_hash_table_unref (program.labels);
  g_array_unref (program.loops);
}

gdouble
isa_busiest (const IsaCost *cost, const gchar **ret_unit)
{
  const gchar *unit = "vector units";
  gdouble cycles = cost->valu;

  if (cost->lds > cycles) {
    cycles = cost->lds;
    unit = "shared memory";
  }
  if (cost->memory > cycles) {
    cycles = cost->memory;
    unit = "memory";
  }
  if (ret_unit != NULL)
    *ret_unit = unit;
  return cycles;
}
