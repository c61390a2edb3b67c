// SPDX-License-Identifier: LGPL-2.1-or-later
// What both reports do. All text goes through textContent: nothing in the data is ever read as HTML.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

function add(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className)
    node.className = className;
  if (text !== undefined)
    node.textContent = text;
  parent.append(node);
  return node;
}

function clock(seconds) {
  const ms = Math.round(Math.max(seconds, 0) * 1000);
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(ms / 3600000);
  return (hours ? two(hours) + ":" : "") + two(Math.floor(ms / 60000) % 60) + ":" + two(Math.floor(ms / 1000) % 60) +
    "." + String(ms % 1000).padStart(3, "0");
}

// Plays a media from a time on. Its page and the browser may not be able to: then that is said.
function play(media, seconds) {
  const video = byId("video");
  byId("player").hidden = false;
  byId("trouble").hidden = true;
  byId("playing").textContent = media.name + " at " + clock(seconds);
  if (video.dataset.uri !== media.uri) {
    video.dataset.uri = media.uri;
    video.src = media.uri;
  }
  const start = () => {
    video.currentTime = seconds;
    video.play().catch(() => {});
  };
  if (video.readyState >= 1)
    start();
  else
    video.addEventListener("loadedmetadata", start, {once: true});
}

byId("video").addEventListener("error", () => {
  byId("trouble").textContent = "The browser cannot play this file here.";
  byId("trouble").hidden = false;
});
byId("close").addEventListener("click", () => {
  byId("video").pause();
  byId("player").hidden = true;
});

// A button with a picture, a time and a score, that plays.
function shot(parent, className, media, seconds, picture, lines) {
  const button = add(parent, "button", "shot " + className);
  button.type = "button";
  if (picture) {
    const image = add(button, "img");
    image.src = "data:image/jpeg;base64," + picture;
    image.alt = "";
  } else {
    add(button, "span", "blank");
  }
  for (const line of lines)
    add(button, "span", "", line);
  button.addEventListener("click", () => play(media, seconds));
  return button;
}

// `entries`: [element, text]; those whose text has the filter's words stay.
function filterBy(entries) {
  const apply = () => {
    const words = byId("filter").value.toLowerCase().split(/\s+/).filter((word) => word);
    let shown = 0;
    for (const [element, text] of entries) {
      element.hidden = !words.every((word) => text.toLowerCase().includes(word));
      shown += !element.hidden;
    }
    byId("nothing").hidden = shown > 0;
  };
  byId("filter").addEventListener("input", apply);
  apply();
}

document.title = data.title;
byId("title").textContent = data.title;
byId("about").textContent = data.about;
