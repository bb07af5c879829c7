import { describe, expect, it } from "vitest";
import type { HostFacts } from "../../provider/hosts/facts.js";
import type { DomainRecord, PoolRecord, VolumeRecord } from "../../provider/libvirt/index.js";
import { type DomainDisk, type DomainModel, readAttemptNote } from "../../provider/libvirt/xml/index.js";
import { identityOfUrn } from "../../provider/planning/owner.js";
import { describePlan, emptyPlan } from "../../provider/planning/plan.js";
import type { Step } from "../../provider/planning/step.js";
import { asBeforeAttempt, withAttempt } from "../../provider/resources/virtual-machine/attempt.js";
import { desiredDisks } from "../../provider/resources/virtual-machine/desired-disks.js";
import { refuseOtherBeginning } from "../../provider/resources/virtual-machine/disk-beginning.js";
import { missingMedia, refuseLossByName } from "../../provider/resources/virtual-machine/disks.js";
import { ideRefusals } from "../../provider/resources/virtual-machine/ide-refusals.js";
import type { ObservedDomain, ObservedHost } from "../../provider/resources/virtual-machine/observed.js";
import { sourceNames, toDomainOn } from "../../provider/resources/virtual-machine/observed-domain.js";
import type { MachineRequest } from "../../provider/resources/virtual-machine/request.js";
import type { DiskInputs, Inputs } from "../../provider/resources/virtual-machine/schema.js";
import { judgeShorterList } from "../../provider/resources/virtual-machine/shorter-list.js";
import { volumeSteps } from "../../provider/resources/virtual-machine/volume-steps.js";

const urn = "urn:pulumi:lab::test::pulumi-kvm:VirtualMachine::web";
const identity = identityOfUrn(urn) ?? expect.fail("no URN");
const mib = 2 ** 20;
const xml = `<domain type='qemu' id='1'><name>web</name><uuid>3b203a0d-0fbb-46b4-b47b-6a27a69ee204</uuid><memory>65536</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><devices>
  <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/web-0'/><target dev='vda' bus='virtio'/></disk>
  </devices></domain>`;
const pool: PoolRecord = {
  ...{ name: "images", uuid: "p", autostart: true, persistent: true, capacityBytes: 0, availableBytes: 0 },
  ...{
    active: false,
    xml: "<pool type='dir'><name>images</name><target><path>/images</path></target></pool>",
  },
} as PoolRecord;

/** What is planned for a disk in a pool that is stopped, or that its host doesn't know any more: its contents can't be seen. */
function plannedFor(disk: DiskInputs, before: DiskInputs | undefined, pools: PoolRecord[], liveXml = xml) {
  const inputsOf = (...disks: DiskInputs[]) =>
    ({ pulumiUrn: urn, name: "web", host: "alpha", adopt: before === undefined, disks }) as unknown as Inputs;
  const request: MachineRequest = {
    ...{ identity, inputs: inputsOf(disk) },
    ...(before === undefined ? {} : { previous: inputsOf(before) }),
  };
  const record = { name: "web", state: "running", liveXml, persistentXml: xml } as DomainRecord;
  const domain = toDomainOn({ cpus: 2 } as HostFacts, sourceNames(request, pools), [])(record, undefined);
  const place = {
    ref: { name: "alpha" },
    pools: pools.map(({ name, active }) => ({
      ...{ name, active },
      contents: { volumes: [], marks: [], notes: { unfinished: [], leaving: [] } },
    })),
  } as unknown as ObservedHost;
  const result = emptyPlan();
  volumeSteps(request, place, domain, [], result);
  const { refusals, warnings } = result;
  return { source: domain.persistent?.disks[0]?.source, lines: describePlan(result), refusals, warnings };
}

const small: DiskInputs = { size: 20 * mib, pool: "images" };
const untouched = { lines: [], refusals: [], warnings: [] };
const inPool = { pool: "images", volume: "web-0" };

