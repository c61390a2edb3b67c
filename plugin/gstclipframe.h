/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From GStreamer's description of a picture to the library's. */

#pragma once

#include <gst/video/video.h>

#include <clv/clv-device.h>

G_BEGIN_DECLS

/* Every format that gst_clip_frame_init() takes. */
#define GST_CLIP_FRAME_FORMATS                                                 \
  "{ NV12, I420, RGB, BGR, RGBx, BGRx, xRGB, xBGR, RGBA, "                     \
  "BGRA, ARGB, ABGR, GRAY8, NV21, YV12, YUY2, UYVY, Y42B, "                    \
  "Y444, P010_10LE, I420_10LE }"

/* Those of them whose planes may be Vulkan images: see ClvFrame. */
#define GST_CLIP_FRAME_IMAGE_FORMATS                                           \
  "{ NV12, I420, RGBx, BGRx, xRGB, xBGR, RGBA, BGRA, ARGB, ABGR, "             \
  "GRAY8, NV21, YV12, Y42B, Y444, P010_10LE, I420_10LE }"

/* Sides as clv_frame_check() wants them. */
#define GST_CLIP_FRAME_SIZES                                                   \
  ", width = (int) [ 1, 16384 ], height = (int) [ 1, 16384 ]"                  \
  ", framerate = (fraction) [ 0, max ]"
#define GST_CLIP_FRAME_CAPS                                                    \
  "video/x-raw, format = (string) " GST_CLIP_FRAME_FORMATS GST_CLIP_FRAME_SIZES
#define GST_CLIP_FRAME_IMAGE_CAPS                                              \
  "video/x-raw(memory:VulkanImage), format = "                                 \
  "(string) " GST_CLIP_FRAME_IMAGE_FORMATS GST_CLIP_FRAME_SIZES

/* DMABufs with rows behind rows. From GStreamer 1.24 on their format is that of DRM,
 * which says so; before it nobody does. */
#define GST_CLIP_FRAME_OLD_DMABUF_CAPS                                         \
  "video/x-raw(memory:DMABuf), format = (string) " GST_CLIP_FRAME_FORMATS      \
      GST_CLIP_FRAME_SIZES
#if GST_CHECK_VERSION(1, 24, 0)
#define GST_CLIP_FRAME_DMABUF_CAPS                                             \
  "video/x-raw(memory:DMABuf), format = (string) DMA_DRM, drm-format = "       \
  "(string) { NV12, YU12, YV12, NV21, P010, YUYV, UYVY, AR24, XR24, AB24, "    \
  "XB24 }" GST_CLIP_FRAME_SIZES ";" GST_CLIP_FRAME_OLD_DMABUF_CAPS
#else
#define GST_CLIP_FRAME_DMABUF_CAPS GST_CLIP_FRAME_OLD_DMABUF_CAPS
#endif

/* Pixels of a picture. */
typedef struct {
  guint x, y, width, height;
} GstClipFrameArea;

/* What is visible of a mapped picture: that of its GstVideoCropMeta, cut at the
 * picture's edge, or all of it without one or with one that leaves nothing. */
GstClipFrameArea gst_clip_frame_get_visible (const GstVideoFrame *mapped);

/* The same of a buffer that need not be mapped for it. */
GstClipFrameArea gst_clip_frame_find_visible (
    const GstVideoInfo *info, GstBuffer *buffer);

/* A part of a picture, in pixels of what is visible of it, which holds it. */
ClvFrame gst_clip_frame_cut (
    const ClvFrame *picture, const GstClipFrameArea *area);

/**
 * gst_clip_frame_init:
 * @mapped: a mapped picture; its planes are borrowed until it is unmapped
 *
 * Size, planes and strides are those of the buffer's GstVideoMeta where it has
 * one, the visible part is its GstVideoCropMeta, and colorimetry, chroma site
 * and pixel aspect ratio are those of the caps. A crop that reaches out of the
 * picture is cut at its edge.
 *
 * Returns: %FALSE for a format that is not in %GST_CLIP_FRAME_FORMATS, and for
 * rows that are stored from the bottom up
 */
gboolean gst_clip_frame_init (ClvFrame *ret_frame, const GstVideoFrame *mapped);

/* A picture that can be read. */
typedef struct {
  gboolean is_mapped;
  GstVideoFrame video; /* where is_mapped */
  ClvDevice *device;   /* of images */
  GBytes *copy;        /* of images that the reader's device does not see */
} GstClipFrameMap;

/**
 * gst_clip_frame_map:
 * @ret_map: to be unmapped by the caller
 * @buffer: must outlive the mapping; only read, so that a picture that others
 *   hold too is not copied
 * @reader: the device of the engine that is to read it
 *
 * Makes a buffer readable and describes it. Vulkan images of another device than
 * @reader are copied to host memory; DMABufs that it cannot import are mapped.
 *
 * Returns: %FALSE if that is not possible, and nothing is mapped
 */
gboolean gst_clip_frame_map (GstClipFrameMap *ret_map, ClvFrame *ret_frame,
    const GstVideoInfo *info, GstBuffer *buffer, ClvDevice *reader,
    GError **error);
void gst_clip_frame_unmap (GstClipFrameMap *map);

/* Whether a buffer is of DMABufs, and whether the device reads them itself. */
gboolean gst_clip_frame_is_dmabuf (GstBuffer *buffer);
gboolean gst_clip_frame_can_import (
    const GstVideoInfo *info, GstBuffer *buffer, ClvDevice *reader);

/* Of the format that the caps' DRM format is, where they have one; the rest stays.
 * FALSE for one that is not rows behind rows. */
gboolean gst_clip_frame_resolve_drm (GstCaps *caps, GstVideoInfo *info);

G_END_DECLS
