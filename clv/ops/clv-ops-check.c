/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define G_LOG_DOMAIN "clv"

#include "clv-ops-check.h"

#include "clv-ops-race.h"
#include "clv-ops-trials.h"

#include <string.h>

static GMutex check_lock;

/* What a cached verdict may say. Anything else is the reason of a refusal. */
#define OK "ok"

static const ClvOpTrial trials[CLV_N_OPS] = {
  [CLV_OP_GEMM_F32] = clv_trial_gemm,
  [CLV_OP_GEMM_F16] = clv_trial_gemm,
  [CLV_OP_LAYERNORM] = clv_trial_layernorm,
  [CLV_OP_ATTENTION] = clv_trial_attention,
  [CLV_OP_GATHER_ROWS] = clv_trial_gather_rows,
  [CLV_OP_ASSEMBLE_TOKENS] = clv_trial_assemble_tokens,
  [CLV_OP_L2NORM] = clv_trial_l2norm,
};

/* Whether this process may trust an error to be the variant's own fault. */
static gboolean
is_about_the_device (const GError *error)
{
  return g_error_matches (error, CLV_ERROR, CLV_ERROR_NO_MEMORY) ||
         g_error_matches (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST);
}

/* The verdict: OK, or what is wrong. NULL with an error that says nothing about
 * the variant. */
static gchar *
judge (ClvDevice *device, const ClvVariant *variant, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gdouble worst = 0.0;

  if (!trials[variant->op](device, variant, &worst, &failure)) {
    if (!is_about_the_device (failure))
      return g_strdup_printf ("failed: %s", failure->message);
    g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
  }
  if (!(worst <= CLV_TRIAL_MAX_ERROR))
    return g_strdup_printf ("wrong: max error %.3g, at most %.3g is right",
        worst, CLV_TRIAL_MAX_ERROR);
  return g_strdup (OK);
}

/* The known verdict, or a new one. */
static gchar *
get_verdict (ClvDevice *device, const ClvVariant *variant, GError **error)
{
  g_autofree gchar *key = clv_variant_verdict_key (variant);
  gchar *verdict = clv_device_get_verdict (device, key);

  if (verdict != NULL)
    return verdict;
  verdict = judge (device, variant, error);
  if (verdict == NULL) {
    g_prefix_error (error, "checking kernel %s: ", variant->name);
    return NULL;
  }
  clv_device_set_verdict (device, key, verdict);
  if (!g_str_equal (verdict, OK))
    g_warning ("%s: kernel %s is refused: %s",
        clv_device_get_info (device)->name, variant->name, verdict);
  return verdict;
}

/* The MLP of a ViT-B/32 at batch 8. */
#define RACE_M 400
#define RACE_N 3072
#define RACE_K 768

/* Whether matrix units are worth having, once for a device; a kernel that is
 * refused is no measure. FALSE with an error that says nothing about the variant. */
static gboolean
check_speed (ClvDevice *device, const ClvVariant *variant, GError **error)
{
  const ClvVariant *pair[2] = { variant,
    clv_variant_get_rival (device, variant) };
  g_autofree gchar *key = clv_variant_speed_key (variant);
  g_autofree gchar *verdict = clv_device_get_verdict (device, key);
  g_autoptr (GError) failure = NULL;
  gdouble ms[2];

  if (pair[1] == NULL || verdict != NULL)
    return TRUE;
  if (clv_ops_race (device, pair, RACE_M, RACE_N, RACE_K, ms, &failure)) {
    verdict = ms[0] < ms[1] ? g_strdup (OK)
                            : g_strdup_printf ("slow: %.3g ms, %s takes %.3g",
                                  ms[0], pair[1]->name, ms[1]);
  } else if (is_about_the_device (failure)) {
    g_propagate_prefixed_error (
        error, g_steal_pointer (&failure), "timing kernel %s: ", variant->name);
    return FALSE;
  } else {
    verdict = g_strdup_printf ("failed: %s", failure->message);
  }
  clv_device_set_verdict (device, key, verdict);
  g_debug ("%s: speed of kernel %s: %s", clv_device_get_info (device)->name,
      variant->name, verdict);
  return TRUE;
}

