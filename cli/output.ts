import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { UsageError } from "./usage-error.js";

/** `FORMAT`, for the terminal or a pipe, or `FORMAT=FILE`. */
export interface Output<Format extends string> {
  format: Format;
  /** Absent for stdout. */
  file: string | undefined;
}

export function parseOutputs<Format extends string>(
  given: readonly string[],
  formats: readonly Format[],
): Output<Format>[] {
  const outputs = given.map((text): Output<Format> => {
    const cut = text.indexOf("=");
    const name = cut === -1 ? text : text.slice(0, cut);
    const format = formats.find((one) => one === name);
    if (format === undefined)
      throw new UsageError(
        `--format ${text}: the formats are ${formats.join(", ")}, each alone or as FORMAT=FILE`,
      );
    const file = cut === -1 ? undefined : text.slice(cut + 1);
    if (file === "") throw new UsageError(`--format ${text}: the name of the file is missing`);
    return { format, file: file === "-" ? undefined : file };
  });
  if (outputs.filter(({ file }) => file === undefined).length > 1)
    throw new UsageError(
      "only one --format can go to stdout; give the others a file: --format html=drift.html",
    );
  return outputs;
}

/** Whoever reads the file finds the old text or the new one, never half of it. Devices, pipes and links stay what they are. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  let made: string | undefined;
  try {
    const there = await stat(file).catch(() => undefined);
    // /dev/stdout may lead to a file that others have open.
    if (file.startsWith("/dev/") || there?.isFile() === false) return await writeFile(file, content);
    const place = there === undefined ? file : await realpath(file);
    made = `${place}.${process.pid}.tmp`;
    await writeFile(made, content);
    await rename(made, place);
  } catch (error) {
    if (made !== undefined) await rm(made, { force: true });
    // Without the name of what was to become the file.
    const reason = (error as Error).message.replace(/, \w+ '.*$/s, "");
    throw new UsageError(`${file} can't be written: ${reason}`);
  }
}

/** Resolves when it is written: a process that ends before would cut off what a pipe hasn't taken yet. */
export async function print(content: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(content, (error) => {
      if (error && (error as NodeJS.ErrnoException).code !== "EPIPE") reject(error);
      else resolve();
    });
  });
}
