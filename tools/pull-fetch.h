/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One file over HTTP(S): resumed where it stopped, tried again where that may help,
 * checked, and only then under its name. */

#pragma once

#include <curl/curl.h>

#include "progress.h"

G_BEGIN_DECLS

typedef enum {
  FETCH_DONE,
  FETCH_MISSING, /* the server says that there is no such file */
  FETCH_FAILED,  /* with an error */
} FetchResult;

/* What all files of a model have in common. */
typedef struct {
  CURL *curl;
  const gchar *token; /* for the first host only; NULL: none */
  guint stall_s; /* without a byte for so long, a transfer is tried again */
  GHashTable
      *checksums; /* file name → SHA-256 in hex, from the server's list */
} Fetcher;

gboolean fetcher_init (
    Fetcher *self, const gchar *token, guint stall_s, GError **error);
void fetcher_clear (Fetcher *self);

/* Brings BASE/NAME to FOLDER/NAME. What has arrived of it waits in FOLDER/NAME.part,
 * beside NAME.etag, for the next call, in this process or another. A file that is
 * there already is complete, and is left alone. Sizes are those that the server
 * promises; SHA-256 is taken from its list or its headers, where it has one. */
FetchResult fetcher_get (Fetcher *self, const gchar *base, const gchar *name,
    const gchar *folder, GError **error);

G_END_DECLS
