import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import { UsageError } from "./usage-error.js";

/** The text of a file that the command line names; "-" is standard input. Shells of Windows write a byte order mark in front. */
export async function readInput(file: string): Promise<string> {
  const text = await (file === "-" ? textOf(process.stdin) : readFile(file, "utf8")).catch((error: Error) => {
    throw new UsageError(`${file} can't be read: ${error.message}`);
  });
  return text.replace(/^\uFEFF/, "");
}
