/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The thread between the streaming thread and the server:
 *
 *   push ► queue (memory) ► spool (disk) ► window (under way) ► transport
 *   keep ► board (newest value of a topic) ─────────────────────►
 *
 * A message leaves spool and window when it is acknowledged. */

#pragma once

#include <gst/gst.h>

#include "gstclippublishspool.h"
#include "gstclippublishtransport.h"

G_BEGIN_DECLS

typedef struct _GstClipPublisher GstClipPublisher;

typedef struct {
  gboolean connected;
  guint64 connections;
  guint64 published; /* acknowledged */
  guint64 dropped;   /* for want of room, or refused by the server */
  guint64 waiting;   /* in memory and on disk */
  guint64 spooled;   /* those on disk */
} GstClipPublishCounts;

/**
 * gst_clip_publisher_new:
 * @element: who warns
 * @name: of the server
 * @transport: (transfer full)
 * @spool: (transfer full) (nullable): %NULL: what waits is in memory only
 * @queue_size: bytes
 * @goodbye: (transfer full) (nullable): what the board says at a stop, when the rest
 *   is sent
 */
GstClipPublisher *gst_clip_publisher_new (GstElement *element,
    const gchar *name, GstClipPublishTransport *transport,
    GstClipPublishSpool *spool, gsize queue_size,
    GstClipPublishMessage *goodbye);

/* Sends what there is, for at most `timeout_us`, and ends the thread. What was not
 * acknowledged stays in the spool. Where a disk or the look-up of a host name does not
 * answer, the thread is left behind, to end when it does. Frees `self`. */
void gst_clip_publisher_stop (GstClipPublisher *self, gint64 timeout_us);

/* Any thread; neither waits for a disk nor for a server. Takes the message. */
void gst_clip_publisher_push (
    GstClipPublisher *self, GstClipPublishMessage *message);
void gst_clip_publisher_keep (
    GstClipPublisher *self, GstClipPublishMessage *message, gboolean last);

/* Waits until everything is sent, for at most `timeout_us`, and not while it is
 * flushing. Once it has waited in vain it, and a stop, wait no more before there is
 * something new. */
void gst_clip_publisher_flush (GstClipPublisher *self, gint64 timeout_us);
void gst_clip_publisher_set_flushing (
    GstClipPublisher *self, gboolean flushing);

void gst_clip_publisher_get_counts (
    GstClipPublisher *self, GstClipPublishCounts *ret_counts);

G_END_DECLS