/* The verdicts of those that it has to beat. */
static gboolean
judge_rivals (ClvDevice *device, const ClvVariant *variant, GError **error)
{
  for (guint i = 0; i < CLV_N_VARIANTS; i++) {
    const ClvVariant *rival = &clv_variants[i];
    g_autofree gchar *verdict = NULL;

    if (rival->op != variant->op || rival->family != CLV_FAMILY_TILE)
      continue;
    verdict = get_verdict (device, rival, error);
    if (verdict == NULL)
      return FALSE;
  }
  return TRUE;
}

/* Whether it may be used: NULL, or why not. FALSE with an error that says nothing about
 * the variant. */
static gboolean
check_variant (ClvDevice *device, const ClvVariant *variant,
    gchar **ret_refusal, GError **error)
{
  g_autofree gchar *verdict = get_verdict (device, variant, error);

  if (verdict == NULL)
    return FALSE;
  if (variant->family == CLV_FAMILY_COOP && g_str_equal (verdict, OK) &&
      (!judge_rivals (device, variant, error) ||
          !check_speed (device, variant, error)))
    return FALSE;
  *ret_refusal = clv_variant_get_refusal (device, variant);
  return TRUE;
}

const ClvVariant *
clv_variant_pick (
    ClvDevice *device, ClvOp op, gboolean allow_lanes, GError **error)
{
  g_autoptr (GString) refused = g_string_new (NULL);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker =
      g_mutex_locker_new (&check_lock);

  for (guint i = 0; i < CLV_N_VARIANTS; i++) {
    const ClvVariant *variant = &clv_variants[i];
    g_autofree gchar *refusal = NULL;

    if (variant->op != op || !clv_device_has_family (device, variant->family) ||
        (variant->family == CLV_FAMILY_LANES && !allow_lanes))
      continue;
    if (!check_variant (device, variant, &refusal, error))
      return NULL;
    if (refusal == NULL)
      return variant;
    g_string_append_printf (refused, "; %s is %s", variant->name, refusal);
  }
  g_set_error (error, CLV_ERROR, CLV_ERROR_UNSUPPORTED,
      "%s: no kernel of %s gives right numbers on this device%s",
      clv_device_get_info (device)->name, clv_op_name (op), refused->str);
  return NULL;
}

gboolean
clv_ops_check (ClvDevice *device, ClvStorage storage, GError **error)
{
  const ClvOp unused =
      storage == CLV_STORAGE_F16 ? CLV_OP_GEMM_F32 : CLV_OP_GEMM_F16;

  for (guint op = 0; op < CLV_N_OPS; op++)
    if (op != unused && clv_variant_pick (device, op, TRUE, error) == NULL)
      return FALSE;
  return TRUE;
}

static void
describe_op (ClvDevice *device, ClvOp op, GString *text)
{
  const gchar *used = NULL;
  g_autoptr (GString) others = g_string_new (NULL);

  for (guint i = 0; i < CLV_N_VARIANTS; i++) {
    const ClvVariant *variant = &clv_variants[i];
    g_autoptr (GError) error = NULL;
    g_autofree gchar *refusal = NULL;

    if (variant->op != op || !clv_device_has_family (device, variant->family))
      continue;
    if (!check_variant (device, variant, &refusal, &error))
      refusal = g_strdup (error->message);
    if (refusal != NULL)
      g_string_append_printf (
          others, "; refused %s: %s", variant->name, refusal);
    else if (used == NULL)
      used = variant->name;
  }
  g_string_append_printf (text, "%s: %s%s\n", clv_op_name (op),
      used != NULL ? used : "none", others->str);
}

gchar *
clv_ops_describe (ClvDevice *device)
{
  GString *text = g_string_new (NULL);

  g_mutex_lock (&check_lock);
  for (guint op = 0; op < CLV_N_OPS; op++)
    describe_op (device, op, text);
  g_mutex_unlock (&check_lock);
  return g_string_free (text, FALSE);
}

gchar *
clv_device_describe_kernels (ClvDevice *self)
{
  return clv_ops_describe (self);
}
