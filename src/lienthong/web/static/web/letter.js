// The live camera of the page that scans letters: pictures go to this computer's own server, digits come back.
"use strict";
(() => {
  const section = document.getElementById("camera");
  const form = document.getElementById("scan");
  const have = document.getElementById("have");
  const progress = document.getElementById("progress");
  const picture = document.getElementById("picture");
  const [start, stop, told] = ["start", "stop", "told"].map((id) => document.getElementById(id));
  const token = form.querySelector("input[name=csrfmiddlewaretoken]").value;
  const WIDEST = 1920;
  const EVERY_MS = 250;
  const found = new Map();
  let letter = "";
  let stream = null;

  const show = (count) => {
    progress.hidden = false;
    const items = [];
    for (let index = 1; index <= count; index += 1) {
      const item = document.createElement("li");
      const read = found.has(index);
      item.className = read ? "read" : "";
      item.textContent = `${index} ${read ? "✓" : section.dataset.missing}`;
      items.push(item);
    }
    progress.querySelector(".marks").replaceChildren(...items);
  };

  const end = () => {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    picture.hidden = stop.hidden = true;
    start.hidden = false;
  };

  const take = (symbols) => {
    for (const symbol of symbols) {
      if (letter && symbol.letter !== letter) {
        told.textContent = section.dataset.mixed;
        return;
      }
      letter = symbol.letter;
      found.set(symbol.index, symbol.text);
      show(symbol.count);
      if (found.size === symbol.count) {
        have.value = `${have.value} ${[...found.values()].join(" ")}`;
        end();
        form.submit();
        return;
      }
    }
  };

  const look = async () => {
    while (stream) {
      const scale = Math.min(1, WIDEST / (picture.videoWidth || WIDEST));
      const canvas = document.createElement("canvas");
      canvas.width = picture.videoWidth * scale;
      canvas.height = picture.videoHeight * scale;
      if (canvas.width && canvas.height) {
        canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
        const image = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
        try {
          const answer = await fetch(section.dataset.frame, {
            method: "POST",
            headers: { "X-CSRFToken": token, "Content-Type": "image/jpeg", "Lienthong-Automatic": "1" },
            body: image,
          });
          if (answer.redirected || answer.status === 403) return location.reload();
          take((await answer.json()).symbols);
        } catch {
          told.textContent = section.dataset.denied;
          return end();
        }
      }
      await new Promise((done) => setTimeout(done, EVERY_MS));
    }
  };

  start.addEventListener("click", async () => {
    told.textContent = "";
    try {
      const wanted = { facingMode: "environment", width: { ideal: WIDEST }, height: { ideal: 1080 } };
      stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    } catch {
      told.textContent = section.dataset.denied;
      return;
    }
    picture.srcObject = stream;
    picture.hidden = stop.hidden = false;
    start.hidden = true;
    await picture.play();
    look();
  });
  stop.addEventListener("click", end);
  // A browser gives cameras to encrypted pages and to this very computer alone.
  section.hidden = !(window.isSecureContext && navigator.mediaDevices);
})();