it("a disk in a pool that somebody stopped isn't taken for deleted", () => {
  expect(plannedFor(small, small, [pool])).toEqual({ source: inPool, ...untouched });
  expect(plannedFor(small, undefined, [pool])).toEqual({ source: inPool, ...untouched });
});

it("a fifth disk or drive on IDE is refused, which has room for four", () => {
  const onIde = (count: number) =>
    ["hda", "hdb", "hdc", "hdd", "hde"]
      .slice(0, count)
      .map((target) => ({ target, bus: "ide" }) as DomainDisk);
  const others = [{ target: "sda", bus: "sata" } as DomainDisk];
  expect(ideRefusals({ name: "web", disks: [...onIde(4), ...others] })).toEqual([]);
  expect(ideRefusals({ name: "web", disks: [...onIde(5), ...others] })).toMatchObject([
    {
      message:
        'web would have 5 disks and drives on IDE (hda, hdb, hdc, hdd, hde), which has room for 4; have others on another bus, such as "sata"',
    },
  ]);
});

it("a disk in a pool that somebody undefined is the one that the VM has", () => {
  expect(plannedFor(small, small, [])).toEqual({ source: inPool, ...untouched });
  const other: DiskInputs = { size: 20 * mib, pool: "images", name: "data" };
  expect(plannedFor(other, other, [])).toEqual({ source: { file: "/images/web-0" }, ...untouched });
});

it("a disk that can't be seen grows from what it was declared with", () => {
  const large = { ...small, size: 30 * mib };
  for (const pools of [[], [pool]])
    expect(plannedFor(large, small, pools).lines).toEqual(["disk web-0 20 MiB -> 30 MiB, live"]);
});

it("a disk that the running guest can only read doesn't grow under it", () => {
  const large = { ...small, size: 30 * mib, readonly: true };
  const readOnly = xml.replace("</disk>", "<readonly/></disk>");
  expect(plannedFor(large, small, [pool], readOnly).refusals).toEqual([
    {
      kind: "inUse",
      message:
        'disk web-0 can\'t grow from 20 MiB to 30 MiB under a running guest that can only read it; stop web first (powerState: "stopped")',
    },
  ]);
});

it("a disk that is new is made, whether or not its pool runs yet", () => {
  const data: DiskInputs = { size: 20 * mib, pool: "images", name: "data" };
  for (const pools of [[], [pool]])
    expect(plannedFor(data, small, pools).lines).toEqual([
      "create disk web-data (20 MiB, qcow2) in pool images on alpha",
    ]);
});

it("a disk that was a Disk's and is to be the VM's own says what becomes of that resource", () => {
  const inputsOf = (disk: DiskInputs) =>
    ({ pulumiUrn: urn, name: "web", host: "alpha", disks: [disk] }) as unknown as Inputs;
  const resource = { disk: { host: "alpha", pool: "images", name: "web-0" } } as DiskInputs;
  const own: DiskInputs = { ...small, volume: "web-0" };
  const record = { name: "web", state: "running", liveXml: xml, persistentXml: xml } as DomainRecord;
  const warningsOf = (before: DiskInputs, after: DiskInputs, marks: string[]) => {
    const request: MachineRequest = { identity, inputs: inputsOf(after), previous: inputsOf(before) };
    const domain = toDomainOn({ cpus: 2 } as HostFacts, sourceNames(request, [pool]), [])(record, undefined);
    const volumes = [{ name: "web-0", capacityBytes: 20 * mib, xml: "<volume><name>web-0</name></volume>" }];
    const contents = {
      marks: marks.map((hash) => ({ identityHash: hash, nonce: "0", volume: "web-0" })),
      volumes,
    };
    const place = { ref: { name: "alpha" }, pools: [{ name: "images", active: true, contents }] };
    const result = emptyPlan();
    volumeSteps(request, place as unknown as ObservedHost, domain, [], result);
    expect(result.refusals).toEqual([]);
    return result.warnings;
  };
  expect(warningsOf(resource, own, ["f".repeat(16)])).toEqual([
    "disk web-0 in pool images on alpha, until now that of a Disk, is to be web's own: the deletion of that Disk fails as long as web has it, unless retainOnDelete: true was deployed on it before; with that the volume stays, and goes with web in the end",
  ]);
  // The deletion has failed, and comes again.
  expect(warningsOf(own, own, ["f".repeat(16)])).toEqual([
    "disk web-0 in pool images on alpha is web's own, and still has the mark of another resource: if that is a Disk which the program doesn't declare any more, its deletion fails as long as web has it. Declare both once more as they were, the Disk with retainOnDelete: true, and deploy; then it can go, and the volume stays, to go with web in the end",
  ]);
  // It has left it already, or nothing goes over.
  expect(warningsOf(resource, own, [])).toEqual([]);
  expect(warningsOf(own, own, [])).toEqual([]);
  expect(warningsOf(resource, resource, ["f".repeat(16)])).toEqual([]);
});

