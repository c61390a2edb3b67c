// SPDX-License-Identifier: LGPL-2.1-or-later
// Put at the end of a report by html.sh: filters, clicks, and leaves what came of it in #result.
(async () => {
  const found = {title: document.title, scripts: document.scripts.length, images: 0};
  const type = (text) => {
    byId("filter").value = text;
    byId("filter").dispatchEvent(new Event("input"));
  };
  const cards = () => [...document.querySelectorAll(".row, .hit")].filter((card) => !card.hidden);
  // What is on top there gets the click.
  const click = (element) => {
    element.scrollIntoView({block: "center"});
    const box = element.getBoundingClientRect();
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    if (!element.contains(hit))
      throw new Error("something lies on the button: " + (hit && hit.outerHTML));
    hit.click();
  };
  const video = byId("video");
  const played = () => new Promise((resolve, reject) => {
    let place; // once the seek is over the player moves on, and the page may hear of that late
    video.addEventListener("seeking", () => place = video.currentTime, {once: true});
    video.addEventListener("seeked", () => resolve(place), {once: true});
    video.addEventListener("error", () => reject(new Error("the player failed: " + video.error.message)), {once: true});
  });
  try {
    for (const image of document.images) {
      await image.decode();
      found.images += image.naturalWidth > 0;
    }
    found.all = cards().map((card) => card.innerText);
    type("BLACK");
    found.filtered = cards().length;
    type("no such thing");
    found.nothing = !byId("nothing").hidden && cards().length === 0;
    type("");
    const button = [...document.querySelectorAll(".shot")].find((shot) => shot.innerText.includes("00:03.000 "));
    let at = played();
    click(button);
    found.shot = await at;
    const line = document.querySelector(".time button");
    if (line) {
      at = played();
      click(line);
      found.span = await at;
    }
    byId("close").click();
    found.closed = byId("player").hidden && video.paused;
  } catch (error) {
    found.error = String(error);
  }
  const result = document.createElement("pre");
  result.id = "result";
  result.textContent = "RESULT" + btoa(unescape(encodeURIComponent(JSON.stringify(found)))) + "END";
  document.body.append(result);
})();
