/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-types.h>

G_BEGIN_DECLS

/**
 * ClvPrompts:
 *
 * A set of phrases: labels in groups, with templates, negatives and thresholds.
 * Once it is encoded (clv_engine_encode_prompts()) it is immutable and may be
 * shared by any threads; before that it belongs to one. Counted references.
 */
#define CLV_TYPE_PROMPTS (clv_prompts_get_type ())
G_DECLARE_FINAL_TYPE (ClvPrompts, clv_prompts, CLV, PROMPTS, GObject)

/**
 * ClvScoring:
 * @CLV_SCORING_AUTO: softmax where a group has several phrases, negatives and
 *   background phrases counted; cosine where it has one (a softmax over one
 *   phrase is always 1)
 * @CLV_SCORING_SOFTMAX: the phrases of a group compete; scores sum to 1 with
 *   those of negatives and background phrases
 * @CLV_SCORING_SIGMOID: each phrase by itself; for models trained with it. A
 *   label with negatives or background phrases is scored against them alone:
 *   the softmax of the label and these
 * @CLV_SCORING_COSINE: the plain cosine, -1 to 1; 0 to 1 with a calibration
 *
 * How cosines become scores. See docs/prompts.md for the formulas.
 */
typedef enum {
  CLV_SCORING_AUTO,
  CLV_SCORING_SOFTMAX,
  CLV_SCORING_SIGMOID,
  CLV_SCORING_COSINE,
} ClvScoring;

/**
 * ClvCalibration:
 * @CLV_CALIBRATION_NONE: scores come from the cosine as it is
 * @CLV_CALIBRATION_MODEL: from how far the cosine stands out from those of the
 *   same picture and a list of null phrases
 * @CLV_CALIBRATION_STREAM: from how far the cosine stands out from its own
 *   running mean in the stream, which is learnt in the first seconds
 *
 * What the scores of a group are measured against, so that one threshold means
 * the same for different phrases, models or cameras. See docs/prompts.md for
 * the formulas.
 */
typedef enum {
  CLV_CALIBRATION_NONE,
  CLV_CALIBRATION_MODEL,
  CLV_CALIBRATION_STREAM,
} ClvCalibration;

/**
 * ClvLabel:
 * @label: what is reported
 * @group: name of its group
 * @group_index: groups count from 0
 * @scoring: never auto
 * @calibration: of its group
 * @threshold: the label is active from this score on
 * @off_threshold: an active label stays so until the score is below this;
 *   the same as @threshold unless the file says otherwise
 * @min_duration: seconds a label must be active before it is reported
 * @cool_down: seconds after a stop in which it cannot start again
 *
 * One reported label of a prompt set. Owned by the set.
 */
typedef struct {
  const gchar *label;
  const gchar *group;
  guint group_index;
  ClvScoring scoring;
  ClvCalibration calibration;
  gfloat threshold;
  gfloat off_threshold;
  gdouble min_duration;
  gdouble cool_down;
} ClvLabel;

/**
 * ClvPromptsDefaults:
 * @templates: (nullable): %NULL-terminated; each holds one {}. %NULL: "{}"
 * @scoring: for groups that do not say
 * @threshold: for labels that do not say; negative: 0.25 for cosines without
 *   calibration, otherwise 0.5
 * @calibration: for groups that do not say
 * @background: whether groups that do not say get the built-in background
 *   phrases, which compete and are never reported; not where the scoring is
 *   cosine
 *
 * What counts where a set of phrases does not say otherwise.
 */
typedef struct {
  const gchar *const *templates;
  ClvScoring scoring;
  gfloat threshold;
  ClvCalibration calibration;
  gboolean background;
} ClvPromptsDefaults;

/**
 * clv_prompts_new_from_string:
 * @prompts: phrases between `;` or newlines; commas are text; white space
 *   around a phrase is dropped; empty phrases are skipped
 * @defaults: (nullable): for what the phrases do not say; copied
 *
 * Reads phrases; they are encoded later, see clv_engine_encode_prompts().
 *
 * Returns: (transfer full) (nullable): one group named "default"; %NULL with
 * %CLV_ERROR_BAD_FILE if no phrase is left or a label comes twice
 */
ClvPrompts *clv_prompts_new_from_string (
    const gchar *prompts, const ClvPromptsDefaults *defaults, GError **error);

/**
 * clv_prompts_new_from_file:
 * @path: (type filename): JSON, see docs/prompts.md
 * @defaults: (nullable): for what the file does not say; copied
 *
 * Example pictures are looked for beside the file and read when the set is
 * encoded.
 *
 * Returns: (transfer full) (nullable): the set; %NULL with %G_FILE_ERROR or
 * %CLV_ERROR_BAD_FILE; the message names the file and the line or the JSON path
 */