it("a VM isn't renamed away from its own disks", () => {
  const inputsOf = (name: string, ...disks: DiskInputs[]) =>
    ({ pulumiUrn: urn, name, host: "alpha", disks }) as unknown as Inputs;
  const place = {
    ref: { name: "alpha" },
    pools: [
      { name: "images", contents: { volumes: [{ name: "web-0" }, { name: "web-data" }] as VolumeRecord[] } },
    ],
  } as unknown as ObservedHost;
  const data: DiskInputs = { ...small, name: "data" };
  const gone: DiskInputs = { ...small, name: "gone" };
  const shared = { disk: { host: "alpha", pool: "images", name: "shared" } } as DiskInputs;
  const previous = inputsOf("web", small, data, gone, shared);
  const refusalsOf = (inputs: Inputs) => {
    const result = emptyPlan();
    refuseLossByName({ identity, inputs, previous }, place, result);
    return result.refusals.map(({ message }) => message);
  };
  expect(refusalsOf(inputsOf("shop", small, data, gone, shared))).toEqual([
    'web can\'t be renamed to shop on alpha without losing its disk web-0 in pool images, which is named after it: set disks[0].volume to "web-0", and it stays as it is',
    'web can\'t be renamed to shop on alpha without losing its disk web-data in pool images, which is named after it: set disks[1].volume to "web-data", and it stays as it is',
  ]);
  const named = [
    { ...small, volume: "web-0" },
    { ...data, volume: "web-data" },
  ];
  expect(refusalsOf(inputsOf("shop", ...named, gone, shared))).toEqual([]);
  expect(refusalsOf(inputsOf("shop", ...named.toReversed(), shared))).toEqual([]);
  // What is taken out of the list goes as it always does.
  expect(refusalsOf(inputsOf("shop", shared))).toEqual([]);
  expect(refusalsOf(inputsOf("web", small, data))).toEqual([]);
});

