/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clv-bpe.h"

#define NONE G_MAXUINT32

/* A word is a linked list of symbols, and a heap holds every pair of neighbours
 * that may merge. A merge makes at most two new pairs; pairs whose symbols have
 * changed since stay in the heap and are skipped when their turn comes. */
typedef struct {
  guint32 id;
  guint32 previous;
  guint32 next;
} Symbol;

typedef struct {
  guint32 rank;
  guint32 position; /* of the left symbol */
  guint32 left;
  guint32 right;
  guint32 id;
} Pair;

typedef struct {
  const ClvVocabulary *vocabulary;
  Symbol *symbols;
  GArray *heap; /* Pair; the children of i are 2i + 1 and 2i + 2 */
} Word;

static gboolean
is_before (const Pair *a, const Pair *b)
{
  return a->rank != b->rank ? a->rank < b->rank : a->position < b->position;
}

static void
heap_push (GArray *heap, const Pair *pair)
{
  Pair *pairs;
  guint i = heap->len;

  g_array_append_val (heap, *pair);
  pairs = (Pair *) heap->data;
  while (i > 0 && is_before (pair, &pairs[(i - 1) / 2])) {
    pairs[i] = pairs[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  pairs[i] = *pair;
}

static Pair
heap_pop (GArray *heap)
{
  Pair *pairs = (Pair *) heap->data;
  Pair top = pairs[0];
  Pair last = pairs[heap->len - 1];
  guint n = heap->len - 1;
  guint i = 0;

  for (;;) {
    guint child = 2 * i + 1;

    if (child >= n)
      break;
    if (child + 1 < n && is_before (&pairs[child + 1], &pairs[child]))
      child++;
    if (!is_before (&pairs[child], &last))
      break;
    pairs[i] = pairs[child];
    i = child;
  }
  pairs[i] = last;
  g_array_set_size (heap, n);
  return top;
}

static void
push_pair (Word *word, guint32 position)
{
  const Symbol *left = &word->symbols[position];
  Pair pair = { .position = position };

  if (left->next == NONE)
    return;
  pair.left = left->id;
  pair.right = word->symbols[left->next].id;
  if (clv_vocabulary_lookup_merge (
          word->vocabulary, pair.left, pair.right, &pair.rank, &pair.id))
    heap_push (word->heap, &pair);
}

static void
merge (Word *word, const Pair *pair)
{
  Symbol *left = &word->symbols[pair->position];
  Symbol *right;

  if (left->id != pair->left || left->next == NONE)
    return;
  right = &word->symbols[left->next];
  if (right->id != pair->right)
    return;
  left->id = pair->id;
  left->next = right->next;
  right->id = NONE;
  if (left->next != NONE)
    word->symbols[left->next].previous = pair->position;
  push_pair (word, pair->position);
  if (left->previous != NONE)
    push_pair (word, left->previous);
}

void
clv_bpe_append_word (const ClvVocabulary *vocabulary, const guint8 *bytes,
    gsize size, GArray *ids)
{
  g_autofree Symbol *symbols = g_new (Symbol, size);
  g_autoptr (GArray) heap = g_array_new (FALSE, FALSE, sizeof (Pair));
  Word word = { vocabulary, symbols, heap };

  for (gsize i = 0; i < size; i++) {
    symbols[i].id =
        clv_vocabulary_get_byte_id (vocabulary, bytes[i], i == size - 1);
    symbols[i].previous = i > 0 ? i - 1 : NONE;
    symbols[i].next = i < size - 1 ? i + 1 : NONE;
  }
  for (gsize i = 0; i < size; i++)
    push_pair (&word, i);
  while (heap->len > 0) {
    Pair top = heap_pop (heap);

    merge (&word, &top);
  }
  for (guint32 i = 0; i != NONE; i = symbols[i].next)
    g_array_append_val (ids, symbols[i].id);
}
