/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-prompts-phrases.h"

/* The first four are the canonical phrases of LERF (Kerr et al. 2023, section
 * 3.3, "Relevancy"), there as "object", "things", "stuff", "texture"; with
 * articles they fit into templates. */
const gchar *const clv_prompts_background_phrases[] = { "an object", "things",
  "stuff", "a texture", "something", "a background", "an ordinary picture",
  "a normal scene", NULL };

/* Wide rather than neutral: a mean over phrases that say nothing would be near
 * whatever else says little, and their spread would be small. */
const gchar *const clv_prompts_null_phrases[] = { "a person", "several people",
  "a face", "an animal", "a bird", "a tree", "a flower", "grass", "a blue sky",
  "clouds", "water", "a mountain", "a road", "a street", "a building", "a room",
  "a wall", "a floor", "a window", "a door", "furniture", "a vehicle",
  "a machine", "food", "clothes", "a text", "a sign", "a screen",
  "a sheet of paper", "a drawing", "a photo", "a pattern", "a texture", "lines",
  "light", "a shadow", "a dark picture", "a bright picture",
  "a blurred picture", "something red", "something green", "something blue",
  "an object", "many small things", NULL };
