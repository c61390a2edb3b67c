/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of faults share. */

#pragma once

#include "tag-test.h"
#include "vulkan-faults.h"

G_BEGIN_DECLS

/* Values of on-error. */
enum { FAULT_TEST_FAIL = 0, FAULT_TEST_PASS = 1 };

static const guint fault_test_modes[] = { TAG_TEST_SYNC, TAG_TEST_LIVE };

/* A cliptag with two phrases, both of which always hold, on a device that works. */
TagTest *fault_test_new (guint mode, guint on_error);

/* Pushes a picture that is so wide. */
GstFlowReturn fault_test_push (TagTest *test, guint width);

/* Says that pictures have another size from now on, one that needs new buffers of
 * the device; returns the width. It is 64 before. */
guint fault_test_change_size (TagTest *test);

/* Pushes until so many more have been inferred, and drops what comes out. */
void fault_test_push_until_inferred (TagTest *test, guint width, guint n);

/* Fails unless exactly so many messages are on the bus; takes all off. */
void fault_test_expect_messages (
    TagTest *test, guint errors, guint warnings, guint infos);

G_END_DECLS
