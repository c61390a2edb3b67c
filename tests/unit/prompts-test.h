/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of scoring share. */

#pragma once

#include <clv/clv-prompts.h>

G_BEGIN_DECLS

/* The set of a prompts file with this content; fails the test where it is wrong. */
ClvPrompts *test_load_prompts (
    const gchar *json, const ClvPromptsDefaults *defaults);

G_END_DECLS
