/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <clv/clv-device.h>
#include <clv/clv-engine.h>
#include <clv/clv-error.h>
#include <clv/clv-frame.h>
#include <clv/clv-future.h>
#include <clv/clv-heatmap.h>
#include <clv/clv-image-encoder.h>
#include <clv/clv-model.h>
#include <clv/clv-prompts.h>
#include <clv/clv-scorer.h>
#include <clv/clv-text-encoder.h>
#include <clv/clv-types.h>
