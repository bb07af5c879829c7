import type { DiskSource } from "../../../libvirt/xml/index.js";
import { answerMedium, cloudInitMedium, ignitionMedium, type Medium } from "../../../seeds/medium.js";
import type { Inputs } from "../schema.js";

/** The inputs that become a volume which the guest is started with. */
const inputsByMark = { seed: "cloudInit", answers: "answerFile", ignition: "ignition" } as const;
export type BootMediumInput = (typeof inputsByMark)[keyof typeof inputsByMark];

/** A volume of the VM's own with what a guest is told at its boot, named by its content. */
export interface BootMedium {
  input: BootMediumInput;
  pool: string;
  volume: string;
  sizeBytes: number;
  medium: Medium;
}

/** By name, which says what is in it. */
const sizes = new Map<string, number>();
const MOST_SIZES = 1_000;
/** As long as any. */
const ANY_UUID = "00000000-0000-4000-8000-000000000000";

const known = new WeakMap<Inputs, BootMedium[]>();

/** What is declared. A plan asks many times, and a digest takes its time. */
export function bootMedia(inputs: Inputs): BootMedium[] {
  const media = known.get(inputs) ?? mediaOf(inputs);
  known.set(inputs, media);
  return media;
}

function mediaOf(inputs: Inputs): BootMedium[] {
  const { name, cloudInit, answerFile, ignition } = inputs;
  const pool = defaultPool(inputs);
  return [
    ...(cloudInit === undefined
      ? []
      : [medium("seed", "iso", cloudInit.pool ?? pool, name, cloudInitMedium(cloudInit, name))]),
    ...(answerFile === undefined
      ? []
      : [medium("answers", "iso", answerFile.pool ?? pool, name, answerMedium(answerFile, name))]),
    ...(ignition === undefined
      ? []
      : [medium("ignition", "json", pool, name, ignitionMedium(ignition, name))]),
  ];
}

/** Where media are unless their inputs say otherwise: beside the first disk. */
export function defaultPool({ disks }: Pick<Inputs, "disks">): string | undefined {
  const [first] = disks ?? [];
  return first?.disk?.pool ?? first?.pool;
}

function medium(
  mark: keyof typeof inputsByMark,
  extension: string,
  pool: string | undefined,
  name: string,
  made: Medium,
): BootMedium {
  const volume = `${name}-${mark}-${made.digest}.${extension}`;
  const sizeBytes = sizes.get(volume) ?? made.bytes(ANY_UUID).length;
  if (sizes.size >= MOST_SIZES) sizes.clear();
  sizes.set(volume, sizeBytes);
  return { input: inputsByMark[mark], pool: pool ?? "", volume, sizeBytes, medium: made };
}

/** The input that a volume of this name was made for; undefined for any other volume. */
export function mediumInputOf(volume: string): BootMediumInput | undefined {
  const [, mark] = /-(seed|answers|ignition)-[0-9a-f]{12}\.(?:iso|json)$/.exec(volume) ?? [];
  return mark === undefined ? undefined : inputsByMark[mark as keyof typeof inputsByMark];
}

/** The same of what a disk shows. */
export function mediumInputOfSource(source: DiskSource | undefined): BootMediumInput | undefined {
  return source !== undefined && "pool" in source ? mediumInputOf(source.volume) : undefined;
}

/** What people call it. */
export const mediumTitles: Readonly<Record<BootMediumInput, string>> = {
  cloudInit: "cloud-init seed",
  answerFile: "answer file medium",
  ignition: "Ignition config",
};
