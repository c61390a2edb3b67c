// SPDX-License-Identifier: LGPL-2.1-or-later
// clv search: a card for each hit, best first.

const hits = add(byId("main"), "div", "shots");
const entries = data.hits.map((hit) => {
  const lines = [`${hit.score.toFixed(3)}  ${clock(hit.start)} to ${clock(hit.end)}`, hit.name];
  if (hit.tags.length)
    lines.push(hit.tags.join(", "));
  return [shot(hits, "hit", hit, hit.start, hit.picture, lines), hit.name + " " + hit.tags.join(" ")];
});
filterBy(entries);
