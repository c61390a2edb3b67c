/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-engine-waiting.h"

static void
unlink_head (ClvEngineWaiting *self, ClvFuture *head)
{
  if (head->previous != NULL)
    head->previous->next = head->next;
  else
    self->first = head->next;
  if (head->next != NULL)
    head->next->previous = head->previous;
  else
    self->last = head->previous;
  head->next = head->previous = NULL;
}

static void
append_head (ClvEngineWaiting *self, ClvFuture *head)
{
  head->next = NULL;
  head->previous = self->last;
  if (self->last != NULL)
    self->last->next = head;
  else
    self->first = head;
  self->last = head;
}

static ClvFuture *
find_head (const ClvEngineWaiting *self, gconstpointer stream)
{
  ClvFuture *head = self->first;

  while (head != NULL && head->how.stream != stream)
    head = head->next;
  return head;
}

void
clv_engine_waiting_add (ClvEngineWaiting *self, ClvFuture *request)
{
  ClvFuture *head = find_head (self, request->how.stream);

  request->successor = NULL;
  request->waiting = TRUE;
  self->n_requests++;
  if (head != NULL) {
    head->last->successor = request;
    head->last = request;
    return;
  }
  request->last = request;
  append_head (self, request);
}

/* The stream's next request becomes its first. NULL if there is none. */
static ClvFuture *
leave (ClvEngineWaiting *self, ClvFuture *head)
{
  ClvFuture *successor = head->successor;

  if (successor != NULL)
    successor->last = head->last;
  head->successor = head->last = NULL;
  head->waiting = FALSE;
  self->n_requests--;
  return successor;
}

void
clv_engine_waiting_next_turn (ClvEngineWaiting *self)
{
  ClvFuture *head = self->first;

  unlink_head (self, head);
  if (head->n_taken == head->n)
    head = leave (self, head);
  if (head != NULL)
    append_head (self, head);
}

void
clv_engine_waiting_let_pass (ClvEngineWaiting *self)
{
  ClvFuture *head = self->first;

  unlink_head (self, head);
  append_head (self, head);
}

/* A new first request keeps its stream's turn. */
static void
replace_head (ClvEngineWaiting *self, ClvFuture *head)
{
  ClvFuture *next = head->next;
  ClvFuture *previous = head->previous;
  ClvFuture *successor;

  unlink_head (self, head);
  successor = leave (self, head);
  if (successor == NULL)
    return;
  successor->next = next;
  successor->previous = previous;
  if (previous != NULL)
    previous->next = successor;
  else
    self->first = successor;
  if (next != NULL)
    next->previous = successor;
  else
    self->last = successor;
}

void
clv_engine_waiting_remove (ClvEngineWaiting *self, ClvFuture *request)
{
  ClvFuture *head = find_head (self, request->how.stream);
  ClvFuture *before = head;

  if (head == request) {
    replace_head (self, head);
    return;
  }
  while (before->successor != request)
    before = before->successor;
  before->successor = request->successor;
  if (head->last == request)
    head->last = before;
  request->successor = NULL;
  request->waiting = FALSE;
  self->n_requests--;
}
