/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-text-encoder.h>

/* Texts that are encoded in one run, if they are short. */
#define CLV_TEXT_ENCODER_MAX_TEXTS 64
