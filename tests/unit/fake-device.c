/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fake-device.h"

#include <string.h>

static gboolean
load_frame (
    gpointer data, guint set, guint slot, const ClvFrame *frame, GError **error)
{
  FakeDevice *self = data;

  g_mutex_lock (&self->mutex);
  g_assert_false (self->flying[set]);
  g_assert_cmpuint (slot, <, FAKE_MAX_BATCH);
  self->frames[set][slot] = *frame;
  self->n_loads++;
  g_cond_broadcast (&self->cond);
  while (self->loads_held)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  if (frame->width != FAKE_BAD)
    return TRUE;
  g_set_error (
      error, CLV_ERROR, CLV_ERROR_FAILED, "frame of height %u", frame->height);
  return FALSE;
}

/* A frame is as bright as it is high, in hundredths. */
static gboolean
look_at (
    gpointer data, guint set, guint slot, gfloat *ret_cells, GError **error)
{
  FakeDevice *self = data;

  g_mutex_lock (&self->mutex);
  g_assert_false (self->flying[set]);
  for (guint i = 0; i < CLV_LOOK_SIDE * CLV_LOOK_SIDE; i++)
    ret_cells[i] = self->frames[set][slot].height / 100.0f;
  g_mutex_unlock (&self->mutex);
  return TRUE;
}

static gboolean
start (gpointer data, guint set, guint n, GError **error)
{
  FakeDevice *self = data;
  gboolean ok = TRUE;

  g_mutex_lock (&self->mutex);
  g_assert_cmpuint (n, >, 0);
  g_assert_false (self->flying[set]);
  /* Buffers grow: nothing may be using them. */
  for (guint i = 0; n > self->largest && i < CLV_ENGINE_SETS; i++)
    g_assert_false (self->flying[i]);
  for (guint i = 0; i < n; i++) {
    ok = ok && self->frames[set][i].width != FAKE_REFUSED;
    g_string_append_printf (
        self->order, "%s%u", i > 0 ? "," : "", self->frames[set][i].width);
  }
  g_string_append_c (self->order, ' ');
  self->n_starts++;
  self->largest = MAX (self->largest, n);
  self->flying[set] = ok;
  g_mutex_unlock (&self->mutex);
  if (!ok)
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_NO_MEMORY, "refused");
  return ok;
}

static void
drop (gpointer data, guint set)
{
  FakeDevice *self = data;

  g_mutex_lock (&self->mutex);
  g_assert_false (self->flying[set]);
  self->n_drops++;
  g_mutex_unlock (&self->mutex);
}

static gboolean
finish (gpointer data, guint set, guint n, GError **error)
{
  FakeDevice *self = data;
  gboolean ok = TRUE;

  g_mutex_lock (&self->mutex);
  self->n_finishing++;
  g_cond_broadcast (&self->cond);
  while (self->held)
    g_cond_wait (&self->cond, &self->mutex);
  g_assert_true (self->flying[set]);
  self->flying[set] = FALSE;
  for (guint i = 0; i < n; i++)
    ok = ok && self->frames[set][i].width != FAKE_LOST;
  g_mutex_unlock (&self->mutex);
  if (!ok)
    g_set_error_literal (error, CLV_ERROR, CLV_ERROR_DEVICE_LOST, "lost");
  return ok;
}

static void
read_row (gpointer data, guint set, guint slot, gfloat *ret_row)
{
  FakeDevice *self = data;

  ret_row[0] = (gfloat) self->frames[set][slot].width;
  ret_row[1] = (gfloat) self->frames[set][slot].height;
}

static gboolean
encode_texts (gpointer data, const gchar *const *texts, guint n,
    gfloat *ret_rows, GError **error)
{
  FakeDevice *self = data;

  g_mutex_lock (&self->mutex);
  g_string_append_printf (self->order, "t%u ", n);
  g_cond_broadcast (&self->cond);
  while (self->texts_held)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < n; i++) {
    if (g_str_equal (texts[i], "bad")) {
      g_set_error_literal (error, CLV_ERROR, CLV_ERROR_FAILED, "bad text");
      return FALSE;
    }
    ret_rows[FAKE_WIDTH * i] = (gfloat) strlen (texts[i]);
    ret_rows[FAKE_WIDTH * i + 1] = (gfloat) texts[i][0];
  }
  return TRUE;
}

FakeDevice *
fake_device_new (void)
{
  FakeDevice *self = g_new0 (FakeDevice, 1);
  const ClvEngineWork work = {
    .load_frame = load_frame,
    .look_at = look_at,
    .start = start,
    .drop = drop,
    .finish = finish,
    .read_row = read_row,
    .encode_texts = encode_texts,
    .data = self,
    .width = FAKE_WIDTH,
    .max_batch = FAKE_MAX_BATCH,
    .text_slice = FAKE_TEXT_SLICE,
    .text_slice_beside = FAKE_TEXT_SLICE_BESIDE,
  };

  self->order = g_string_new (NULL);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->queue = clv_engine_queue_new (&work);
  return self;
}

void
fake_device_free (FakeDevice *self)
{
  g_clear_pointer (&self->queue, clv_engine_queue_close);
  g_string_free (self->order, TRUE);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

void
fake_set_held (FakeDevice *self, gboolean *what, gboolean held)
{
  g_mutex_lock (&self->mutex);
  *what = held;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

void
fake_wait_for (FakeDevice *self, const guint *n_calls, guint n)
{
  g_mutex_lock (&self->mutex);
  while (*n_calls < n)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

ClvFuture *
fake_hold (FakeDevice *self)
{
  const guint n = self->n_finishing;
  ClvFuture *first;

  fake_set_held (self, &self->held, TRUE);
  first = fake_submit (self, 1, 1, NULL);
  fake_wait_for (self, &self->n_finishing, n + 1);
  return first;
}

ClvFuture *
fake_submit (FakeDevice *self, guint width, guint n, const ClvRequest *how)
{
  ClvFrame frames[40] = { 0 };

  for (guint i = 0; i < n; i++) {
    frames[i].width = width;
    frames[i].height = i + 1;
  }
  return clv_engine_queue_submit (self->queue, frames, n, how);
}

void
fake_expect_rows (ClvFuture *future, guint width, guint n)
{
  g_autoptr (GError) error = NULL;
  const gfloat *rows = clv_future_get (future, &error);

  g_assert_no_error (error);
  g_assert_true (clv_future_is_answered (future));
  for (guint i = 0; i < n; i++) {
    g_assert_cmpfloat (rows[FAKE_WIDTH * i], ==, width);
    g_assert_cmpfloat (rows[FAKE_WIDTH * i + 1], ==, i + 1);
  }
  clv_future_unref (future);
}

void
fake_expect_error (ClvFuture *future, GQuark domain, gint code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (clv_future_get (future, &error));
  g_assert_true (clv_future_is_answered (future));
  g_assert_error (error, domain, code);
  clv_future_unref (future);
}