it("what a disk began with isn't changed under it, and is told as it was", () => {
  const image = (volume: string) =>
    ({ image: { name: "os", pool: "images", volume, sizeBytes: mib } }) as Partial<DiskInputs>;
  const refusalsOf = (before: Partial<DiskInputs>, after: Partial<DiskInputs>) => {
    const inputsOf = (more: Partial<DiskInputs>) =>
      ({ pulumiUrn: urn, name: "web", host: "alpha", disks: [{ ...small, ...more }] }) as unknown as Inputs;
    const result = emptyPlan();
    const request = { identity, inputs: inputsOf(after), previous: inputsOf(before) };
    refuseOtherBeginning(request, inputsOf(after).disks?.[0] ?? small, "web-0", result);
    return result.refusals.map(({ message }) => message.replace(/: the guest's data would be lost.*/, ""));
  };
  const was = "disk web-0 of web was made";
  expect(refusalsOf({ backing: "base" }, image("os-1"))).toEqual([
    `${was} as a layer over base, and image os-1 is declared`,
  ]);
  expect(refusalsOf({ backing: "base" }, { backing: { pool: "images", volume: "other" } })).toEqual([
    `${was} as a layer over base, and backing other is declared`,
  ]);
  expect(refusalsOf({ source: "/srv/os.qcow2" }, image("os-1"))).toEqual([
    `${was} from file /srv/os.qcow2, and image os-1 is declared`,
  ]);
  expect(refusalsOf({}, image("os-1"))).toEqual([`${was} without an image, and image os-1 is declared`]);
  expect(refusalsOf(image("os-1"), image("os-2"))).toEqual([
    `${was} from image os-1, and image os-2 is declared`,
  ]);
  // The same under the other name, and what says nothing of a beginning.
  expect(refusalsOf({ backing: { pool: "images", volume: "os-1" } }, image("os-1"))).toEqual([]);
  expect(refusalsOf(image("os-1"), {})).toEqual([]);
  expect(refusalsOf({ backing: "base" }, { ...image("os-1"), onImageChange: "keep" })).toEqual([]);
});

describe("a list of disks that became shorter", () => {
  const disk = (size: number, more: DiskInputs = {}): DiskInputs => ({
    size: size * mib,
    pool: "images",
    ...more,
  });
  const data: DiskInputs = { disk: { host: "alpha", pool: "images", name: "data" } };
  const judged = (before: DiskInputs[], now: DiskInputs[]) => {
    const inputsOf = (disks: DiskInputs[]) => ({ pulumiUrn: urn, name: "web", disks }) as unknown as Inputs;
    const result = emptyPlan();
    judgeShorterList({ identity, inputs: inputsOf(now), previous: inputsOf(before) }, result);
    return [...result.refusals.map(({ message }) => message), ...result.warnings];
  };

  it.each<[string, DiskInputs[], DiskInputs[]]>([
    ["of the last, which is another than the others", [disk(1), disk(2)], [disk(1)]],
    ["of all", [disk(1), disk(1)], []],
    ["of one with a name", [disk(1), disk(1, { name: "logs" })], [disk(1)]],
    [
      "of one whose successors have their volumes",
      [disk(1), disk(2), disk(3)],
      [disk(1), disk(3, { volume: "web-2" })],
    ],
    ["of the last, and the one before it grows", [disk(1), disk(2), disk(3)], [disk(1), disk(4)]],
    ["of one that stays after all", [disk(1), disk(1, { retainOnDelete: true })], [disk(1)]],
  ])("says nothing %s", (_, before, now) => {
    expect(judged(before, now)).toEqual([]);
  });

  it("is refused when others have slid into the place of what was taken out", () => {
    const message = (lost: string, set: string, from = 1) => [
      `disks[${from}] was taken out of the list, and its place is another disk's now: as disks without a name are told by their places, ${lost} would be lost instead; set ${set}, so that each stays what it is`,
    ];
    expect(judged([disk(1), disk(2), disk(3)], [disk(1), disk(3)])).toEqual(
      message("web-2", 'disks[1].volume to "web-2"'),
    );
    expect(judged([disk(1), disk(2), disk(3), disk(3)], [disk(2), disk(3), disk(3)])).toEqual(
      message(
        "web-3",
        'disks[0].volume to "web-1", disks[1].volume to "web-2", disks[2].volume to "web-3"',
        0,
      ),
    );
    // Whatever was taken out has a name of its own.
    for (const named of [disk(1, { name: "logs" }), data])
      expect(judged([disk(1), named, disk(1)], [disk(1), disk(1)])).toEqual(
        message("web-2", 'disks[1].volume to "web-2"'),
      );
  });

  it("warns when any of several may have been meant", () => {
    expect(judged([disk(1), disk(1), disk(1)], [disk(1), disk(1)])).toEqual([
      'web-2 in pool images goes, as the last of the list, with what is on it: disks without a name are told by their places. If you took another one out, don\'t deploy this: put it back, set the volume of each that is to stay (disks[0].volume: "web-0", ...), and take it out then',
    ]);
  });
});

it("a disk on another bus is what it was, but for what goes with the bus", () => {
  const source = { pool: "images", volume: "web-0" };
  const there: DomainDisk = {
    ...{ target: "vda", bus: "virtio", device: "disk", source, format: "raw", serial: "by-hand", queues: 4 },
    ...{ readonly: false, shareable: false, cache: "none" },
  };
  const inputs = { name: "web", disks: [{ pool: "images", volume: "web-0", bus: "scsi" }] };
  const { queues: _, ...rest } = there;
  const scsiDisks = (otherTargets?: string[]) =>
    desiredDisks(inputs as unknown as Inputs, undefined, {
      ...{ disks: [there], machine: "pc-q35-7.2" },
      ...(otherTargets && { otherTargets }),
    });
  expect(scsiDisks()).toEqual([{ ...rest, bus: "scsi", target: "sda" }]);
  // Those are a LUN's and a floppy's, of which the model has no more.
  expect(scsiDisks(["sda", "fda"])).toEqual([{ ...rest, bus: "scsi", target: "sdb" }]);
});

it("a disk goes back to the bus of before an attempt where nobody declares one, and stays where it was put where somebody does", () => {
  const source = { pool: "images", volume: "web-0" };
  const disk: DomainDisk = {
    ...{ target: "vda", bus: "virtio", device: "disk", source, format: "raw", readonly: false },
    shareable: false,
  };
  const drive: DomainDisk = {
    ...{ target: "sda", bus: "sata", device: "cdrom", format: "raw", readonly: true, shareable: false },
    ...{ alias: "ua-cdrom-tools", bootOrder: 5 },
  };
  const model = (...disks: DomainDisk[]) =>
    ({ name: "web", disks, interfaces: [] }) as unknown as DomainModel;
  const attempted: DomainDisk = { ...disk, bus: "usb", target: "sdb", cache: "none" };
  const noted = withAttempt("<domain><name>web</name></domain>", model(disk, drive), model(attempted));
  const inputsOf = (bus?: "usb" | "sata") =>
    ({ name: "web", disks: [{ pool: "images", volume: "web-0", bus }] }) as unknown as Inputs;
  const seenAs = (xml: string, now: DomainDisk, inputs: Inputs, previous = inputsOf()) =>
    asBeforeAttempt(model(now), readAttemptNote(xml), inputs, previous).disks;
  expect(seenAs(noted, attempted, inputsOf())).toEqual([disk]);
  expect(seenAs(noted, attempted, inputsOf("usb"))).toEqual([{ ...attempted, cache: undefined }]);
  expect(seenAs(noted, attempted, inputsOf(), inputsOf("sata"))).toEqual([
    { ...attempted, cache: undefined },
  ]);
  // The target of a drive that went is another's by now, and so isn't its boot order.
  const later = { ...attempted, target: "sda" };
  const again = withAttempt(noted, model(attempted), model(later));
  expect(seenAs(again, later, inputsOf("usb"))).toEqual([{ ...later, cache: undefined }]);
  expect(seenAs(again, later, inputsOf())).toEqual([disk]);
});

it("disks that have one source, or none that is modelled, aren't taken for each other in what an attempt notes", () => {
  const disk = (target: string, rest: Partial<DomainDisk>): DomainDisk => ({
    ...{ target, bus: "virtio", device: "disk", format: "raw", readonly: false, shareable: false },
    ...rest,
  });
  const shared = { pool: "images", volume: "web-0" };
  const disks = [
    disk("vda", { source: { other: "network" }, cache: "none" }),
    disk("vdb", { source: { other: "network" } }),
    disk("vdc", { source: shared }),
    disk("vdd", { source: shared, serial: "second" }),
  ];
  const model = (of: DomainDisk[], rest: Partial<DomainModel> = {}) =>
    ({ name: "web", disks: of, interfaces: [], ...rest }) as unknown as DomainModel;
  const xml = "<domain><name>web</name></domain>";
  const inputs = { name: "web" } as unknown as Inputs;
  const described = model(disks, { description: "ours" });
  const noted = readAttemptNote(withAttempt(xml, model(disks), described));
  expect(noted).toEqual({ description: { before: "null", after: '"ours"' } });
  expect(asBeforeAttempt(described, noted, inputs, undefined)).toEqual(model(disks));
  const moved = model([...disks.slice(0, 3), disk("sda", { source: shared, serial: "second", bus: "scsi" })]);
  const goes = readAttemptNote(withAttempt(xml, model(disks), moved));
  expect(Object.keys(goes ?? {})).toEqual(["disks", "disks[sda].place"]);
});

it("what a guest is told and shown at its boot, and patches of its definition, are as before an attempt, where it isn't declared", () => {
  const drive = (target: string, volume: string): DomainDisk => ({
    ...{ target, bus: "sata", device: "cdrom", format: "raw", readonly: true, shareable: false },
    source: { pool: "images", volume },
  });
  const seed = drive("sda", "web-seed-0123456789ab.iso");
  const answers = drive("sdb", "web-answers-0123456789ab.iso");
  const tools = { ...drive("sdc", "tools.iso"), alias: "ua-cdrom-0" };
  const ignition = { pool: "images", volume: "web-ignition-0123456789ab.json" };
  const vnc = { type: "vnc", listen: "127.0.0.1" } as const;
  const model = (disks: DomainDisk[], rest: Partial<DomainModel> = {}) =>
    ({ name: "web", disks, interfaces: [], ...rest }) as unknown as DomainModel;
  const before = model([seed]);
  const attempted = model([seed, answers, tools], {
    ...{ ignition, graphics: { ...vnc, password: { secret: "hidden" } } },
    patches: [{ xpath: "/domain/devices/memballoon/@freePageReporting", set: "on" }],
  });
  const noted = withAttempt("<domain><name>web</name></domain>", before, attempted);
  expect(noted).not.toContain("hidden");
  const seen = { ...attempted, graphics: vnc };
  const seenWith = (inputs: object) =>
    asBeforeAttempt(seen, readAttemptNote(noted), { name: "web", ...inputs } as Inputs, undefined);
  expect(seenWith({ cloudInit: {} })).toEqual(before);
  const declared = seenWith({ cloudInit: {}, answerFile: {}, cdroms: [{}] });
  expect(declared.disks.map(({ target }) => target)).toEqual(["sda", "sdb", "sdc"]);
  // What had a password before can't come back without one.
  const locked = withAttempt(
    noted,
    { ...before, graphics: { ...vnc, password: { secret: "old" } } },
    attempted,
  );
  expect(Object.keys(readAttemptNote(locked) ?? {})).toContain("graphics");
  const first = withAttempt(
    "<domain><name>web</name></domain>",
    model([], { graphics: { ...vnc, password: { secret: "old" } } }),
    model([], { graphics: { ...vnc, listen: "0.0.0.0" } }),
  );
  expect(readAttemptNote(first)).toBeUndefined();
});

it("a medium that isn't in its pool any more is no matter where it is in the drive already, until a start", () => {
  const source = { pool: "iso", volume: "a.iso" };
  const model = { disks: [{ device: "cdrom", source }] } as unknown as DomainModel;
  const adopt: Step = { kind: "adopt", subject: "web", host: "alpha", effect: "none" };
  const start: Step = { kind: "start", subject: "web", effect: "none", reason: "it is off" };
  const request = { identity, inputs: { name: "web", cdroms: [{ source }] } as unknown as Inputs };
  const refused = (persistent: DomainModel | undefined, step: Step, chosen = true) => {
    const domain = { persistent } as ObservedDomain;
    const target = { ref: { name: "alpha" }, pools: [], domain } as unknown as ObservedHost;
    const asked = chosen ? { ...request, chosen: { uuid: "u", nonce: "n" } } : request;
    return missingMedia(asked, { target }, [step]).map(({ message }) => message);
  };
  const message =
    "pool iso isn't there, or isn't running, on alpha; declare it there (hosts: [...]) or start it";
  expect(refused(model, adopt)).toEqual([]);
  expect(refused(model, start)).toEqual([message]);
  expect(refused(undefined, adopt)).toEqual([message]);
  expect(refused(undefined, adopt, false)).toEqual([]);
});
