import { z } from "zod";
import { type DomainModel, type Filesystem, sortedFilesystems } from "../../../libvirt/xml/index.js";
import { hostPath, libvirtAttribute, oneOf, yesOrNo } from "../../inputs.js";
import { ofEach, problemIf, type Rule, repeated } from "../../rules.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import { declaredAndStrangers } from "./device-list.js";
import type { MachineFeature } from "./feature.js";

/** QEMU cuts longer tags off. */
const LONGEST_TAG = { virtiofs: 36, "9p": 31 } as const;
const LIBVIRT_DRIVERS = { virtiofs: "virtiofs", "9p": "path" } as const;

export const filesystemsShape = {
  filesystems: z
    .array(
      z.strictObject(
        {
          source: hostPath(),
          target: libvirtAttribute({ mostBytes: 36 }).refine((s) => s.length > 0, {
            error: "must not be empty",
          }),
          driver: oneOf(["virtiofs", "9p"]).optional(),
          accessMode: oneOf(["passthrough", "mapped", "squash"]).optional(),
          readonly: yesOrNo().optional(),
        },
        { error: "must be { source, target, ... }" },
      ),
      { error: "must be a list of folders" },
    )
    .max(16, { error: "must have at most 16 entries" })
    .optional(),
};

type Folder = NonNullable<Inputs["filesystems"]>[number];

const folderRules: readonly Rule<Folder>[] = [
  ({ target, driver = "virtiofs" }) =>
    problemIf(
      Buffer.byteLength(target) > LONGEST_TAG[driver],
      "target",
      `${JSON.stringify(target)} must be at most ${LONGEST_TAG[driver]} bytes with driver "${driver}"`,
    ),
  ({ readonly, driver = "virtiofs" }) =>
    problemIf(
      readonly === true && driver === "virtiofs",
      "readonly",
      'needs driver "9p": libvirt has no read-only virtiofs; let the guest mount it with the option ro',
    ),
  ({ accessMode = "passthrough", driver = "virtiofs" }) =>
    problemIf(
      accessMode !== "passthrough" && driver === "virtiofs",
      "accessMode",
      `"${accessMode}" needs driver "9p"`,
    ),
];

export const filesystemsFeature: MachineFeature = {
  shape: filesystemsShape,
  crossChecks: [...ofEach("filesystems", folderRules), foldersApart, sharedMemory],
  desire(model, { inputs, previous, existing }) {
    const merged = declaredAndStrangers(
      {
        declared: inputs.filesystems?.map(folderOf),
        before: previous?.filesystems?.map(folderOf),
        existing: existing?.filesystems,
      },
      ({ target }) => target,
    );
    if (merged === undefined) delete model.filesystems;
    else model.filesystems = sortedFilesystems(merged);
    shareMemory(model, inputs, previous);
  },
  rows: [
    typedRow("filesystems", {
      input: "filesystems",
      // libvirt 9.0 crashes when a virtiofs folder is plugged into a running guest on a host without control groups.
      effect: "nextBoot",
      note: "a guest with one can't be migrated; with virtiofs its memory is shared with a daemon of the host",
      show: (folders) => folders.map(({ target, source }) => `${target} (${source})`).join(", "),
    }),
  ],
};

function folderOf(entry: Folder): Filesystem {
  return {
    target: entry.target,
    source: entry.source,
    driver: LIBVIRT_DRIVERS[entry.driver ?? "virtiofs"],
    accessMode: entry.accessMode ?? "passthrough",
    readonly: entry.readonly ?? false,
  };
}

/** The daemon that serves a virtiofs folder reads and writes the guest's memory. What is declared of that is declared in full. */
function shareMemory(model: DomainModel, inputs: Inputs, previous: Inputs | undefined): void {
  if (inputs.memoryBacking !== undefined) return;
  const { source, access: _, ...rest } = model.memoryBacking ?? {};
  if (servesByDaemon(inputs)) model.memoryBacking = { ...rest, source: source ?? "memfd", access: "shared" };
  else if (servesByDaemon(previous)) {
    if (Object.keys(rest).length === 0) delete model.memoryBacking;
    else model.memoryBacking = rest;
  }
}

function sharedMemory({ filesystems, memoryBacking }: Pick<Inputs, "filesystems" | "memoryBacking">) {
  if (memoryBacking === undefined || memoryBacking.access === "shared" || !servesByDaemon({ filesystems }))
    return [];
  return [
    {
      path: "memoryBacking.access",
      message:
        'must be "shared" for filesystems of driver "virtiofs": their daemon works in the guest\'s memory; leave memoryBacking out, and it is',
    },
  ];
}

function servesByDaemon(inputs: Pick<Inputs, "filesystems"> | undefined): boolean {
  return inputs?.filesystems?.some(({ driver }) => driver !== "9p") ?? false;
}

function foldersApart({ filesystems = [] }: Pick<Inputs, "filesystems">) {
  return repeated(
    filesystems,
    ({ target }) => target,
    ({ target }, i) => [
      { path: `filesystems[${i}].target`, message: `${JSON.stringify(target)} occurs twice` },
    ],
  );
}