ClvPrompts *clv_prompts_new_from_file (
    const gchar *path, const ClvPromptsDefaults *defaults, GError **error);

/**
 * clv_prompts_new_from_labels:
 * @labels: (array length=n_labels): copied; those of a group lie together, and
 *   @group_index is given anew, from 0
 * @n_labels: how many
 *
 * What is known of a set whose scores come from elsewhere, as another process: its
 * labels, and no phrases. It cannot be encoded (%CLV_ERROR_UNSUPPORTED), and so
 * scores nothing.
 *
 * Returns: (transfer full): the set, with a generation of its own
 */
ClvPrompts *clv_prompts_new_from_labels (
    const ClvLabel *labels, guint n_labels);

/**
 * clv_prompts_get_n_labels:
 *
 * How many labels are reported: negatives and background phrases do not count.
 *
 * Returns: at least 1
 */
guint clv_prompts_get_n_labels (ClvPrompts *self);

/**
 * clv_prompts_get_label:
 * @index: below clv_prompts_get_n_labels(), in the order in which they were given
 *
 * What is known of a label.
 *
 * Returns: (transfer none): owned by the set
 */
const ClvLabel *clv_prompts_get_label (ClvPrompts *self, guint index);

/**
 * clv_prompts_get_width:
 *
 * The width of the model that the set is encoded for.
 *
 * Returns: D, the floats of an embedding; 0 until the set is encoded
 */
guint clv_prompts_get_width (ClvPrompts *self);

/**
 * clv_prompts_get_generation:
 *
 * Tells sets apart.
 *
 * Returns: distinct in this process, at least 1; the newer set has the higher
 *   number
 */
guint64 clv_prompts_get_generation (ClvPrompts *self);

/**
 * ClvEncodeTextFunc:
 * @texts: (array length=n_texts): UTF-8, in their templates
 * @n_texts: how many
 * @ret_embeddings: (out caller-allocates): n_texts rows of D floats
 * @user_data: of the caller
 * @error: set on failure
 *
 * Fills n_texts rows of unit length, as clv_text_encoder_encode() does.
 *
 * Returns: %TRUE on success
 */
typedef gboolean (*ClvEncodeTextFunc) (const gchar *const *texts, guint n_texts,
    gfloat *ret_embeddings, gpointer user_data, GError **error);

/**
 * ClvEncodeImageFunc:
 * @path: of the picture, for messages
 * @bytes: the file's content, any format that the caller can decode
 * @ret_embedding: (out caller-allocates): D floats
 * @user_data: of the caller
 * @error: set on failure
 *
 * Fills one row of unit length, as clv_image_encoder_encode() does of the
 * decoded picture.
 *
 * Returns: %TRUE on success
 */
typedef gboolean (*ClvEncodeImageFunc) (const gchar *path, GBytes *bytes,
    gfloat *ret_embedding, gpointer user_data, GError **error);

/**
 * clv_prompts_encode: (skip)
 * @model_id: keys the cache in memory and on disk: clv_model_get_id(), and
 *   whatever else changes an embedding, such as the precision. %NULL: no cache
 * @width: D
 * @encode: (scope call): asked for the texts that the cache lacks, in blocks of
 *   up to 4096 that are written to the cache one by one, so that an interrupted
 *   run of hours keeps what it has. Not asked if the cache has all.
 * @encode_image: (nullable) (scope call): asked for each example picture whose
 *   content the cache lacks; %NULL: sets with pictures are not supported
 * @user_data: for both
 *
 * Computes the (P, D) matrix: for each label the mean of the unit vectors of
 * its texts in all templates, made unit again; likewise each negative. Where a
 * label has pictures, the unit mean of theirs is mixed in by its weight.
 * Call before the set is shared. A second call for the same model does nothing.
 * Reads the files of pictures, at most 64 MiB each.
 *
 * Returns: %TRUE on success; on failure the set is as before. Errors are those
 * of @encode and @encode_image, %CLV_ERROR_NO_MEMORY, %G_FILE_ERROR with the
 * path of a picture, %CLV_ERROR_UNSUPPORTED for pictures without
 * @encode_image and for a set without phrases, or %CLV_ERROR_FAILED for an
 * embedding that is not of unit length and for a set that is encoded for another
 * model.
 */
gboolean clv_prompts_encode (ClvPrompts *self, const gchar *model_id,
    guint width, ClvEncodeTextFunc encode, ClvEncodeImageFunc encode_image,
    gpointer user_data, GError **error);

G_END_DECLS
