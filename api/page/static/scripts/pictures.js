/**
 * Pictures to search by. They stay in this tab (sessionStorage) under short ids, which is what an address can hold.
 * Encoders look at 224 to 512 pixels: larger pictures are made smaller here, and a photograph is sent in no time.
 */

const SIDE = 1024;
const SMALL = 200_000; // bytes that are sent as they are
const PREFIX = "picture:";
const KEPT = 8;

/** @param {Blob} file @returns {Promise<string>} its id */
export async function keep(file) {
  const url = await dataUrl(await shrunk(file));
  const id = [...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const kept = Object.keys(sessionStorage)
    .filter((name) => name.startsWith(PREFIX))
    .sort((one, other) => Number(stored(one).at) - Number(stored(other).at));
  for (const name of kept.slice(0, Math.max(0, kept.length + 1 - KEPT))) sessionStorage.removeItem(name);
  sessionStorage.setItem(PREFIX + id, JSON.stringify({ at: Date.now(), url }));
  return id;
}

/** A kept picture as a data: URL; null where the address came from another tab. @param {string} id */
export function pictureOf(id) {
  return id ? (stored(PREFIX + id)?.url ?? null) : null;
}

/** The first picture among what was dropped or pasted. @param {DataTransfer | null} transfer */
export function pictureIn(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;
}

const stored = (name) => JSON.parse(sessionStorage.getItem(name) ?? "null");

async function shrunk(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap || (file.size <= SMALL && Math.max(bitmap.width, bitmap.height) <= SIDE)) return file; // or not for browsers
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // behind what is transparent, as the server has it
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

function dataUrl(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}
