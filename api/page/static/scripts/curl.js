/** The request that the page made, for a shell. */

import { addressOf, key } from "./api.js";

const IMAGE = /"image":"data:[^"]*"/;

/** @param {{path: string, json?: any}} request */
export function curlOf({ path, json }) {
  const parts = ["curl -s"];
  if (key()) parts.push('-H "Authorization: Bearer $KEY"');
  parts.push(quoted(addressOf(path)));
  if (json) parts.push(`--json ${quoted(JSON.stringify(json)).replace(IMAGE, FROM_FILE)}`);
  return parts.join(" ");
}

const FROM_FILE = () => `"image":"'"$(base64 -w0 picture.jpg)"'"`;
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
